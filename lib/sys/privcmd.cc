// SPDX-License-Identifier: LGPL-2.1-or-later
// The only file that makes hypercalls.
#include "kexec/privcmd.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kexec/file.h"

namespace kexec {
namespace {

constexpr const char* kDevice = "/dev/xen/privcmd";
constexpr const char* kOldDevice = "/proc/xen/privcmd";  // with xenfs mounted
constexpr const char* kBufferDevice = "/dev/xen/hypercall";

// struct privcmd_hypercall and IOCTL_PRIVCMD_HYPERCALL of include/uapi/xen/privcmd.h.
struct PrivcmdHypercall {
  uint64_t op;
  uint64_t arguments[5];
};
constexpr unsigned long kHypercall = _IOC(_IOC_NONE, 'P', 0, sizeof(PrivcmdHypercall));

class MappedBuffer final : public HypercallBuffer {
 public:
  MappedBuffer(void* begin, size_t size) : begin_(static_cast<std::byte*>(begin)), size_(size) {}
  MappedBuffer(const MappedBuffer&) = delete;
  MappedBuffer& operator=(const MappedBuffer&) = delete;
  ~MappedBuffer() override { munmap(begin_, size_); }
  std::span<std::byte> bytes() override { return {begin_, size_}; }

 private:
  std::byte* begin_;
  size_t size_;
};

class RealPrivcmd final : public Privcmd {
 public:
  RealPrivcmd(UniqueFd device, UniqueFd buffers) : device_(std::move(device)), buffers_(std::move(buffers)) {}

  int64_t Hypercall(uint64_t op, const std::array<uint64_t, 5>& arguments) override {
    PrivcmdHypercall call = {op, {}};
    std::ranges::copy(arguments, call.arguments);
    const int answer = ioctl(device_.get(), kHypercall, &call);
    return answer < 0 ? -errno : answer;
  }

  Result<std::unique_ptr<HypercallBuffer>> Allocate(size_t size) override {
    size = std::max<size_t>(size, 1);
    void* begin = MAP_FAILED;
    // Linux 4.18 and 4.19 give no more than 64 pages.
    if (buffers_.valid()) begin = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffers_.get(), 0);
    if (begin == MAP_FAILED) {
      begin = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    }
    if (begin == MAP_FAILED) {
      return FailErrno(Errc::kIo, errno, "cannot get {} bytes of memory that Xen can read", size);
    }
    return std::make_unique<MappedBuffer>(begin, size);
  }

 private:
  UniqueFd device_;
  UniqueFd buffers_;  // not before Linux 4.18
};

}  // namespace

Result<std::unique_ptr<Privcmd>> OpenPrivcmd() {
  UniqueFd device(open(kDevice, O_RDWR | O_CLOEXEC));
  const int why = errno;
  if (!device.valid() && (why == ENOENT || why == ENXIO || why == ENODEV)) {
    device = UniqueFd(open(kOldDevice, O_RDWR | O_CLOEXEC));
  }
  if (!device.valid()) {
    return FailErrno(Errc::kIo, why, "cannot reach Xen through '{}' ({})", kDevice,
                     why == EACCES || why == EPERM ? "run as root" : "load the kernel module xen-privcmd");
  }
  return std::make_unique<RealPrivcmd>(std::move(device), UniqueFd(open(kBufferDevice, O_RDWR | O_CLOEXEC)));
}

}  // namespace kexec
