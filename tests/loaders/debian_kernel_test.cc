// SPDX-License-Identifier: GPL-2.0-or-later
// The headers of Debian's kernels. whole_kernel_test.cc reads the whole files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "loaders/kernel_image.h"
#include "tests/support/read_whole.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

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

}  // namespace
}  // namespace kexec::testing
