// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/flattened.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "loaders/vmcore/extent_map.h"

namespace kexec {
namespace {

struct FileHeader {
  char signature[16];
  Be<uint64_t> type;
  Be<uint64_t> version;
};
constexpr std::string_view kSignature = "makedumpfile";
constexpr uint64_t kFirstPiece = 4096;

struct PieceHeader {
  Be<uint64_t> offset;
  Be<uint64_t> size;
};
constexpr uint64_t kEndMark = ~uint64_t{0};     // as offset
constexpr size_t kMaxPieces = size_t{1} << 23;  // 32 GiB of single pages; bounds our memory

template <class T>
Result<T> ReadStruct(const DumpSource& source, uint64_t offset) {
  std::byte raw[sizeof(T)];
  KEXEC_TRY(source.Read(offset, raw));
  return *ReadAt<T>(Bytes(raw), 0);
}

class FlattenedSource final : public DumpSource {
 public:
  FlattenedSource(std::shared_ptr<const DumpSource> file, ExtentMap pieces)
      : file_(std::move(file)), pieces_(std::move(pieces)), size_(pieces_.End()) {}
  uint64_t size() const override { return size_; }
  uint64_t stored() const override { return file_->stored(); }

  Result<> Read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || size_ - offset < out.size()) {
      return Fail(Errc::kIo, "{:#x} bytes at {:#x} are not in the flattened dump, it has {:#x}", out.size(),
                  offset, size_);
    }
    while (!out.empty()) {
      const auto hit = pieces_.Find(offset);
      const uint64_t follow = hit ? hit->bytes : pieces_.HoleAt(offset);
      const size_t now = static_cast<size_t>(std::min<uint64_t>(follow, out.size()));
      if (hit) {
        KEXEC_TRY(file_->Read(hit->position, out.first(now)));
      } else {
        std::ranges::fill(out.first(now), std::byte{0});
      }
      out = out.subspan(now);
      offset += now;
    }
    return {};
  }

 private:
  std::shared_ptr<const DumpSource> file_;
  ExtentMap pieces_;
  uint64_t size_;
};

}  // namespace

bool IsFlattened(const DumpSource& source) {
  const Result<FileHeader> header = ReadStruct<FileHeader>(source, 0);
  if (!header.has_value()) return false;
  char expected[sizeof(header->signature)] = {};
  kSignature.copy(expected, kSignature.size());
  return std::memcmp(header->signature, expected, sizeof(expected)) == 0;
}

Result<std::shared_ptr<const DumpSource>> Unflatten(std::shared_ptr<const DumpSource> source) {
  KEXEC_ASSIGN(const FileHeader header, ReadStruct<FileHeader>(*source, 0));
  if (header.type != 1 || header.version != 1) {
    return Fail(Errc::kUnsupported, "flattened dump: type {} version {}, known is type 1 version 1",
                uint64_t{header.type}, uint64_t{header.version});
  }
  ExtentMap pieces;
  uint64_t position = kFirstPiece;
  while (position < source->size() && source->size() - position >= sizeof(PieceHeader)) {
    KEXEC_ASSIGN(const PieceHeader piece, ReadStruct<PieceHeader>(*source, position));
    if (piece.offset == kEndMark) break;
    position += sizeof(PieceHeader);
    const uint64_t there = std::min<uint64_t>(piece.size, source->size() - position);
    uint64_t end = 0;
    if (__builtin_add_overflow(uint64_t{piece.offset}, uint64_t{piece.size}, &end) || piece.size == 0) {
      return Fail(Errc::kMalformed, "flattened dump: the piece at {:#x} says it has {:#x} bytes for {:#x}",
                  position, uint64_t{piece.size}, uint64_t{piece.offset});
    }
    pieces.Paint(piece.offset, there, position);
    if (pieces.count() > kMaxPieces) {
      return Fail(Errc::kUnsupported,
                  "flattened dump: more than {} pieces; rearrange it with makedumpfile -R first", kMaxPieces);
    }
    position += there;
  }
  return std::make_shared<FlattenedSource>(std::move(source), std::move(pieces));
}

}  // namespace kexec
