// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/layout.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace kexec {
namespace {

using Pieces = std::map<uint64_t, uint64_t>;  // begin -> end

// The first piece that ends above `addr`: the window's lower edge falls into it or before it. O(log n).
Pieces::const_iterator FirstEndingAbove(const Pieces& pieces, uint64_t addr) {
  auto piece = pieces.upper_bound(addr);
  if (piece != pieces.begin() && std::prev(piece)->second > addr) --piece;
  return piece;
}

std::optional<PhysRange> Clip(const Pieces::value_type& piece, const PhysRange& window) {
  return PhysRange::FromBounds(PhysAddr(std::max(piece.first, window.begin().raw())),
                               PhysAddr(std::min(piece.second, window.end().raw())));
}

// The lowest place for `size` bytes in `room`.
std::optional<PhysRange> FitLow(const PhysRange& room, uint64_t size, Alignment align) {
  const auto begin = align.Up(room.begin().raw());
  if (!begin || *begin >= room.end().raw() || room.end().raw() - *begin < size) return std::nullopt;
  return PhysRange::FromSize(PhysAddr(*begin), size);
}

// The highest one.
std::optional<PhysRange> FitHigh(const PhysRange& room, uint64_t size, Alignment align) {
  if (room.size() < size) return std::nullopt;
  const uint64_t begin = align.Down(room.end().raw() - size);
  if (begin < room.begin().raw()) return std::nullopt;
  return PhysRange::FromSize(PhysAddr(begin), size);
}

std::optional<PhysRange> FirstFit(const Pieces& pieces, const Request& request, uint64_t size,
                                  Alignment align) {
  const PhysRange& window = request.window;
  const auto low = FirstEndingAbove(pieces, window.begin().raw());
  const auto high = pieces.lower_bound(window.end().raw());
  if (request.search == Search::kBottomUp) {
    for (auto piece = low; piece != high; ++piece) {
      const auto room = Clip(*piece, window);
      if (!room) continue;
      if (auto found = FitLow(*room, size, align)) return found;
    }
    return std::nullopt;
  }
  for (auto piece = high; piece != low;) {
    const auto room = Clip(*--piece, window);
    if (!room) continue;
    if (auto found = FitHigh(*room, size, align)) return found;
  }
  return std::nullopt;
}

// The largest part of a piece that lies inside the window and begins aligned.
std::optional<PhysRange> LargestRoom(const Pieces& pieces, const PhysRange& window, Alignment align) {
  std::optional<PhysRange> largest;
  const auto high = pieces.lower_bound(window.end().raw());
  for (auto piece = FirstEndingAbove(pieces, window.begin().raw()); piece != high; ++piece) {
    const auto room = Clip(*piece, window);
    const auto begin = room ? align.Up(room->begin().raw()) : std::nullopt;
    if (!begin) continue;
    const auto aligned = PhysRange::FromBounds(PhysAddr(*begin), room->end());
    if (aligned && (!largest || aligned->size() > largest->size())) largest = aligned;
  }
  return largest;
}

}  // namespace

Layout::Layout(const MemoryMap& map, Alignment page) : page_(page) {
  for (const PhysRange& ram : map.ram()) {
    const auto begin = page.Up(ram.begin().raw());
    const uint64_t end = page.Down(ram.end().raw());
    if (begin && *begin < end) free_.emplace_hint(free_.end(), *begin, end);
  }
}

Result<PageRange> Layout::Reserve(const Request& request) {
  if (request.size == 0) return Fail(Errc::kDoesNotFit, "'{}' has no bytes to find room for", request.label);
  const Alignment align = std::max(request.align, page_);
  const auto size = page_.Up(request.size);
  const auto found = size ? FirstFit(free_, request, *size, align) : std::nullopt;
  if (!found) {
    const auto largest = LargestRoom(free_, request.window, align);
    const std::string have =
        largest ? fmt::format("largest free piece is {:#x} at {:#x}", largest->size(), largest->begin().raw())
                : std::string("no free RAM is left there");
    return Fail(Errc::kDoesNotFit, "no room for '{}': need {:#x} bytes aligned to {:#x} in {}; {}",
                request.label, size.value_or(request.size), align.bytes(), ToString(request.window), have);
  }
  Take(*found);
  taken_[found->begin().raw()] = {found->end().raw(), request.label};
  return *PageRange::Exactly(*found, page_);
}

Result<PageRange> Layout::ReserveAt(const std::string& label, const PhysRange& range) {
  const auto pages = PageRange::Enclosing(range, page_);
  if (!pages) {
    return Fail(Errc::kDoesNotFit, "'{}' at {} reaches beyond the address space", label, ToString(range));
  }
  const PhysRange wanted = pages->range();
  auto taken = taken_.upper_bound(wanted.begin().raw());
  if (taken != taken_.begin() && std::prev(taken)->second.first > wanted.begin().raw()) --taken;
  if (taken != taken_.end() && taken->first < wanted.end().raw()) {
    const auto other = PhysRange::FromBounds(PhysAddr(taken->first), PhysAddr(taken->second.first));
    return Fail(Errc::kDoesNotFit, "'{}' must be at {}, which overlaps '{}' at {}", label, ToString(wanted),
                taken->second.second, ToString(*other));
  }
  const auto piece = FirstEndingAbove(free_, wanted.begin().raw());
  const uint64_t free_begin = piece == free_.end() ? UINT64_MAX : piece->first;
  if (piece == free_.end() || free_begin > wanted.begin().raw() || piece->second < wanted.end().raw()) {
    const bool starts_free = free_begin <= wanted.begin().raw();
    const PhysAddr gap_begin = starts_free ? PhysAddr(piece->second) : wanted.begin();
    const auto next = starts_free ? std::next(piece) : piece;
    const uint64_t gap_end =
        next == free_.end() ? wanted.end().raw() : std::min(wanted.end().raw(), next->first);
    return Fail(Errc::kDoesNotFit, "'{}' must be at {}, but {} is not free RAM", label, ToString(wanted),
                ToString(*PhysRange::FromBounds(gap_begin, PhysAddr(gap_end))));
  }
  Take(wanted);
  taken_[wanted.begin().raw()] = {wanted.end().raw(), label};
  return *pages;
}

void Layout::Exclude(const PhysRange& range) {
  const uint64_t begin = page_.Down(range.begin().raw());
  const uint64_t end = page_.Up(range.end().raw()).value_or(UINT64_MAX);
  if (const auto pages = PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end))) Take(*pages);
}

std::vector<PhysRange> Layout::Free() const {
  std::vector<PhysRange> free;
  for (const auto& [begin, end] : free_)
    free.push_back(*PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end)));
  return free;
}

void Layout::Take(const PhysRange& range) {
  const uint64_t begin = range.begin().raw();
  const uint64_t end = range.end().raw();
  auto piece = FirstEndingAbove(free_, begin);
  while (piece != free_.end() && piece->first < end) {
    const auto [piece_begin, piece_end] = *piece;
    piece = free_.erase(piece);
    if (piece_begin < begin) free_.emplace(piece_begin, begin);
    if (piece_end > end) piece = free_.emplace(end, piece_end).first;
  }
}

}  // namespace kexec
