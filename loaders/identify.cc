// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/identify.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "loaders/elf/elf_file.h"

namespace kexec {
namespace {

using std::literals::operator""sv;

struct Magic {
  uint64_t offset;
  std::string_view bytes;
  std::string_view looks_like;
  bool may_hold_kernel = false;
};

// First match wins: the more telling magics stand above the shorter ones.
constexpr Magic kMagics[] = {
    {0x202, "HdrS", "a bzImage kernel", true},                     // boot.rst, "The Real-Mode Kernel Header"
    {0x38, "ARM\x64", "an arm64 kernel Image", true},              // arch/arm64/booting.rst
    {0x38, "RSC\x05", "a RISC-V kernel Image", true},              // arch/riscv/boot-image-header.rst
    {0, "070701", "a cpio archive (an initrd?)"},                  // buffer-format.rst
    {0, "070702", "a cpio archive (an initrd?)"},                  //
    {0, "070707", "a cpio archive of the old portable format"},    // cpio(5)
    {0, "\xc7\x71"sv, "a cpio archive of the old binary format"},  // cpio(5)
    {0, "\x1f\x8b"sv, "gzip-compressed data", true},               // RFC 1952
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "xz-compressed data", true},                                // xz-file-format.txt 2.1.1.1
    {0, "\x28\xb5\x2f\xfd"sv, "zstd-compressed data", true},     // RFC 8878 3.1.1
    {0, "\x02\x21\x4c\x18"sv, "lz4-compressed data", true},      // lz4_Frame_format.md, "Legacy frame"
    {0, "\x04\x22\x4d\x18"sv, "lz4-compressed data", true},      // lz4_Frame_format.md
    {0, "BZh", "bzip2-compressed data", true},                   //
    {0, "\x89LZO\0\r\n\x1a\n"sv, "lzop-compressed data", true},  //
    {0, "\x5d\0\0"sv, "lzma-compressed data", true},  // properties lc=3 lp=0 pb=2, dictionary >= 64 KiB
    {0, "\x27\x05\x19\x56"sv, "a U-Boot image (uImage)", true},  // loaders/uimage
    {0, "\xd0\x0d\xfe\xed"sv, "a device tree blob"},             // devicetree specification 5.2
    {0, "hsqs", "a squashfs file system"},                       // filesystems/squashfs.rst
    {0, "-rom1fs-", "a romfs file system"},                      // filesystems/romfs.rst
    {0, "\x45\x3d\xcd\x28"sv, "a cramfs file system"},           // filesystems/cramfs.rst
    {0x438, "\x53\xef"sv, "an ext2, ext3 or ext4 file system"},  // filesystems/ext4/super.rst
    {257, "ustar", "a tar archive"},                             // POSIX pax
    {0, "PK\x03\x04"sv, "a zip archive"},                        //
    {0, "!<arch>\n", "an ar archive (a Debian package?)"},       //
    {0, "\xed\xab\xee\xdb"sv, "an RPM package"},                 //
    {0, "#!", "a script"},                                       //
};

bool Holds(Bytes file, uint64_t offset, std::string_view magic) {
  const auto there = SliceAt(file, offset, magic.size());
  return there && std::ranges::equal(*there, std::as_bytes(std::span(magic)));
}

// The ELF identification and the two fields after it (System V ABI, chapter 4).
struct ElfStart {
  Le<uint32_t> magic;
  uint8_t file_class;
  uint8_t data;
  uint8_t rest[10];
  uint16_t type_raw;
  uint16_t machine_raw;
};
static_assert(sizeof(ElfStart) == 20);

std::string_view ElfMachineName(uint16_t machine) {
  switch (machine) {  // e_machine values of the System V ABI registry
    case 3:
      return "i386";
    case 21:
      return "ppc64";
    case 22:
      return "s390";
    case 40:
      return "arm";
    case 62:
      return "x86-64";
    case 183:
      return "arm64";
    case 243:
      return "RISC-V";
    case 258:
      return "LoongArch";
  }
  return "another machine";
}

std::optional<Contents> IdentifyElf(Bytes file) {
  if (!Holds(file, 0,
             "\x7f"
             "ELF"))
    return std::nullopt;
  const auto start = ReadAt<ElfStart>(file, 0);
  constexpr uint8_t k64Bit = 2;  // ELFCLASS64
  if (!start || file.size() < ElfHeaderSize(start->file_class == k64Bit)) {
    return Contents{"an ELF file cut off inside its header"};
  }
  const bool big = start->data == 2;  // ELFDATA2MSB
  const uint16_t type = big ? ReadAt<Be<uint16_t>>(file, 16).value() : ReadAt<Le<uint16_t>>(file, 16).value();
  const uint16_t machine =
      big ? ReadAt<Be<uint16_t>>(file, 18).value() : ReadAt<Le<uint16_t>>(file, 18).value();
  const std::string_view kind = type == 2   ? "an ELF executable"
                                : type == 3 ? "an ELF shared object"
                                : type == 1 ? "an ELF object file or kernel module"
                                : type == 4 ? "an ELF core dump"
                                            : "an ELF file";
  // Kernels for the machines we know never get here: a loader knows them.
  const bool has_loader = machine == 3 || machine == 6 || machine == 62 || machine == 183 || machine == 243;
  return Contents{fmt::format("{} ({})", kind, ElfMachineName(machine)),
                  (type == 2 || type == 3) && !has_loader};
}

// A section table entry is 40 bytes and starts with the name (PE/COFF specification, "Section Table").
bool HasSection(Bytes file, uint64_t table, uint16_t count, std::string_view name) {
  for (uint64_t i = 0; i < std::min<uint16_t>(count, 96); ++i) {
    if (Holds(file, table + i * 40, name)) return true;
  }
  return false;
}

std::optional<Contents> IdentifyPe(Bytes file) {
  const auto pe = ReadAt<Le<uint32_t>>(file, 0x3c);
  if (!Holds(file, 0, "MZ") || !pe || !Holds(file, *pe, "PE\0\0"sv)) return std::nullopt;
  const uint64_t coff = uint64_t{*pe} + 4;
  const auto sections = ReadAt<Le<uint16_t>>(file, coff + 2);
  const auto optional_size = ReadAt<Le<uint16_t>>(file, coff + 16);
  if (!sections || !optional_size) return Contents{"a PE image cut off inside its header"};
  if (HasSection(file, coff + 20 + *optional_size, *sections, ".linux\0\0"sv)) {
    return Contents{"a unified kernel image (a PE image with a '.linux' section)", true};
  }
  if (Holds(file, 4, "zimg"))
    return Contents{"an EFI zboot kernel", true};  // drivers/firmware/efi/libstub/zboot-header.S
  return Contents{"a PE image without a Linux setup header"};
}

bool IsText(Bytes start) {
  return std::ranges::all_of(start, [](std::byte b) {
    const auto c = std::to_integer<unsigned>(b);
    return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  });
}

}  // namespace

Contents IdentifyContents(Bytes file) {
  if (file.empty()) return {"an empty file"};
  for (const Magic& magic : kMagics) {
    if (Holds(file, magic.offset, magic.bytes)) {
      return {std::string(magic.looks_like), magic.may_hold_kernel};
    }
  }
  if (auto elf = IdentifyElf(file)) return *std::move(elf);
  if (auto pe = IdentifyPe(file)) return *std::move(pe);
  const Bytes start = file.first(std::min<size_t>(file.size(), 4096));
  if (IsText(start)) return {"text"};
  if (std::ranges::all_of(start, [](std::byte b) { return b == std::byte{0}; })) return {"zero bytes"};
  if (Holds(file, 0x1fe, "\x55\xaa"sv)) return {"a boot sector without a Linux setup header"};
  std::string first;
  for (std::byte b : file.first(std::min<size_t>(file.size(), 4))) {
    first += fmt::format(" {:02x}", std::to_integer<unsigned>(b));
  }
  return {fmt::format("unknown data (it starts with the bytes{})", first)};
}

}  // namespace kexec
