// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/page_pieces.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace kexec {
namespace {

constexpr uint64_t kMostJoined = uint64_t{1} << 30;

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

Result<LoadPiece> Join(std::span<const LoadPiece> group, Alignment page) {
  LoadPiece joined = group.front();
  const uint64_t begin = page.Down(joined.address.raw());
  if (group.size() == 1 && begin == joined.address.raw()) return joined;
  uint64_t filled = 0;
  for (const LoadPiece& piece : group) {
    if (!piece.contents.empty()) filled = piece.address.raw() - begin + piece.contents.size();
  }
  if (filled > kMostJoined) {
    return Fail(Errc::kUnsupported,
                "the kernel is in too many pieces that lie too far apart: loading those from {:#x} on as one "
                "takes {:#x} bytes, more than {:#x}",
                begin, filled, kMostJoined);
  }
  std::vector<std::byte> bytes(filled);
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

}  // namespace

Result<std::vector<LoadPiece>> PagePieces(const std::vector<LoadPiece>& pieces, Alignment page, size_t most) {
  std::vector<LoadPiece> apart;
  size_t begin = 0;
  for (const size_t last : GroupEnds(pieces, page, most)) {
    KEXEC_ASSIGN(LoadPiece joined, Join(std::span(pieces).subspan(begin, last + 1 - begin), page));
    apart.push_back(std::move(joined));
    begin = last + 1;
  }
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
