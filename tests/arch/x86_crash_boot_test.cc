// SPDX-License-Identifier: GPL-2.0-or-later
// A crash kernel's whole way in memory: plan, validate, load in place, and read what it would read after a
// panic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/machine.h"
#include "kexec/validate.h"
#include "lib/freestanding/digest.h"
#include "loaders/elf/elf_core.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr uint32_t kLoadSegment = 1, kNoteSegment = 4;  // PT_LOAD, PT_NOTE
constexpr char kIomem[] =
    "00001000-0009fbff : System RAM\n"
    "00100000-3ffdcfff : System RAM\n"
    "  21600000-22401ef1 : Kernel code\n"
    "  2a000000-39ffffff : Crash kernel\n";

const Segment& Find(const LoadPlan& plan, std::string_view label) {
  const auto found = std::ranges::find(plan.segments, label, &Segment::label);
  EXPECT_NE(found, plan.segments.end()) << label;
  return *found;
}

struct X86CrashBoot : ::testing::Test {
  X86CrashBoot() : inputs(InputsFor(SmallKernel(), {0x1234}, "console=ttyS0")) {
    inputs.kind = LoadKind::kCrash;
    scratch.File("proc/sys/kernel/arch", "x86_64\n")
        .File("proc/meminfo", "MemTotal: 1048576 kB\n")
        .File("proc/iomem", kIomem)
        .File("proc/kallsyms", "ffffffff91200000 T _text\nffffffff93a30000 B _end\n")
        .File("sys/kernel/vmcoreinfo", "0x000000003a2fe000 1024\n")
        .File("sys/devices/system/cpu/possible", "0\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes", "3a239400\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes_size", "368\n")
        .FirmwareMemory(0, 0x9fbff, "System RAM")
        .FirmwareMemory(0x100000, 0x3ffdcfff, "System RAM");
  }

  LoadPlan Plan() {
    machine = *ReadMachine(scratch.root(), LoadKind::kCrash, diagnostics);
    // Without /proc/kcore the direct map is not known.
    EXPECT_EQ(diagnostics.TakeWarnings().size(), 1u);
    const auto placed = machine->Place(inputs, diagnostics);
    EXPECT_EQ(MessageOf(placed), "success");
    auto plan = (*placed)->Emit();
    EXPECT_EQ(MessageOf(Validate(*plan, machine->limits())), "success");
    return *std::move(plan);
  }

  ScratchRoot scratch;
  BootInputs inputs;
  RecordingDiagnostics diagnostics;
  std::unique_ptr<Machine> machine;
};

TEST_F(X86CrashBoot, LiesWhollyInTheRegion) {
  const LoadPlan plan = Plan();
  std::vector<std::string> labels;
  for (const Segment& segment : plan.segments) {
    labels.push_back(segment.label);
    EXPECT_TRUE(Range(0x2a000000, 0x3a000000).Contains(segment.dest.range())) << segment.label;
  }
  EXPECT_THAT(labels, ElementsAre("kernel", "purgatory", "boot_params", "initrd", "elfcorehdr", "backup"));
  EXPECT_EQ(plan.flags, 0u);
  EXPECT_EQ(plan.command_line, "console=ttyS0 elfcorehdr=949632K");
}

TEST_F(X86CrashBoot, IsTakenByTheKernelAndFoundInPlace) {
  const LoadPlan plan = Plan();
  FakeKernel kernel({.ram = {Range(0x1000, 0x9f000), Range(0x100000, 0x3ffdd000)},
                     .crash_region = Range(0x2a000000, 0x3a000000)});
  std::vector<RawSegment> raw;
  for (const Segment& segment : plan.segments) {
    raw.push_back({segment.contents.view().data(), segment.contents.size(), segment.dest.begin().raw(),
                   segment.dest.size()});
  }
  ASSERT_EQ(kernel.KexecLoad(plan.entry.raw(), raw, machine->arch_flag() | kKexecOnCrash), 0);
  const ReadBoot boot = FollowBoot(kernel.memory(), plan.entry);
  EXPECT_EQ(boot.command_line, plan.command_line);
  EXPECT_EQ(boot.initrd_size, 0x1234u);
  EXPECT_EQ(boot.e820.size(), 2u);
  EXPECT_EQ(boot.purgatory.backup_source, 0x1000u);
  EXPECT_EQ(boot.purgatory.backup_size, 0x9fc00u - 0x1000u);
  EXPECT_EQ(boot.purgatory.backup_destination, Find(plan, "backup").dest.begin().raw());
  EXPECT_EQ(boot.purgatory.hashed_count, 4u);  // all but purgatory and the backup
}

TEST_F(X86CrashBoot, DescribesThePanickedKernelsMemory) {
  const LoadPlan plan = Plan();
  const auto core = ParseElfCore(Find(plan, "elfcorehdr").contents.view());
  ASSERT_EQ(MessageOf(core), "success");
  EXPECT_EQ(core->machine, 62);
  std::vector<std::string> found;
  for (const ElfSegment& segment : core->segments) {
    found.push_back(fmt::format("{} {:#x} at {:#x}, virtual {:#x}, {:#x}",
                                segment.type == kNoteSegment ? "note" : "load", segment.phys, segment.offset,
                                segment.virt, segment.file_size));
    EXPECT_TRUE(segment.type == kNoteSegment || segment.type == kLoadSegment);
  }
  EXPECT_THAT(found, ElementsAre("note 0x3a239400 at 0x3a239400, virtual 0x0, 0x170",
                                 "note 0x3a2fe000 at 0x3a2fe000, virtual 0x0, 0x1024",
                                 "load 0x21600000 at 0x21600000, virtual 0xffffffff91200000, 0x2830000",
                                 "load 0x1000 at 0x39f61000, virtual 0xffffffffffffffff, 0x9ec00",
                                 "load 0x100000 at 0x100000, virtual 0xffffffffffffffff, 0x29f00000",
                                 "load 0x3a000000 at 0x3a000000, virtual 0xffffffffffffffff, 0x5fdd000"));
}

TEST_F(X86CrashBoot, KeepsHeadersTheKernelUpdatesOutOfTheDigest) {
  scratch.File("sys/kernel/crash_elfcorehdr_size", "8192\n");
  inputs.crash.hotplug = true;
  const LoadPlan plan = Plan();
  EXPECT_EQ(plan.flags, kKexecUpdateElfcorehdr);
  EXPECT_EQ(Find(plan, "elfcorehdr").dest.size(), 0x2000u);
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  std::vector<uint64_t> hashed;
  for (uint32_t i = 0; i < boot.purgatory.hashed_count; ++i)
    hashed.push_back(boot.purgatory.hashed[i].address);
  EXPECT_THAT(hashed, Not(Contains(Find(plan, "elfcorehdr").dest.begin().raw())));
  EXPECT_EQ(hashed.size(), 3u);
}

TEST_F(X86CrashBoot, NeedsAReservation) {
  scratch.File("proc/iomem", "00001000-0009fbff : System RAM\n00100000-3ffdcfff : System RAM\n");
  const auto refused = ReadMachine(scratch.root(), LoadKind::kCrash, diagnostics);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Errc::kNoCrashRegion);
}

TEST_F(X86CrashBoot, NeedsAMachineReadForIt) {
  machine = *ReadMachine(scratch.root(), LoadKind::kNormal, diagnostics);
  EXPECT_EQ(MessageOf(machine->Place(inputs, diagnostics)), "this machine was not read for a crash kernel");
}

}  // namespace
}  // namespace kexec::testing
