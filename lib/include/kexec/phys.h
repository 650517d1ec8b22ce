// SPDX-License-Identifier: LGPL-2.1-or-later
// Physical addresses and half-open ranges of them. All arithmetic on addresses that come from a file or the
// system lives here; a range that exists is never empty and never wraps.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A physical address. No implicit conversions, no operator+: sums are checked.
class PhysAddr {
 public:
  constexpr PhysAddr() = default;
  constexpr explicit PhysAddr(uint64_t raw) : raw_(raw) {}
  constexpr uint64_t raw() const { return raw_; }
  constexpr auto operator<=>(const PhysAddr&) const = default;
  // nullopt if the sum does not fit 64 bits.
  constexpr std::optional<PhysAddr> CheckedAdd(uint64_t bytes) const {
    uint64_t sum = 0;
    if (__builtin_add_overflow(raw_, bytes, &sum)) return std::nullopt;
    return PhysAddr(sum);
  }

 private:
  uint64_t raw_ = 0;
};

// A power of two. Making one is the check.
class Alignment {
 public:
  static constexpr std::optional<Alignment> Make(uint64_t bytes) {
    if (!std::has_single_bit(bytes)) return std::nullopt;
    return Alignment(bytes);
  }
  template <uint64_t kBytes>
  static constexpr Alignment Of() {
    static_assert(std::has_single_bit(kBytes), "an alignment is a power of two");
    return Alignment(kBytes);
  }
  constexpr uint64_t bytes() const { return bytes_; }
  constexpr bool Divides(uint64_t value) const { return (value & (bytes_ - 1)) == 0; }
  constexpr uint64_t Down(uint64_t value) const { return value & ~(bytes_ - 1); }
  // nullopt if the next multiple does not fit 64 bits.
  constexpr std::optional<uint64_t> Up(uint64_t value) const {
    uint64_t sum = 0;
    if (__builtin_add_overflow(value, bytes_ - 1, &sum)) return std::nullopt;
    return Down(sum);
  }
  constexpr auto operator<=>(const Alignment&) const = default;

 private:
  constexpr explicit Alignment(uint64_t bytes) : bytes_(bytes) {}
  uint64_t bytes_;
};

// [begin, end) of physical memory: never empty, never wraps. A region that ends with the last byte of the
// 64-bit space is clipped by FromInclusive so that end() can be written down: the last page there is never
// RAM.
class PhysRange {
 public:
  static constexpr std::optional<PhysRange> FromSize(PhysAddr begin, uint64_t size) {
    const auto end = begin.CheckedAdd(size);
    if (size == 0 || !end) return std::nullopt;
    return PhysRange(begin, *end);
  }
  static constexpr std::optional<PhysRange> FromBounds(PhysAddr begin, PhysAddr end) {
    if (end <= begin) return std::nullopt;
    return PhysRange(begin, end);
  }
  // The one door for /proc/iomem, firmware memmap and `struct resource`, whose ends are the last byte.
  static constexpr std::optional<PhysRange> FromInclusive(PhysAddr first, PhysAddr last) {
    if (last < first) return std::nullopt;
    if (last.raw() == UINT64_MAX) return FromBounds(first, last);
    return PhysRange(first, PhysAddr(last.raw() + 1));
  }

  constexpr PhysAddr begin() const { return begin_; }
  constexpr PhysAddr end() const { return end_; }
  constexpr uint64_t size() const { return end_.raw() - begin_.raw(); }
  constexpr bool Contains(PhysAddr addr) const { return begin_ <= addr && addr < end_; }
  constexpr bool Contains(const PhysRange& other) const {
    return begin_ <= other.begin_ && other.end_ <= end_;
  }
  constexpr bool Overlaps(const PhysRange& other) const { return begin_ < other.end_ && other.begin_ < end_; }
  constexpr std::optional<PhysRange> Intersect(const PhysRange& other) const {
    return FromBounds(begin_ > other.begin_ ? begin_ : other.begin_, end_ < other.end_ ? end_ : other.end_);
  }
  constexpr auto operator<=>(const PhysRange&) const = default;

 private:
  constexpr PhysRange(PhysAddr begin, PhysAddr end) : begin_(begin), end_(end) {}
  PhysAddr begin_, end_;
};

// A PhysRange whose both ends are multiples of the page size it was made with.
class PageRange {
 public:
  // The smallest page range around `range`; nullopt if its end does not fit 64 bits.
  static std::optional<PageRange> Enclosing(const PhysRange& range, Alignment page);
  // `range` itself; nullopt if an end is not page aligned.
  static std::optional<PageRange> Exactly(const PhysRange& range, Alignment page);
  const PhysRange& range() const { return range_; }
  PhysAddr begin() const { return range_.begin(); }
  PhysAddr end() const { return range_.end(); }
  uint64_t size() const { return range_.size(); }
  auto operator<=>(const PageRange&) const = default;

 private:
  explicit PageRange(const PhysRange& range) : range_(range) {}
  PhysRange range_;
};

// "[0x1000, 0x2000)", as every message shows a range.
std::string ToString(const PhysRange& range);

}  // namespace kexec
KEXEC_PUBLIC_END
