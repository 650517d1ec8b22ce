// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps that lie: nothing crashes, nothing goes on for ever, and what can be read is told.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/loaders/vmcore/recording_sink.h"
#include "tests/support/result_matchers.h"
#include "tests/support/vmcore_builder.h"

namespace kexec {
namespace {

using testing::DumpedKernel;
using testing::DumpedRecord;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MessageOf;
using testing::ReadLog;
using testing::RecordingSink;

const std::vector<DumpedRecord> kThree = {{1, "one"}, {2, "two"}, {3, "three"}};

DumpedKernel Lockless() { return testing::LocklessKernel({}, kThree); }
DumpedKernel Structured() { return testing::StructuredKernel({}, kThree); }

// Of the descriptor of record `number`, counted from 0.
uint64_t Desc(const DumpedKernel& kernel, uint64_t number) { return kernel.At("descs") + number * 24; }

TEST(HostileLockless, TextOfAnotherIdIsDamageAndTheRestIsTold) {
  DumpedKernel kernel = Lockless();
  kernel.PokeWord(kernel.At("text"), 7);  // the first block's id
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("two", "three"));
  EXPECT_THAT(sink.damage,
              ElementsAre("1 record cannot be read: id 0x3ffffffffffffff0: its text belongs to id 0x7"));
}

TEST(HostileLockless, PositionsThatCannotBeAreDamage) {
  DumpedKernel kernel = Lockless();
  kernel.PokeWord(Desc(kernel, 0) + 8, 0x123456);            // begin far before next
  kernel.PokeWord(Desc(kernel, 1) + 16, kernel.At("text"));  // next is no position at all
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("three"));
  EXPECT_THAT(sink.damage,
              ElementsAre("2 records cannot be read; the first: id 0x3ffffffffffffff0: text from "
                          "0x123456 to 0xfffffffffffffe10 in a ring of 0x200"));
}

TEST(HostileLockless, ATextLongerThanItsBlockIsCut) {
  DumpedKernel kernel = Lockless();
  kernel.Poke(kernel.At("infos") + 16, 0xffff, 2);
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
  EXPECT_EQ(sink.Texts()[0], std::string("one\0\0\0\0\0", 8));
}

TEST(HostileLockless, IdsFartherApartThanDescriptorsAreRefused) {
  DumpedKernel kernel = Lockless();
  kernel.PokeWord(kernel.At("rb") + 4 * 8, 0x3ffffffffffffff5);  // tail in front of head
  RecordingSink sink;
  EXPECT_EQ(
      MessageOf(ReadLog(kernel.Build(), sink)),
      "printk_ringbuffer's ids go from 0x3ffffffffffffff5 to 0x3ffffffffffffff2, it has 16 descriptors");
}

TEST(HostileLockless, SizesThatCannotBeAreRefused) {
  struct Row {
    uint64_t count_bits, size_bits;
    const char* message;
  };
  for (const Row& row :
       {Row{27, 9, "printk_ringbuffer says 2^27 descriptors and 2^9 characters, which cannot be"},
        Row{4, 32, "printk_ringbuffer says 2^4 descriptors and 2^32 characters, which cannot be"},
        Row{4, 0, "printk_ringbuffer says 2^4 descriptors and 2^0 characters, which cannot be"},
        Row{20, 9, "printk_ringbuffer says 1048576 descriptors, the dump has 0x1110 bytes"}}) {
    DumpedKernel kernel = Lockless();
    kernel.Poke(kernel.At("rb"), row.count_bits, 4);
    kernel.Poke(kernel.At("rb") + 6 * 8, row.size_bits, 4);
    RecordingSink sink;
    std::string message = MessageOf(ReadLog(kernel.Build(), sink));
    const size_t size = message.find("has 0x");
    if (size != std::string::npos) message = message.substr(0, size) + "has 0x1110 bytes";
    EXPECT_EQ(message, row.message);
  }
}

TEST(HostileLockless, AFieldOutsideItsStructureIsRefused) {
  DumpedKernel kernel = Lockless();
  kernel.SetInfo("OFFSET(printk_info.seq)", "81");
  kernel.SetInfo("SIZE(prb_data_ring)", "18446744073709551615");
  RecordingSink sink;
  const Result<> read = ReadLog(kernel.Build(), sink);
  EXPECT_THAT(MessageOf(read),
              ::testing::HasSubstr("vmcoreinfo says SIZE(prb_data_ring)=18446744073709551615, "));
  EXPECT_THAT(MessageOf(read), ::testing::HasSubstr("OFFSET(printk_info.seq)=81, which cannot be"));
  EXPECT_EQ(read.error().code(), Errc::kMalformed);
}

TEST(HostileStructured, ARecordOfImpossibleLengthEndsTheLog) {
  for (const uint64_t length : {1u, 15u, 0xffffu}) {
    DumpedKernel kernel = Structured();
    kernel.Poke(kernel.At("ring") + 24 + 8, length, 2);  // of the second record
    RecordingSink sink;
    ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
    EXPECT_THAT(sink.Texts(), ElementsAre("one"));
    EXPECT_THAT(sink.damage,
                ElementsAre(fmt::format(
                    "the log is cut short: the record at 0x18 has {} bytes, at least 16 and at most "
                    "1000 can be",
                    length)));
  }
}

TEST(HostileStructured, AnEndThatNoRecordReachesEndsTheLog) {
  DumpedKernel kernel = Structured();
  kernel.Poke(kernel.At("log_next_idx"), 5, 4);
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("one", "two", "three", "one"));
  EXPECT_THAT(sink.damage, ElementsAre("the log's records run over log_next_idx 0x5"));
}

TEST(HostileStructured, BoundsOutsideTheBufferAreRefused) {
  DumpedKernel kernel = Structured();
  kernel.Poke(kernel.At("log_first_idx"), 0x400, 4);
  RecordingSink sink;
  EXPECT_THAT(MessageOf(ReadLog(kernel.Build(), sink)),
              ::testing::StartsWith("log_buf has 0x400 bytes, records from 0x400 to 0x48; the dump has 0x"));
}

TEST(HostilePlain, AnEmptyOrHugeBufferIsRefused) {
  for (const uint64_t size : {0u, 0x80000000u}) {
    DumpedKernel kernel = testing::PlainKernel({}, "text\n");
    kernel.Poke(kernel.At("log_buf_len"), size, 4);
    RecordingSink sink;
    EXPECT_THAT(MessageOf(ReadLog(kernel.Build(), sink)),
                ::testing::StartsWith(fmt::format("log_buf has {:#x} bytes, the dump has 0x", size)));
  }
}

TEST(HostilePlain, ALineWithoutEndIsToldInPieces) {
  RecordingSink sink;
  const auto dump = testing::PlainKernel({}, std::string(100'000, 'x') + "\ny\n", 1 << 17).Build();
  ASSERT_TRUE(ReadLog(dump, sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre(std::string(65'536, 'x'), std::string(34'464, 'x'), "y"));
}

// Flattened, with one byte a TiB away: a few KiB that seem to hold whatever log a kernel claims.
std::vector<std::byte> WithFarByte(const DumpedKernel& kernel) {
  std::vector<std::byte> flat = testing::Flattened(kernel.Build(), 4096);
  flat.resize(flat.size() - 16);  // the end mark
  testing::Packer far(true, true);
  far.Uint(uint64_t{1} << 40, 8).Uint(1, 8).Text("x");
  flat.insert(flat.end(), far.bytes().begin(), far.bytes().end());
  return flat;
}

TEST(HostileDump, HolesDoNotMakeALogLonger) {
  DumpedKernel lockless = Lockless();
  lockless.Poke(lockless.At("rb"), 26, 4);
  DumpedKernel structured = Structured();
  structured.Poke(structured.At("log_buf_len"), 0xf0000000, 4);
  DumpedKernel plain = testing::PlainKernel({}, "text\n");
  plain.Poke(plain.At("log_buf_len"), 0xf0000000, 4);
  plain.Poke(plain.At("logged_chars"), 0xf0000000, 4);
  const auto message = [](const DumpedKernel& kernel) {
    RecordingSink sink;
    return MessageOf(ReadLog(WithFarByte(kernel), sink));
  };
  EXPECT_THAT(message(lockless),
              ::testing::StartsWith("printk_ringbuffer says 67108864 descriptors, the dump has 0x"));
  EXPECT_THAT(message(structured), ::testing::StartsWith("log_buf has 0xf0000000 bytes, records from "));
  EXPECT_THAT(message(plain), ::testing::StartsWith("log_buf has 0xf0000000 bytes, the dump has 0x"));
}

// Whatever is cut off, what is told is a part of the whole log, in order.
TEST(HostileDump, CutAnywhereTellsNothingNew) {
  for (const testing::DumpFlavour& flavour : testing::kDumpFlavours) {
    for (const DumpedKernel& kernel : {testing::LocklessKernel(flavour, kThree, {2, 6}),
                                       testing::StructuredKernel(flavour, kThree, 128)}) {
      const std::vector<std::byte> whole = kernel.Build();
      for (size_t size = 0; size < whole.size(); ++size) {
        RecordingSink sink;
        const Result<> read = ReadLog({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}, sink);
        size_t next = 0;
        for (const std::string& text : sink.Texts()) {
          while (next < kThree.size() && kThree[next].text != text) ++next;
          EXPECT_LT(next, kThree.size()) << text;
        }
        const bool is_whole = read.has_value() && sink.damage.empty();
        EXPECT_TRUE(!is_whole || sink.records.size() == kThree.size()) << size;
      }
    }
  }
}

// Every byte of the log's structures wrong once: it ends, and tells at most as many records as there are
// places.
TEST(HostileDump, WithAnyByteWrongEnds) {
  for (const DumpedKernel& kernel :
       {testing::LocklessKernel({}, kThree, {2, 6}), testing::StructuredKernel({}, kThree, 128),
        testing::PlainKernel({}, "a\nb\n", 64)}) {
    const std::vector<std::byte> whole = kernel.Build();
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
        std::vector<std::byte> bytes = whole;
        bytes[at] ^= static_cast<std::byte>(flip);
        RecordingSink sink;
        const Result<> read = ReadLog(std::move(bytes), sink);
        EXPECT_LE(sink.records.size(), 64u);
        EXPECT_NE(MessageOf(read), "");
      }
    }
  }
}

}  // namespace
}  // namespace kexec
