// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/compress/output.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace kexec {
namespace {

constexpr size_t kSmallest = size_t{1} << 16;
constexpr size_t kLargestFirst = size_t{256} << 20;

// Moves or makes a mapping of `size` bytes; null if there is no memory, and the old one stays.
std::byte* Resize(std::byte* base, size_t old_size, size_t size) {
  void* moved = base == nullptr
                    ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                    : mremap(base, old_size, size, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? nullptr : static_cast<std::byte*>(moved);
}

}  // namespace

Output::Output(uint64_t limit, uint64_t expected)
    : limit_(limit), expected_(static_cast<size_t>(std::min<uint64_t>(expected, kLargestFirst))) {}

Output::~Output() {
  if (base_ != nullptr) munmap(base_, capacity_);
}

Result<std::span<std::byte>> Output::Room(size_t size) {
  if (capacity_ - used_ < size) {
    const size_t wanted = std::max({kSmallest, expected_, used_ + size, capacity_ + capacity_ / 2});
    std::byte* moved = Resize(base_, capacity_, wanted);
    if (moved == nullptr) return FailErrno(Errc::kDoesNotFit, errno, "cannot get {} bytes of memory", wanted);
    base_ = moved;
    capacity_ = wanted;
  }
  // Beyond the limit there is no need for more than it takes to notice.
  const uint64_t useful = limit_ - used_;
  return std::span(base_ + used_, std::max<size_t>(size, std::min<uint64_t>(capacity_ - used_, useful)));
}

Result<> Output::Commit(size_t size) {
  if (size > limit_ - used_) {
    return Fail(Errc::kDoesNotFit, "unpacks to more than the {} bytes allowed", limit_);
  }
  used_ += size;
  return {};
}

SharedBytes Output::Take() {
  if (used_ == 0) return {};
  std::byte* base = std::exchange(base_, nullptr);
  const size_t capacity = std::exchange(capacity_, 0);
  const size_t size = std::exchange(used_, 0);
  // Pages never written cost nothing, but address space is given back, too. Shrinking does not move.
  const size_t kept = Resize(base, capacity, size) == nullptr ? capacity : size;
  std::shared_ptr<const void> owner(base, [kept](const void* p) { munmap(const_cast<void*>(p), kept); });
  return SharedBytes::Wrap(std::move(owner), Bytes(base, size));
}

}  // namespace kexec
