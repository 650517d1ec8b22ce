// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/image/image_header.h"

#include <cstddef>

#include "kexec/phys.h"

namespace kexec {
namespace {

// booting.rst, "Call the kernel image": 64-byte header, little-endian whatever the kernel is.
struct Arm64Fields {
  Le<uint32_t> code[2];
  Le<uint64_t> text_offset;
  Le<uint64_t> image_size;
  Le<uint64_t> flags;
  Le<uint64_t> reserved[3];
  Le<uint32_t> magic;
  Le<uint32_t> pe_offset;
};
static_assert(sizeof(Arm64Fields) == kImageHeaderSize && offsetof(Arm64Fields, magic) == 56);
constexpr uint32_t kArm64Magic = 0x644d5241;  // "ARM\x64"

// boot-image-header.rst.
struct RiscvFields {
  Le<uint32_t> code[2];
  Le<uint64_t> text_offset;
  Le<uint64_t> image_size;
  Le<uint64_t> flags;
  Le<uint32_t> version;
  Le<uint32_t> reserved1;
  Le<uint64_t> reserved2;
  Le<uint64_t> magic;
  Le<uint32_t> magic2;
  Le<uint32_t> pe_offset;
};
static_assert(sizeof(RiscvFields) == kImageHeaderSize && offsetof(RiscvFields, magic) == 48 &&
              offsetof(RiscvFields, magic2) == 56);
constexpr uint64_t kRiscvMagic = 0x5643534952;  // "RISCV", deprecated since header version 0.2
constexpr uint32_t kRiscvMagic2 = 0x05435352;   // "RSC\x05"
constexpr uint64_t kRiscv32TextOffset =
    4 << 20;  // boot.rst, "Kernel location": rv32's boundary; rv64 has 2 MiB

// Flags of both: bit 0 is the byte order; arm64 has the page size in bits 1 and 2, and the placement in bit 3.
constexpr uint64_t kBigEndian = 1 << 0;
constexpr uint64_t kAnywhere = 1 << 3;

// Where the header does not tell (booting.rst): the offset, and room for .bss and page tables behind the file.
constexpr uint64_t kOldTextOffset = 0x80000;
constexpr uint64_t kOldRoom = 16 << 20;

// Half of the virtual addresses either machine has for its kernel; far above any.
constexpr uint64_t kMaxImageSize = uint64_t{2} << 30;

Result<> CheckSizes(const ImageKernel& image) {
  if (image.image_size < kImageHeaderSize || image.image_size > kMaxImageSize) {
    return Fail(Errc::kMalformed, "image_size is {:#x}; a kernel takes {:#x} to {:#x} bytes",
                image.image_size, kImageHeaderSize, kMaxImageSize);
  }
  if (!Alignment::Of<4096>().Divides(image.text_offset) || image.text_offset > kMaxImageSize) {
    return Fail(Errc::kMalformed, "text_offset is {:#x}; it must be a multiple of 0x1000, at most {:#x}",
                image.text_offset, kMaxImageSize);
  }
  return {};
}

bool RecognisesArm64(Bytes start) {
  const auto header = ReadAt<Arm64Fields>(start, 0);
  return header && header->magic == kArm64Magic;
}

Result<ImageKernel> ReadArm64(Bytes start, uint64_t loaded) {
  const auto header = ReadAt<Arm64Fields>(start, 0);
  if (!header || header->magic != kArm64Magic) return Fail(Errc::kNotRecognised, "no Image for arm64");
  ImageKernel image;
  image.image_size_told = header->image_size != 0;
  if (!image.image_size_told) {  // before 3.17; text_offset is in the kernel's byte order, flags mean nothing
    image.text_offset = kOldTextOffset;
    image.image_size = loaded + kOldRoom;
    return image;
  }
  image.text_offset = header->text_offset;
  image.image_size = header->image_size;
  image.big_endian = (header->flags & kBigEndian) != 0;
  image.page_size = static_cast<ImagePageSize>(header->flags >> 1 & 3);
  image.anywhere = (header->flags & kAnywhere) != 0;
  KEXEC_TRY(CheckSizes(image));
  return image;
}

bool RecognisesRiscv(Bytes start) {
  const auto header = ReadAt<RiscvFields>(start, 0);
  return header && (header->magic2 == kRiscvMagic2 || header->magic == kRiscvMagic);
}

Result<ImageKernel> ReadRiscv(Bytes start, uint64_t) {
  if (!RecognisesRiscv(start)) return Fail(Errc::kNotRecognised, "no Image for RISC-V");
  const RiscvFields header = ReadAt<RiscvFields>(start, 0).value();
  const uint32_t major = header.version >> 16;
  if (major != 0) {
    return Fail(Errc::kUnsupported, "header version {}.{}; 0.1 and up are known, 1.0 and up are not", major,
                header.version & 0xffff);
  }
  if ((header.flags & kBigEndian) != 0) return Fail(Errc::kUnsupported, "a big-endian kernel for RISC-V");
  if (header.text_offset == kRiscv32TextOffset) {
    return Fail(Errc::kUnsupported, "a kernel for 32-bit RISC-V (text_offset is {:#x})", kRiscv32TextOffset);
  }
  ImageKernel image;
  image.text_offset = header.text_offset;
  image.image_size = header.image_size;
  image.anywhere = true;
  KEXEC_TRY(CheckSizes(image));
  return image;
}

}  // namespace

const ImageHeaderFormat kArm64Header = {RecognisesArm64, ReadArm64};
const ImageHeaderFormat kRiscvHeader = {RecognisesRiscv, ReadRiscv};

}  // namespace kexec
