// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/physical_memory.h"

#include <algorithm>

namespace kexec::testing {

PhysicalMemory::Page& PhysicalMemory::At(uint64_t addr) {
  const auto [page, fresh] = pages_.try_emplace(addr & ~(kPage - 1));
  if (fresh) page->second.fill(kPoison);
  return page->second;
}

void PhysicalMemory::Write(uint64_t addr, Bytes bytes) {
  while (!bytes.empty()) {
    const uint64_t offset = addr % kPage;
    const size_t part = std::min<size_t>(bytes.size(), kPage - offset);
    std::ranges::copy(bytes.first(part), At(addr).begin() + static_cast<ptrdiff_t>(offset));
    bytes = bytes.subspan(part);
    addr += part;
  }
}

std::vector<std::byte> PhysicalMemory::Read(PhysAddr addr, uint64_t size) const {
  std::vector<std::byte> bytes(size, kPoison);
  for (uint64_t done = 0; done < size;) {
    const uint64_t at = addr.raw() + done;
    const uint64_t part = std::min(size - done, kPage - at % kPage);
    if (const auto page = pages_.find(at & ~(kPage - 1)); page != pages_.end()) {
      std::copy_n(page->second.begin() + static_cast<ptrdiff_t>(at % kPage), part,
                  bytes.begin() + static_cast<ptrdiff_t>(done));
    }
    done += part;
  }
  return bytes;
}

std::string PhysicalMemory::ReadString(PhysAddr addr, uint64_t limit) const {
  std::string text;
  for (const std::byte byte : Read(addr, limit)) {
    if (byte == std::byte{0}) break;
    text.push_back(static_cast<char>(byte));
  }
  return text;
}

std::vector<uint64_t> PhysicalMemory::WrittenPages() const {
  std::vector<uint64_t> addresses;
  for (const auto& [addr, page] : pages_) addresses.push_back(addr);
  return addresses;
}

}  // namespace kexec::testing
