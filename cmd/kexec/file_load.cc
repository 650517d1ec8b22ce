// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/file_load.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "cmd/kexec/crash_need.h"
#include "cmd/kexec/memory_file.h"
#include "kexec/file_call.h"
#include "kexec/submit.h"

namespace kexec {
namespace {

// A descriptor for `files` as one; `made` keeps it open where it is not the user's own.
Result<int> OneDescriptor(const char* name, std::span<const ImageFile* const> files, UniqueFd& made) {
  if (files.size() == 1 && files.front()->fd.valid()) return files.front()->fd.get();
  std::vector<Bytes> parts;
  for (const ImageFile* file : files) parts.push_back(file->bytes.view());
  KEXEC_ASSIGN(made, MakeMemoryFile(name, parts));
  return made.get();
}

}  // namespace

uint64_t FileLoadFlags(const Options& options, const SystemRoot& root) {
  uint64_t flags = 0;
  if (options.rare.no_cma) flags |= kKexecFileNoCma;
  flags |= NoCmaFlag(options.slot, root);
  if (options.rare.force_dtb) flags |= kKexecFileForceDtb;
  // KEXEC_FILE_DEBUG came with Linux 6.8 (cbc2fe9d9cb2, "kexec_file: add kexec_file flag to control debug
  // printing").
  if (options.debug && KernelIsSince(6, 8, root)) flags |= kKexecFileDebug;
  return flags;
}

uint64_t FileLoadBytes(const LoadRequest& request, LoadKind kind) {
  // A crash image lies in its region with the memory the kernel runs in; any other is what its files are.
  uint64_t bytes = kind == LoadKind::kCrash ? RunBytes(request.kernel) : request.kernel_file.bytes.size();
  for (const ImageFile& file : request.initrds) bytes += file.bytes.size();  // mapped, so their sum exists
  return bytes;
}

Result<> LoadByFile(const LoadRequest& request, const Session& session) {
  UniqueFd kernel_copy;
  UniqueFd initrd_copy;
  FileLoad load;
  load.kind = session.options.slot;
  const ImageFile* kernel = &request.kernel_file;
  KEXEC_ASSIGN(load.kernel_fd, OneDescriptor("kernel", std::span(&kernel, 1), kernel_copy));
  if (!request.initrds.empty()) {
    std::vector<const ImageFile*> initrds;
    for (const ImageFile& file : request.initrds) initrds.push_back(&file);
    KEXEC_ASSIGN(load.initrd_fd, OneDescriptor("initrd", initrds, initrd_copy));
  }
  load.bytes = FileLoadBytes(request, load.kind);
  load.command_line = request.command_line;
  load.flags = FileLoadFlags(session.options, session.root);
  session.diagnostics.Note("kexec_file_load: kernel from {}, {} initrd{}, flags {:#x}",
                           kernel_copy.valid() ? "memory" : "its file", request.initrds.size(),
                           request.initrds.size() == 1 ? "" : "s", load.flags);
  KEXEC_TRY(session.files.Unchanged());  // as for kexec_load
  return SubmitFile(load, session.kernel, session.root);
}

}  // namespace kexec
