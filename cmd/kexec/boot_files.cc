// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/boot_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <deque>

#include "kexec/printable.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;

// As many links as Linux follows in one path (path_resolution(7)).
constexpr int kMaxLinks = 40;

void PushFront(const fs::path& path, std::deque<fs::path>& components) {
  components.insert(components.begin(), path.begin(), path.end());
}

// What a menu may mean by `path`: the path itself, and, where it begins with a subvolume of Btrfs named as
// Ubuntu names it ("/@/boot/x") or a dataset of ZFS ("/ROOT/debian@/boot/x"), what stands behind that.
std::vector<std::string> Variants(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  std::vector<std::string> variants = {std::string(path)};
  const size_t end = path.find("@/");
  if (end != std::string_view::npos) variants.emplace_back(path.substr(end + 2));
  return variants;
}

bool LeadsOut(const fs::path& path) {
  return std::ranges::any_of(path, [](const fs::path& component) { return component == ".."; });
}

}  // namespace

std::optional<std::string> BootFiles::Resolve(std::string_view path) const {
  std::deque<fs::path> left;
  PushFront(fs::path(path), left);
  fs::path resolved;
  int links = 0;
  while (!left.empty()) {
    const fs::path component = left.front();
    left.pop_front();
    if (component.empty() || component == "." || component == "/") continue;
    if (component == "..") {
      resolved = resolved.parent_path();
      continue;
    }
    std::error_code error;
    const fs::path file = root_.path() / resolved / component;
    const fs::file_status status = fs::symlink_status(file, error);
    if (!fs::exists(status)) return std::nullopt;
    if (!fs::is_symlink(status)) {
      resolved /= component;
      continue;
    }
    const fs::path target = fs::read_symlink(file, error);
    if (error || ++links > kMaxLinks) return std::nullopt;
    if (target.is_absolute()) resolved.clear();
    PushFront(target, left);
  }
  return resolved.string();
}

Result<std::optional<std::string>> BootFiles::Read(std::string_view path, size_t max_bytes) const {
  const auto resolved = Resolve(path);
  if (!resolved) return std::nullopt;
  std::error_code error;
  if (const auto bytes = fs::file_size(root_.path() / *resolved, error); !error && bytes > max_bytes) {
    return Fail(Errc::kMalformed, "'{}' is {} bytes, a boot menu at most {}", Shown(path).string(), bytes,
                max_bytes);
  }
  KEXEC_ASSIGN(std::string text, root_.ReadText(*resolved));
  return text;
}

std::vector<std::string> BootFiles::List(std::string_view path) const {
  const auto resolved = Resolve(path);
  if (!resolved) return {};
  auto names = root_.List(*resolved);
  return names.has_value() ? *std::move(names) : std::vector<std::string>{};
}

bool BootFiles::IsMountPoint(std::string_view path) const {
  struct stat own = {};
  struct stat top = {};
  return stat(Shown(path).c_str(), &own) == 0 && stat(root_.path().c_str(), &top) == 0 &&
         own.st_dev != top.st_dev;
}

Result<fs::path> BootFiles::Find(std::string_view path, std::string_view mount) const {
  if (path.size() >= PATH_MAX) {
    return Fail(Errc::kIo, "its path of {} bytes is longer than Linux takes (at most {})", path.size(),
                PATH_MAX - 1);
  }
  if (finds_left_ == 0) return Fail(Errc::kIo, "the boot menus name more files than are looked for");
  --finds_left_;
  if (LeadsOut(path)) {
    return Fail(Errc::kIo, "'{}' leads out of its file system", Printable(path));
  }
  std::vector<std::string> places = {std::string(mount), ""};
  if (!IsMountPoint(mount)) std::ranges::reverse(places);
  for (const std::string& variant : Variants(path)) {
    for (const std::string& place : places) {
      const std::string candidate = (fs::path(place) / variant).string();
      const auto resolved = Resolve(candidate);
      std::error_code error;
      if (!resolved || !fs::is_regular_file(root_.path() / *resolved, error)) continue;
      // Of the running system the name people know; a record's links lead to it only in this way.
      return root_.live() ? Shown(candidate) : Shown(*resolved);
    }
  }
  return Fail(Errc::kIo, "there is no file '{}' below '{}' or '{}'", Printable(path), Shown(mount).string(),
              root_.path().string());
}

}  // namespace kexec
