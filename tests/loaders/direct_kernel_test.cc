// SPDX-License-Identifier: GPL-2.0-or-later
// The kernels inside Debian's bzImages, unpacked and moved; as whole_kernel_test.cc.
#include <gtest/gtest.h>

#include <algorithm>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "loaders/direct_linux.h"
#include "tests/support/read_whole.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

// Debian's kernels of KEXEC_TEST_KERNELS for amd64, by their version: the boards' may lie beside them.
std::map<std::string, DirectLinux> UnpackedKernels() {
  std::map<std::string, DirectLinux> kernels;
  const char* directory = std::getenv("KEXEC_TEST_KERNELS");
  if (directory == nullptr) return kernels;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file() || !entry.path().filename().string().starts_with("vmlinuz")) continue;
    if (entry.path().string().find("amd64") == std::string::npos) continue;
    SCOPED_TRACE(entry.path());
    SilentDiagnostics diagnostics;
    const auto image =
        ParseKernel(SharedBytes::Own(ReadWhole(entry.path())), {}, diagnostics, {.verify_checksum = false});
    EXPECT_EQ(MessageOf(image), "success");
    if (!image.has_value()) continue;
    auto direct = UnpackBzImage(std::get<BzImage>(image->image));
    EXPECT_EQ(MessageOf(direct), "success");
    if (direct.has_value()) kernels.emplace(direct->packed.version, *std::move(direct));
  }
  return kernels;
}

class DirectKernel : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { kernels_ = new std::map(UnpackedKernels()); }
  static void TearDownTestSuite() { delete std::exchange(kernels_, nullptr); }
  void SetUp() override { ASSERT_GE(kernels_->size(), 2u) << "KEXEC_TEST_KERNELS names no two kernels"; }

  static std::map<std::string, DirectLinux>* kernels_;
};
std::map<std::string, DirectLinux>* DirectKernel::kernels_ = nullptr;

TEST_F(DirectKernel, IsALinuxOfTheSameVersionThatMayMove) {
  for (const auto& [version, direct] : *kernels_) {
    SCOPED_TRACE(version);
    const ElfKernel& kernel = direct.unpacked;
    EXPECT_TRUE(kernel.is_linux && kernel.is_64bit);
    const std::string release = version.substr(0, version.find(' '));
    EXPECT_EQ(kernel.version.substr(0, kernel.version.find(' ')), release);
    EXPECT_EQ(direct.why_fixed, "");
    EXPECT_GT(direct.relocations.add64.size(), 10000u);
    EXPECT_GT(direct.relocations.add32.size(), 10000u);
    // None since per-CPU variables are linked like any others (7.3 has none, 6.12 has).
    const size_t subtracted = direct.relocations.subtract32.size();
    EXPECT_TRUE(subtracted == 0 || subtracted > 1000u) << subtracted;
    EXPECT_EQ(kernel.pieces.front().address, direct.packed.pref_address);
    EXPECT_EQ(kernel.alignment, *direct.packed.alignment);
    EXPECT_EQ(kernel.pieces.front().virtual_address - kernel.pieces.front().address.raw(),
              0xffffffff80000000);
    EXPECT_TRUE(kernel.pvh_entry.has_value());
    // The kernel's own statement of what it needs covers its pieces.
    const LoadPiece& last = kernel.pieces.back();
    EXPECT_LE(last.address.raw() + last.memory_size - kernel.pieces.front().address.raw(),
              direct.packed.init_size);
    // Most of .bss is left out.
    EXPECT_LT(last.contents.size() + (4 << 20), last.memory_size);
  }
}

uint64_t FieldAt(const std::vector<LoadPiece>& pieces, uint32_t relocation, unsigned size) {
  const uint64_t address = relocation - 0x80000000U;
  for (const LoadPiece& piece : pieces) {
    if (address < piece.address.raw() || address - piece.address.raw() >= piece.contents.size()) continue;
    uint64_t value = 0;
    std::memcpy(&value, piece.contents.view().data() + (address - piece.address.raw()), size);
    return value;
  }
  ADD_FAILURE() << "relocation outside";
  return 0;
}

bool AllMoved(const std::vector<LoadPiece>& before, const std::vector<LoadPiece>& after,
              const std::vector<uint32_t>& fields, unsigned size, uint64_t distance) {
  const uint64_t mask = size == 8 ? ~uint64_t{0} : 0xffffffff;
  return std::ranges::all_of(fields, [&](uint32_t field) {
    return ((FieldAt(before, field, size) + distance) & mask) == FieldAt(after, field, size);
  });
}

// 64-bit fields hold addresses of the kernel's own mapping: the sign that the table is read right.
TEST_F(DirectKernel, HasFieldsThatPointIntoIt) {
  for (const auto& [version, direct] : *kernels_) {
    SCOPED_TRACE(version);
    size_t inside = 0;
    for (const uint32_t field : direct.relocations.add64) {
      if (FieldAt(direct.unpacked.pieces, field, 8) >> 30 == 0xffffffff80000000 >> 30) ++inside;
    }
    EXPECT_GT(inside, direct.relocations.add64.size() * 99 / 100);
  }
}

TEST_F(DirectKernel, MovesEveryRelocatedFieldAndComesBack) {
  for (const auto& [version, direct] : *kernels_) {
    SCOPED_TRACE(version);
    constexpr uint64_t kDistance = 0x15a00000;
    const auto& before = direct.unpacked.pieces;
    ElfKernel moved = direct.unpacked;
    moved.pieces = Relocate(direct.unpacked, direct.relocations, kDistance);
    EXPECT_TRUE(AllMoved(before, moved.pieces, direct.relocations.add64, 8, kDistance));
    EXPECT_TRUE(AllMoved(before, moved.pieces, direct.relocations.add32, 4, kDistance));
    EXPECT_TRUE(AllMoved(before, moved.pieces, direct.relocations.subtract32, 4, -kDistance));
    const auto back = Relocate(moved, direct.relocations, -kDistance);
    for (size_t i = 0; i < before.size(); ++i) {
      const Bytes was = before[i].contents.view();
      const Bytes is = back[i].contents.view();
      EXPECT_TRUE(is.size() == was.size() && std::memcmp(is.data(), was.data(), is.size()) == 0) << i;
    }
  }
}

}  // namespace
}  // namespace kexec::testing
