// SPDX-License-Identifier: GPL-2.0-or-later
// Whole Debian kernels from the directory KEXEC_TEST_KERNELS, which with_debian_kernels.py fetches: the CRC
// of real files holds, signed or not, and damage is noticed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "loaders/kernel_image.h"
#include "tests/support/read_whole.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

// Those of this architecture: the folder of a cache may hold the boards' beside them.
std::vector<std::filesystem::path> WholeKernels() {
  std::vector<std::filesystem::path> kernels;
  const char* directory = std::getenv("KEXEC_TEST_KERNELS");
  if (directory == nullptr || !std::filesystem::is_directory(directory)) return kernels;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::filesystem::path& path = entry.path();
    if (!entry.is_regular_file() || !path.filename().string().starts_with("vmlinuz")) continue;
    if (path.string().find("amd64") != std::string::npos) kernels.push_back(path);
  }
  return kernels;
}

TEST(DebianKernel, IsIntactAndAnyDamageToItIsNoticed) {
  const auto kernels = WholeKernels();
  ASSERT_FALSE(kernels.empty()) << "KEXEC_TEST_KERNELS names no directory with vmlinuz* files";
  size_t with_checksum = 0;
  for (const auto& path : kernels) {
    SCOPED_TRACE(path);
    std::vector<std::byte> bytes = ReadWhole(path);
    RecordingDiagnostics diagnostics;
    const auto image = ParseKernel(SharedBytes::Own(bytes), {}, diagnostics);
    ASSERT_EQ(MessageOf(image), "success");
    ASSERT_EQ(diagnostics.notes().size(), 1u);
    // Newer kernels carry none (7.3).
    const bool checked = diagnostics.notes().front().contains("the CRC-32 over");
    if (!checked) {
      EXPECT_THAT(diagnostics.notes().front(), ::testing::HasSubstr("carries no CRC-32"));
    }
    with_checksum += checked ? 1 : 0;
    for (const uint64_t offset : {uint64_t{0x800}, uint64_t{bytes.size() / 2}}) {
      if (!checked) break;
      std::vector<std::byte> damaged = bytes;
      damaged[offset] ^= std::byte{1};
      EXPECT_THAT(MessageOf(ParseKernel(SharedBytes::Own(std::move(damaged)), {}, diagnostics)),
                  ::testing::HasSubstr("the file is damaged: the CRC-32 over its first "));
    }
    bytes.resize(bytes.size() / 4 * 3);
    EXPECT_THAT(MessageOf(ParseKernel(SharedBytes::Own(std::move(bytes)), {}, diagnostics)),
                ::testing::HasSubstr("the file is cut short: "));
  }
  EXPECT_GT(with_checksum, 0u);
}

}  // namespace
}  // namespace kexec::testing
