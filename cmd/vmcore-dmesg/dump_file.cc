// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/dump_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "kexec/file.h"

namespace kexec {
namespace {

// Reads with pread(2), through a window of the file where little is asked for at a time.
class WindowSource final : public DumpSource {
 public:
  WindowSource(UniqueFd fd, uint64_t size) : fd_(std::move(fd)), size_(size) {}
  uint64_t size() const override { return size_; }

  Result<> Read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || size_ - offset < out.size()) {
      return Fail(Errc::kIo, "{:#x} bytes at {:#x} are not in the file, it has {:#x}", out.size(), offset,
                  size_);
    }
    while (!out.empty()) {
      if (offset < window_begin_ || offset - window_begin_ >= window_.size()) KEXEC_TRY(Slide(offset));
      const Bytes there = Bytes(window_).subspan(static_cast<size_t>(offset - window_begin_));
      const size_t now = std::min(there.size(), out.size());
      std::ranges::copy(there.first(now), out.begin());
      out = out.subspan(now);
      offset += now;
    }
    return {};
  }

 private:
  static constexpr uint64_t kWindow = 64 << 10;

  // Fills the window with the bytes around `offset`, which is inside the file.
  Result<> Slide(uint64_t offset) const {
    const uint64_t begin = offset / kWindow * kWindow;
    window_.resize(static_cast<size_t>(std::min(kWindow, size_ - begin)));
    window_begin_ = begin;
    for (size_t done = 0; done < window_.size();) {
      const ssize_t got =
          pread(fd_.get(), window_.data() + done, window_.size() - done, static_cast<off_t>(begin + done));
      if (got < 0 && errno == EINTR) continue;
      const int error = errno;
      if (got <= 0) window_.resize(done);
      if (got <= 0 && offset - begin < done) return {};  // what was asked for is there
      if (got < 0) return FailErrno(Errc::kIo, error, "cannot read at {:#x}", begin + done);
      if (got == 0) return Fail(Errc::kIo, "the file ends at {:#x}, it said {:#x}", begin + done, size_);
      done += static_cast<size_t>(got);
    }
    return {};
  }

  UniqueFd fd_;
  uint64_t size_;
  mutable std::vector<std::byte> window_;
  mutable uint64_t window_begin_ = 0;
};

// nullptr: it cannot be mapped.
std::shared_ptr<const DumpSource> MapDump(int fd, const std::string& path, const struct stat& status) {
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > SIZE_MAX) return nullptr;
  const auto mapped = MappedFile::Map(fd, path, status);
  if (!mapped.has_value()) return nullptr;
  return SourceOfBytes(SharedBytes::Wrap(*mapped, (*mapped)->bytes()));
}

bool IsInProc(int fd) {
  struct statfs filesystem;
  return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Result<std::shared_ptr<const DumpSource>> OpenDumpFile(const std::string& path, DumpAccess preferred) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(Errc::kIo, errno, "cannot open '{}'", path);
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return FailErrno(Errc::kIo, errno, "cannot open '{}'", path);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    return Fail(Errc::kIo, "cannot open '{}': neither a file nor a block device; save the dump first", path);
  }
  off_t size = status.st_size;
  if (S_ISBLK(status.st_mode)) size = lseek(fd.get(), 0, SEEK_END);
  if (size < 0) return FailErrno(Errc::kIo, errno, "cannot open '{}'", path);
  if (preferred == DumpAccess::kMapped && S_ISREG(status.st_mode) && !IsInProc(fd.get())) {
    if (auto mapped = MapDump(fd.get(), path, status)) return mapped;
  }
  return std::make_shared<WindowSource>(std::move(fd), static_cast<uint64_t>(size));
}

}  // namespace kexec
