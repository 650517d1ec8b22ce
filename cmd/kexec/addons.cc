// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/addons.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "cmd/kexec/boot_files.h"
#include "kexec/root_file.h"

namespace kexec {
namespace {

// Far above any add-on; it bounds what is read from a pipe.
constexpr uint64_t kMaxAddonFile = uint64_t{1} << 30;

// By which name `file` was opened if it is a descriptor of ours: kexec-crash passes files so (proc(5),
// /proc/self/fd).
std::filesystem::path OpenedAs(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.parent_path();
  if (folder != "/proc/self/fd" && folder != "/dev/fd") return file;
  std::error_code error;
  const std::filesystem::path name = std::filesystem::read_symlink(file, error);
  return error ? file : name;
}

std::vector<std::filesystem::path> AddonsBeside(const std::filesystem::path& file, Diagnostics& diagnostics) {
  const std::filesystem::path folder = OpenedAs(file).string() + ".extra.d";
  std::vector<std::filesystem::path> found;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  while (!error && entries != std::filesystem::directory_iterator()) {
    if (entries->path().filename().string().ends_with(".addon.efi")) found.push_back(entries->path());
    entries.increment(error);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    diagnostics.Warn("the add-ons in '{}' are left out: {}", folder.string(), ErrnoText(error.value()));
  }
  std::ranges::sort(found);
  return found;
}

// Whether `path` was found below a record, whose links are followed in it.
bool IsOfRecord(const std::filesystem::path& path, const SystemRoot& root) {
  const std::filesystem::path relative = path.lexically_relative(root.path());
  return !root.live() && !relative.empty() && *relative.begin() != "..";
}

// Of an add-on that was found: a FIFO would wait for a writer.
Result<std::filesystem::path> RegularFile(const std::filesystem::path& path, const SystemRoot& root) {
  if (IsOfRecord(path, root)) {
    return BootFiles(root).Find(path.lexically_relative(root.path()).string(), "");
  }
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return path;
  return Fail(Errc::kIo, "'{}' is not a regular file", path.string());
}

Result<FoundAddon> ReadAddon(const std::filesystem::path& path, const Uki& uki, const SystemRoot& root) {
  KEXEC_ASSIGN(const ImageFile file, OpenImageFile(path, kMaxAddonFile, root));
  KEXEC_ASSIGN(PeAddon addon, ReadPeAddon(file.bytes), fmt::format("'{}'", path.string()));
  if (addon.machine != uki.machine) {
    return Fail(Errc::kUnsupported, "'{}': it is for {}, the image for {}", path.string(),
                PeMachineName(addon.machine), PeMachineName(uki.machine));
  }
  return FoundAddon{path, file.mapped, std::move(addon)};
}

Result<FoundAddon> ReadFoundAddon(const std::filesystem::path& path, const Uki& uki, const SystemRoot& root) {
  KEXEC_ASSIGN(const std::filesystem::path file, RegularFile(path, root));
  return ReadAddon(file, uki, root);
}

bool NamesAnotherKernel(const FoundAddon& found, const Uki& uki) {
  const std::string& release = found.addon.parts.release;
  return !release.empty() && !uki.parts.release.empty() && release != uki.parts.release;
}

}  // namespace

Result<std::vector<FoundAddon>> ReadAddons(const std::filesystem::path& file, const Uki& uki,
                                           const Session& session) {
  Diagnostics& diagnostics = session.diagnostics;
  std::vector<FoundAddon> addons;
  for (const std::filesystem::path& path : AddonsBeside(file, diagnostics)) {
    Result<FoundAddon> found = ReadFoundAddon(path, uki, session.root);
    if (!found.has_value()) {
      diagnostics.Warn("an add-on is left out: {}", found.error().message());
    } else if (NamesAnotherKernel(*found, uki)) {
      diagnostics.Warn("an add-on is left out: '{}' is for the kernel '{}', the image has '{}'",
                       path.string(), found->addon.parts.release, uki.parts.release);
    } else {
      addons.push_back(*std::move(found));
    }
  }
  for (const std::filesystem::path& path : session.options.addons) {
    KEXEC_ASSIGN(FoundAddon found, ReadAddon(path, uki, session.root), "--addon");
    if (NamesAnotherKernel(found, uki)) {
      diagnostics.Warn("the add-on '{}' is for the kernel '{}', the image has '{}'", path.string(),
                       found.addon.parts.release, uki.parts.release);
    }
    addons.push_back(std::move(found));
  }
  return addons;
}

}  // namespace kexec
