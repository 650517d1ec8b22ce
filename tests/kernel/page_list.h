// SPDX-License-Identifier: GPL-2.0-or-later
// The page list of a loaded image, read and obeyed as the relocation code does it (swap_pages in
// arch/x86/kernel/relocate_kernel_64.S), on a copy of the machine's memory. Independent of the code that builds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kexec::testing {

struct Copy {
  uint64_t source, destination;  // physical addresses
  uint64_t pages;
};

struct PageList {
  std::vector<Copy> copies;                 // in order
  std::vector<uint64_t> indirection_pages;  // physical addresses
  size_t entries = 0;
};

// What the reader knows: an old one takes each source entry as one page and must find nothing else in it.
enum class Reader { kSinglePages, kRuns };

// Follows the list from its first entry to the one that says done. Fails with a sentence on anything the relocation code
// could not obey: an entry without meaning, an address outside of `memory`, a list that does not end.
std::expected<PageList, std::string> ReadPageList(std::span<const uint8_t> memory, uint64_t head,
                                                  Reader reader);

// Obeys it. With a swap page each page goes both ways, as for an image that may come back (KEXEC_PRESERVE_CONTEXT).
void Relocate(const PageList& list, std::span<uint8_t> memory, std::optional<uint64_t> swap_page);

}  // namespace kexec::testing
