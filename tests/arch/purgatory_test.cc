// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped blob: what it says about itself, and its check run in this process at two unrelated addresses.
// (tests/emu runs it whole.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/emu/native_purgatory.h"

namespace kexec {
namespace {

std::vector<uint8_t> RandomBytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(PurgatoryBlob, DescribesItself) {
  const kexec_purgatory_params params = PurgatoryParams();
  EXPECT_EQ(params.magic, 0x5952544147525550u);
  EXPECT_EQ(params.version, 2u);
  EXPECT_EQ(params.params_size, sizeof(params));
  EXPECT_EQ(params.file_size, PurgatoryBlob().size());
  EXPECT_EQ(params.memory_size, PurgatoryMemSize());
  EXPECT_GE(params.entry_offset, sizeof(params));
  EXPECT_LT(params.entry_offset, params.file_size);
  EXPECT_GT(params.verify_offset, params.entry_offset);
  EXPECT_LT(params.verify_offset, params.file_size);
  EXPECT_GE(params.memory_size, params.file_size + 4096) << "there is a stack behind the bytes";
  EXPECT_LE(params.memory_size, 0x8000u) << "it has to fit below 640 KiB among other things";
}

TEST(PurgatoryBlob, AsksForNothingUntilItIsFilled) {
  const kexec_purgatory_params params = PurgatoryParams();
  EXPECT_EQ(params.entry_kind, 0u) << "which purgatory refuses to jump with";
  EXPECT_EQ(params.kernel_entry, 0u);
  EXPECT_EQ(params.hashed_count, 0u);
  EXPECT_EQ(params.zeroed_count, 0u);
  EXPECT_EQ(params.backup_size, 0u);
  EXPECT_EQ(params.serial_base, 0u);
}

struct Run {
  uintptr_t address;
  uint32_t kind;
  uint32_t flags;
};

class PurgatoryVerify : public ::testing::TestWithParam<Run> {
 protected:
  PurgatoryVerify() : purgatory(reinterpret_cast<void*>(GetParam().address)) {
    kexec_digest_state state;
    kexec_digest_init(&state, GetParam().kind, 0);
    for (const std::vector<uint8_t>& range : ranges) {
      kexec_digest_update(&state, range.data(), range.size());
      purgatory.AddHashed(range.data(), range.size());
    }
    kexec_digest_final(&state, expected.data());
    std::memcpy(purgatory.params().digest, expected.data(), expected.size());
    purgatory.params().digest_kind = GetParam().kind;
    purgatory.params().digest_flags = GetParam().flags;
  }

  std::vector<std::vector<uint8_t>> ranges = {RandomBytes(100003, 1), RandomBytes(0, 2), RandomBytes(17, 3),
                                              RandomBytes(4096, 4),   RandomBytes(1, 5), RandomBytes(64, 6)};
  NativePurgatory purgatory;
  NativePurgatory::Digest expected{};
  NativePurgatory::Digest found{};
};

TEST_P(PurgatoryVerify, AcceptsWhatTheLibraryHashed) {
  EXPECT_TRUE(purgatory.Verify(found));
  EXPECT_EQ(found, expected);
}

TEST_P(PurgatoryVerify, RefusesAFlippedBitInAnyRange) {
  for (std::vector<uint8_t>& range : ranges) {
    for (const size_t at : {size_t{0}, range.size() / 2, range.size() - 1}) {
      if (range.empty()) break;
      range[at] ^= 0x80;
      EXPECT_FALSE(purgatory.Verify(found)) << "byte " << at << " of " << range.size();
      EXPECT_NE(found, expected);
      range[at] ^= 0x80;
    }
  }
  EXPECT_TRUE(purgatory.Verify(found));
}

TEST_P(PurgatoryVerify, RefusesAFlippedBitInTheExpectedDigest) {
  for (size_t i = 0; i < KEXEC_DIGEST_SIZE; i++) {
    purgatory.params().digest[i] ^= 1;
    EXPECT_FALSE(purgatory.Verify(found)) << "byte " << i;
    purgatory.params().digest[i] ^= 1;
  }
}

TEST_P(PurgatoryVerify, RefusesRangesInAnotherOrder) {
  std::swap(purgatory.params().hashed[0], purgatory.params().hashed[2]);
  EXPECT_FALSE(purgatory.Verify(found));
}

INSTANTIATE_TEST_SUITE_P(TwoAddresses, PurgatoryVerify,
                         ::testing::Values(Run{0x10000000, KEXEC_DIGEST_XXH128, 0},
                                           Run{0x700000000000, KEXEC_DIGEST_XXH128, 0},
                                           Run{0x10000000, KEXEC_DIGEST_SHA256, 0},
                                           Run{0x700000000000, KEXEC_DIGEST_SHA256, 0},
                                           Run{0x10000000, KEXEC_DIGEST_XXH128, KEXEC_DIGEST_PORTABLE},
                                           Run{0x10000000, KEXEC_DIGEST_SHA256, KEXEC_DIGEST_PORTABLE}),
                         [](const auto& test) {
                           return std::string(kexec_digest_name(test.param.kind)) +
                                  (test.param.flags ? "_portable" : "") +
                                  (test.param.address > 0xffffffff ? "_high" : "_low");
                         });

TEST(PurgatoryVerifyNone, AcceptsAnything) {
  NativePurgatory purgatory;
  NativePurgatory::Digest found{};
  purgatory.params().digest[3] = 7;
  EXPECT_TRUE(purgatory.Verify(found));
}

}  // namespace
}  // namespace kexec
