// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels behind the header of U-Boot's mkimage.
#include "loaders/uimage/uimage.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"
#include "loaders/types.h"
#include "tests/support/archive_builder.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr uint8_t kArm64 = 22;
constexpr uint8_t kRiscv = 26;
constexpr uint8_t kX86 = 24;
constexpr uint8_t kNone = 0;
constexpr uint8_t kGzip = 1;
const std::string kRemedy = "; copy the file again, or make it anew with mkimage";

// Offsets in the header.
enum Field : size_t {
  kHeaderCrc = 4,
  kSize = 12,
  kDataCrc = 24,
  kOs = 28,
  kArch = 29,
  kType = 30,
  kCompression = 31
};

uint32_t ZlibCrc(const ByteVector& bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void Put32(ByteVector& bytes, size_t offset, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

// The header's checksum made right again.
ByteVector Sealed(ByteVector file) {
  Put32(file, kHeaderCrc, 0);
  Put32(file, kHeaderCrc, ZlibCrc(Cut(file, 64)));
  return file;
}

ByteVector Uimage(const ByteVector& data, uint8_t arch, uint8_t compression) {
  ByteVector header(64);
  Put32(header, 0, 0x27051956);
  Put32(header, kSize, static_cast<uint32_t>(data.size()));
  Put32(header, kDataCrc, ZlibCrc(data));
  header[kOs] = std::byte{5};
  header[kArch] = std::byte{arch};
  header[kType] = std::byte{2};
  header[kCompression] = std::byte{compression};
  std::ranges::copy(BytesOf("Linux-6.12"), header.begin() + 32);
  return Sealed(header + data);
}

ByteVector With(ByteVector file, Field field, uint8_t value) {
  file[field] = std::byte{value};
  return Sealed(std::move(file));
}

ByteVector Arm64Image() {
  ByteVector image(0x1000, std::byte{0xaa});
  std::ranges::copy(BytesOf("ARM\x64"), image.begin() + 0x38);
  return image;
}

Result<UnpackedKernel> Unpack(const ByteVector& file) {
  RecordingDiagnostics diagnostics;
  return UnpackKernel(SharedBytes::Own(file), diagnostics);
}

std::string Refusal(const ByteVector& file) { return MessageOf(Unpack(file)); }

TEST(Uimage, HasDataThatAreASlice) {
  const SharedBytes file = SharedBytes::Own(Uimage(BytesOf("data"), kRiscv, kGzip) + BytesOf("behind"));
  ASSERT_TRUE(RecognisesUimage(file.view()));
  const auto payload = ReadUimage(file);
  ASSERT_TRUE(payload.has_value()) << payload.error().message();
  EXPECT_EQ(payload->machine, "riscv64");
  EXPECT_EQ(payload->compression, "gzip");
  EXPECT_EQ(payload->data.size(), 4u);
  EXPECT_EQ(payload->data.view().data(), file.view().data() + 64);
}

TEST(Uimage, IsOneMoreLayerOfUnpacking) {
  const ByteVector image = Arm64Image();
  const auto plain = Unpack(Uimage(image, kArm64, kNone));
  ASSERT_TRUE(plain.has_value()) << plain.error().message();
  EXPECT_TRUE(std::ranges::equal(plain->bytes.view(), image));
  EXPECT_EQ(LayersName(plain->layers), "uImage");
  const auto packed = Unpack(Uimage(Gzip(image), kArm64, kGzip));
  ASSERT_TRUE(packed.has_value()) << packed.error().message();
  EXPECT_TRUE(std::ranges::equal(packed->bytes.view(), image));
  EXPECT_EQ(LayersName(packed->layers), "gzip in uImage");
}

TEST(Uimage, MayHoldAKernelForX86) {
  const ByteVector kernel = BzImageBuilder().BuildBytes();
  const auto unpacked = Unpack(Uimage(kernel, kX86, kNone));
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_TRUE(std::ranges::equal(unpacked->bytes.view(), kernel));
}

TEST(Uimage, IsRefusedWhereTheKernelIsForAnotherMachine) {
  EXPECT_EQ(Refusal(Uimage(Gzip(Arm64Image()), kRiscv, kGzip)),
            "uImage: its header says it is for riscv64, the kernel in it is for aarch64 (of type 'Image')");
}

TEST(Uimage, IsRefusedWhereItsHeaderIsDamaged) {
  ByteVector file = Uimage(BytesOf("data"), kArm64, kNone);
  file[40] ^= std::byte{1};
  const std::string refusal = Refusal(file);
  EXPECT_TRUE(refusal.starts_with("uImage: the header is damaged: its CRC-32 is 0x")) << refusal;
  EXPECT_TRUE(refusal.ends_with(kRemedy)) << refusal;
  EXPECT_EQ(Refusal(Cut(file, 63)), "uImage: the file ends at 0x3f, inside the header" + kRemedy);
}

TEST(Uimage, IsRefusedWhereItsDataAreDamagedOrCut) {
  const ByteVector file = Uimage(Arm64Image(), kArm64, kNone);
  ByteVector flipped = file;
  flipped.back() ^= std::byte{1};
  const std::string refusal = Refusal(flipped);
  EXPECT_TRUE(refusal.starts_with("uImage: the data are damaged: their CRC-32 is 0x")) << refusal;
  EXPECT_TRUE(refusal.ends_with(kRemedy)) << refusal;
  EXPECT_EQ(Refusal(Cut(file, 0x1000)),
            "uImage: its header announces 0x1000 bytes behind itself, the file has 0xfc0" + kRemedy);
}

TEST(Uimage, IsRefusedWhereItHoldsSomethingElse) {
  const ByteVector file = Uimage(Arm64Image(), kArm64, kNone);
  EXPECT_EQ(Refusal(With(file, kOs, 17)),
            "uImage: it holds no Linux: the operating system in its header is 17, Linux is 5");
  EXPECT_EQ(Refusal(With(file, kType, 3)),
            "uImage: it holds no kernel: the type in its header is 3, a kernel's is 2 or 14");
  EXPECT_EQ(Refusal(With(file, kType, 4)),
            "uImage: it holds several files; take kernel and initrd out (dumpimage) and load these");
  EXPECT_EQ(
      Refusal(With(file, kArch, 2)),
      "uImage: its header says it is for architecture 2; arm64 is 22, RISC-V 26, x86 3 or 24: take one for this "
      "machine, or make it anew with mkimage -A");
  EXPECT_EQ(
      Refusal(With(file, kCompression, 7)),
      "uImage: its header says the data have compression 7; 0 to 6 are known: make it anew with mkimage -C");
  EXPECT_EQ(Refusal(With(file, kCompression, 1)),
            "uImage: the data are said to be 'gzip' data, but do not look like any");
  EXPECT_EQ(Refusal(Uimage(file, kArm64, kNone)), "a uImage inside a uImage");
}

TEST(Uimage, IsWhatItsTypeAsksFor) {
  const std::vector<std::string> layers = {"uImage", "gzip"};
  EXPECT_EQ(TypeInside("uImage", layers).value(), "");
  EXPECT_EQ(TypeInside("Image", layers).value(), "Image");
  EXPECT_EQ(TypeInside("", {}).value(), "");
  EXPECT_EQ(MessageOf(TypeInside("uImage", {})),
            "not of type 'uImage': there is no kernel behind the header of U-Boot's mkimage in it");
  EXPECT_EQ(MessageOf(TypeInside("vmlinuz-riscv", layers)),
            "not of type 'vmlinuz-riscv': there is no EFI zboot kernel in it");
}

}  // namespace
}  // namespace kexec::testing
