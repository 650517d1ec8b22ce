// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/page_pieces.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace kexec {
namespace {

// Of zeros between all pieces together.
constexpr uint64_t kMostFilled = uint64_t{128} << 20;

uint64_t EndOf(const LoadPiece& piece) { return piece.address.raw() + piece.memory_size; }

// Bytes between piece `i` and the next.
uint64_t GapAfter(const std::vector<LoadPiece>& pieces, size_t i) {
  return pieces[i + 1].address.raw() - EndOf(pieces[i]);
}

bool SharesPageWithNext(const std::vector<LoadPiece>& pieces, size_t i, Alignment page) {
  return page.Down(EndOf(pieces[i]) - 1) == page.Down(pieces[i + 1].address.raw());
}

// The last index of each group that stays apart from the next, ascending.
std::vector<size_t> GroupEnds(const std::vector<LoadPiece>& pieces, Alignment page, size_t most) {
  std::vector<size_t> ends;
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    if (!SharesPageWithNext(pieces, i, page)) ends.push_back(i);
  }
  const size_t cuts = std::max<size_t>(most, 1) - 1;
  if (ends.size() > cuts) {
    std::ranges::stable_sort(ends, std::ranges::greater(), [&](size_t i) { return GapAfter(pieces, i); });
    ends.resize(cuts);
    std::ranges::sort(ends);
  }
  ends.push_back(pieces.size() - 1);
  return ends;
}

bool StaysAsItIs(std::span<const LoadPiece> group, Alignment page) {
  return group.size() == 1 && page.Divides(group.front().address.raw());
}

// Bytes from `begin`, where the joined piece starts, to the last one that is not zero.
uint64_t FilledBytes(std::span<const LoadPiece> group, uint64_t begin) {
  uint64_t filled = 0;
  for (const LoadPiece& piece : group) {
    if (!piece.contents.empty()) filled = piece.address.raw() - begin + piece.contents.size();
  }
  return filled;
}

LoadPiece Join(std::span<const LoadPiece> group, Alignment page) {
  LoadPiece joined = group.front();
  if (StaysAsItIs(group, page)) return joined;
  const uint64_t begin = page.Down(joined.address.raw());
  std::vector<std::byte> bytes(FilledBytes(group, begin));
  for (const LoadPiece& piece : group) {
    if (piece.contents.empty()) continue;
    const uint64_t offset = piece.address.raw() - begin;
    std::ranges::copy(piece.contents.view(), bytes.begin() + static_cast<ptrdiff_t>(offset));
  }
  joined.virtual_address -= joined.address.raw() - begin;
  joined.address = PhysAddr(begin);
  joined.contents = SharedBytes::Own(std::move(bytes));
  joined.memory_size = EndOf(group.back()) - begin;
  return joined;
}

using Groups = std::vector<std::span<const LoadPiece>>;

Groups MakeGroups(const std::vector<LoadPiece>& pieces, Alignment page, size_t most) {
  Groups groups;
  size_t begin = 0;
  for (const size_t last : GroupEnds(pieces, page, most)) {
    groups.push_back(std::span(pieces).subspan(begin, last + 1 - begin));
    begin = last + 1;
  }
  return groups;
}

Result<> CheckFilling(const Groups& groups, Alignment page, size_t pieces) {
  uint64_t zeros = 0;
  for (const std::span<const LoadPiece> group : groups) {
    if (StaysAsItIs(group, page)) continue;
    zeros += FilledBytes(group, page.Down(group.front().address.raw()));
    for (const LoadPiece& piece : group) zeros -= piece.contents.size();
    if (zeros <= kMostFilled) continue;
    return Fail(
        Errc::kUnsupported,
        "the kernel is in {} pieces that lie too far apart: to load it as {} takes more than {:#x} bytes of "
        "zeros between them, up to {:#x}",
        pieces, groups.size(), kMostFilled, group.back().address.raw());
  }
  return {};
}

}  // namespace

Result<std::vector<LoadPiece>> PagePieces(const std::vector<LoadPiece>& pieces, Alignment page, size_t most) {
  const Groups groups = MakeGroups(pieces, page, most);
  KEXEC_TRY(CheckFilling(groups, page, pieces.size()));
  std::vector<LoadPiece> apart;
  for (const std::span<const LoadPiece> group : groups) apart.push_back(Join(group, page));
  return apart;
}

std::vector<Segment> KernelSegments(const std::vector<LoadPiece>& pieces, PhysAddr base, Alignment page) {
  std::vector<Segment> segments;
  for (const LoadPiece& piece : pieces) {
    const PhysAddr begin(base.raw() + piece.address.raw());
    std::string label = segments.empty() ? "kernel" : fmt::format("kernel {}", segments.size() + 1);
    const PhysRange range = *PhysRange::FromSize(begin, piece.memory_size);
    segments.push_back({std::move(label), *PageRange::Enclosing(range, page), piece.contents});
  }
  return segments;
}

PhysRange ExtentOf(const std::vector<LoadPiece>& pieces) {
  return *PhysRange::FromBounds(pieces.front().address, PhysAddr(EndOf(pieces.back())));
}

}  // namespace kexec
