// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/bytes.h"

#include <gtest/gtest.h>

#include <array>

#include "kexec/error.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

std::vector<std::byte> Counting(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

struct Fields {
  Le<uint16_t> little;
  Be<uint32_t> big;
};

TEST(ReadAt, TakesFieldsInTheirByteOrder) {
  const auto bytes = Counting(7);
  const auto fields = ReadAt<Fields>(bytes, 1);
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(fields->little, 0x0201);
  EXPECT_EQ(fields->big, 0x03040506u);
}

TEST(ReadAt, NeverReadsPastTheEnd) {
  const auto bytes = Counting(8);
  EXPECT_TRUE(ReadAt<Le<uint64_t>>(bytes, 0).has_value());
  for (const uint64_t offset : {uint64_t{1}, uint64_t{8}, uint64_t{9}, UINT64_MAX - 3, UINT64_MAX}) {
    EXPECT_FALSE(ReadAt<Le<uint64_t>>(bytes, offset).has_value()) << offset;
  }
}

TEST(SliceAt, AcceptsExactlyWhatLiesInside) {
  const auto bytes = Counting(8);
  EXPECT_EQ(SliceAt(bytes, 8, 0)->size(), 0u);
  EXPECT_EQ((*SliceAt(bytes, 2, 3))[0], std::byte{2});
  EXPECT_FALSE(SliceAt(bytes, 2, 7).has_value());
  EXPECT_FALSE(SliceAt(bytes, 9, 0).has_value());
  EXPECT_FALSE(SliceAt(bytes, 2, UINT64_MAX).has_value());
}

TEST(SharedBytes, ASliceKeepsTheWholeAlive) {
  SharedBytes slice;
  {
    const SharedBytes whole = SharedBytes::Own(Counting(100));
    slice = whole.Slice(10, 5).value();
    EXPECT_EQ(slice.view().data(), whole.view().data() + 10) << "slicing copies nothing";
  }
  EXPECT_EQ(slice.view()[4], std::byte{14});
  EXPECT_FALSE(slice.Slice(3, 3).has_value());
  EXPECT_TRUE(SharedBytes().empty());
}

Result<int> Number(bool good) {
  if (!good) return Fail(Errc::kMalformed, "field at {:#x} is {}", 0x10, 7);
  return 5;
}

Result<int> Twice(bool good) {
  KEXEC_ASSIGN(const int number, Number(good), "header");
  return 2 * number;
}

Result<> Checked(bool good) {
  KEXEC_TRY(Twice(good), "cannot load 'x'");
  return {};
}

TEST(Error, ContextGoesInFrontAndTheCodeStays) {
  EXPECT_EQ(Twice(true), 10);
  const Result<> failed = Checked(false);
  EXPECT_EQ(MessageOf(failed), "cannot load 'x': header: field at 0x10 is 7");
  EXPECT_EQ(failed.error().code(), Errc::kMalformed);
  EXPECT_EQ(failed.error().sys_errno(), 0);
  const Result<> refused = FailErrno(Errc::kIo, EACCES, "cannot open '{}'", "y");
  EXPECT_EQ(MessageOf(refused), "cannot open 'y': Permission denied");
  EXPECT_EQ(refused.error().sys_errno(), EACCES);
}

}  // namespace
}  // namespace kexec::testing
