// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/page_list.h"

#include <fmt/format.h>

#include <cstring>

#include "tests/kernel/machine.h"

namespace kexec::testing {
namespace {

// include/linux/kexec.h. Bits 4 to 11 of a source entry are zero, or, where runs are known, the pages of the run but one.
constexpr uint64_t kDestinationEntry = 1, kIndirectionEntry = 2, kDoneEntry = 4, kSourceEntry = 8;
constexpr uint64_t kAddressMask = ~uint64_t{kPageBytes - 1};
constexpr uint64_t kRunShift = 4, kRunMask = 0xff;

bool Holds(std::span<const uint8_t> memory, uint64_t address, uint64_t pages) {
  return address <= memory.size() && pages <= (memory.size() - address) / kPageBytes;
}

std::expected<Copy, std::string> ReadSource(uint64_t entry, uint64_t destination, Reader reader) {
  const uint64_t extra = entry >> kRunShift & kRunMask;
  if (extra != 0 && reader == Reader::kSinglePages) {
    return std::unexpected(fmt::format("entry {:#x} is a run, which the reader does not know", entry));
  }
  return Copy{entry & kAddressMask, destination, extra + 1};
}

uint64_t Word(std::span<const uint8_t> memory, uint64_t address) {
  uint64_t word;
  std::memcpy(&word, &memory[address], sizeof(word));
  return word;
}

// rep movsq over one page or more: ranges that overlap would show as wrong bytes, as they would there.
void MovePages(std::span<uint8_t> memory, uint64_t from, uint64_t to, uint64_t pages) {
  for (uint64_t page = 0; page < pages; ++page) {
    std::memmove(&memory[to + page * kPageBytes], &memory[from + page * kPageBytes], kPageBytes);
  }
}

}  // namespace

std::expected<PageList, std::string> ReadPageList(std::span<const uint8_t> memory, uint64_t head,
                                                  Reader reader) {
  PageList list;
  uint64_t entry = head, next = 0, destination = 0;
  // The list cannot have more entries than memory has words.
  for (; list.entries < memory.size() / sizeof(uint64_t);
       entry = Word(memory, next), next += sizeof(uint64_t)) {
    ++list.entries;
    if ((entry & kDestinationEntry) != 0) {
      destination = entry & kAddressMask;
    } else if ((entry & kIndirectionEntry) != 0) {
      next = entry & kAddressMask;
      if (!Holds(memory, next, 1))
        return std::unexpected(fmt::format("the list goes on at {:#x}, not in memory", next));
      list.indirection_pages.push_back(next);
    } else if ((entry & kDoneEntry) != 0) {
      return list;
    } else if ((entry & kSourceEntry) != 0) {
      const auto copy = ReadSource(entry, destination, reader);
      if (!copy) return std::unexpected(copy.error());
      if (!Holds(memory, copy->source, copy->pages) || !Holds(memory, destination, copy->pages)) {
        return std::unexpected(fmt::format("{} pages from {:#x} to {:#x} are not all in memory", copy->pages,
                                           copy->source, destination));
      }
      list.copies.push_back(*copy);
      destination += copy->pages * kPageBytes;
    } else {
      return std::unexpected(fmt::format("entry {} of the list is {:#x}", list.entries - 1, entry));
    }
    if (next % kPageBytes == 0 && (entry & kIndirectionEntry) == 0) {
      return std::unexpected(fmt::format("the list runs over the end of the page before {:#x}", next));
    }
  }
  return std::unexpected("the list does not end");
}

void Relocate(const PageList& list, std::span<uint8_t> memory, std::optional<uint64_t> swap_page) {
  for (const Copy& copy : list.copies) {
    if (!swap_page) {
      MovePages(memory, copy.source, copy.destination, copy.pages);
      continue;
    }
    for (uint64_t at = 0; at < copy.pages * kPageBytes; at += kPageBytes) {
      MovePages(memory, copy.source + at, *swap_page, 1);
      MovePages(memory, copy.destination + at, copy.source + at, 1);
      MovePages(memory, *swap_page, copy.destination + at, 1);
    }
  }
}

}  // namespace kexec::testing
