// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/bios_data.h"

#include <algorithm>
#include <utility>

#include "arch/x86_64/firmware_tables.h"
#include "kexec/layout.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
// IBM PC BIOS data area: real-mode segment of the EBDA, KiB of memory below it.
constexpr size_t kAtEbda = 0x40e;
constexpr size_t kAtBaseMemory = 0x413;
constexpr size_t kLowSize = 0x500;  // interrupt vectors and the BIOS data area
// Where EBDAs are found; Xen takes one from 256 KiB on, below the video memory.
constexpr uint64_t kLowestEbda = 0x80000;
constexpr uint64_t kHighestEbda = 0xa0000;
// In the page.
constexpr size_t kAtRootPointer = 0x10;  // on a multiple of 16, in the first KiB (ACPI 5.2.5.1)
constexpr size_t kSearched = 0x400;
constexpr size_t kAtLowCopy = 0x800;

void Put16(std::vector<std::byte>& bytes, size_t at, uint64_t value) {
  bytes[at] = static_cast<std::byte>(value);
  bytes[at + 1] = static_cast<std::byte>(value >> 8);
}

// Where page 0 cannot be read, UEFI is taken to have left nothing in it.
bool HasBiosData(const X86Facts& facts) {
  if (facts.bios_data) return *facts.bios_data;
  const auto low = ReadMemory(facts.root, kAtEbda, kAtBaseMemory + 2 - kAtEbda);
  if (!low.has_value() || low->size() < kAtBaseMemory + 2 - kAtEbda) {
    return !facts.running || facts.running->efi_info.loader_signature != kEfiLoader64;
  }
  return *ReadAt<Le<uint16_t>>(*low, 0) != 0 || *ReadAt<Le<uint16_t>>(*low, kAtBaseMemory - kAtEbda) != 0;
}

}  // namespace

std::optional<BiosData> MakeBiosData(const X86Facts& facts, Bytes root_pointer) {
  const PhysRange zero = *PhysRange::FromSize(PhysAddr(0), kPage.bytes());
  if (!facts.memory.handed_over.IsRam(zero) || HasBiosData(facts)) return std::nullopt;
  Layout layout(facts.memory.placeable, kPage);
  const auto page =
      layout.Reserve({.label = "BIOS data",
                      .size = kPage.bytes(),
                      .align = kPage,
                      .window = *PhysRange::FromBounds(PhysAddr(kLowestEbda), PhysAddr(kHighestEbda)),
                      .search = Search::kTopDown});
  if (!page) return std::nullopt;
  std::vector<std::byte> bytes(kAtLowCopy + kLowSize);
  bytes[0] = static_cast<std::byte>(kPage.bytes() / 1024);  // an EBDA begins with its size in KiB
  if (root_pointer.size() <= kSearched - kAtRootPointer) {
    std::ranges::copy(root_pointer, bytes.begin() + kAtRootPointer);
  }
  const uint64_t begin = page->begin().raw();
  Put16(bytes, kAtLowCopy + kAtEbda, begin >> 4);
  Put16(bytes, kAtLowCopy + kAtBaseMemory, begin / 1024);
  return BiosData{*page, std::move(bytes), *PhysRange::FromSize(PhysAddr(begin + kAtLowCopy), kLowSize)};
}

MemoryMap WithReserved(const MemoryMap& map, const PageRange& page) {
  std::vector<MemoryRegion> regions(map.regions().begin(), map.regions().end());
  regions.push_back({page.range(), MemoryType::kReserved});
  return MemoryMap::FromRegions(std::move(regions));
}

}  // namespace kexec
