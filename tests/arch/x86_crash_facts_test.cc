// SPDX-License-Identifier: GPL-2.0-or-later
// What a crash plan knows of the recorded machines, whole and with pieces taken away.
#include "arch/crash_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/kernel_text.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Describe(const CrashFacts& facts) {
  const auto list = [](const std::vector<PhysRange>& ranges) {
    std::string text;
    for (const PhysRange& range : ranges) text += " " + ToString(range);
    return text;
  };
  return fmt::format(
      "regions{}\ncma{}\ndumped{}\nnotes{}\nvmcoreinfo {}\ntext {}\npage offset {}\nheaders {}\n",
      list(facts.memory.regions), list(facts.memory.cma), list(facts.memory.dumped), list(facts.cpu_notes),
      facts.vmcoreinfo ? ToString(*facts.vmcoreinfo) : "none",
      facts.mapping.text
          ? fmt::format("{} at {:#x}", ToString(facts.mapping.text->range), facts.mapping.text->virt)
          : "none",
      facts.mapping.page_offset ? fmt::format("{:#x}", *facts.mapping.page_offset) : "none",
      facts.elfcorehdr_size.value_or(0));
}

struct Machine {
  const char* name;
  const char* facts;
};

class CrashFactsOf : public ::testing::TestWithParam<Machine> {};

TEST_P(CrashFactsOf, AreComplete) {
  const auto root = SystemRoot::Open(RecordedMachine(GetParam().name));
  RecordingDiagnostics diagnostics;
  const auto facts = ReadCrashFacts(*root, *ReadIomem(*root), ReadX86KernelMapping, diagnostics);
  ASSERT_EQ(MessageOf(facts), "success");
  EXPECT_EQ(Describe(*facts), GetParam().facts);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, CrashFactsOf,
    ::testing::Values(
        Machine{"bios-1g",
                "regions [0x2a000000, 0x3a000000)\n"
                "cma\n"
                "dumped [0x1000, 0x9fc00) [0x100000, 0x2a000000) [0x3a000000, 0x3ffdd000)\n"
                "notes [0x3a239400, 0x3a239570)\n"
                "vmcoreinfo [0x3a2fe000, 0x3a2ff024)\n"
                "text [0x21600000, 0x23e30000) at 0xffffffff91200000\n"
                "page offset 0xff27580240000000\n"
                "headers 0\n"},
        Machine{"bios-2g-smp2",
                "regions [0x71000000, 0x7d000000)\n"
                "cma\n"
                "dumped [0x1000, 0x9fc00) [0x100000, 0x71000000) [0x7d000000, 0x7ffdd000)\n"
                "notes [0x7d639400, 0x7d639570) [0x7d739400, 0x7d739570)\n"
                "vmcoreinfo [0x11ee000, 0x11ef024)\n"
                "text [0x6a800000, 0x6d030000) at 0xffffffff88c00000\n"
                "page offset 0xff1993d8c0000000\n"
                "headers 0\n"},
        Machine{"bios-5g-high",
                "regions [0x6d000000, 0x7d000000) [0x1af000000, 0x1bf000000)\n"
                "cma\n"
                "dumped [0x1000, 0x9fc00) [0x100000, 0x6d000000) [0x7d000000, 0x7ffdd000) "
                "[0x100000000, 0x1af000000) [0x1bf000000, 0x1c0000000)\n"
                "notes [0x1bfc39600, 0x1bfc39770)\n"
                "vmcoreinfo [0x1003ce000, 0x1003cf024)\n"
                "text [0x189600000, 0x18be30000) at 0xffffffff83000000\n"
                "page offset 0xff12099e00000000\n"
                "headers 0\n"},
        Machine{"uefi-1g",
                "regions [0x20000000, 0x30000000)\n"
                "cma\n"
                "dumped [0x1000, 0xa0000) [0x100000, 0x806000) [0x808000, 0x810000) [0x900000, 0x20000000) "
                "[0x30000000, 0x3eaa0000) [0x3eba2000, 0x3f4ec000) [0x3f7fe000, 0x3fef4000)\n"
                "notes [0x3c439400, 0x3c439570)\n"
                "vmcoreinfo [0x36182000, 0x36183024)\n"
                "text [0xca00000, 0xf230000) at 0xffffffffaec00000\n"
                "page offset 0xff2fa23880000000\n"
                "headers 0\n"}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::ranges::replace(name, '-', '_');
      return name;
    });

class CrashFactsOfX86 : public ::testing::Test {
 protected:
  CrashFactsOfX86() {
    scratch_.CopyFrom(RecordedMachine("bios-1g"), "");
    // Nothing said about KASLR but what the recorded boot_params say: it was on.
    scratch_.File("proc/cpuinfo", "flags\t\t: fpu lm la57 avx\n");
  }
  Result<CrashFacts> Read() {
    return ReadCrashFacts(scratch_.root(), *ReadIomem(scratch_.root()), ReadX86KernelMapping, diagnostics_);
  }
  std::string Shown(std::string_view path) { return fmt::format("'{}/{}'", scratch_.path().string(), path); }
  // Clears KASLR_FLAG of the running kernel's boot_params.
  void BootWithoutKaslr() {
    auto bytes = scratch_.root().ReadBinary("sys/kernel/boot_params/data").value();
    bytes[0x211] &= std::byte{0xfd};
    scratch_.File("sys/kernel/boot_params/data", bytes);
  }

  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
};

const KernelText kRecordedText{Range(0x21600000, 0x23e30000), 0xffffffff91200000};

TEST_F(CrashFactsOfX86, ReadNoMoreOfKcoreThanItsHeaders) {
  SystemRoot root = scratch_.root();
  std::vector<std::string> heads;
  root.Observe([&](std::string_view path, std::optional<size_t> head) {
    if (head) heads.push_back(fmt::format("{} {}", path, *head));
  });
  ASSERT_EQ(MessageOf(ReadCrashFacts(root, *ReadIomem(root), ReadX86KernelMapping, diagnostics_)), "success");
  EXPECT_THAT(heads, ElementsAre("proc/kcore 64", "proc/kcore 512"));
}

TEST_F(CrashFactsOfX86, TakeTheTextFromKallsymsWhereKcoreIsClosed) {
  scratch_.Remove("proc/kcore").File("proc/sys/kernel/osrelease", "6.12.0\n");
  BootWithoutKaslr();
  const auto facts = Read();
  ASSERT_EQ(MessageOf(facts), "success");
  EXPECT_EQ(facts->mapping.text, kRecordedText);
  EXPECT_EQ(facts->mapping.page_offset, 0xff11000000000000);
  EXPECT_THAT(
      diagnostics_.notes(),
      ElementsAre(fmt::format("cannot open {}: No such file or directory; the kernel's mapping is taken "
                              "from /proc/kallsyms",
                              Shown("proc/kcore"))));
}

TEST_F(CrashFactsOfX86, LookAtKallsymsNoFurtherThanTheEndOfTheKernel) {
  scratch_.Remove("proc/kcore")
      .File("proc/kallsyms",
            "0000000000000000 A fixed_percpu_data\n"
            "ffffffff91200000 T _text\n"
            "ffffffff93a30000 B _end\n"
            "ffffffffc0200000 t init_module\t[virtio]\n" +
                std::string(70'000, 'x'));
  EXPECT_EQ(ReadTextSymbols(scratch_.root()).value(), "ffffffff91200000 T _text\nffffffff93a30000 B _end\n");
}

TEST_F(CrashFactsOfX86, KnowTheDirectMapOnlyWhereNothingMovedIt) {
  struct {
    const char* release;
    const char* flags;
    bool kaslr;
    const char* config;
    std::optional<uint64_t> expected;
  } const kRows[] = {
      {"6.12.0", "la57", false, "", 0xff11000000000000},
      {"6.12.0", "lm", false, "", 0xffff888000000000},
      {"4.20.0-rc1", "lm", false, "", 0xffff888000000000},
      {"4.19.300", "lm", false, "", std::nullopt},
      {"6.12.0", "lm", true, "CONFIG_RANDOMIZE_MEMORY=y\n", std::nullopt},
      {"6.12.0", "lm", true, "# CONFIG_RANDOMIZE_MEMORY is not set\n", 0xffff888000000000},
      {"6.12.0", "lm", true, "", std::nullopt},
      {"rolling", "lm", false, "", std::nullopt},
  };
  scratch_.Remove("proc/kcore");
  const auto boot_params = scratch_.root().ReadBinary("sys/kernel/boot_params/data").value();
  for (const auto& row : kRows) {
    scratch_.File("proc/sys/kernel/osrelease", std::string(row.release) + "\n");
    scratch_.File("proc/cpuinfo", fmt::format("flags : fpu {}\n", row.flags));
    scratch_.File("sys/kernel/boot_params/data", boot_params);
    if (!row.kaslr) BootWithoutKaslr();
    scratch_.Remove("boot");
    if (*row.config != '\0') scratch_.File(fmt::format("boot/config-{}", row.release), row.config);
    const auto facts = Read();
    ASSERT_EQ(MessageOf(facts), "success");
    EXPECT_EQ(facts->mapping.page_offset, row.expected)
        << row.release << row.flags << row.kaslr << row.config;
    const auto warnings = diagnostics_.TakeWarnings();
    EXPECT_EQ(warnings.size(), row.expected ? 0u : 1u);
  }
}

TEST_F(CrashFactsOfX86, SayWhatTheDumpWillLack) {
  scratch_.Remove("proc/kcore").File("proc/kallsyms", "0000000000000000 T _text\n0000000000000000 B _end\n");
  const auto facts = Read();
  ASSERT_EQ(MessageOf(facts), "success");
  EXPECT_EQ(facts->mapping.text, std::nullopt);
  EXPECT_EQ(facts->mapping.page_offset, std::nullopt);
  const std::string how =
      "Loading as root, with CAP_SYS_RAWIO and without lockdown, makes /proc/kcore readable";
  EXPECT_THAT(
      diagnostics_.TakeWarnings(),
      ElementsAre(
          fmt::format(
              "the dump will not tell where the kernel is mapped: cannot open {}: No such file or "
              "directory; {}: the kernel hides the addresses (kernel.kptr_restrict); run as root; its "
              "readers must rely on vmcoreinfo. {}",
              Shown("proc/kcore"), Shown("proc/kallsyms"), how),
          fmt::format("the dump will not tell the virtual addresses of RAM: cannot open {}: No such file or "
                      "directory; gdb cannot read it then, makedumpfile and crash can. {}",
                      Shown("proc/kcore"), how)));
}

TEST_F(CrashFactsOfX86, RefuseADumpThatNothingCouldRead) {
  scratch_.Remove("proc/kcore").Remove("proc/kallsyms").Remove("sys/kernel/vmcoreinfo");
  EXPECT_EQ(MessageOf(Read()),
            fmt::format("a dump would tell neither where the kernel is mapped ({}, {}) nor vmcoreinfo ({}): "
                        "nothing could read it",
                        Shown("proc/kcore"), Shown("proc/kallsyms"), Shown("sys/kernel/vmcoreinfo")));
  EXPECT_EQ(diagnostics_.TakeWarnings().size(), 3u);
}

TEST_F(CrashFactsOfX86, GoOnWithoutVmcoreinfoWhereTheTextIsKnown) {
  scratch_.Remove("sys/kernel/vmcoreinfo");
  const auto facts = Read();
  ASSERT_EQ(MessageOf(facts), "success");
  EXPECT_EQ(facts->mapping.text, kRecordedText);
  EXPECT_THAT(
      diagnostics_.TakeWarnings(),
      ElementsAre(EndsWith("the dump has no vmcoreinfo, and makedumpfile and vmcore-dmesg cannot read it")));
}

TEST_F(CrashFactsOfX86, TakeADamagedKcoreForAClosedOne) {
  for (const std::string_view damaged : {"", "no ELF",
                                         "\x7f"
                                         "ELF\2\1\1"}) {
    scratch_.File("proc/kcore", damaged);
    const auto facts = Read();
    ASSERT_EQ(MessageOf(facts), "success");
    EXPECT_EQ(facts->mapping.text, kRecordedText);
    EXPECT_THAT(diagnostics_.notes().back(), StartsWith(Shown("proc/kcore") + ":"));
    EXPECT_THAT(diagnostics_.TakeWarnings(), ElementsAre(HasSubstr("virtual addresses of RAM")));
  }
}

TEST_F(CrashFactsOfX86, NeedARegionOnTheCommandLine) {
  scratch_.File("proc/iomem", "00100000-3fffffff : System RAM\n");
  const auto facts = Read();
  EXPECT_EQ(
      MessageOf(facts),
      fmt::format("no memory is reserved for a crash kernel: {} has no 'Crash kernel'; start this kernel "
                  "with crashkernel= on its command line",
                  Shown("proc/iomem")));
  EXPECT_EQ(facts.error().code(), Errc::kNoCrashRegion);
}

TEST_F(CrashFactsOfX86, TellTheRoomTheKernelWantsForItsOwnUpdates) {
  scratch_.File("sys/kernel/crash_elfcorehdr_size", "921600\n")
      .File("sys/kernel/kexec_crash_cma_ranges", "30000000-31ffffff\n10000000-10ffffff\n");
  const auto facts = Read();
  ASSERT_EQ(MessageOf(facts), "success");
  EXPECT_EQ(facts->elfcorehdr_size, 921600u);
  EXPECT_THAT(facts->memory.cma, ElementsAre(Range(0x10000000, 0x11000000), Range(0x30000000, 0x32000000)));
  EXPECT_THAT(facts->memory.dumped,
              ElementsAre(Range(0x1000, 0x9fc00), Range(0x100000, 0x10000000), Range(0x11000000, 0x2a000000),
                          Range(0x3a000000, 0x3ffdd000)));
}

}  // namespace
}  // namespace kexec::testing
