// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/x86_facts.h"

#include <gtest/gtest.h>

#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

TEST(UsesFiveLevelPaging, TakesTheFlagAsAWord) {
  EXPECT_TRUE(UsesFiveLevelPaging("processor\t: 0\nflags\t\t: fpu la57 sse\n"));
  EXPECT_TRUE(UsesFiveLevelPaging("flags : la57"));
  EXPECT_FALSE(UsesFiveLevelPaging("flags\t\t: fpu la570 xla57\nvmx flags\t: la57\n"));
  EXPECT_FALSE(UsesFiveLevelPaging("bugs\t\t: la57\n"));
  EXPECT_FALSE(UsesFiveLevelPaging(""));
}

TEST(X86Facts, BelieveNo5lvlMoreThanTheProcessor) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0x100000, 0x3fffffff, "System RAM").File("proc/cpuinfo", "flags : la57\n");
  RecordingDiagnostics diagnostics;
  EXPECT_TRUE(ReadX86Facts(scratch.root(), ReadIomem(scratch.root()), diagnostics)->five_level);
  scratch.File("proc/cmdline", "quiet no5lvl root=/dev/sda\n");
  EXPECT_FALSE(ReadX86Facts(scratch.root(), ReadIomem(scratch.root()), diagnostics)->five_level);
}

TEST(X86Facts, ReadTheFirstOfManyCpus) {
  ScratchRoot scratch;
  scratch.File("proc/cpuinfo", "flags : la57\n" + std::string(1 << 20, 'x'));
  SystemRoot root = scratch.root();
  std::optional<size_t> head;
  root.Observe([&head](std::string_view, std::optional<size_t> bytes) { head = bytes; });
  EXPECT_EQ(ReadFirstCpu(root)->substr(0, 13), "flags : la57\n");
  EXPECT_EQ(head, 8192u);
}

TEST(X86Facts, OfARecordedUefiMachine) {
  RecordingDiagnostics diagnostics;
  const auto root = SystemRoot::Open(RecordedMachine("uefi-1g"));
  const auto facts = ReadX86Facts(*root, ReadIomem(*root), diagnostics);
  ASSERT_TRUE(facts.has_value()) << facts.error().message();
  EXPECT_EQ(facts->total_ram_pages, 727376u / 4);
  EXPECT_FALSE(facts->five_level);
  EXPECT_EQ(facts->acpi_rsdp, 0x3f77d014u);
  ASSERT_TRUE(facts->efi.has_value());
  EXPECT_EQ(facts->efi->systab, 0x3f5eb018u);
  EXPECT_EQ(facts->efi->runtime_map.size(), 6u);
  EXPECT_FALSE(facts->framebuffer.has_value());
  EXPECT_TRUE(facts->setup_data.empty());
  EXPECT_EQ(facts->memory.crash_regions.size(), 1u);
  // Boot services data in the runtime map that the running kernel uses as RAM: it could not be freed early.
  EXPECT_TRUE(facts->memory.handed_over.IsRam(Range(0x3d876000, 0x3d899000)));
}

// The same machine, had its kernel reserved that memory for a BGRT image.
TEST(X86Facts, HandOnNoMemoryThatTheRunningKernelKeepsOfEfis) {
  RecordingDiagnostics diagnostics;
  const auto root = SystemRoot::Open(RecordedMachine("uefi-1g"));
  auto iomem = ReadIomem(*root);
  ASSERT_TRUE(iomem.has_value());
  std::vector<MemoryRegion> regions(iomem->map.regions().begin(), iomem->map.regions().end());
  regions.push_back({Range(0x3d876000, 0x3d899000), MemoryType::kReserved});
  iomem->map = MemoryMap::FromRegions(regions);
  const auto facts = ReadX86Facts(*root, iomem, diagnostics);
  ASSERT_TRUE(facts.has_value()) << facts.error().message();
  EXPECT_EQ(facts->memory.handed_over.Find(PhysAddr(0x3d876000))->range, Range(0x3d876000, 0x3d899000));
  EXPECT_EQ(facts->memory.handed_over.Find(PhysAddr(0x3d876000))->type, MemoryType::kReserved);
}

TEST(X86Facts, InXensFirstDomainEfiTellsWhatIsInLowMemory) {
  ScratchRoot scratch;
  scratch.FirmwareMemory(0x100000, 0x3fffffff, "System RAM");
  RecordingDiagnostics diagnostics;
  const auto bios_data = [&] {
    return ReadX86Facts(scratch.root(), ReadIomem(scratch.root()), diagnostics)->bios_data;
  };
  EXPECT_EQ(bios_data(), std::nullopt);
  scratch.File("proc/xen/capabilities", "control_d\n")
      .File("dev/xen/iomem", "00100000-3fffffff : System RAM\n");
  EXPECT_EQ(bios_data(), true);
  scratch.Folder("sys/firmware/efi");
  EXPECT_EQ(bios_data(), false);
}

TEST(X86Facts, NeedAMemoryMapAndNothingElse) {
  ScratchRoot scratch;
  RecordingDiagnostics diagnostics;
  const auto none = ReadX86Facts(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  EXPECT_EQ(MessageOf(none),
            fmt::format("cannot read the memory map: cannot open '{}': No such file or directory",
                        (scratch.path() / "proc/iomem").string()));
  scratch.FirmwareMemory(0x100000, 0x3fffffff, "System RAM");
  const auto bare = ReadX86Facts(scratch.root(), ReadIomem(scratch.root()), diagnostics);
  ASSERT_TRUE(bare.has_value()) << bare.error().message();
  EXPECT_EQ(bare->total_ram_pages, 0u);
  EXPECT_FALSE(bare->running.has_value());
  EXPECT_FALSE(bare->efi.has_value());
  EXPECT_EQ(bare->acpi_rsdp, 0u);
}

}  // namespace
}  // namespace kexec::testing
