// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each archive format: where does the archive end, and is its end there?
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "loaders/initrd.h"

namespace kexec {

// Where the zero bytes at the end of a file begin. Looked for once, and only if asked: it reads them.
class ZeroTail {
 public:
  explicit ZeroTail(Bytes file) : file_(file) {}
  // Offset behind the last byte that is not zero; 0 if there is none.
  uint64_t begin();

 private:
  Bytes file_;
  std::optional<uint64_t> begin_;
};

// From its header to its footer.
struct XzStream {
  uint64_t size;
  uint64_t unpacked;
};

// What is looked at once for a whole file, and how much more may be, however many archives it has.
struct WalkedFile {
  explicit WalkedFile(Bytes file)
      : tail(file), inflate_left(Sum(kInflated, file.size(), 32)), xz_index_left(Sum(0, file.size(), 2)) {}

  ZeroTail tail;
  std::vector<std::byte> scratch;  // for what is dropped
  // Bytes that gzip archives may still unpack to: an initrd has two to five times its size.
  uint64_t inflate_left;
  // Bytes of what looks like an xz index that may still be looked into. The real ones are parts of the file;
  // the last one is looked into twice where it does not belong to the first stream.
  uint64_t xz_index_left;
  // The stream that ends with the file, its zeros left out: asked for by each that begins before.
  std::optional<std::optional<XzStream>> xz_at_end;

 private:
  static constexpr uint64_t kInflated = uint64_t{256} << 20;
  static uint64_t Sum(uint64_t base, uint64_t size, uint64_t times) {
    return size > (UINT64_MAX - base) / times ? UINT64_MAX : base + size * times;
  }
};

// An archive that starts with its format's magic; nobody knows yet where it ends.
struct Candidate {
  Bytes bytes;       // from its first byte to the end of the file
  uint64_t offset;   // of that byte in the file, for messages
  WalkedFile& file;  // the whole of it

  // `bytes` without the zeros at the end; at least 1, as no magic starts with a zero.
  uint64_t NonzeroSize() const { return file.tail.begin() - offset; }
};

struct Extent {
  uint64_t size;  // of the archive; 1 <= size <= bytes.size()
  Completeness completeness;
  std::string detail;                       // as ArchiveMember::detail
  std::optional<UnpackedBytes> unpacked{};  // as ArchiveMember::unpacked
};

// Sizes an archive claims, added up; stays at UINT64_MAX once there.
class ClaimedSum {
 public:
  void Add(uint64_t bytes) { sum_ += std::min(bytes, UINT64_MAX - sum_); }
  uint64_t bytes() const { return sum_; }

 private:
  uint64_t sum_ = 0;
};

Extent MeasureCpio(const Candidate& archive);
Extent MeasureGzip(const Candidate& archive, GzipCheck check);
Extent MeasureXz(const Candidate& archive);
Extent MeasureLzma(const Candidate& archive);
Extent MeasureZstd(const Candidate& archive);
Extent MeasureLz4Legacy(const Candidate& archive);
Extent MeasureLz4Frame(const Candidate& archive);
Extent MeasureBzip2(const Candidate& archive);
Extent MeasureLzop(const Candidate& archive);

// Why the kernel takes nothing of a compressed archive whose first unpacked bytes are no cpio header, as
// ArchiveMember::detail; empty if they are one, or cannot be had. Unpacks at most 64 KiB, or one block.
std::string JudgeContent(Bytes file, const ArchiveMember& member);

// `file` without the boot configuration that may lie behind its archives.
Bytes WithoutBootConfig(Bytes file);

// The format whose magic `bytes` starts with; kUnknown if none.
ArchiveFormat RecogniseArchive(Bytes bytes);

// Reads forward through an archive. Every step is checked against what is left; nothing is added to an
// untrusted number.
class Cursor {
 public:
  explicit Cursor(const Candidate& archive) : archive_(archive) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return archive_.bytes.size() - position_; }
  // In the file.
  uint64_t file_offset() const { return archive_.offset + position_; }
  Bytes rest() const { return archive_.bytes.subspan(position_); }

  // The T here, not passed over; nullopt if less is left.
  template <class T>
  std::optional<T> Peek() const {
    return ReadAt<T>(archive_.bytes, position_);
  }
  // As Peek, and passes over it.
  template <class T>
  std::optional<T> Take() {
    auto value = Peek<T>();
    if (value) position_ += sizeof(T);
    return value;
  }
  // False, and nothing passed over, if less than `size` is left.
  bool Skip(uint64_t size) {
    if (remaining() < size) return false;
    position_ += size;
    return true;
  }

  Extent Complete(std::optional<UnpackedBytes> unpacked = {}, std::string oddity = {}) const {
    return {position_, Completeness::kComplete, std::move(oddity), unpacked};
  }
  // The archive is cut off (kTruncated) or broken (kDamaged); it is taken to reach to the end of the file.
  Extent Bad(Completeness completeness, std::string detail) const {
    return {archive_.bytes.size(), completeness, std::move(detail)};
  }
  // "ends inside <what> at 0x…".
  Extent EndsInside(std::string_view what) const;

 private:
  const Candidate& archive_;
  uint64_t position_ = 0;
};

}  // namespace kexec
