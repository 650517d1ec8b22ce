// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/uimage/uimage.h"

#include <algorithm>
#include <span>

#include "loaders/bzimage/crc32.h"

namespace kexec {
namespace {

// Layout and numbers: U-Boot, include/image.h, "Legacy format specific code" (struct legacy_img_hdr).
struct Header {
  Be<uint32_t> magic;
  Be<uint32_t> header_crc;  // of the header with this field zero
  Be<uint32_t> time;
  Be<uint32_t> size;  // of the data behind the header
  Be<uint32_t> load;
  Be<uint32_t> entry;
  Be<uint32_t> data_crc;
  uint8_t os;
  uint8_t arch;
  uint8_t type;
  uint8_t compression;
  char name[32];
};
static_assert(sizeof(Header) == 64);
constexpr uint32_t kMagic = 0x27051956;
constexpr uint8_t kLinux = 5;          // IH_OS_LINUX
constexpr uint8_t kKernel = 2;         // IH_TYPE_KERNEL
constexpr uint8_t kMulti = 4;          // IH_TYPE_MULTI
constexpr uint8_t kKernelNoload = 14;  // IH_TYPE_KERNEL_NOLOAD: U-Boot runs it where it was read to

struct Code {
  uint8_t number;
  std::string_view name;
};
// IH_ARCH_*.
constexpr Code kMachines[] = {{3, "x86_64"}, {22, "aarch64"}, {24, "x86_64"}, {26, "riscv64"}};
// IH_COMP_*.
constexpr Code kCompressions[] = {{0, ""},    {1, "gzip"}, {2, "bzip2"}, {3, "lzma"},
                                  {4, "lzo"}, {5, "lz4"},  {6, "zstd"}};
constexpr std::string_view kRemedy = "copy the file again, or make it anew with mkimage";

// zlib's CRC-32, which inverts at both ends.
uint32_t Checksum(Bytes first, Bytes then = {}) { return ~Crc32(Crc32(0xffffffff, first), then); }

Result<> CheckHeader(const Header& header) {
  Header cleared = header;
  cleared.header_crc = Be<uint32_t>();
  const uint32_t found = Checksum(std::as_bytes(std::span(&cleared, 1)));
  if (found == header.header_crc) return {};
  return Fail(Errc::kMalformed, "the header is damaged: its CRC-32 is {:#010x}, it says {:#010x}; {}", found,
              uint32_t{header.header_crc}, kRemedy);
}

Result<> CheckKind(const Header& header) {
  if (header.os != kLinux) {
    return Fail(Errc::kUnsupported,
                "it holds no Linux: the operating system in its header is {}, Linux is {}", header.os,
                kLinux);
  }
  if (header.type == kMulti) {
    return Fail(Errc::kUnsupported,
                "it holds several files; take kernel and initrd out (dumpimage) and load these");
  }
  if (header.type != kKernel && header.type != kKernelNoload) {
    return Fail(Errc::kUnsupported,
                "it holds no kernel: the type in its header is {}, a kernel's is {} or {}", header.type,
                kKernel, kKernelNoload);
  }
  return {};
}

}  // namespace

bool RecognisesUimage(Bytes file) {
  const auto magic = ReadAt<Be<uint32_t>>(file, 0);
  return magic && *magic == kMagic;
}

Result<UimagePayload> ReadUimage(const SharedBytes& file) {
  const auto header = ReadAt<Header>(file.view(), 0);
  if (!header)
    return Fail(Errc::kMalformed, "the file ends at {:#x}, inside the header; {}", file.size(), kRemedy);
  KEXEC_TRY(CheckHeader(*header));
  KEXEC_TRY(CheckKind(*header));
  const auto* const machine = std::ranges::find(kMachines, header->arch, &Code::number);
  if (machine == std::end(kMachines)) {
    return Fail(
        Errc::kUnsupported,
        "its header says it is for architecture {}; arm64 is 22, RISC-V 26, x86 3 or 24: take one for this "
        "machine, or make it anew with mkimage -A",
        header->arch);
  }
  const auto* const compression = std::ranges::find(kCompressions, header->compression, &Code::number);
  if (compression == std::end(kCompressions)) {
    return Fail(
        Errc::kUnsupported,
        "its header says the data have compression {}; 0 to 6 are known: make it anew with mkimage -C",
        header->compression);
  }
  const auto data = file.Slice(sizeof(Header), header->size);
  if (!data) {
    return Fail(Errc::kMalformed, "its header announces {:#x} bytes behind itself, the file has {:#x}; {}",
                uint32_t{header->size}, file.size() - sizeof(Header), kRemedy);
  }
  const uint32_t found = Checksum(data->view());
  if (found != header->data_crc) {
    return Fail(Errc::kMalformed,
                "the data are damaged: their CRC-32 is {:#010x}, the header says {:#010x}; {}", found,
                uint32_t{header->data_crc}, kRemedy);
  }
  return UimagePayload{*data, machine->name, compression->name};
}

}  // namespace kexec
