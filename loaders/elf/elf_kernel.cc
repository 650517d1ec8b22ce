// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/elf/elf_kernel.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "loaders/elf/elf_file.h"
#include "loaders/elf/elf_notes.h"
#include "loaders/image/linux_banner.h"
#include "loaders/kernel_image.h"

namespace kexec {
namespace {

// System V ABI, chapters 4 and 5.
constexpr uint16_t kExecutable = 2;    // ET_EXEC
constexpr uint16_t kSharedObject = 3;  // ET_DYN
constexpr uint16_t kI386 = 3;          // EM_386
constexpr uint16_t kI486 = 6;          // EM_486
constexpr uint16_t kX86_64 = 62;       // EM_X86_64
constexpr uint16_t kArm64 = 183;       // EM_AARCH64
constexpr uint16_t kRiscv = 243;       // EM_RISCV
constexpr uint32_t kLoad = 1;          // PT_LOAD
constexpr uint32_t kDynamic = 2;       // PT_DYNAMIC
constexpr uint32_t kInterpreter = 3;   // PT_INTERP
constexpr uint64_t kNeeded = 1;        // DT_NEEDED
constexpr uint64_t kSoname = 14;       // DT_SONAME

// Where the identification and the two fields behind it lie in both classes.
struct ElfStart {
  uint8_t magic[4];
  uint8_t file_class;
  uint8_t data;
  uint8_t rest[10];
  Le<uint16_t> type;
  Le<uint16_t> machine;
};
static_assert(sizeof(ElfStart) == 20);

// An executable for a machine we know, by its file header alone.
std::optional<ElfMachine> MachineOf(Bytes file) {
  constexpr uint8_t kMagic[] = {0x7f, 'E', 'L', 'F'};
  constexpr uint8_t kLittleEndian = 1;  // ELFDATA2LSB
  const auto start = ReadAt<ElfStart>(file, 0);
  if (!start || !std::ranges::equal(start->magic, kMagic) || start->data != kLittleEndian) return {};
  if (start->type != kExecutable && start->type != kSharedObject) return {};
  const bool is_64bit = start->file_class == 2;
  if (file.size() < ElfHeaderSize(is_64bit)) return {};
  if (is_64bit && start->machine == kX86_64) return ElfMachine::kX86_64;
  if (is_64bit && start->machine == kArm64) return ElfMachine::kArm64;
  if (is_64bit && start->machine == kRiscv) return ElfMachine::kRiscv64;
  if (start->file_class == 1 && (start->machine == kI386 || start->machine == kI486))
    return ElfMachine::kI386;
  return {};
}

// A library, or linked with one. A kernel that relocates itself has a dynamic table without these.
template <class Word>
bool NamesLibraries(Bytes table) {
  struct Entry {
    Le<Word> tag;
    Le<Word> value;
  };
  for (uint64_t offset = 0; const auto entry = ReadAt<Entry>(table, offset); offset += sizeof(Entry)) {
    if (entry->tag == kNeeded || entry->tag == kSoname) return true;
    if (entry->tag == 0) return false;
  }
  return false;
}

// A program or a library for a running system; its tables say so. Damaged tables say nothing.
bool IsUserSpace(Bytes file) {
  const auto elf = ParseElfFile(file, kMaxKernelHeaders);
  if (!elf.has_value()) return false;
  bool seen = false;  // there is one dynamic table at most
  for (const ElfSegment& segment : elf->segments) {
    if (segment.type == kInterpreter) return true;
    if (segment.type != kDynamic || std::exchange(seen, true)) continue;
    const auto table = SliceAt(file, segment.offset, segment.file_size);
    if (!table) continue;
    if (elf->is_64bit ? NamesLibraries<uint64_t>(*table) : NamesLibraries<uint32_t>(*table)) return true;
  }
  return UnderstandNotes(ReadElfNotes(file, *elf)).is_program;
}

// What is zero needs no bytes, and linkers write out much of that (.bss of a Linux kernel).
uint64_t WithoutZeroTail(Bytes contents) {
  uint64_t size = contents.size();
  while (size >= 8 && *ReadAt<Le<uint64_t>>(contents, size - 8) == 0) size -= 8;
  while (size > 0 && contents[size - 1] == std::byte{0}) --size;
  return size;
}

struct Numbered {
  size_t header;  // of which program header
  LoadPiece piece;
};

Result<LoadPiece> ReadPiece(const SharedBytes& file, const ElfSegment& segment, size_t header) {
  if (segment.file_size > segment.memory_size) {
    return Fail(Errc::kMalformed, "program header {} has {:#x} bytes in the file and only {:#x} in memory",
                header, segment.file_size, segment.memory_size);
  }
  const auto contents = file.Slice(segment.offset, segment.file_size);
  if (!contents) {
    return Fail(Errc::kMalformed, "program header {} covers {:#x} bytes at {:#x}, the file ends at {:#x}",
                header, segment.file_size, segment.offset, file.size());
  }
  if (!PhysRange::FromSize(PhysAddr(segment.phys), segment.memory_size)) {
    return Fail(Errc::kMalformed, "program header {} takes {:#x} bytes of memory at {:#x}, beyond 2^64",
                header, segment.memory_size, segment.phys);
  }
  return LoadPiece{PhysAddr(segment.phys), segment.virt,
                   contents->Slice(0, WithoutZeroTail(contents->view())).value(), segment.memory_size};
}

Result<std::vector<LoadPiece>> ReadPieces(const SharedBytes& file, const ElfFile& elf) {
  std::vector<Numbered> found;
  uint64_t unclaimed = file.size();  // linkers write each byte for one segment
  for (size_t i = 0; i < elf.segments.size(); ++i) {
    const ElfSegment& segment = elf.segments[i];
    if (segment.type != kLoad || segment.memory_size == 0) continue;
    KEXEC_ASSIGN(LoadPiece piece, ReadPiece(file, segment, i));
    if (segment.file_size > unclaimed) {
      return Fail(
          Errc::kMalformed,
          "its program headers load more bytes than the {:#x} of the file, up to header {}: they share "
          "bytes, which no linker makes them do",
          file.size(), i);
    }
    unclaimed -= segment.file_size;
    found.push_back({i, std::move(piece)});
  }
  if (found.empty()) return Fail(Errc::kMalformed, "nothing to load: no program header asks for memory");
  std::ranges::sort(found, {}, [](const Numbered& n) { return std::pair(n.piece.address, n.header); });
  for (size_t i = 1; i < found.size(); ++i) {
    const LoadPiece& before = found[i - 1].piece;
    const LoadPiece& piece = found[i].piece;
    if (piece.address.raw() - before.address.raw() >= before.memory_size) continue;
    return Fail(Errc::kMalformed, "program headers {} and {} both load to {:#x}", found[i - 1].header,
                found[i].header, piece.address.raw());
  }
  std::vector<LoadPiece> pieces;
  for (Numbered& numbered : found) pieces.push_back(std::move(numbered.piece));
  return pieces;
}

Result<Alignment> ReadAlignment(const ElfFile& elf) {
  Alignment largest = Alignment::Of<4096>();
  for (size_t i = 0; i < elf.segments.size(); ++i) {
    const ElfSegment& segment = elf.segments[i];
    if (segment.type != kLoad || segment.memory_size == 0 || segment.alignment == 0) continue;
    const auto alignment = Alignment::Make(segment.alignment);
    if (!alignment) {
      return Fail(Errc::kMalformed, "program header {} is aligned to {:#x}, it must be a power of two", i,
                  segment.alignment);
    }
    largest = std::max(largest, *alignment);
  }
  return largest;
}

bool IsInside(std::span<const LoadPiece> pieces, uint64_t address) {
  return std::ranges::any_of(pieces, [&](const LoadPiece& piece) {
    return address >= piece.address.raw() && address - piece.address.raw() < piece.memory_size;
  });
}

Result<PhysAddr> FindEntry(std::span<const LoadPiece> pieces, uint64_t entry) {
  if (IsInside(pieces, entry)) return PhysAddr(entry);
  for (const LoadPiece& piece : pieces) {
    const uint64_t offset = entry - piece.virtual_address;
    if (entry >= piece.virtual_address && offset < piece.memory_size) {
      return piece.address.CheckedAdd(offset).value();  // inside the piece, which does not wrap
    }
  }
  return Fail(Errc::kMalformed, "the entry point {:#x} lies in nothing that is loaded", entry);
}

Result<KernelImage> ParseOf(ElfMachine machine, const SharedBytes& file, Diagnostics& diagnostics) {
  if (MachineOf(file.view()) != machine) return Fail(Errc::kNotRecognised, "no ELF file of this kind");
  KEXEC_ASSIGN(ElfKernel kernel, ReadElfKernel(file, diagnostics));
  return KernelImage{.type = {}, .image = std::move(kernel)};
}

}  // namespace

bool IsElfKernel(Bytes file, ElfMachine machine) { return MachineOf(file) == machine && !IsUserSpace(file); }

bool RecognisesElf64(Bytes file) { return IsElfKernel(file, ElfMachine::kX86_64); }

bool RecognisesElf32(Bytes file) { return IsElfKernel(file, ElfMachine::kI386); }

Result<KernelImage> ParseElf64(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return ParseOf(ElfMachine::kX86_64, file, diagnostics);
}

Result<KernelImage> ParseElf32(const SharedBytes& file, const ParseOptions&, Diagnostics& diagnostics) {
  return ParseOf(ElfMachine::kI386, file, diagnostics);
}

Result<ElfKernel> ReadElfKernel(const SharedBytes& file, Diagnostics& diagnostics) {
  if (!MachineOf(file.view())) return Fail(Errc::kNotRecognised, "no ELF executable for a known machine");
  KEXEC_ASSIGN(const ElfFile elf, ParseElfFile(file.view(), kMaxKernelHeaders));
  ElfKernel kernel;
  kernel.is_64bit = elf.is_64bit;
  kernel.position_independent = elf.type == kSharedObject;
  KEXEC_ASSIGN(kernel.pieces, ReadPieces(file, elf), "ELF");
  KEXEC_ASSIGN(kernel.alignment, ReadAlignment(elf), "ELF");
  KEXEC_ASSIGN(kernel.entry, FindEntry(kernel.pieces, elf.entry), "ELF");
  const KernelNotes notes = UnderstandNotes(ReadElfNotes(file.view(), elf));
  kernel.is_linux = notes.is_linux;
  if (notes.is_linux) kernel.version = FindLinuxVersion(kernel.pieces);
  if (notes.pvh_entry && IsInside(kernel.pieces, *notes.pvh_entry)) {
    kernel.pvh_entry = PhysAddr(*notes.pvh_entry);
  } else if (notes.pvh_entry) {
    diagnostics.Warn("ELF: the PVH entry point {:#x} lies in nothing that is loaded; not using it",
                     *notes.pvh_entry);
  }
  return kernel;
}

}  // namespace kexec
