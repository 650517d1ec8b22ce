// SPDX-License-Identifier: GPL-2.0-or-later
// EFI zboot kernels: one more layer in front of the kernel.
#include "loaders/pe/zboot.h"

#include <gtest/gtest.h>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"
#include "tests/support/archive_builder.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

// The header of zboot-header.S and the payload at 0x1000, with four bytes behind it.
ByteVector Zboot(const ByteVector& payload, std::string_view compression = "gzip") {
  ByteVector file(0x1000);
  const auto put = [&](size_t offset, const ByteVector& bytes) {
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  put(0, BytesOf(std::string_view("MZ\0\0zimg\0\x10\0\0", 12)));
  for (size_t i = 0; i < 4; ++i) file[12 + i] = static_cast<std::byte>(payload.size() >> (8 * i));
  put(24, BytesOf(compression));
  return file + payload + BytesOf("size");
}

Result<UnpackedKernel> Unpack(const ByteVector& file) {
  RecordingDiagnostics diagnostics;
  return UnpackKernel(SharedBytes::Own(file), diagnostics);
}

TEST(Zboot, HasAPayloadThatIsASlice) {
  const SharedBytes file = SharedBytes::Own(Zboot(BytesOf("payload"), "zstd22"));
  ASSERT_TRUE(RecognisesZboot(file.view()));
  const auto payload = ReadZboot(file);
  ASSERT_TRUE(payload.has_value()) << payload.error().message();
  EXPECT_EQ(payload->compression, "zstd22");
  EXPECT_EQ(payload->packed.size(), 7u);
  EXPECT_EQ(payload->packed.view().data(), file.view().data() + 0x1000);
}

TEST(Zboot, IsRefusedWhereItIsCut) {
  const ByteVector file = Zboot(BytesOf("payload"));
  EXPECT_EQ(MessageOf(ReadZboot(SharedBytes::Own(Cut(file, 0x1006)))),
            "the payload covers 0x7 bytes from 0x1000 on, the file ends at 0x1006");
  EXPECT_FALSE(RecognisesZboot(Cut(file, 0x37)));
  EXPECT_FALSE(RecognisesZboot(BytesOf("MZ")));
}

// A signature covers the file to its last byte.
TEST(Zboot, EndsASignedKernelBehindItsCertificates) {
  const ByteVector kernel = BzImageBuilder().Pe(1472).BuildBytes();
  const auto unpacked = Unpack(Zboot(Gzip(kernel + ByteVector(3000))));
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_TRUE(std::ranges::equal(unpacked->bytes.view(), kernel));
  // What is no padding stays, and so does all of a kernel without a signature.
  for (const ByteVector& whole :
       {kernel + ByteVector(3000) + BytesOf("x"), BzImageBuilder().Pe().BuildBytes() + ByteVector(9)}) {
    EXPECT_TRUE(std::ranges::equal(Unpack(Zboot(Gzip(whole)))->bytes.view(), whole));
  }
}

TEST(Zboot, IsOneMoreLayerOfUnpacking) {
  const ByteVector kernel = BzImageBuilder().BuildBytes();
  const auto unpacked = Unpack(Zboot(Gzip(kernel)));
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  EXPECT_TRUE(std::ranges::equal(unpacked->bytes.view(), kernel));
  EXPECT_EQ(LayersName(unpacked->layers), "gzip in EFI zboot");
  const auto packed = Unpack(Gzip(Zboot(Gzip(kernel))));
  ASSERT_TRUE(packed.has_value()) << packed.error().message();
  EXPECT_EQ(LayersName(packed->layers), "gzip in EFI zboot in gzip");
}

TEST(Zboot, NamesTheKernelOfAnotherMachineThatIsInside) {
  ByteVector image(0x1000, std::byte{0xaa});
  std::ranges::copy(BytesOf("ARM\x64"), image.begin() + 0x38);
  const auto unpacked = Unpack(Zboot(Gzip(image)));
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message();
  RecordingDiagnostics diagnostics;
  const auto parsed = ParseKernel(unpacked->bytes, {}, diagnostics, {.machine = "x86_64"});
  EXPECT_EQ(MessageOf(parsed), "this is a kernel for aarch64 (of type 'Image'), the machine is x86_64");
}

TEST(Zboot, IsRefusedWithAnUnknownPayload) {
  EXPECT_EQ(MessageOf(Unpack(Zboot(BytesOf("plain"), "brotli"))),
            "EFI zboot: the payload is said to be 'brotli' data, but does not look like any");
  EXPECT_EQ(MessageOf(Unpack(Zboot(BytesOf("plain"), ""))),
            "EFI zboot: the payload is said to be unnamed data, but does not look like any");
  EXPECT_EQ(MessageOf(Unpack(Zboot(Gzip(Zboot(Gzip(BytesOf("x"))))))),
            "an EFI zboot kernel inside an EFI zboot kernel");
  EXPECT_EQ(MessageOf(Unpack(Cut(Zboot(Gzip(BytesOf("x"))), 0x1002))),
            "EFI zboot: the payload covers 0x15 bytes from 0x1000 on, the file ends at 0x1002");
}

}  // namespace
}  // namespace kexec::testing
