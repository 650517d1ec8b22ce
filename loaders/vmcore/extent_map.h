// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the bytes of an address space lie in a file: disjoint extents, found in O(log n).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class ExtentMap {
 public:
  struct Hit {
    uint64_t position;  // in the file
    uint64_t bytes;     // that follow there without a gap, at least 1
  };

  // [begin, begin + size) lies at `position`, whatever was said about it before. An empty extent, or one that
  // runs over 2^64 at either side, is left out.
  void Paint(uint64_t begin, uint64_t size, uint64_t position);
  std::optional<Hit> Find(uint64_t address) const;
  // Bytes from `address`, which Find() does not know, to the next extent; 2^64 - 1 if none follows.
  uint64_t HoleAt(uint64_t address) const;
  // One behind the last byte known, 2^64 - 1 at most; 0 of an empty map.
  uint64_t End() const;
  size_t count() const { return extents_.size(); }

 private:
  struct Extent {
    uint64_t last;  // its last byte: an extent may end at 2^64
    uint64_t position;
  };
  std::map<uint64_t, Extent> extents_;  // by first byte
};

}  // namespace kexec
KEXEC_PUBLIC_END
