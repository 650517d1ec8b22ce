// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstdint>
#include <functional>
#include <queue>
#include <tuple>

namespace kexec {
namespace {

constexpr char kRam = '.';
constexpr char kOther = ' ';

// A stretch of the line: drawn with `mark`, `weight` columns wide before scaling.
struct Piece {
  char mark;
  uint64_t bytes;
  unsigned columns = 1;

  bool IsGap() const { return mark == kRam || mark == kOther; }
};

// [begin, end) as RAM and holes.
void AppendGap(const MemoryMap& map, PhysAddr begin, PhysAddr end, std::vector<Piece>& pieces) {
  PhysAddr at = begin;
  for (const PhysRange& ram : map.ram()) {
    if (ram.end() <= at) continue;
    if (ram.begin() >= end) break;
    if (ram.begin() > at) pieces.push_back({kOther, ram.begin().raw() - at.raw()});
    const PhysAddr from = std::max(at, ram.begin());
    const PhysAddr to = std::min(end, ram.end());
    pieces.push_back({kRam, to.raw() - from.raw()});
    at = to;
  }
  if (at < end) pieces.push_back({kOther, end.raw() - at.raw()});
}

std::vector<Piece> Pieces(const MemoryMap& map, std::span<const Segment> segments) {
  std::vector<Piece> pieces;
  const std::string letters = SegmentLetters(segments);
  PhysAddr at = map.ram().empty() ? PhysAddr(0) : map.ram().front().begin();
  const PhysAddr end = map.ram().empty() ? PhysAddr(0) : map.ram().back().end();
  for (size_t i = 0; i < segments.size(); ++i) {
    const PhysRange& dest = segments[i].dest.range();
    if (at < dest.begin()) AppendGap(map, at, dest.begin(), pieces);
    pieces.push_back({letters[i], dest.size()});
    at = std::max(at, dest.end());
  }
  if (at < end) AppendGap(map, at, end, pieces);
  return pieces;
}

// Two neighbouring gaps that may become one; what it costs is what the smaller one loses: its mark.
struct Join {
  uint64_t cost;
  size_t left;
  size_t right;

  // The cheapest first, of equal ones that farthest left.
  bool operator>(const Join& other) const { return std::tie(cost, left) > std::tie(other.cost, other.left); }
};

// Joins gaps in time n log n: pieces stay where they are, and those that went into another are skipped.
class GapMerger {
 public:
  explicit GapMerger(std::vector<Piece>& pieces)
      : pieces_(pieces), next_(pieces.size()), previous_(pieces.size()) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      next_[i] = i + 1;
      previous_[i] = i - 1;  // of the first one, kNone
    }
    for (size_t i = 0; i < pieces.size(); ++i) Offer(i, next_[i]);
  }

  void MergeTo(size_t room) {
    for (size_t left = pieces_.size(); left > room && !joins_.empty();) {
      const Join join = joins_.top();
      joins_.pop();
      if (!IsCurrent(join)) continue;
      Merge(join);
      --left;
    }
    size_t kept = 0;
    for (size_t i = 0; i < pieces_.size(); i = next_[i]) pieces_[kept++] = pieces_[i];
    pieces_.resize(kept);
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  uint64_t Cost(size_t left, size_t right) const {
    return std::min(pieces_[left].bytes, pieces_[right].bytes);
  }
  void Offer(size_t left, size_t right) {
    if (left == kNone || right >= pieces_.size()) return;
    if (pieces_[left].IsGap() && pieces_[right].IsGap()) joins_.push({Cost(left, right), left, right});
  }
  // False where one of the two has been joined with another since. (next_ of a piece that went is kNone.)
  bool IsCurrent(const Join& join) const {
    return next_[join.left] == join.right && join.cost == Cost(join.left, join.right);
  }
  void Merge(const Join& join) {
    Piece& left = pieces_[join.left];
    const Piece& right = pieces_[join.right];
    if (right.bytes > left.bytes) left.mark = right.mark;
    left.bytes += right.bytes;
    const size_t next = next_[join.right];
    next_[join.left] = next;
    next_[join.right] = kNone;
    if (next < pieces_.size()) previous_[next] = join.left;
    Offer(previous_[join.left], join.left);
    Offer(join.left, next);
  }

  std::vector<Piece>& pieces_;
  std::vector<size_t> next_;
  std::vector<size_t> previous_;
  std::priority_queue<Join, std::vector<Join>, std::greater<>> joins_;
};

// Joins neighbouring gaps, the smallest pair first, until there are at most `room` pieces. What is larger
// keeps its mark.
void MergeGaps(std::vector<Piece>& pieces, size_t room) {
  if (pieces.size() > room) GapMerger(pieces).MergeTo(room);
}

// Shares `columns` out: one each, the rest by the logarithm of the size in pages.
void Scale(std::vector<Piece>& pieces, unsigned columns) {
  if (pieces.empty() || pieces.size() >= columns) return;
  unsigned total = 0;
  const auto weight = [](const Piece& piece) {
    return static_cast<unsigned>(std::bit_width(piece.bytes >> 12));
  };
  for (const Piece& piece : pieces) total += weight(piece);
  const auto spare = static_cast<unsigned>(columns - pieces.size());
  unsigned seen = 0;
  unsigned given = 0;
  for (Piece& piece : pieces) {
    seen += weight(piece);
    const unsigned due = total == 0 ? 0 : spare * seen / total;
    piece.columns += due - given;
    given = due;
  }
}

std::string Marks(const Piece& piece, const PictureStyle& style, unsigned& color) {
  if (piece.IsGap()) {
    if (!style.utf8 || piece.mark == kOther) return std::string(piece.columns, piece.mark);
    std::string blocks;
    for (unsigned i = 0; i < piece.columns; ++i) blocks += "░";
    return blocks;
  }
  std::string letters(piece.columns, piece.mark);
  // Neighbouring segments differ in colour: 1 (red) is for errors, so 2 to 6 in turn.
  return style.color ? fmt::format("\x1b[1;3{}m{}\x1b[0m", 2 + color++ % 5, letters) : letters;
}

}  // namespace

std::string SegmentLetters(std::span<const Segment> segments) {
  std::string letters;
  const auto free = [&](char c) { return letters.find(c) == std::string::npos; };
  for (const Segment& segment : segments) {
    char letter = '?';
    for (char c = '9'; c >= '1'; --c) letter = free(c) ? c : letter;
    for (const char c : segment.label) {
      const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      if (upper < 'A' || upper > 'Z' || !free(upper)) continue;
      letter = upper;
      break;
    }
    letters += letter;
  }
  return letters;
}

std::string DrawMemory(const MemoryMap& map, std::span<const Segment> segments, const PictureStyle& style) {
  const unsigned inner = style.columns < 4 ? 2 : style.columns - 2;
  std::vector<Piece> pieces = Pieces(map, segments);
  MergeGaps(pieces, inner / 2);
  Scale(pieces, inner);
  std::string line = style.utf8 ? "│" : "|";
  unsigned color = 0;
  for (const Piece& piece : pieces) line += Marks(piece, style, color);
  return line + (style.utf8 ? "│\n" : "|\n");
}

std::string HumanSize(uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::string number = fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}", number, kUnits[unit]);
}

}  // namespace kexec
