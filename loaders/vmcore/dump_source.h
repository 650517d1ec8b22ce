// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the bytes of a dump come from: a mapped file, /proc/vmcore, a test's vector. A dump may be as big as
// the machine's memory, so nobody asks for all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class DumpSource {
 public:
  virtual ~DumpSource() = default;
  virtual uint64_t size() const = 0;
  // Bytes somebody wrote: where holes take no room, fewer than size(), which a few of them can put anywhere.
  virtual uint64_t stored() const { return size(); }
  // Fills `out` from `offset` on. kIo if not all of it is there; `out` is undefined then.
  virtual Result<> Read(uint64_t offset, std::span<std::byte> out) const = 0;
};

// Of bytes in memory or in a mapping.
std::shared_ptr<const DumpSource> SourceOfBytes(SharedBytes bytes);

}  // namespace kexec
KEXEC_PUBLIC_END
