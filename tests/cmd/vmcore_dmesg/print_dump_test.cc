// SPDX-License-Identifier: GPL-2.0-or-later
// The whole program behind its file: what it prints, what it complains about, its status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmd/vmcore-dmesg/exit_status.h"
#include "cmd/vmcore-dmesg/run.h"
#include "tests/support/vmcore_builder.h"

namespace kexec {
namespace {

using testing::DumpedKernel;
using testing::DumpFlavour;
using ::testing::HasSubstr;

struct Printed {
  std::string out;
  std::string complaints;
  int status;
};

Printed Print(std::vector<std::byte> dump, DmesgOptions options = {}) {
  Printed printed;
  options.dump = "dump";
  printed.status = PrintDump(
      options, SourceOfBytes(SharedBytes::Own(std::move(dump))),
      [&](std::string_view text) { printed.out += text; },
      [&](std::string_view text) { printed.complaints += std::string(text) + "\n"; });
  return printed;
}

constexpr char kOrdinary[] =
    "[    0.000000] Linux version 6.1.0-test\n"
    "[    0.000000] Command line: console=ttyS0\n"
    "[    1.234567] two lines\nin one record\n"
    "[   12.000000] tab\there, bell\\x07, escape\\x1b[1m, backslash \\x41, caf\\xc3\\xa9\n"
    "[99999.999999] \n";
constexpr char kPanic[] = "[100000000.000002] Kernel panic - not syncing: sysrq triggered crash\n";

class PrintDumpOf : public ::testing::TestWithParam<DumpFlavour> {};
INSTANTIATE_TEST_SUITE_P(Flavours, PrintDumpOf, ::testing::ValuesIn(testing::kDumpFlavours),
                         [](const auto& row) { return testing::NameOf(row.param); });

TEST_P(PrintDumpOf, PrintsRecords) {
  for (const DumpedKernel& kernel : {LocklessKernel(GetParam(), testing::OrdinaryRecords()),
                                     StructuredKernel(GetParam(), testing::OrdinaryRecords())}) {
    const Printed printed = Print(kernel.Build());
    EXPECT_EQ(printed.status, kDmesgOk);
    EXPECT_EQ(printed.complaints, "");
    EXPECT_TRUE(printed.out.starts_with(kOrdinary)) << printed.out;
    EXPECT_TRUE(printed.out.ends_with(kPanic)) << printed.out;
    EXPECT_THAT(printed.out,
                HasSubstr("[100000000.000000] \\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\t\n\v\f\r\\x0e"));
    EXPECT_THAT(printed.out, HasSubstr("{|}~\\x7f\n[100000000.000001] \\x80\\x81"));
  }
}

TEST_P(PrintDumpOf, PrintsAPlainLogLineByLine) {
  const Printed printed = Print(PlainKernel(GetParam(), "<6>[    0.000000] one\n<4>two\x1b\n").Build());
  EXPECT_EQ(printed.status, kDmesgOk);
  EXPECT_EQ(printed.out, "<6>[    0.000000] one\n<4>two\\x1b\n");
}

TEST(PrintDump, PrintsAFlattenedDump) {
  const auto dump = testing::LocklessKernel({}, testing::OrdinaryRecords()).Build();
  const Printed flat = Print(testing::Flattened(dump, 512));
  EXPECT_TRUE(flat.out.starts_with(kOrdinary)) << flat.out;
  EXPECT_EQ(flat.out, Print(dump).out);
}

TEST(PrintDump, PutsTheTimeBeforeEveryLineIfAsked) {
  DmesgOptions options;
  options.force_prefix = true;
  const Printed printed = Print(testing::LocklessKernel({}, {{1'000'000'000, "a\nb\n"}}).Build(), options);
  EXPECT_EQ(printed.out, "[    1.000000] a\n[    1.000000] b\n[    1.000000] \n");
}

TEST(PrintDump, ATerminalIsNotSpokenTo) {
  const DumpedKernel kernel = testing::LocklessKernel({}, {{1, "old\rnew\v\f\tend\nline \x1b[2J \xc2\x9b"}});
  EXPECT_EQ(Print(kernel.Build()).out, "[    0.000000] old\rnew\v\f\tend\nline \\x1b[2J \\xc2\\x9b\n");
  DmesgOptions options;
  options.terminal = true;
  EXPECT_EQ(Print(kernel.Build(), options).out,
            "[    0.000000] old\\x0dnew\\x0b\\x0c\tend\nline \\x1b[2J \\xc2\\x9b\n");
}

TEST(PrintDump, PrintsTheLevelsAskedFor) {
  DmesgOptions options;
  options.levels = 0x03;
  const auto kernel =
      testing::LocklessKernel({}, {{1, "zero", 0}, {2, "one", 1}, {3, "two", 2}, {4, "seven", 7}});
  EXPECT_EQ(Print(kernel.Build(), options).out, "[    0.000000] zero\n[    0.000000] one\n");
  // What has no level is printed always.
  EXPECT_EQ(Print(testing::PlainKernel({}, "none\n<7>seven\n").Build(), options).out, "none\n");
}

TEST(PrintDump, PrintsOneJsonDocument) {
  DmesgOptions options;
  options.json = true;
  const Printed printed = Print(testing::LocklessKernel({}, testing::OrdinaryRecords()).Build(), options);
  EXPECT_EQ(printed.status, kDmesgOk);
  const auto document = nlohmann::json::parse(printed.out);
  EXPECT_EQ(document["schema"], "vmcore-dmesg/1");
  EXPECT_EQ(document["kernel"], "6.1.0-test");
  EXPECT_EQ(document["format"], "lockless");
  EXPECT_EQ(document["damage"], nlohmann::json::array());
  ASSERT_EQ(document["records"].size(), 8u);
  EXPECT_EQ(document["records"][2], nlohmann::json::parse(R"({"sequence": 2, "nanoseconds": 1234567890,
      "level": "warn", "facility": 3, "text": "two lines\nin one record"})"));
  EXPECT_EQ(document["records"][3]["cpu"], 1);
  EXPECT_EQ(document["records"][4]["task"], 42);
  EXPECT_EQ(document["records"][7]["level"], "emerg");
}

TEST(PrintDump, TellsDamageInJsonToo) {
  DmesgOptions options;
  options.json = true;
  DumpedKernel kernel = testing::LocklessKernel({}, {{1, "one"}, {2, "two"}});
  kernel.PokeWord(kernel.At("text"), 7);
  const Printed printed = Print(kernel.Build(), options);
  EXPECT_EQ(printed.status, kDmesgDamaged);
  const auto document = nlohmann::json::parse(printed.out);
  EXPECT_EQ(document["records"].size(), 1u);
  EXPECT_EQ(document["damage"].size(), 1u);
  EXPECT_THAT(printed.complaints, HasSubstr("'dump': 1 record cannot be read: "));
}

TEST(PrintDump, IsADocumentWithoutRecordsWhereTheLogItselfIsDamaged) {
  DmesgOptions options;
  options.json = true;
  const DumpedKernel whole = testing::LocklessKernel({}, {{1, "one"}});
  DumpedKernel kernel = whole;
  kernel.SetInfo("SIZE(printk_ringbuffer)", "0");
  const Printed printed = Print(kernel.Build(), options);
  EXPECT_EQ(printed.status, kDmesgDamaged);
  EXPECT_EQ(printed.complaints,
            "'dump': vmcoreinfo says SIZE(printk_ringbuffer)=0, OFFSET(printk_ringbuffer.desc_ring)=0, "
            "OFFSET(printk_ringbuffer.text_data_ring)=48, which cannot be\n");
  EXPECT_EQ(nlohmann::json::parse(printed.out), nlohmann::json::parse(R"({"schema": "vmcore-dmesg/1",
      "kernel": "6.1.0-test", "format": "lockless", "records": [],
      "damage": ["vmcoreinfo says SIZE(printk_ringbuffer)=0, OFFSET(printk_ringbuffer.desc_ring)=0, OFFSET(printk_ringbuffer.text_data_ring)=48, which cannot be"]})"));
  EXPECT_EQ(Print(kernel.Build()).out, "");
}

struct StatusRow {
  const char* name;
  int status;
  const char* complaint;
  std::vector<std::byte> dump;
};

std::vector<std::byte> Text(std::string_view text) { return testing::Packer(true, false).Text(text).bytes(); }

DumpedKernel With(DumpedKernel kernel, const std::string& key, const std::string& value) {
  kernel.SetInfo(key, value);
  return kernel;
}

std::vector<StatusRow> StatusRows() {
  const std::vector<testing::DumpedRecord> records = {{1, "one"}};
  const DumpedKernel lockless = testing::LocklessKernel({}, records);
  const DumpedKernel structured = testing::StructuredKernel({}, records);
  std::vector<std::byte> no_core = lockless.Build(), cut = lockless.Build();
  no_core[16] = std::byte{2};
  cut.resize(cut.size() - 600);
  testing::ElfCoreBuilder no_info(true, false, 62);
  no_info.AddNote("CORE", 1, "registers");
  return {
      {"empty", kDmesgNotElf, "'dump': no ELF file, and no other dump we know", {}},
      {"compressed", kDmesgNotElf,
       "'dump': a compressed kdump, not an ELF core; makedumpfile --dump-dmesg prints its log, crash opens "
       "it",
       Text("KDUMP   and so on")},
      {"no core", kDmesgBadElf, "'dump': ELF: no core file (e_type is 2, a core has 4)", no_core},
      {"no vmcoreinfo", kDmesgNoInfo, "'dump': no VMCOREINFO note", no_info.Build()},
      {"no address", kDmesgNoAddress,
       "'dump': pointer 'prb': no program header covers virtual address 0xffff888000100000, and vmcoreinfo "
       "does not "
       "tell where it is",
       lockless.BuildAt(~uint64_t{0}, 0x100000)},
      {"cut short", kDmesgCutShort, "'dump': printk_ringbuffer's text: virtual address 0xffff888000100", cut},
      {"no log", kDmesgNoLog, "'dump': vmcoreinfo has none of SYMBOL(prb)",
       With(lockless, "SYMBOL(prb)", "").Build()},
      {"structured lacks", kDmesgNoLog, "'dump': vmcoreinfo lacks SYMBOL(log_next_idx)",
       With(structured, "SYMBOL(log_next_idx)", "").Build()},
      {"lockless lacks", kDmesgNoLockless, "'dump': vmcoreinfo lacks OFFSET(prb_desc.state_var)",
       With(lockless, "OFFSET(prb_desc.state_var)", "").Build()},
      {"impossible", kDmesgDamaged, "'dump': vmcoreinfo says SIZE(prb_desc)=0, ",
       With(lockless, "SIZE(prb_desc)", "0").Build()},
  };
}

TEST(PrintDump, HasAStatusForEveryFailure) {
  for (const StatusRow& row : StatusRows()) {
    const Printed printed = Print(row.dump);
    EXPECT_EQ(printed.status, row.status) << row.name;
    EXPECT_EQ(printed.complaints.substr(0, std::string_view(row.complaint).size()), row.complaint)
        << row.name;
    EXPECT_EQ(printed.out, "") << row.name;
  }
}

}  // namespace
}  // namespace kexec
