// SPDX-License-Identifier: GPL-2.0-or-later
// A sparse physical memory. A page nobody wrote holds the poison byte, so that what relies on zeroed memory
// shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/phys.h"

namespace kexec::testing {

class PhysicalMemory {
 public:
  static constexpr uint64_t kPage = 4096;
  static constexpr std::byte kPoison{0xa5};
  using Page = std::array<std::byte, kPage>;

  // The page that begins at `addr` (page aligned), to read and write.
  Page& At(uint64_t addr);
  void Write(uint64_t addr, Bytes bytes);
  std::vector<std::byte> Read(PhysAddr addr, uint64_t size) const;
  // Up to the first zero byte, at most `limit` bytes.
  std::string ReadString(PhysAddr addr, uint64_t limit = 1 << 16) const;
  template <class T>
  T ReadAs(PhysAddr addr) const {
    return *ReadAt<T>(Read(addr, sizeof(T)), 0);
  }
  // Addresses of the pages somebody wrote, ascending.
  std::vector<uint64_t> WrittenPages() const;

 private:
  std::map<uint64_t, Page> pages_;
};

}  // namespace kexec::testing
