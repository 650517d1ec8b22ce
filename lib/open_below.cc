// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/open_below.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/sys/openat2.h"

namespace kexec {
namespace {

// As many links as Linux follows in one path (path_resolution(7)).
constexpr int kMostLinks = 40;
// openat2(2): EAGAIN means that something was renamed on the way and asks for another attempt.
constexpr int kAttempts = 16;

using Components = std::deque<std::string>;

// Puts the components of `path` before `left`.
void PushFront(std::string_view path, Components& left) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const size_t end = path.find('/');
    const std::string_view name = path.substr(0, end);
    if (!name.empty() && name != ".") components.emplace_back(name);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  left.insert(left.begin(), components.begin(), components.end());
}

std::expected<std::string, int> LinkText(int link) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = readlinkat(link, "", text.data(), text.size());
  if (length < 0) return std::unexpected(errno);
  return std::string(text.data(), static_cast<size_t>(length));
}

class Walk {
 public:
  Walk(int top, const OpenHow& how) : top_(top), how_(how) {}

  Opened To(std::string_view path) {
    PushFront(path, left_);
    while (!left_.empty()) {
      const std::string name = std::move(left_.front());
      left_.pop_front();
      if (name == "..") {
        if (!folders_.empty()) folders_.pop_back();
        continue;
      }
      const bool last = left_.empty();
      UniqueFd entry(openat(Here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!entry.valid()) return errno == ENOENT && last ? OpenLast(name) : std::unexpected(errno);
      struct stat info = {};
      if (fstat(entry.get(), &info) != 0) return std::unexpected(errno);
      if (S_ISLNK(info.st_mode) && !(last && (how_.flags & O_NOFOLLOW) != 0)) {
        if (const int error = Follow(entry.get())) return std::unexpected(error);
        continue;
      }
      if (last) return OpenLast(name);
      if (!S_ISDIR(info.st_mode)) return std::unexpected(ENOTDIR);
      folders_.push_back(std::move(entry));
    }
    return OpenLast(".");
  }

 private:
  int Here() const { return folders_.empty() ? top_ : folders_.back().get(); }

  // A link put there since the entry was looked at is an error, too.
  Opened OpenLast(const std::string& name) const {
    UniqueFd fd(openat(Here(), name.c_str(), how_.flags | O_NOFOLLOW, how_.mode));
    if (!fd.valid()) return std::unexpected(errno);
    return fd;
  }

  // 0 or errno.
  int Follow(int link) {
    if (how_.links == LinkRule::kNone || ++links_ > kMostLinks) return ELOOP;
    const auto text = LinkText(link);
    if (!text) return text.error();
    if (text->starts_with('/')) folders_.clear();
    PushFront(*text, left_);
    return 0;
  }

  int top_;
  OpenHow how_;
  std::vector<UniqueFd> folders_;  // from the top to where the walk is
  Components left_;
  int links_ = 0;
};

}  // namespace

Opened WalkBelow(int folder, const std::string& path, const OpenHow& how) {
  if (path.empty()) return std::unexpected(ENOENT);
  return Walk(folder, how).To(path);
}

Opened OpenBelow(int folder, const std::string& path, const OpenHow& how) {
  const uint64_t rule = how.links == LinkRule::kNone ? RESOLVE_NO_SYMLINKS : 0;
  int fd = -EAGAIN;
  for (int i = 0; i < kAttempts && (fd == -EAGAIN || fd == -EINTR); ++i) {
    fd = CallOpenat2(folder, path.c_str(), how.flags, how.mode, RESOLVE_IN_ROOT | rule);
  }
  if (fd == -ENOSYS || fd == -EPERM) return WalkBelow(folder, path, how);
  if (fd < 0) return std::unexpected(-fd);
  return UniqueFd(fd);
}

}  // namespace kexec
