// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/system_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace kexec {
namespace {

std::string Relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string(path);
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Result<SystemRoot> SystemRoot::Open(const std::filesystem::path& directory) {
  UniqueFd fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot open directory '{}'", directory.string());
  SystemRoot root(directory, std::move(fd));
  root.live_ = directory.lexically_normal() == "/";
  return root;
}

bool SystemRoot::Exists(std::string_view path) const {
  struct stat info = {};
  return fstatat(dir_.get(), Relative(path).c_str(), &info, 0) == 0;
}

Result<std::string> SystemRoot::ReadText(std::string_view path) const {
  if (observer_) observer_(path);
  const std::string relative = Relative(path);
  return ReadSmallFile(dir_.get(), relative, (path_ / relative).string());
}

Result<std::vector<std::byte>> SystemRoot::ReadBinary(std::string_view path) const {
  KEXEC_ASSIGN(const std::string text, ReadText(path));
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(data, data + text.size());
}

Result<std::string> SystemRoot::ReadLine(std::string_view path) const {
  KEXEC_ASSIGN(std::string text, ReadText(path));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<std::vector<std::string>> SystemRoot::List(std::string_view path) const {
  if (observer_) observer_(path);
  const std::string relative = Relative(path);
  const int fd = openat(dir_.get(), relative.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FailErrno(Errc::kIo, errno, "cannot list '{}'", (path_ / relative).string());
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(fd), closedir);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> SystemRoot::MachineName() const {
  if (live_) {
    utsname name = {};
    if (uname(&name) != 0) return FailErrno(Errc::kIo, errno, "uname");
    return std::string(name.machine);
  }
  return ReadLine("proc/sys/kernel/arch");
}

Result<std::string> SystemRoot::KernelRelease() const { return ReadLine("proc/sys/kernel/osrelease"); }

std::optional<uint64_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace kexec
