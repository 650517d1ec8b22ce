// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/vmcore/kernel_log.h"

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
using testing::DumpFlavour;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MessageOf;
using testing::ReadLog;
using testing::RecordingSink;

class KernelLogOf : public ::testing::TestWithParam<DumpFlavour> {};
INSTANTIATE_TEST_SUITE_P(Flavours, KernelLogOf, ::testing::ValuesIn(testing::kDumpFlavours),
                         [](const auto& row) { return testing::NameOf(row.param); });

// The newest of `all` that `told` can be, in order: the ring has dropped the oldest.
void ExpectNewest(const std::vector<std::string>& told, const std::vector<DumpedRecord>& all, size_t least) {
  ASSERT_GE(told.size(), least);
  ASSERT_LE(told.size(), all.size());
  for (size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], all[all.size() - told.size() + i].text);
}

std::vector<DumpedRecord> Numbered(unsigned count) {
  std::vector<DumpedRecord> records;
  for (unsigned i = 0; i < count; ++i)
    records.push_back({i, fmt::format("{}:{}", i, std::string(i * 7 % 23, 'x'))});
  return records;
}

TEST_P(KernelLogOf, LocklessTellsEverythingOfARecord) {
  RecordingSink sink;
  const Result<> read = ReadLog(LocklessKernel(GetParam(), testing::OrdinaryRecords()).Build(), sink);
  ASSERT_TRUE(read.has_value()) << MessageOf(read);
  EXPECT_THAT(sink.damage, IsEmpty());
  const std::vector<DumpedRecord> expected = testing::OrdinaryRecords();
  ASSERT_EQ(sink.records.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(sink.records[i].text, expected[i].text);
    EXPECT_EQ(sink.records[i].record.sequence, i);
    EXPECT_EQ(sink.records[i].record.nanoseconds, expected[i].nanoseconds);
    EXPECT_EQ(sink.records[i].record.level, expected[i].level);
    EXPECT_EQ(sink.records[i].record.facility, expected[i].facility);
    EXPECT_EQ(sink.records[i].record.caller, expected[i].caller);
  }
}

// Every phase of the text ring's wrap comes by, by both rules for a block that ends where the ring does.
TEST_P(KernelLogOf, LocklessFollowsTheTextAroundItsRing) {
  for (const bool fills_ring : {false, true}) {
    for (unsigned count = 1; count < 60; ++count) {
      RecordingSink sink;
      const DumpedKernel kernel = LocklessKernel(GetParam(), Numbered(count), {4, 8, fills_ring});
      ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
      EXPECT_THAT(sink.damage, IsEmpty()) << count;
      ExpectNewest(sink.Texts(), Numbered(count), std::min(count, 4u));
    }
  }
}

TEST_P(KernelLogOf, LocklessLeavesOutWhatIsNotFinished) {
  std::vector<DumpedRecord> records = Numbered(4);
  records[2].finished = false;
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(LocklessKernel(GetParam(), records).Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("0:", "1:xxxxxxx", "3:xxxxxxxxxxxxxxxxxxxxx"));
  EXPECT_THAT(sink.damage, IsEmpty());
}

TEST_P(KernelLogOf, StructuredTellsEverythingOfARecord) {
  RecordingSink sink;
  const Result<> read = ReadLog(StructuredKernel(GetParam(), testing::OrdinaryRecords()).Build(), sink);
  ASSERT_TRUE(read.has_value()) << MessageOf(read);
  EXPECT_THAT(sink.damage, IsEmpty());
  const std::vector<DumpedRecord> expected = testing::OrdinaryRecords();
  ASSERT_EQ(sink.records.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(sink.records[i].text, expected[i].text);
    EXPECT_EQ(sink.records[i].record.nanoseconds, expected[i].nanoseconds);
    EXPECT_EQ(sink.records[i].record.level, expected[i].level);
    EXPECT_EQ(sink.records[i].record.facility, expected[i].facility);
    EXPECT_FALSE(sink.records[i].record.sequence);
  }
}

TEST_P(KernelLogOf, StructuredGoesOnAtTheStart) {
  for (unsigned count = 1; count < 60; ++count) {
    RecordingSink sink;
    ASSERT_TRUE(ReadLog(StructuredKernel(GetParam(), Numbered(count), 256).Build(), sink).has_value());
    EXPECT_THAT(sink.damage, IsEmpty()) << count;
    ExpectNewest(sink.Texts(), Numbered(count), std::min(count, 3u));
  }
}

TEST_P(KernelLogOf, StructuredBefore311IsCalledLog) {
  DumpedKernel kernel = StructuredKernel(GetParam(), Numbered(2));
  for (const char* field : {".ts_nsec", ".len", ".text_len", ".dict_len"}) {
    kernel.SetInfo(fmt::format("OFFSET(printk_log{})", field), "");
  }
  kernel.SetInfo("SIZE(printk_log)", "");
  kernel.Info("SIZE(log)=16\nOFFSET(log.ts_nsec)=0\nOFFSET(log.len)=8\nOFFSET(log.text_len)=10");
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(kernel.Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("0:", "1:xxxxxxx"));
  EXPECT_FALSE(sink.records[0].record.level);
}

TEST_P(KernelLogOf, PlainIsCutIntoLines) {
  RecordingSink sink;
  ASSERT_TRUE(ReadLog(PlainKernel(GetParam(), "<6>one\n\n[x]\n<14>four\nno end").Build(), sink).has_value());
  EXPECT_THAT(sink.Texts(), ElementsAre("<6>one", "", "[x]", "<14>four", "no end"));
  EXPECT_EQ(sink.records[0].record.level, 6);
  EXPECT_EQ(sink.records[0].record.facility, 0u);
  EXPECT_FALSE(sink.records[2].record.level);
  EXPECT_EQ(sink.records[3].record.level, 6);
  EXPECT_EQ(sink.records[3].record.facility, 1u);
}

TEST_P(KernelLogOf, PlainBeginsAtTheOldestCharacter) {
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (size_t count = 0; count <= text.size(); ++count) {
    RecordingSink sink;
    ASSERT_TRUE(ReadLog(PlainKernel(GetParam(), text.substr(0, count), 10).Build(), sink).has_value());
    std::string told;
    for (const std::string& line : sink.Texts()) told += line;
    EXPECT_EQ(told, text.substr(count > 10 ? count - 10 : 0, std::min<size_t>(count, 10)));
  }
}

TEST(KernelLog, NamesEveryFactThatIsMissing) {
  DumpedKernel kernel = testing::LocklessKernel({}, Numbered(1));
  kernel.SetInfo("SIZE(prb_desc)", "");
  kernel.SetInfo("OFFSET(printk_info.seq)", "");
  RecordingSink sink;
  const Result<> read = ReadLog(kernel.Build(), sink);
  // Without the structure's size its fields cannot be believed either, but that is not said twice.
  EXPECT_EQ(MessageOf(read), "vmcoreinfo lacks SIZE(prb_desc), OFFSET(printk_info.seq)");
  EXPECT_EQ(read.error().code(), Errc::kUnsupported);
}

TEST(KernelLog, IsNotThere) {
  DumpedKernel kernel({});
  RecordingSink sink;
  EXPECT_EQ(MessageOf(ReadLog(kernel.Build(), sink)),
            "vmcoreinfo has none of SYMBOL(prb), SYMBOL(log_first_idx), SYMBOL(log_buf): it tells of no "
            "kernel log");
}

}  // namespace
}  // namespace kexec
