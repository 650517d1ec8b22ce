// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/system_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "text.h"

namespace kexec {
namespace {

constexpr size_t kLineBuffer = 1 << 16;
constexpr size_t kAttributeBuffer = 4096;  // a page: no attribute is longer

std::string Relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string(path);
}

Result<UniqueFd> OpenToRead(int dir_fd, const std::string& relative, const std::string& shown) {
  UniqueFd fd(openat(dir_fd, relative.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot open '{}'", shown);
  return fd;
}

}  // namespace

Result<SystemRoot> SystemRoot::Open(const std::filesystem::path& directory) {
  UniqueFd fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot open directory '{}'", directory.string());
  SystemRoot root(directory, std::move(fd));
  root.live_ = directory.lexically_normal() == "/";
  return root;
}

std::string SystemRoot::Shown(const std::string& relative) const { return prefix_ + relative; }

bool SystemRoot::Exists(std::string_view path) const {
  struct stat info = {};
  return fstatat(dir_.get(), Relative(path).c_str(), &info, 0) == 0;
}

EntryKind SystemRoot::Kind(std::string_view path) const {
  struct stat info = {};
  if (fstatat(dir_.get(), Relative(path).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return EntryKind::kNone;
  if (S_ISDIR(info.st_mode)) return EntryKind::kDirectory;
  return S_ISREG(info.st_mode) ? EntryKind::kFile : EntryKind::kOther;
}

Result<std::string> SystemRoot::ReadText(std::string_view path) const {
  if (observer_) observer_(path, std::nullopt);
  const std::string relative = Relative(path);
  return ReadSmallFile(dir_.get(), relative, Shown(relative));
}

Result<std::vector<std::byte>> SystemRoot::ReadBinary(std::string_view path) const {
  KEXEC_ASSIGN(const std::string text, ReadText(path));
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(data, data + text.size());
}

Result<std::vector<std::byte>> SystemRoot::ReadHead(std::string_view path, size_t max_bytes) const {
  if (observer_) observer_(path, max_bytes);
  const std::string relative = Relative(path);
  const std::string shown = Shown(relative);
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(dir_.get(), relative, shown));
  std::vector<std::byte> head(max_bytes);
  size_t used = 0;
  while (used < max_bytes) {
    const ssize_t got = read(fd.get(), head.data() + used, max_bytes - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(Errc::kIo, errno, "cannot read '{}'", shown);
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  head.resize(used);
  return head;
}

Result<std::string> SystemRoot::ReadAttribute(std::string_view path) const {
  if (observer_) observer_(path, std::nullopt);
  const std::string relative = Relative(path);
  const std::string shown = Shown(relative);
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(dir_.get(), relative, shown));
  std::array<char, kAttributeBuffer> buffer;
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return FailErrno(Errc::kIo, errno, "cannot read '{}'", shown);
  const auto length = static_cast<size_t>(got);
  if (length == buffer.size()) {
    return Fail(Errc::kIo, "'{}' is longer than the {} bytes allowed", shown, buffer.size() - 1);
  }
  return std::string(buffer.data(), length);
}

Result<> SystemRoot::ForEachLine(std::string_view path,
                                 const std::function<bool(std::string_view)>& visit) const {
  if (observer_) observer_(path, 0);
  const std::string relative = Relative(path);
  const std::string shown = Shown(relative);
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(dir_.get(), relative, shown));
  std::vector<char> buffer(kLineBuffer);
  size_t held = 0;  // bytes of a line whose end is still to come
  while (true) {
    const ssize_t got = read(fd.get(), buffer.data() + held, buffer.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(Errc::kIo, errno, "cannot read '{}'", shown);
    std::string_view text(buffer.data(), held + static_cast<size_t>(got));
    if (got == 0) {
      if (!text.empty()) visit(text);
      return {};
    }
    while (text.find('\n') != std::string_view::npos) {
      if (!visit(TakeLine(text))) return {};
    }
    held = text.size();
    if (held == buffer.size()) return Fail(Errc::kMalformed, "'{}' has a line of {} bytes", shown, held);
    std::memmove(buffer.data(), text.data(), held);
  }
}

Result<std::string> SystemRoot::ReadLine(std::string_view path) const {
  KEXEC_ASSIGN(std::string text, ReadText(path));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<std::vector<std::string>> SystemRoot::List(std::string_view path) const {
  if (observer_) observer_(path, std::nullopt);
  const std::string relative = Relative(path);
  const int fd = openat(dir_.get(), relative.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FailErrno(Errc::kIo, errno, "cannot list '{}'", Shown(relative));
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
  return WholeNumber<uint64_t>(text, base);
}

}  // namespace kexec
