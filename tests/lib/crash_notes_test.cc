// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kexec/crash_memory.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string CpuFile(unsigned cpu, std::string_view name) {
  return fmt::format("sys/devices/system/cpu/cpu{}/{}", cpu, name);
}

class CpuNotes : public ::testing::Test {
 protected:
  CpuNotes() {
    scratch_.File("sys/devices/system/cpu/possible", "0-1\n")
        .File(CpuFile(0, "crash_notes"), "3a239400\n")
        .File(CpuFile(0, "crash_notes_size"), "368\n")
        .File(CpuFile(1, "crash_notes"), "3a279400\n")
        .File(CpuFile(1, "crash_notes_size"), "368\n");
  }
  Result<std::vector<PhysRange>> Read() { return ReadCpuNotes(scratch_.root(), diagnostics_); }
  std::string Shown(std::string_view path) { return fmt::format("'{}/{}'", scratch_.path().string(), path); }

  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
};

TEST_F(CpuNotes, AreWhereSysfsSaysForEveryPossibleCpu) {
  EXPECT_THAT(Read().value(), ElementsAre(Range(0x3a239400, 0x3a239570), Range(0x3a279400, 0x3a279570)));
  EXPECT_THAT(diagnostics_.notes(), IsEmpty());
}

TEST_F(CpuNotes, OfCpusThatWereNeverPresentAreLeftOutWithOneNote) {
  scratch_.File("sys/devices/system/cpu/possible", "0-63,128-131\n")
      .File(CpuFile(130, "crash_notes"), "0x5000\n");
  EXPECT_THAT(Read().value(), ElementsAre(Range(0x3a239400, 0x3a239570), Range(0x3a279400, 0x3a279570),
                                          Range(0x5000, 0x5170)));
  EXPECT_THAT(diagnostics_.notes(),
              ElementsAre("65 possible CPUs are not present; the dump has no registers of theirs"));
}

TEST_F(CpuNotes, HaveTheSizeOfOldKernelsWhereNoneIsTold) {
  scratch_.Remove(CpuFile(0, "crash_notes_size")).Remove(CpuFile(1, "crash_notes_size"));
  EXPECT_THAT(Read().value(), ElementsAre(Range(0x3a239400, 0x3a239800), Range(0x3a279400, 0x3a279800)));
}

TEST_F(CpuNotes, TakeTheirSizeFromOneFileForAll) {
  SystemRoot root = scratch_.root();
  std::vector<std::string> read;
  root.Observe([&](std::string_view path, std::optional<size_t>) { read.emplace_back(path); });
  ASSERT_EQ(MessageOf(ReadCpuNotes(root, diagnostics_)), "success");
  EXPECT_THAT(read, ElementsAre("sys/devices/system/cpu/possible", CpuFile(0, "crash_notes"),
                                CpuFile(0, "crash_notes_size"), CpuFile(1, "crash_notes")));
}

TEST_F(CpuNotes, MissingEverywhereNameTheKernelsOption) {
  scratch_.Remove("sys/devices/system/cpu/cpu0").Remove("sys/devices/system/cpu/cpu1");
  EXPECT_EQ(
      MessageOf(Read()),
      fmt::format("no CPU has a file {}: the running kernel was built without CONFIG_CRASH_DUMP (before "
                  "Linux 6.9: CONFIG_KEXEC), or /sys is not mounted",
                  Shown("sys/devices/system/cpu/cpuN/crash_notes")));
}

TEST_F(CpuNotes, WithoutAListOfCpusCannotBeFound) {
  scratch_.Remove("sys/devices/system/cpu/possible");
  EXPECT_EQ(MessageOf(Read()), fmt::format("cannot open {}: No such file or directory",
                                           Shown("sys/devices/system/cpu/possible")));
}

TEST_F(CpuNotes, ThatAreNoAddressAreRefused) {
  scratch_.File(CpuFile(1, "crash_notes"), "(null)\n");
  EXPECT_EQ(MessageOf(Read()), fmt::format("{}: '(null)' is not the address of 0x170 bytes of notes",
                                           Shown(CpuFile(1, "crash_notes"))));
  scratch_.File(CpuFile(1, "crash_notes"), "fffffffffffffff0\n");
  EXPECT_EQ(MessageOf(Read()),
            fmt::format("{}: 'fffffffffffffff0' is not the address of 0x170 bytes of notes",
                        Shown(CpuFile(1, "crash_notes"))));
}

TEST_F(CpuNotes, OfNoSizeAreRefused) {
  for (const char* size : {"0", "", "-1", "0x170", "99999999999999999999"}) {
    scratch_.File(CpuFile(0, "crash_notes_size"), size);
    EXPECT_EQ(MessageOf(Read()),
              fmt::format("{}: '{}' is not a size", Shown(CpuFile(0, "crash_notes_size")), size));
  }
}

struct CpuList {
  const char* text;
  const char* ranges;  // or the message
};

TEST(ParseCpuList, TakesWhatTheKernelPrintsAndNothingElse) {
  constexpr CpuList kLists[] = {
      {"0\n", "0-0"},
      {"0-3,8,10-11\n", "0-3 8-8 10-11"},
      {"65534", "65534-65534"},
      {"", "'' is not a list of CPUs"},
      {",", "',' is not a list of CPUs"},
      {"0-3,", "'0-3,' is not a list of CPUs"},
      {"3-0", "'3-0' is not a list of CPUs"},
      {"a", "'a' is not a list of CPUs"},
      {"0 1", "'0 1' is not a list of CPUs"},
      {"4294967296", "'4294967296' is not a list of CPUs"},
      {"0-65535", "CPU 65535 is beyond CPU 65534, the last one core headers have room for"},
      {"0-4294967295", "CPU 4294967295 is beyond CPU 65534, the last one core headers have room for"},
      {"0-3,2", "the list of CPUs is not ascending at 2"},
  };
  for (const CpuList& row : kLists) {
    const auto ranges = ParseCpuList(row.text);
    std::string found;
    if (ranges) {
      for (const CpuRange& range : *ranges) found += fmt::format("{}-{} ", range.first, range.last);
      found.pop_back();
    } else {
      found = ranges.error().message();
    }
    EXPECT_EQ(found, row.ranges);
  }
}

TEST(Vmcoreinfo, HasTwoHexadecimalNumbers) {
  EXPECT_EQ(ParseVmcoreinfo("0x000000003a2fe000 1024\n"), Range(0x3a2fe000, 0x3a2ff024));
  EXPECT_EQ(ParseVmcoreinfo("3a2fe000 0x1024"), Range(0x3a2fe000, 0x3a2ff024));
  for (const char* bad : {"", "0x1000", "0x1000 0", "0x1000  10", "g 10", "0x1000 10 10",
                          "ffffffffffffffff 10", "10000000000000000 10"}) {
    EXPECT_EQ(ParseVmcoreinfo(bad), std::nullopt) << bad;
  }
}

TEST(Vmcoreinfo, ThatIsMissingIsWarnedAbout) {
  ScratchRoot scratch;
  RecordingDiagnostics diagnostics;
  const std::string path = scratch.path().string() + "/sys/kernel/vmcoreinfo";
  const std::string rest = "the dump has no vmcoreinfo, and makedumpfile and vmcore-dmesg cannot read it";
  EXPECT_EQ(ReadVmcoreinfo(scratch.root(), diagnostics), std::nullopt);
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format("cannot open '{}': No such file or directory; {}", path, rest)));
  scratch.File("sys/kernel/vmcoreinfo", "0 0\n");
  EXPECT_EQ(ReadVmcoreinfo(scratch.root(), diagnostics), std::nullopt);
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format("'{}': '0 0' is not 'address size'; {}", path, rest)));
  scratch.File("sys/kernel/vmcoreinfo", "0x1000 20\n");
  EXPECT_EQ(ReadVmcoreinfo(scratch.root(), diagnostics), Range(0x1000, 0x1020));
}

TEST(ElfcorehdrSize, IsDecimalInEitherPlaceAndZeroMeansNone) {
  for (const char* path : {"sys/kernel/crash_elfcorehdr_size", "sys/kernel/kexec/crash_elfcorehdr_size"}) {
    ScratchRoot scratch;
    EXPECT_EQ(ReadElfcorehdrSize(scratch.root()), std::nullopt);
    scratch.File(path, "921600\n");
    EXPECT_EQ(ReadElfcorehdrSize(scratch.root()), 921600u);
    for (const char* none : {"0\n", "", "x", "0x1000"}) {
      scratch.File(path, none);
      EXPECT_EQ(ReadElfcorehdrSize(scratch.root()), std::nullopt) << none;
    }
  }
}

}  // namespace
}  // namespace kexec::testing
