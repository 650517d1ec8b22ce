// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/multiboot/pieces.h"

#include <algorithm>
#include <utility>

#include "loaders/elf/elf_kernel.h"

namespace kexec {
namespace {

constexpr uint64_t k4GiB = uint64_t{1} << 32;

// Where in the file loading starts, and the address of that byte.
struct Start {
  uint64_t offset;
  uint64_t address;
};

Result<Start> StartOf(uint64_t header_offset, const MultibootAddresses& addresses) {
  if (addresses.load_addr == kFromFileStart) {
    if (addresses.header_addr < header_offset) {
      return Fail(Errc::kMalformed,
                  "the header at offset {:#x} of the file is to lie at {:#x}: the file would start below 0",
                  header_offset, addresses.header_addr);
    }
    return Start{0, addresses.header_addr - header_offset};
  }
  if (addresses.load_addr > addresses.header_addr ||
      addresses.header_addr - addresses.load_addr > header_offset) {
    return Fail(Errc::kMalformed,
                "loading starts at {:#x}, the header at offset {:#x} of the file is to lie at {:#x}: {}",
                addresses.load_addr, header_offset, addresses.header_addr,
                addresses.load_addr > addresses.header_addr ? "the header would not be loaded"
                                                            : "that is before the start of the file");
  }
  return Start{header_offset - (addresses.header_addr - addresses.load_addr), addresses.load_addr};
}

}  // namespace

Result<MultibootPieces> PiecesByAddresses(const SharedBytes& file, uint64_t header_offset,
                                          const MultibootAddresses& addresses) {
  KEXEC_ASSIGN(const Start start, StartOf(header_offset, addresses));
  const uint64_t rest = file.size() - start.offset;  // the header is in the file, and behind the start
  uint64_t loaded = rest;
  if (addresses.load_end_addr != 0) {
    if (addresses.load_end_addr <= start.address) {
      return Fail(Errc::kMalformed, "loading ends at {:#x}, before it starts at {:#x}",
                  addresses.load_end_addr, start.address);
    }
    loaded = addresses.load_end_addr - start.address;
    if (loaded > rest) {
      return Fail(Errc::kMalformed,
                  "the file is cut short: {:#x} bytes are to be loaded from offset {:#x} on, {:#x} are there",
                  loaded, start.offset, rest);
    }
  }
  uint64_t memory = loaded;
  if (addresses.bss_end_addr != 0) {
    if (addresses.bss_end_addr < start.address || addresses.bss_end_addr - start.address < loaded) {
      return Fail(Errc::kMalformed, "the bss ends at {:#x}, inside the {:#x} bytes loaded at {:#x}",
                  addresses.bss_end_addr, loaded, start.address);
    }
    memory = addresses.bss_end_addr - start.address;
  }
  if (memory > k4GiB - start.address) {
    return Fail(Errc::kMalformed, "its {:#x} bytes at {:#x} reach above 4 GiB", memory, start.address);
  }
  MultibootPieces found;
  found.pieces.push_back({.address = PhysAddr(start.address),
                          .virtual_address = start.address,
                          .contents = *file.Slice(start.offset, loaded),
                          .memory_size = memory});
  return found;
}

Result<MultibootPieces> PiecesOfElf(const SharedBytes& file, Diagnostics& diagnostics) {
  if (!RecognisesElf32(file.view()) && !RecognisesElf64(file.view())) {
    return Fail(Errc::kMalformed,
                "the header names no load addresses, so the file should be an ELF executable for x86");
  }
  KEXEC_ASSIGN(ElfKernel elf, ReadElfKernel(file, diagnostics));
  for (const LoadPiece& piece : elf.pieces) {
    const uint64_t begin = piece.address.raw();
    if (begin >= k4GiB || piece.memory_size > k4GiB - begin) {
      return Fail(Errc::kMalformed, "its {:#x} bytes at {:#x} reach above 4 GiB", piece.memory_size, begin);
    }
  }
  return MultibootPieces{std::move(elf.pieces), elf.entry};
}

Result<> CheckMultibootEntry(const MultibootKernel& kernel) {
  const bool inside = std::ranges::any_of(kernel.pieces, [&](const LoadPiece& piece) {
    return kernel.entry >= piece.address && kernel.entry.raw() - piece.address.raw() < piece.memory_size;
  });
  if (inside) return {};
  const LoadPiece& last = kernel.pieces.back();
  return Fail(Errc::kMalformed, "its entry {:#x} is not in what is loaded, which lies in [{:#x}, {:#x})",
              kernel.entry.raw(), kernel.pieces.front().address.raw(), last.address.raw() + last.memory_size);
}

}  // namespace kexec
