// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a bzImage:
//
//   0      0x1f1          header_end       (setup_sects+1)*512            + syssize*16        end of file
//   | boot | setup_header | real-mode code | protected-mode part … CRC-32 | PE signature, …   |
//          |-> setup_header                |-> kernel                     (ignored)
//
// All numbers come from boot.rst; the real-mode code is run only where a BIOS is and nothing else starts the
// image.
#include <algorithm>
#include <string>
#include <utility>

#include "loaders/bzimage/bzimage.h"
#include "loaders/bzimage/checksum.h"
#include "loaders/bzimage/setup_header.h"

namespace kexec {
namespace {

constexpr uint64_t kSector = 512;
constexpr PhysAddr kHighLoadAddress{0x100000};         // LOADED_HIGH without pref_address
constexpr PhysAddr kLowLoadAddress{0x10000};           // of a zImage
constexpr PhysAddr kDefaultInitrdAddrMax{0x37ffffff};  // before protocol 2.03
constexpr uint64_t kDefaultCommandLineMax = 255;       // before protocol 2.06
constexpr uint64_t k64BitEntryOffset = 0x200;          // "64-bit Boot Protocol"
// syslinux' memdisk wears the header of protocol 2.03, and says in its setup code what it takes: it copies
// 0x1f0 bytes.
constexpr std::string_view kMemdisk = "MEMDISK";
constexpr uint64_t kMemdiskCommandLineMax = 496;
// The short jump at 0x200 doubles as the header's length and reaches 0x7f bytes past 0x202 ("The
// kernel_info").
constexpr uint8_t kShortJump = 0xeb;
constexpr uint8_t kMaxJumpDistance = 0x7f;

std::optional<SetupHeader> ReadRecognised(Bytes file) {
  const auto boot_flag = ReadAt<Le<uint16_t>>(file, 0x1fe);
  const auto magic = ReadAt<Le<uint32_t>>(file, 0x202);
  const auto version = ReadAt<Le<uint16_t>>(file, 0x206);
  if (!boot_flag || *boot_flag != kBootFlag || !magic || *magic != kHdrS || !version || *version < 0x0200) {
    return std::nullopt;
  }
  // A file cut off inside the header is still recognised: what is missing reads as zero, and the size check
  // that comes first in Parse refuses it.
  SetupHeader header{};
  const Bytes there = file.subspan(SetupHeader::kFileOffset);
  std::memcpy(static_cast<void*>(&header), there.data(), std::min(there.size(), sizeof(header)));
  return header;
}

struct Extents {
  uint64_t setup_size;   // boot sector and setup sectors: where the protected-mode part starts
  uint64_t header_end;   // file offset
  uint64_t kernel_size;  // of the protected-mode part, CRC included
};

Result<uint64_t> SetupHeaderEnd(const SetupHeader& header) {
  const uint16_t protocol = header.version;
  if (header.jump_opcode != kShortJump || header.jump_distance > kMaxJumpDistance) {
    return Fail(
        Errc::kMalformed,
        "the jump at 0x200 that gives the setup header's length is {:02x} {:02x}, it must be eb 00 to eb 7f",
        header.jump_opcode, header.jump_distance);
  }
  const uint64_t end = uint64_t{0x202} + header.jump_distance;
  const uint64_t required = SetupHeaderEndRequired(protocol);
  if (end < required) {
    return Fail(Errc::kMalformed,
                "the setup header ends at {:#x}, boot protocol {}.{:02} needs it to reach {:#x}", end,
                protocol >> 8, protocol & 0xff, required);
  }
  return end;
}

Result<Extents> MeasureFile(const SetupHeader& header, uint64_t file_size) {
  Extents extents{};
  extents.setup_size = ((header.setup_sects == 0 ? 4 : header.setup_sects) + uint64_t{1}) * kSector;
  if (file_size <= extents.setup_size) {
    return Fail(Errc::kMalformed,
                "the file is cut short: its {} setup sectors end at {:#x} and the kernel follows, the file "
                "is {:#x} bytes",
                extents.setup_size / kSector - 1, extents.setup_size, file_size);
  }
  KEXEC_ASSIGN(extents.header_end, SetupHeaderEnd(header));
  const uint64_t rest = file_size - extents.setup_size;
  extents.kernel_size = rest;
  // Before 2.04 the field has 16 bits and "cannot be trusted" for a kernel loaded high. An image that leaves
  // it zero (not Linux, but others wear the header) doesn't say how long it is.
  if (header.version < 0x0204 || header.syssize == 0) return extents;
  extents.kernel_size = uint64_t{header.syssize} * 16;
  // memtest86+ wears the header, too, but does not fill its last paragraph. Linux does: it packs a payload.
  const bool packs_linux = header.version >= 0x0208 && header.payload_length != 0;
  if (!packs_linux && rest < extents.kernel_size && extents.kernel_size - rest < 16) {
    extents.kernel_size = rest;
  }
  if (extents.kernel_size > rest) {
    return Fail(Errc::kMalformed,
                "the file is cut short: its header announces {:#x} bytes of kernel from offset {:#x} on, "
                "{:#x} are there",
                extents.kernel_size, extents.setup_size, rest);
  }
  return extents;
}

// The version string, up to the first byte that is not printable; empty if the header points nowhere.
std::string ReadVersion(const SetupHeader& header, Bytes setup) {
  if (header.kernel_version == 0) return {};
  const uint64_t offset = uint64_t{header.kernel_version} + 0x200;
  if (offset >= setup.size()) return {};
  std::string version;
  for (std::byte b : setup.subspan(offset)) {
    const char c = static_cast<char>(b);
    if (c < 0x20 || c > 0x7e) break;
    version += c;
  }
  return version;
}

// Memory for a kernel that doesn't say how much it needs (before 2.10): three times its size, whole pages.
// The protocol gives no rule; GRUB reserves the same for such kernels.
uint64_t EstimateInitSize(uint64_t kernel_size) { return (kernel_size + 0xfff) / 0x1000 * 0x1000 * 3; }

Result<> ReadPlacement(const SetupHeader& header, BzImage& image, Diagnostics& diagnostics) {
  const uint16_t protocol = header.version;
  const uint64_t kernel_size = image.kernel.size();
  image.pref_address = kHighLoadAddress;
  image.init_size = EstimateInitSize(kernel_size);
  if (protocol >= 0x020a) {
    if (header.pref_address != 0) image.pref_address = PhysAddr(header.pref_address);
    if (header.init_size != 0) image.init_size = header.init_size;
    if (image.init_size < kernel_size) {
      diagnostics.Warn("init_size {:#x} is less than the kernel's {:#x} bytes; using the latter",
                       image.init_size, kernel_size);
      image.init_size = kernel_size;
    }
  }
  if (!image.pref_address.CheckedAdd(image.init_size)) {
    return Fail(Errc::kMalformed, "pref_address {:#x} plus init_size {:#x} exceeds 64 bits",
                image.pref_address.raw(), image.init_size);
  }
  if (!image.loaded_high) {
    image.pref_address = kLowLoadAddress;
    image.init_size = kernel_size;
    return {};
  }
  if (protocol < 0x0205 || header.relocatable_kernel == 0) return {};
  image.relocatable = true;
  image.alignment = Alignment::Make(header.kernel_alignment);
  if (!image.alignment) {
    return Fail(Errc::kMalformed, "kernel_alignment is {:#x}, it must be a power of two",
                uint32_t{header.kernel_alignment});
  }
  return {};
}

void ReadLimits(const SetupHeader& header, BzImage& image) {
  const uint16_t protocol = header.version;
  image.initrd_addr_max = kDefaultInitrdAddrMax;
  if (protocol >= 0x0203 && header.initrd_addr_max != 0)
    image.initrd_addr_max = PhysAddr(header.initrd_addr_max);
  image.command_line_max = protocol >= 0x0206 ? uint64_t{header.cmdline_size} : kDefaultCommandLineMax;
  if (image.version.starts_with(kMemdisk)) image.command_line_max = kMemdiskCommandLineMax;
}

// code32_start is where the setup code jumps to in protected mode; iPXE and wimboot, whose setup code does
// all by itself, leave it zero. memdisk fills it in and does not follow it.
std::string_view WhyRealModeOnly(const SetupHeader& header, const BzImage& image) {
  if (!image.loaded_high) return "it is a zImage (LOADED_HIGH is clear)";
  if (image.version.starts_with(kMemdisk)) return "it is syslinux' memdisk";
  const bool has_64bit_entry = header.version >= 0x020c && (header.xloadflags & kXlfKernel64) != 0;
  if (header.code32_start == 0 && !has_64bit_entry) return "its code32_start is 0";
  return {};
}

Result<> ReadFlags(const SetupHeader& header, BzImage& image) {
  if (header.version < 0x020c) return {};
  const uint16_t flags = header.xloadflags;
  image.has_64bit_entry = (flags & kXlfKernel64) != 0;
  image.can_load_above_4g = (flags & kXlfAbove4G) != 0;
  image.efi_kexec = (flags & kXlfEfiKexec) != 0;
  image.five_level = (flags & kXlf5Level) != 0;
  if (image.has_64bit_entry && image.kernel.size() <= k64BitEntryOffset) {
    return Fail(Errc::kMalformed,
                "the 64-bit entry point at offset {:#x} lies behind the kernel's {:#x} bytes",
                k64BitEntryOffset, image.kernel.size());
  }
  return {};
}

Result<> CheckPayload(const SetupHeader& header, uint64_t kernel_size) {
  if (header.version < 0x0208 || header.payload_offset == 0) return {};
  const uint64_t offset = header.payload_offset;
  if (offset > kernel_size || header.payload_length > kernel_size - offset) {
    return Fail(Errc::kMalformed,
                "the payload, {:#x} bytes at offset {:#x}, ends behind the kernel's {:#x} bytes",
                uint32_t{header.payload_length}, offset, kernel_size);
  }
  return {};
}

Result<> CheckImageChecksum(Bytes built, const std::optional<PeSigning>& signing, const BzImage& image,
                            Diagnostics& diagnostics) {
  const uint32_t remainder = ImageChecksum(built, signing);
  if (remainder == kIntactImage) {
    diagnostics.Note("bzImage: the CRC-32 over {:#x} bytes holds", built.size());
    return {};
  }
  if (CarriesChecksum(image.protocol, image.version)) {
    return Fail(Errc::kMalformed,
                "the file is damaged: the CRC-32 over its first {:#x} bytes leaves {:#010x}, it must leave 0",
                built.size(), remainder);
  }
  diagnostics.Note("bzImage: the image carries no CRC-32, damage to it would not be noticed");
  return {};
}

Result<KernelImage> Parse(const SharedBytes& file, const ParseOptions& options, Diagnostics& diagnostics) {
  const auto header = ReadRecognised(file.view());
  if (!header) return Fail(Errc::kNotRecognised, "there is no Linux setup header");
  if (header->version >= 0x0300) {
    return Fail(Errc::kUnsupported, "boot protocol {}.{:02} is not known, only 2.00 to 2.99 are",
                header->version >> 8, header->version & 0xff);
  }
  KEXEC_ASSIGN(const Extents extents, MeasureFile(*header, file.size()));

  BzImage image;
  image.protocol = header->version;
  image.loaded_high = (header->loadflags & kLoadedHigh) != 0;
  image.version = ReadVersion(*header, file.view().first(extents.setup_size));
  image.setup_header =
      file.Slice(SetupHeader::kFileOffset, extents.header_end - SetupHeader::kFileOffset).value();
  image.setup = file.Slice(0, extents.setup_size).value();
  image.kernel = file.Slice(extents.setup_size, extents.kernel_size).value();
  KEXEC_TRY(ReadPlacement(*header, image, diagnostics));
  ReadLimits(*header, image);
  image.real_mode_only = WhyRealModeOnly(*header, image);
  KEXEC_TRY(ReadFlags(*header, image));
  KEXEC_TRY(CheckPayload(*header, extents.kernel_size));

  const auto signing = FindPeSigning(file.view());
  image.signed_pe = signing && signing->has_certificate;
  if (options.verify_checksum) {
    const Bytes built = file.view().first(extents.setup_size + extents.kernel_size);
    KEXEC_TRY(CheckImageChecksum(built, signing, image, diagnostics));
  }
  return KernelImage{{}, std::move(image)};
}

}  // namespace

bool RecognisesBzImage(Bytes file) { return ReadRecognised(file).has_value(); }

bool RecognisesBzImage64(Bytes file) {
  const auto header = ReadRecognised(file);
  return header && header->version >= 0x020c && (header->xloadflags & kXlfKernel64) != 0;
}

Result<KernelImage> ParseBzImage64(const SharedBytes& file, const ParseOptions& options,
                                   Diagnostics& diagnostics) {
  return Parse(file, options, diagnostics);
}

Result<KernelImage> ParseBzImage(const SharedBytes& file, const ParseOptions& options,
                                 Diagnostics& diagnostics) {
  KEXEC_ASSIGN(KernelImage image, Parse(file, options, diagnostics));
  auto& bzimage = std::get<BzImage>(image.image);
  bzimage.has_64bit_entry = false;
  bzimage.can_load_above_4g = false;
  return image;
}

}  // namespace kexec
