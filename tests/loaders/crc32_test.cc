// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/bzimage/crc32.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace kexec::testing {
namespace {

Bytes AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// The usual check value of CRC-32 is that of "123456789" with both inversions.
TEST(Crc32, MatchesThePublishedCheckValue) {
  EXPECT_EQ(~Crc32(0xffffffff, AsBytes("123456789")), 0xcbf43926U);
  EXPECT_EQ(~Crc32Portable(0xffffffff, AsBytes("123456789")), 0xcbf43926U);
}

TEST(Crc32, OfNothingIsWhatItStartedWith) {
  EXPECT_EQ(Crc32(0x12345678, {}), 0x12345678U);
  EXPECT_EQ(Crc32Portable(0x12345678, {}), 0x12345678U);
}

std::vector<std::byte> Random(size_t size) {
  std::mt19937 generator(42);
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(generator());
  return bytes;
}

TEST(Crc32, FastPathEqualsZlibAtEveryLengthAndAlignment) {
  const std::vector<std::byte> bytes = Random(1200);
  for (size_t begin = 0; begin < 17; ++begin) {
    for (size_t size = 0; begin + size <= bytes.size(); ++size) {
      const Bytes part = Bytes(bytes).subspan(begin, size);
      ASSERT_EQ(Crc32(0xffffffff, part), Crc32Portable(0xffffffff, part)) << begin << ", " << size;
    }
  }
}

TEST(Crc32, FastPathEqualsZlibFromAnyRemainderAndInPieces) {
  const std::vector<std::byte> bytes = Random(100000);
  for (uint32_t start : {0U, 1U, 0x80000000U, 0xffffffffU, 0xdeadbeefU}) {
    const uint32_t whole = Crc32Portable(start, bytes);
    EXPECT_EQ(Crc32(start, bytes), whole);
    for (size_t cut : {1U, 15U, 64U, 127U, 128U, 4096U, 99999U}) {
      const uint32_t first = Crc32(start, Bytes(bytes).first(cut));
      EXPECT_EQ(Crc32(first, Bytes(bytes).subspan(cut)), whole) << cut;
    }
  }
}

}  // namespace
}  // namespace kexec::testing
