// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes of files and the little-endian (or big-endian) fields in them. A header structure is made of
// Le<>/Be<> fields (alignment 1, explicit byte order) and comes out of ReadAt, which checks bounds and
// copies: file data is never cast.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

using Bytes = std::span<const std::byte>;

// An integer stored in the given byte order, without alignment.
template <class T, std::endian kOrder>
class Ordered {
 public:
  Ordered() = default;
  Ordered(T value) { *this = value; }  // NOLINT: a field converts like the integer it holds
  Ordered& operator=(T value) {
    if constexpr (kOrder != std::endian::native) value = Swap(value);
    std::memcpy(raw_, &value, sizeof(T));
    return *this;
  }
  operator T() const {  // NOLINT
    T value;
    std::memcpy(&value, raw_, sizeof(T));
    if constexpr (kOrder != std::endian::native) value = Swap(value);
    return value;
  }

 private:
  static T Swap(T value) {
    if constexpr (sizeof(T) == 1) return value;
    if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
    if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
    if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  }
  unsigned char raw_[sizeof(T)] = {};
};
template <class T>
using Le = Ordered<T, std::endian::little>;
template <class T>
using Be = Ordered<T, std::endian::big>;

// The T at `offset`, or nullopt if it does not lie wholly inside `bytes`.
template <class T>
std::optional<T> ReadAt(Bytes bytes, uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(static_cast<void*>(&value), bytes.data() + offset, sizeof(T));
  return value;
}

// [offset, offset + size) of `bytes`, or nullopt if that does not lie wholly inside.
inline std::optional<Bytes> SliceAt(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  return bytes.subspan(offset, size);
}

// Read-only bytes with shared ownership: of a vector, or of a file mapping (file.h). A slice keeps the whole
// alive, so a segment can never outlive its file. Copying one copies no bytes.
class SharedBytes {
 public:
  SharedBytes() = default;
  static SharedBytes Own(std::vector<std::byte> bytes);
  // `view` stays valid for as long as `owner` lives.
  static SharedBytes Wrap(std::shared_ptr<const void> owner, Bytes view);

  Bytes view() const { return view_; }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  std::optional<SharedBytes> Slice(uint64_t offset, uint64_t size) const;

 private:
  std::shared_ptr<const void> owner_;
  Bytes view_;
};

}  // namespace kexec
KEXEC_PUBLIC_END
