// SPDX-License-Identifier: GPL-2.0-or-later
// Debian's kernels: their real headers always, whole files where KEXEC_TEST_KERNELS names a directory with
// some.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "loaders/kernel_image.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

std::vector<std::byte> ReadWhole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

struct Header {
  const char* name;
  uint64_t file_size;
  uint64_t kernel_size;
  uint64_t init_size;
  bool signed_pe;
};

class DebianHeader : public ::testing::TestWithParam<Header> {};

TEST_P(DebianHeader, IsReadAsTheKernelMeansIt) {
  const Header& row = GetParam();
  std::vector<std::byte> file =
      ReadWhole(std::filesystem::path(KEXEC_SOURCE_DIR) / "tests/loaders/fixtures" / row.name);
  ASSERT_EQ(file.size(), 624U);
  file.resize(row.file_size);
  const SharedBytes shared = SharedBytes::Own(std::move(file));
  RecordingDiagnostics diagnostics;
  const auto parsed = ParseKernel(shared, {}, diagnostics, {.verify_checksum = false});
  ASSERT_EQ(MessageOf(parsed), "success");
  EXPECT_EQ(parsed->type, "bzImage64");
  const auto& image = std::get<BzImage>(parsed->image);
  EXPECT_EQ(image.protocol, 0x020f);
  EXPECT_EQ(image.setup_header.size(), 0x7bU);
  EXPECT_EQ(image.kernel.view().data(), shared.view().data() + 0x5000);
  EXPECT_EQ(image.kernel.size(), row.kernel_size);
  EXPECT_EQ(image.init_size, row.init_size);
  EXPECT_EQ(image.pref_address, PhysAddr(0x1000000));
  EXPECT_EQ(image.alignment, Alignment::Make(0x200000));
  EXPECT_EQ(image.command_line_max, 2047U);
  EXPECT_TRUE(image.can_load_above_4g && image.efi_kexec && image.five_level && image.relocatable);
  EXPECT_EQ(image.signed_pe, row.signed_pe);

  // Only the signature may be missing.
  const uint64_t needed = 0x5000 + row.kernel_size;
  EXPECT_EQ(MessageOf(ParseKernel(*shared.Slice(0, needed), {}, diagnostics, {.verify_checksum = false})),
            "success");
  EXPECT_EQ(
      MessageOf(ParseKernel(*shared.Slice(0, needed - 1), {}, diagnostics, {.verify_checksum = false})),
      fmt::format(
          "bzImage64: the file is cut short: its header announces {:#x} bytes of kernel from offset 0x5000 "
          "on, {:#x} are there",
          row.kernel_size, row.kernel_size - 1));
}

INSTANTIATE_TEST_SUITE_P(
    Cloud, DebianHeader,
    ::testing::Values(
        Header{"vmlinuz-6.1.0-56-cloud-amd64.header", 14186432, 0xd82200, 0x3378000, true},
        Header{"vmlinuz-6.1.0-56-cloud-amd64-unsigned.header", 14184960, 0xd82200, 0x3378000, false},
        Header{"vmlinuz-6.12.117+deb12-cloud-amd64.header", 11655104, 0xb18200, 0x37dc000, true},
        Header{"vmlinuz-6.12.117+deb12-cloud-amd64-unsigned.header", 11653632, 0xb18200, 0x37dc000, false}));

std::vector<std::filesystem::path> WholeKernels() {
  std::vector<std::filesystem::path> kernels;
  const char* directory = std::getenv("KEXEC_TEST_KERNELS");
  if (directory == nullptr) return kernels;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename().string().starts_with("vmlinuz"))
      kernels.push_back(entry);
  }
  return kernels;
}

TEST(DebianKernel, IsIntactAndAnyDamageToItIsNoticed) {
  const auto kernels = WholeKernels();
  if (kernels.empty()) GTEST_SKIP() << "KEXEC_TEST_KERNELS names no directory with vmlinuz* files";
  for (const auto& path : kernels) {
    SCOPED_TRACE(path);
    std::vector<std::byte> bytes = ReadWhole(path);
    RecordingDiagnostics diagnostics;
    const auto image = ParseKernel(SharedBytes::Own(bytes), {}, diagnostics);
    ASSERT_EQ(MessageOf(image), "success");
    EXPECT_THAT(diagnostics.notes(), ::testing::ElementsAre(::testing::HasSubstr("the CRC-32 over")));
    for (const uint64_t offset : {uint64_t{0x800}, uint64_t{bytes.size() / 2}}) {
      std::vector<std::byte> damaged = bytes;
      damaged[offset] ^= std::byte{1};
      EXPECT_THAT(MessageOf(ParseKernel(SharedBytes::Own(std::move(damaged)), {}, diagnostics)),
                  ::testing::HasSubstr("the file is damaged: the CRC-32 over its first "));
    }
    bytes.resize(9000000);
    EXPECT_THAT(MessageOf(ParseKernel(SharedBytes::Own(std::move(bytes)), {}, diagnostics)),
                ::testing::HasSubstr("the file is cut short: "));
  }
}

}  // namespace
}  // namespace kexec::testing
