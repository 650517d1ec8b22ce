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

#include "kexec/open_below.h"
#include "text.h"

namespace kexec {
namespace {

constexpr size_t kLineBuffer = 1 << 16;
constexpr size_t kAttributeBuffer = 4096;  // a page: no attribute is longer

std::string Relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string(path);
}

// What `mode` of stat(2) is, as messages say it.
std::string_view KindName(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "a socket";
}

// That `fd` is a regular file, or, if they are allowed, a device.
Result<> CheckKind(const UniqueFd& fd, const std::string& shown, bool device_allowed) {
  struct stat info = {};
  if (fstat(fd.get(), &info) != 0) return FailErrno(Errc::kIo, errno, "cannot stat '{}'", shown);
  if (S_ISREG(info.st_mode) || (device_allowed && S_ISCHR(info.st_mode))) return {};
  if (S_ISDIR(info.st_mode)) return FailErrno(Errc::kIo, EISDIR, "cannot read '{}'", shown);
  return Fail(Errc::kIo, "'{}' is {}, not a regular file", shown, KindName(info.st_mode));
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

std::expected<UniqueFd, int> SystemRoot::OpenEntry(std::string_view path, int flags) const {
  const std::string relative = Relative(path);
  if (!live_) return OpenBelow(dir_.get(), relative, {.flags = flags | O_CLOEXEC});
  UniqueFd fd(openat(dir_.get(), relative.c_str(), flags | O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(errno);
  return fd;
}

Result<UniqueFd> SystemRoot::OpenToRead(std::string_view path, bool device_allowed) const {
  const std::string shown = Shown(Relative(path));
  // A FIFO without a writer would make open(2) wait, a terminal could become ours.
  auto fd = OpenEntry(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return FailErrno(Errc::kIo, fd.error(), "cannot open '{}'", shown);
  KEXEC_TRY(CheckKind(*fd, shown, device_allowed));
  return *std::move(fd);
}

Result<UniqueFd> SystemRoot::OpenDevice(std::string_view path) const { return OpenToRead(path, live_); }

bool SystemRoot::Exists(std::string_view path) const { return OpenEntry(path, O_PATH).has_value(); }

EntryKind SystemRoot::Kind(std::string_view path) const {
  const auto fd = OpenEntry(path, O_PATH | O_NOFOLLOW);
  struct stat info = {};
  if (!fd || fstat(fd->get(), &info) != 0) return EntryKind::kNone;
  if (S_ISDIR(info.st_mode)) return EntryKind::kDirectory;
  return S_ISREG(info.st_mode) ? EntryKind::kFile : EntryKind::kOther;
}

Result<std::string> SystemRoot::ReadText(std::string_view path) const {
  if (observer_) observer_(path, std::nullopt);
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(path, false));
  return ReadSmallFile(fd, Shown(Relative(path)));
}

Result<std::vector<std::byte>> SystemRoot::ReadBinary(std::string_view path) const {
  KEXEC_ASSIGN(const std::string text, ReadText(path));
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(data, data + text.size());
}

Result<std::vector<std::byte>> SystemRoot::ReadHead(std::string_view path, size_t max_bytes) const {
  if (observer_) observer_(path, max_bytes);
  const std::string shown = Shown(Relative(path));
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(path, false));
  std::vector<std::byte> head;
  size_t used = 0;
  while (used < max_bytes) {
    // The limit may be far above what there is: most files are short.
    if (used == head.size()) head.resize(std::min(max_bytes, std::max(kAttributeBuffer, 2 * used)));
    const ssize_t got = read(fd.get(), head.data() + used, head.size() - used);
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
  const std::string shown = Shown(Relative(path));
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(path, false));
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
  const std::string shown = Shown(Relative(path));
  KEXEC_ASSIGN(const UniqueFd fd, OpenToRead(path, false));
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
  auto fd = OpenEntry(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return FailErrno(Errc::kIo, fd.error(), "cannot list '{}'", Shown(Relative(path)));
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(fd->Release()), closedir);
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
