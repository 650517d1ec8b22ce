// SPDX-License-Identifier: LGPL-2.1-or-later
// SIGBUS in mapped files. A file that is cut short while it is mapped takes its pages away, and whoever reads
// one of them is sent SIGBUS; so it is where a device fails. While a BusFaultGuard lives, such a reader goes
// on with zeros, and the mapping remembers it (docs/decisions.md). Used by mapped_file.cc alone.
#pragma once

#include <cstdint>
#include <optional>

namespace kexec {

// The addresses of one mapping, as the handler knows them.
class FaultRegion;

// Makes [begin, end), whole pages that are mapped, known to the handler until it is removed, which must come
// before they are unmapped. Any thread.
FaultRegion* AddFaultRegion(uintptr_t begin, uintptr_t end);
void RemoveFaultRegion(FaultRegion* region);

// Where the first page that could not be read lies, from the region's begin; nullopt: all that was read was
// there.
std::optional<uint64_t> FirstFault(const FaultRegion& region);

// Catches SIGBUS for all threads of the process as long as there is one of these, and lets it through to the
// thread that made it, which must be the one that ends it. With the last of them the process's action for
// SIGBUS is again what it was.
class BusFaultGuard {
 public:
  BusFaultGuard();
  BusFaultGuard(const BusFaultGuard&) = delete;
  BusFaultGuard& operator=(const BusFaultGuard&) = delete;
  ~BusFaultGuard();

 private:
  bool blocked_;  // this thread had SIGBUS blocked, which makes a fault fatal whatever the action
};

}  // namespace kexec
