// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/kernel_source.h"

#include <algorithm>
#include <iterator>

#include "cmd/kexec/boot_entries.h"
#include "cmd/kexec/running_initrd.h"

namespace kexec {

Result<KernelSource> ChooseSource(const Session& session) {
  const Options& options = session.options;
  KernelSource source{
      .kernel = options.kernel, .profile = options.profile, .initrds = {}, .modules = {}, .command_line = {}};
  if (options.boot_entry) {
    KEXEC_ASSIGN(BootEntry entry, FindBootEntry(session.root, *options.boot_entry, session.diagnostics),
                 "--boot-entry");
    session.diagnostics.Note("boot entry '{}' ({}) of '{}'", entry.id, entry.title, entry.source.string());
    source.kernel = entry.kernel;
    if (!source.profile) source.profile = entry.profile;
    if (!options.no_embedded) {
      source.initrds = std::move(entry.initrds);
      source.modules = std::move(entry.modules);
      if (!entry.options.empty()) source.command_line = std::move(entry.options);
    }
  }
  if (options.rare.reuse_initrd) {
    KEXEC_ASSIGN(std::filesystem::path initrd, RunningInitrd(session.root), "--reuseinitrd");
    source.initrds.push_back(std::move(initrd));
  }
  std::ranges::copy(options.initrds, std::back_inserter(source.initrds));
  std::ranges::copy(options.rare.modules, std::back_inserter(source.modules));
  return source;
}

}  // namespace kexec
