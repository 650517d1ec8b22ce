// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/vmcore/flattened.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/vmcore_builder.h"

namespace kexec {
namespace {

using testing::MessageOf;
using testing::Packer;

std::shared_ptr<const DumpSource> SourceOf(std::vector<std::byte> bytes) {
  return SourceOfBytes(SharedBytes::Own(std::move(bytes)));
}

std::vector<std::byte> ReadAll(const DumpSource& source) {
  std::vector<std::byte> bytes(source.size());
  EXPECT_TRUE(source.Read(0, bytes).has_value());
  return bytes;
}

Packer FileHeader(uint64_t version = 1) {
  Packer out(true, true);
  out.Text("makedumpfile").PadTo(16).Uint(1, 8).Uint(version, 8).PadTo(4096);
  return out;
}

TEST(Flattened, IsRearranged) {
  const std::vector<std::byte> dump = testing::LocklessKernel({}, testing::OrdinaryRecords()).Build();
  for (const size_t piece : {7u, 100u, 4096u, 1u << 20}) {
    const auto flat = SourceOf(testing::Flattened(dump, piece));
    ASSERT_TRUE(IsFlattened(*flat));
    const auto source = Unflatten(flat);
    ASSERT_TRUE(source.has_value()) << MessageOf(source);
    EXPECT_EQ(ReadAll(**source), dump) << piece;
  }
  EXPECT_FALSE(IsFlattened(*SourceOf(dump)));
}

TEST(Flattened, LaterPiecesWinAndHolesAreZero) {
  Packer out = FileHeader();
  out.Uint(0, 8).Uint(4, 8).Text("aaaa").Uint(8, 8).Uint(2, 8).Text("cc").Uint(1, 8).Uint(2, 8).Text("bb");
  const auto source = Unflatten(SourceOf(std::move(out.bytes())));
  ASSERT_TRUE(source.has_value()) << MessageOf(source);
  EXPECT_EQ(ReadAll(**source), Packer(true, true).Text("abba").PadTo(8).Text("cc").bytes());
}

TEST(Flattened, CutShortIsThereAsFarAsItGoes) {
  Packer out = FileHeader();
  out.Uint(0, 8).Uint(100, 8).Text("abc");
  const auto source = Unflatten(SourceOf(std::move(out.bytes())));
  ASSERT_TRUE(source.has_value()) << MessageOf(source);
  EXPECT_EQ((*source)->size(), 3u);
  std::byte four[4];
  EXPECT_EQ(MessageOf((*source)->Read(0, four)),
            "0x4 bytes at 0x0 are not in the flattened dump, it has 0x3");
}

TEST(Flattened, RefusesPiecesThatCannotBe) {
  Packer wraps = FileHeader(), empty = FileHeader();
  wraps.Uint(0xfffffffffffffff0, 8).Uint(0x20, 8).PadTo(5000);
  EXPECT_EQ(MessageOf(Unflatten(SourceOf(std::move(wraps.bytes())))),
            "flattened dump: the piece at 0x1010 says it has 0x20 bytes for 0xfffffffffffffff0");
  empty.Uint(0x10, 8).Uint(0, 8);
  EXPECT_EQ(MessageOf(Unflatten(SourceOf(std::move(empty.bytes())))),
            "flattened dump: the piece at 0x1010 says it has 0x0 bytes for 0x10");
  EXPECT_EQ(MessageOf(Unflatten(SourceOf(std::move(FileHeader(2).bytes())))),
            "flattened dump: type 1 version 2, known is type 1 version 1");
}

}  // namespace
}  // namespace kexec
