// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/direct_linux.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "loaders/bzimage/setup_header.h"
#include "loaders/elf/elf_file.h"
#include "loaders/identify.h"

namespace kexec {
namespace {

constexpr uint64_t kKernelMap = 0xffffffff80000000;  // __START_KERNEL_map (asm/page_64_types.h)
constexpr uint32_t kNoBits = 8;                      // SHT_NOBITS

Result<Bytes> FindPayload(const BzImage& image) {
  SetupHeader header{};
  const Bytes there = image.setup_header.view();
  std::memcpy(static_cast<void*>(&header), there.data(), std::min(there.size(), sizeof(header)));
  if (image.protocol < 0x0208 || header.payload_length == 0) {
    return Fail(Errc::kUnsupported, "its header does not say where the packed kernel lies");
  }
  const auto payload = SliceAt(image.kernel.view(), header.payload_offset, header.payload_length);
  if (!payload) {
    return Fail(Errc::kMalformed, "the payload, {:#x} bytes at offset {:#x}, ends behind the kernel's {:#x}",
                uint32_t{header.payload_length}, uint32_t{header.payload_offset}, image.kernel.size());
  }
  return *payload;
}

Result<SharedBytes> UnpackPayload(const BzImage& image, const DecompressLimits& limits) {
  KEXEC_ASSIGN(const Bytes payload, FindPayload(image));
  const auto format = IdentifyCompression(payload);
  if (!format) {
    return Fail(Errc::kUnsupported, "its payload is not packed in a known format: it looks like {}",
                IdentifyContents(payload).looks_like);
  }
  KEXEC_ASSIGN(Decompressed unpacked, Decompress(payload, limits),
               fmt::format("the payload's {} data", ArchiveFormatName(*format)));
  return std::move(unpacked.bytes);
}

// One behind the last byte of the file that its tables speak of; nullopt where that is not in the file.
std::optional<uint64_t> EndOfElf(Bytes file, const ElfFile& elf) {
  const auto sections = ParseElfSections(file);
  if (!sections.has_value()) return std::nullopt;
  uint64_t end = std::max(elf.table_end, sections->table_end);
  const auto include = [&](uint64_t offset, uint64_t size) {
    if (!SliceAt(file, offset, size)) return false;
    end = std::max(end, offset + size);
    return true;
  };
  for (const ElfSegment& segment : elf.segments) {
    if (!include(segment.offset, segment.file_size)) return std::nullopt;
  }
  for (const ElfSection& section : sections->sections) {
    if (section.type != kNoBits && !include(section.offset, section.size)) return std::nullopt;
  }
  return end;
}

std::vector<uint32_t> ReadWords(Bytes table) {
  std::vector<uint32_t> words(table.size() / 4);
  for (size_t i = 0; i < words.size(); ++i) words[i] = *ReadAt<Le<uint32_t>>(table, i * 4);
  return words;
}

// Where in `pieces` the field lies that a relocation names, if all its bytes are loaded from the file. The
// address is one of the kernel's own mapping: that of the per-CPU piece is the one it is loaded to.
class FieldFinder {
 public:
  // `pieces` as ElfKernel has them: ascending, at least one.
  explicit FieldFinder(std::span<const LoadPiece> pieces) : pieces_(pieces) {}

  struct Field {
    size_t piece;
    size_t offset;
  };
  std::optional<Field> Find(uint32_t relocation, unsigned size) {
    if (relocation < static_cast<uint32_t>(kKernelMap)) return std::nullopt;
    const uint64_t address = relocation - static_cast<uint32_t>(kKernelMap);
    if (!LiesIn(last_, address, size)) {
      const auto next = std::ranges::upper_bound(pieces_, address, {},
                                                 [](const LoadPiece& piece) { return piece.address.raw(); });
      if (next == pieces_.begin()) return std::nullopt;
      last_ = static_cast<size_t>(next - pieces_.begin()) - 1;
      if (!LiesIn(last_, address, size)) return std::nullopt;
    }
    return Field{last_, address - pieces_[last_].address.raw()};
  }

 private:
  bool LiesIn(size_t piece, uint64_t address, unsigned size) const {
    const uint64_t begin = pieces_[piece].address.raw();
    const uint64_t filled = pieces_[piece].contents.size();
    return address >= begin && address - begin <= filled && filled - (address - begin) >= size;
  }

  std::span<const LoadPiece> pieces_;
  size_t last_ = 0;  // relocations are sorted: most lie where the one before does
};

bool AllLieIn(std::span<const LoadPiece> pieces, const std::vector<uint32_t>& relocations, unsigned size) {
  FieldFinder finder(pieces);
  return std::ranges::all_of(relocations, [&](uint32_t r) { return finder.Find(r, size).has_value(); });
}

// arch/x86/tools/relocs.c writes 32-bit words: a zero and the 64-bit fields; a zero and the fields to
// subtract from, up to Linux 6.14; a zero and the 32-bit fields. The kernel reads them from the end.
Result<KernelRelocations> ReadRelocations(Bytes table, std::span<const LoadPiece> pieces) {
  if (table.empty()) return Fail(Errc::kUnsupported, "no relocations follow it");
  if (table.size() % 4 != 0) {
    return Fail(Errc::kUnsupported, "the {} bytes behind it are no table of 32-bit words", table.size());
  }
  const std::vector<uint32_t> words = ReadWords(table);
  const auto zeros = std::ranges::count(words, 0U);
  if (words[0] != 0 || (zeros != 2 && zeros != 3)) {
    return Fail(Errc::kUnsupported, "the {} words behind it are no relocations as we know them",
                words.size());
  }
  std::vector<std::vector<uint32_t>> lists;
  for (const uint32_t word : words) {
    if (word == 0) {
      lists.emplace_back();
    } else {
      lists.back().push_back(word);
    }
  }
  KernelRelocations relocations{std::move(lists.front()), std::move(lists.back()), {}};
  if (zeros == 3) relocations.subtract32 = std::move(lists[1]);
  if (!AllLieIn(pieces, relocations.add64, 8) || !AllLieIn(pieces, relocations.add32, 4) ||
      !AllLieIn(pieces, relocations.subtract32, 4)) {
    return Fail(Errc::kUnsupported, "a relocation behind it lies in nothing that is loaded");
  }
  return relocations;
}

Result<KernelRelocations> FindRelocations(Bytes file, const ElfKernel& kernel) {
  KEXEC_ASSIGN(const ElfFile elf, ParseElfFile(file, kMaxKernelHeaders));
  const auto end = EndOfElf(file, elf);
  if (!end) return Fail(Errc::kUnsupported, "its section headers do not tell where it ends");
  return ReadRelocations(file.subspan(*end), kernel.pieces);
}

template <class T>
void AddTo(std::byte* field, uint64_t distance) {
  T value;
  std::memcpy(&value, field, sizeof(T));
  value = static_cast<T>(value + distance);
  std::memcpy(field, &value, sizeof(T));
}

}  // namespace

Result<DirectLinux> UnpackBzImage(const BzImage& image, const DecompressLimits& limits) {
  if (!image.has_64bit_entry) return Fail(Errc::kUnsupported, "the kernel has no 64-bit entry point");
  KEXEC_ASSIGN(const SharedBytes file, UnpackPayload(image, limits));
  if (!RecognisesElf64(file.view()) && !RecognisesElf32(file.view())) {
    return Fail(Errc::kUnsupported, "its payload is no ELF kernel for x86: it looks like {}",
                IdentifyContents(file.view()).looks_like);
  }
  SilentDiagnostics diagnostics;
  KEXEC_ASSIGN(ElfKernel unpacked, ReadElfKernel(file, diagnostics), "the payload");
  if (!unpacked.is_64bit) return Fail(Errc::kUnsupported, "its payload is a 32-bit kernel");
  DirectLinux direct{image, std::move(unpacked), {}, {}};
  Result<KernelRelocations> relocations = FindRelocations(file.view(), direct.unpacked);
  if (relocations.has_value()) {
    direct.relocations = *std::move(relocations);
  } else {
    direct.why_fixed = relocations.error().message();
  }
  return direct;
}

std::vector<LoadPiece> Relocate(const ElfKernel& kernel, const KernelRelocations& relocations,
                                uint64_t distance) {
  std::vector<LoadPiece> pieces = kernel.pieces;
  if (distance == 0) return pieces;
  std::vector<std::vector<std::byte>> copies(pieces.size());
  FieldFinder finder(kernel.pieces);
  const auto apply = [&](const std::vector<uint32_t>& list, unsigned size, auto change) {
    for (const uint32_t relocation : list) {
      const auto field = finder.Find(relocation, size);
      if (!field) continue;  // not of these pieces
      std::vector<std::byte>& copy = copies[field->piece];
      const Bytes contents = pieces[field->piece].contents.view();
      if (copy.empty()) copy.assign(contents.begin(), contents.end());
      change(copy.data() + field->offset);
    }
  };
  apply(relocations.add64, 8, [&](std::byte* field) { AddTo<uint64_t>(field, distance); });
  apply(relocations.add32, 4, [&](std::byte* field) { AddTo<uint32_t>(field, distance); });
  apply(relocations.subtract32, 4, [&](std::byte* field) { AddTo<uint32_t>(field, -distance); });
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!copies[i].empty()) pieces[i].contents = SharedBytes::Own(std::move(copies[i]));
  }
  return pieces;
}

}  // namespace kexec
