// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/embedded.h"

#include <fmt/ranges.h>

#include <ranges>
#include <utility>

#include "arch/dt/dt_facts.h"
#include "arch/machine.h"
#include "cmd/kexec/addons.h"
#include "cmd/kexec/kernel_file.h"
#include "loaders/identify.h"
#include "loaders/initrd.h"
#include "loaders/pe/environment_text.h"
#include "loaders/pe/uki.h"
#include "loaders/pe/uki_tree.h"
#include "loaders/types.h"

namespace kexec {
namespace {

// The file is none: nothing may have been asked for that only a unified kernel image has.
Result<> CheckNotAsked(const ImageFile& file, const KernelSource& source, const Options& options) {
  const std::string looks_like = IdentifyContents(file.bytes.view()).looks_like;
  if (options.type == kUkiType) {
    return Fail(Errc::kNotRecognised, "cannot load '{}': not of type '{}': this looks like {}",
                file.path.string(), kUkiType, looks_like);
  }
  const bool profile = source.profile.has_value();
  if (!profile && options.addons.empty()) return {};
  return Fail(Errc::kUsage, "{} needs a unified kernel image: '{}' looks like {}",
              profile ? "--profile" : "--addon", file.path.string(), looks_like);
}

// Puts the kernel of `uki` in the place of the image.
Result<> TakeKernel(const Uki& uki, LoadRequest& request, const Session& session) {
  ImageFile& file = request.kernel_file;
  const std::string context = fmt::format("cannot load '{}': .linux", file.path.string());
  KEXEC_ASSIGN(UnpackedKernel unpacked,
               UnpackKernel(*uki.parts.kernel, session.diagnostics, UnpackLimits(session.root)), context);
  if (RecognisesUki(unpacked.bytes.view())) {
    return Fail(Errc::kUnsupported, "{}: a unified kernel image inside a unified kernel image", context);
  }
  request.embedding = Embedding{
      .type = std::string(kUkiType),
      .bytes = file.bytes.size(),
      .profile = ProfileName(uki),
      .os_name = EnvironmentValue(uki.parts.os_release, "PRETTY_NAME").value_or(""),
      .release = uki.parts.release,
      .kernel_packing = LayersName(unpacked.layers),
      .addons = {},
  };
  file.fd = UniqueFd();
  file.mapped = file.mapped && unpacked.layers.empty();
  file.bytes = std::move(unpacked.bytes);
  return {};
}

Result<> AddInitrd(std::vector<RequestedInitrd>& initrds, const std::filesystem::path& path, bool mapped,
                   std::string_view section, const std::optional<SharedBytes>& contents,
                   Diagnostics& diagnostics) {
  if (!contents || contents->empty()) return {};
  RequestedInitrd initrd;
  initrd.path = path;
  initrd.bytes = *contents;
  initrd.mapped = mapped;
  initrd.section = section;
  initrd.file_bytes = contents->size();
  KEXEC_TRY(CheckInitrd(contents->view(), InitrdName(initrd), diagnostics));
  initrds.push_back(std::move(initrd));
  return {};
}

void AddCommandLine(EmbeddedParts& parts, const std::optional<std::string>& line) {
  if (!line) return;
  std::string all = parts.command_line.value_or("");
  if (!all.empty() && !line->empty()) all += ' ';
  parts.command_line = all + *line;
}

// The order of the specification (UAPI.5, "PE Addons"): microcode of the add-ons, from the last to the first,
// then that of the image; its initrd, then theirs.
Result<EmbeddedParts> Combine(const Uki& uki, const std::vector<FoundAddon>& addons,
                              const std::filesystem::path& path, bool mapped, Diagnostics& diagnostics) {
  EmbeddedParts parts;
  const auto add = [&](const std::filesystem::path& file, bool is_mapped, std::string_view section,
                       const std::optional<SharedBytes>& contents) {
    return AddInitrd(parts.initrds, file, is_mapped, section, contents, diagnostics);
  };
  for (const FoundAddon& found : std::views::reverse(addons)) {
    KEXEC_TRY(add(found.path, found.mapped, ".ucode", found.addon.parts.microcode));
  }
  KEXEC_TRY(add(path, mapped, ".ucode", uki.parts.microcode));
  KEXEC_TRY(add(path, mapped, ".initrd", uki.parts.initrd));
  for (const FoundAddon& found : addons) {
    KEXEC_TRY(add(found.path, found.mapped, ".initrd", found.addon.parts.initrd));
  }
  AddCommandLine(parts, uki.parts.command_line);
  for (const FoundAddon& found : addons) AddCommandLine(parts, found.addon.parts.command_line);
  return parts;
}

// That of the image's device trees that is for this machine.
Result<std::optional<NamedFile>> TreeFor(const Uki& uki, const std::filesystem::path& path,
                                         const Session& session) {
  if (!uki.parts.tree && uki.parts.auto_trees.empty()) return std::nullopt;
  if (!TakesDeviceTree(session.root.MachineName().value_or(""))) {
    session.diagnostics.Note("this machine takes no device tree: those of the image are left out");
    return std::nullopt;
  }
  KEXEC_ASSIGN(const auto tree, ChooseUkiTree(uki.parts, ReadBoardName(session.root)));
  session.diagnostics.Note("of the image's device trees {} is used", tree ? tree->section : "none");
  if (!tree) return std::nullopt;
  return NamedFile{fmt::format("{}:{}", path.string(), tree->section), tree->blob};
}

// Leaves out of the image's own parts what the options give instead, as kexec-tools does. Microcode and
// add-ons are not concerned.
void LeaveOutReplaced(const Options& options, Uki& uki, Diagnostics& diagnostics) {
  if (options.keep_embedded || options.boot_entry) return;
  constexpr std::string_view kStay = "--keep-embedded would keep it, too";
  if ((!options.initrds.empty() || options.rare.reuse_initrd) && uki.parts.initrd) {
    uki.parts.initrd.reset();
    diagnostics.Note("the image's own .initrd is left out, as an initrd is given: {}", kStay);
  }
  if ((options.append || options.reuse_cmdline) && uki.parts.command_line) {
    uki.parts.command_line.reset();
    diagnostics.Note("the image's own .cmdline is left out, as a command line is given: {}", kStay);
  }
}

void Describe(const Uki& uki, const Embedding& embedding, Diagnostics& diagnostics) {
  diagnostics.Note("unified kernel image for {}{}{}{}{}", PeMachineName(uki.machine),
                   embedding.profile.empty() ? "" : ", ", embedding.profile,
                   embedding.os_name.empty() ? "" : ", ", embedding.os_name);
  if (!uki.parts.unused.empty()) {
    diagnostics.Note("of no use here: {}", fmt::join(uki.parts.unused, ", "));
  }
}

void DescribeAddon(const FoundAddon& found, Diagnostics& diagnostics) {
  const PeResources& parts = found.addon.parts;
  std::vector<std::string> unused = parts.unused;
  if (parts.tree) unused.emplace_back(".dtb");
  if (!parts.auto_trees.empty()) unused.emplace_back(".dtbauto");
  diagnostics.Note("add-on '{}'{}{}", found.path.string(),
                   unused.empty() ? "" : ", of no use here: ", fmt::join(unused, ", "));
}

}  // namespace

Result<EmbeddedParts> TakeApart(LoadRequest& request, const KernelSource& source, const Session& session) {
  const Options& options = session.options;
  const ImageFile& file = request.kernel_file;
  const bool any_type = !options.type || options.type == kUkiType;
  if (!any_type || !RecognisesUki(file.bytes.view())) {
    KEXEC_TRY(CheckNotAsked(file, source, options));
    return EmbeddedParts{.initrds = {}, .command_line = source.command_line, .tree = {}};
  }
  KEXEC_ASSIGN(Uki uki, ReadUki(file.bytes, source.profile),
               fmt::format("cannot load '{}'", file.path.string()));
  const bool mapped = file.mapped;
  KEXEC_TRY(TakeKernel(uki, request, session));
  Describe(uki, *request.embedding, session.diagnostics);
  if (options.no_embedded) {
    if (options.addons.empty()) return EmbeddedParts{};
    return Fail(Errc::kUsage, "--addon adds to what --no-embedded leaves out: give one of them");
  }
  KEXEC_ASSIGN(const std::vector<FoundAddon> addons, ReadAddons(file.path, uki, session),
               fmt::format("cannot load '{}'", file.path.string()));
  for (const FoundAddon& found : addons) {
    request.embedding->addons.push_back(found.path);
    DescribeAddon(found, session.diagnostics);
  }
  if (source.command_line) uki.parts.command_line = source.command_line;
  LeaveOutReplaced(options, uki, session.diagnostics);
  KEXEC_ASSIGN(EmbeddedParts parts, Combine(uki, addons, file.path, mapped, session.diagnostics));
  KEXEC_ASSIGN(parts.tree, TreeFor(uki, file.path, session),
               fmt::format("cannot load '{}'", file.path.string()));
  return parts;
}

void CheckRelease(const LoadRequest& request, Diagnostics& diagnostics) {
  if (!request.embedding || request.embedding->release.empty()) return;
  const std::string release = KernelRelease(request.kernel);
  if (release.empty() || release == request.embedding->release) return;
  diagnostics.Warn("the unified kernel image says that its kernel is '{}', but the kernel says '{}'",
                   request.embedding->release, release);
}

}  // namespace kexec
