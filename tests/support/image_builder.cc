// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/image_builder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kexec::testing {
namespace {
constexpr uint64_t kPage = PhysicalMemory::kPage;
constexpr size_t kEntriesPerPage = kPage / sizeof(uint64_t);
}  // namespace

ImageBuilder::ImageBuilder(PhysicalMemory& memory, PageSource& source, std::span<const RawSegment> segments)
    : memory_(memory), source_(source), segments_(segments) {}

int ImageBuilder::Build() {
  const auto swap = ControlPage();
  if (!swap) return ENOMEM;
  swap_page_ = *swap;
  for (const RawSegment& segment : segments_) {
    if (const int error = LoadSegment(segment); error != 0) return error;
  }
  return WriteList();
}

bool ImageBuilder::IsDestination(uint64_t page) const {
  return std::ranges::any_of(segments_, [page](const RawSegment& segment) {
    return page >= segment.mem && page - segment.mem < segment.memsz;
  });
}

// A page that no copy will overwrite; destinations met on the way are kept for their owners.
std::optional<uint64_t> ImageBuilder::ControlPage() {
  while (const auto page = source_.Next()) {
    if (!IsDestination(*page)) return page;
    parked_.insert(*page);
  }
  return std::nullopt;
}

// A source page is its own destination or nobody's. One that is the destination of a page already loaded
// takes over that page's bytes, and the page freed by that is used here.
std::optional<uint64_t> ImageBuilder::SourcePageFor(uint64_t destination) {
  if (parked_.erase(destination) != 0) return destination;
  while (const auto page = source_.Next()) {
    if (*page == destination || !IsDestination(*page)) return page;
    const auto other = source_of_.find(*page);
    if (other == source_of_.end()) {
      parked_.insert(*page);
      continue;
    }
    const uint64_t freed = other->second;
    memory_.At(*page) = memory_.At(freed);
    other->second = *page;
    if (freed == destination || !IsDestination(freed)) return freed;
    parked_.insert(freed);
  }
  return std::nullopt;
}

int ImageBuilder::LoadSegment(const RawSegment& segment) {
  Bytes rest(static_cast<const std::byte*>(segment.buf), segment.bufsz);
  for (uint64_t done = 0; done < segment.memsz; done += kPage) {
    const uint64_t destination = segment.mem + done;
    const auto page = SourcePageFor(destination);
    if (!page) return ENOMEM;
    const size_t part = std::min<size_t>(rest.size(), kPage);
    memory_.At(*page).fill(std::byte{0});
    memory_.Write(*page, rest.first(part));
    rest = rest.subspan(part);
    source_of_[destination] = *page;
  }
  return 0;
}

int ImageBuilder::WriteList() {
  std::vector<uint64_t> entries;
  uint64_t expected = UINT64_MAX;
  for (const auto& [destination, page] : source_of_) {
    if (destination != expected) entries.push_back(destination | kIndDestination);
    entries.push_back(page | kIndSource);
    expected = destination + kPage;
  }
  entries.push_back(kIndDone);
  uint64_t table = 0;
  uint64_t slot = kEntriesPerPage - 1;
  for (const uint64_t entry : entries) {
    if (slot == kEntriesPerPage - 1) {  // the last slot of a table chains to the next one
      const auto next = ControlPage();
      if (!next) return ENOMEM;
      const uint64_t link = *next | kIndIndirection;
      if (table == 0) {
        head_ = *next;
      } else {
        std::memcpy(&memory_.At(table)[slot * sizeof(link)], &link, sizeof(link));
      }
      table = *next;
      slot = 0;
    }
    std::memcpy(&memory_.At(table)[slot * sizeof(entry)], &entry, sizeof(entry));
    ++slot;
  }
  return 0;
}

}  // namespace kexec::testing
