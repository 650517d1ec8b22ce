// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/linux_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/handover.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/x86_emit.h"
#include "arch/x86_64/x86_layout.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/elf_builder.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Text at 16 MiB, data at 18 MiB, and a piece without bytes of its own.
ElfKernel SmallVmlinux() {
  ElfKernel kernel;
  kernel.is_64bit = true;
  kernel.is_linux = true;
  kernel.pieces = {{PhysAddr(0x1000000), 0xffffffff81000000, Pattern(0x3000, 1), 0x3000},
                   {PhysAddr(0x1200000), 0xffffffff81200000, Pattern(0x1800, 2), 0x4000},
                   {PhysAddr(0x1204000), 0, SharedBytes(), 0x2000}};
  kernel.alignment = Alignment::Of<0x200000>();
  kernel.entry = PhysAddr(0x1000040);
  return kernel;
}

X86Facts FactsWithRam(PhysRange ram) {
  X86Facts facts;
  facts.memory.handed_over = RamMap({ram});
  facts.memory.placeable = facts.memory.handed_over;
  return facts;
}

BootInputs InputsWith(decltype(KernelImage::image) image) {
  BootInputs inputs = InputsFor(SmallKernel(), {}, "quiet");
  inputs.kernel = {.type = "test", .image = std::move(image)};
  return inputs;
}

DirectLinux SmallDirect() {
  DirectLinux direct{SmallKernel(), SmallVmlinux(), {}, {}};
  direct.relocations.add64 = {0x81000100};
  return direct;
}

struct Planned {
  LinuxImage image;
  X86Placement placement;
  LoadPlan plan;
};

Result<Planned> PlanFor(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics) {
  KEXEC_ASSIGN(LinuxImage image, MakeLinuxImage(facts, inputs, diagnostics));
  const Handover handover = Handover::Compose(facts, inputs, image, diagnostics);
  KEXEC_ASSIGN(X86Placement placement, PlaceLinux(facts, inputs, image, handover.size(), PurgatoryMemSize()));
  LoadPlan plan = EmitLinux(inputs, image, placement, handover);
  return Planned{std::move(image), std::move(placement), std::move(plan)};
}

TEST(LinuxImage, AvoidsFiveLevelPagingWhereTheKernelDoesNotKnowIt) {
  X86Facts facts;
  facts.five_level = true;
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  BzImage& image = std::get<BzImage>(inputs.kernel.image);
  RecordingDiagnostics diagnostics;
  const auto mode = [&] { return MakeLinuxImage(facts, inputs, diagnostics).value().mode; };
  EXPECT_EQ(mode(), EntryMode::k64);
  image.five_level = false;
  EXPECT_EQ(mode(), EntryMode::k32);
  EXPECT_THAT(diagnostics.notes(),
              ElementsAre("32-bit entry: the running kernel uses five-level paging, which the "
                          "new one cannot be entered with"));
  facts.five_level = false;
  EXPECT_EQ(mode(), EntryMode::k64);
  inputs.entry_32bit = true;
  EXPECT_EQ(mode(), EntryMode::k32);
}

TEST(LinuxImage, LoadsAVmlinuxWhereItWasLinkedIfThatIsFree) {
  const X86Facts facts = FactsWithRam(Range(0x100000, 0x40000000));
  RecordingDiagnostics diagnostics;
  const auto planned = PlanFor(facts, InputsWith(SmallVmlinux()), diagnostics);
  ASSERT_TRUE(planned.has_value()) << planned.error().message();
  EXPECT_EQ(planned->placement.kernel, Pages(0x1000000, 0x1206000));
  const auto& segments = planned->plan.segments;
  ASSERT_EQ(segments.size(), 5u);
  EXPECT_EQ(segments[0].label, "kernel");
  EXPECT_EQ(segments[0].dest, Pages(0x1000000, 0x1003000));
  EXPECT_EQ(segments[1].label, "kernel 2");
  EXPECT_EQ(segments[1].dest, Pages(0x1200000, 0x1204000));
  EXPECT_EQ(segments[1].contents.size(), 0x1800u);
  EXPECT_EQ(segments[2].dest, Pages(0x1204000, 0x1206000));
  EXPECT_TRUE(segments[2].contents.empty());
}

TEST(LinuxImage, LeavesZerosAtTheEndOfAPieceToTheKernel) {
  std::vector<std::byte> bytes(0x1800);
  bytes[0x321] = std::byte{7};
  const auto file = ElfBuilder()
                        .Entry(0x1000000)
                        .LinuxNotes()
                        .Load({0x1000000, 0, std::vector<std::byte>(0x3000, std::byte{1}), {}})
                        .Load({0x1200000, 0, bytes, 0x4000})
                        .Load({0x1204000, 0, std::vector<std::byte>(0x2000), {}})
                        .BuildShared();
  RecordingDiagnostics diagnostics;
  const auto kernel = ParseKernel(file, {}, diagnostics);
  ASSERT_EQ(MessageOf(kernel), "success");
  const auto image = MakeLinuxImage({}, InputsWith(kernel->image), diagnostics);
  EXPECT_EQ(image->pieces[1].contents.size(), 0x322u);
  EXPECT_EQ(image->pieces[1].memory_size, 0x4000u);
  EXPECT_EQ(image->pieces[2].contents.size(), 0u);
}

TEST(LinuxImage, MovesA64BitVmlinuxAsAWhole) {
  const X86Facts facts = FactsWithRam(Range(0x3000000, 0x4000000));
  RecordingDiagnostics diagnostics;
  const auto planned = PlanFor(facts, InputsWith(SmallVmlinux()), diagnostics);
  ASSERT_TRUE(planned.has_value()) << planned.error().message();
  EXPECT_EQ(planned->placement.kernel, Pages(0x3c00000, 0x3e06000));
  EXPECT_EQ(planned->plan.segments[1].dest, Pages(0x3e00000, 0x3e04000));
}

TEST(LinuxImage, A32BitVmlinuxStaysWhereItWasLinked) {
  ElfKernel kernel = SmallVmlinux();
  kernel.is_64bit = false;
  RecordingDiagnostics diagnostics;
  const auto there = PlanFor(FactsWithRam(Range(0x100000, 0x40000000)), InputsWith(kernel), diagnostics);
  ASSERT_TRUE(there.has_value()) << there.error().message();
  EXPECT_EQ(there->image.mode, EntryMode::k32);
  EXPECT_EQ(there->placement.kernel, Pages(0x1000000, 0x1206000));
  const auto moved = PlanFor(FactsWithRam(Range(0x3000000, 0x4000000)), InputsWith(kernel), diagnostics);
  EXPECT_EQ(MessageOf(moved),
            "'kernel' must be at [0x1000000, 0x1206000), but [0x1000000, 0x1206000) is not free RAM");
}

TEST(LinuxImage, GivesAVmlinuxASetupHeader) {
  RecordingDiagnostics diagnostics;
  const auto image = MakeLinuxImage({}, InputsWith(SmallVmlinux()), diagnostics);
  const auto header = ReadAt<SetupHeader>(image->setup_header.view(), 0);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->boot_flag, kBootFlag);
  EXPECT_EQ(header->header, kHdrS);
  EXPECT_EQ(header->version, 0x020f);
  EXPECT_EQ(header->loadflags, kLoadedHigh);
  EXPECT_EQ(header->pref_address, 0x1000000u);
  EXPECT_EQ(header->init_size, 0x206000u);
  EXPECT_EQ(header->cmdline_size, 2047u);
  EXPECT_EQ(image->entry_offset, 0x40u);
  EXPECT_EQ(image->command_line_max, 2047u);
}

TEST(LinuxImage, WarnsWhereAVmlinuxMayNotKnowFiveLevelPaging) {
  X86Facts facts;
  facts.five_level = true;
  RecordingDiagnostics diagnostics;
  const auto warnings = [&](const char* version) {
    ElfKernel kernel = SmallVmlinux();
    kernel.version = version;
    EXPECT_TRUE(MakeLinuxImage(facts, InputsWith(kernel), diagnostics).has_value());
    return diagnostics.TakeWarnings();
  };
  for (const char* version : {"", "rubbish", "5", "5.", "4.19.0-1", "5.4.0-42 (x)", "99999999999.1"}) {
    EXPECT_THAT(
        warnings(version),
        ElementsAre("the running kernel uses five-level paging, and a vmlinux does not tell whether it "
                    "can be entered with it: it must be built with CONFIG_X86_5LEVEL"))
        << version;
  }
  for (const char* version : {"5.5.0", "5.10.0-9", "6.1.0-49-cloud-amd64 (x)", "10.0"}) {
    EXPECT_THAT(warnings(version), IsEmpty()) << version;
  }
}

TEST(DirectLinux, RunsAtRandomAddresses) {
  const X86Facts facts = FactsWithRam(Range(0x100000, 0x40000000));
  BootInputs inputs = InputsWith(SmallDirect());
  inputs.kaslr_seed = {{3, 2}};
  RecordingDiagnostics diagnostics;
  const auto planned = PlanFor(facts, inputs, diagnostics);
  ASSERT_TRUE(planned.has_value()) << planned.error().message();
  EXPECT_EQ(planned->placement.kernel, Pages(0x1600000, 0x1806000));  // the fourth of the free places
  EXPECT_TRUE(planned->image.randomised);
  const auto before = ReadAt<Le<uint64_t>>(SmallVmlinux().pieces[0].contents.view(), 0x100);
  const auto after = ReadAt<Le<uint64_t>>(planned->plan.segments[0].contents.view(), 0x100);
  EXPECT_EQ(*after - *before, 2u * 0x200000);  // the third virtual address
  const ReadBoot boot = FollowBoot(MemoryOf(planned->plan), planned->plan.entry);
  EXPECT_EQ(boot.params.header.loadflags, kLoadedHigh | kKaslr);
  EXPECT_EQ(boot.command_line, "quiet");
}

TEST(DirectLinux, KeepsItsVirtualAddressesBelowTheModules) {
  BootInputs inputs = InputsWith(SmallDirect());
  const auto before = ReadAt<Le<uint64_t>>(SmallVmlinux().pieces[0].contents.view(), 0x100).value();
  RecordingDiagnostics diagnostics;
  for (const uint64_t random : {uint64_t{0}, uint64_t{501}, uint64_t{502}, uint64_t{503}, UINT64_MAX}) {
    inputs.kaslr_seed = {{0, random}};
    const auto image = MakeLinuxImage({}, inputs, diagnostics);
    const auto after = ReadAt<Le<uint64_t>>(image->pieces[0].contents.view(), 0x100).value();
    const uint64_t distance = after - before;
    EXPECT_EQ(distance % 0x200000, 0u);
    EXPECT_LE(0x1206000 + distance, uint64_t{1} << 30) << random;
  }
}

TEST(DirectLinux, StaysWhereItWasLinkedIfToldSo) {
  const X86Facts facts = FactsWithRam(Range(0x100000, 0x40000000));
  BootInputs inputs = InputsWith(SmallDirect());
  inputs.kaslr_seed = {{3, 2}};
  RecordingDiagnostics diagnostics;
  for (const char* command_line : {"nokaslr", "quiet nokaslr", "nokaslr quiet"}) {
    inputs.command_line = command_line;
    const auto planned = PlanFor(facts, inputs, diagnostics);
    ASSERT_TRUE(planned.has_value());
    EXPECT_EQ(planned->placement.kernel, Pages(0x1000000, 0x1206000)) << command_line;
    EXPECT_FALSE(planned->image.randomised);
  }
  for (const char* command_line : {"notnokaslr=1", "nokaslrX", "xnokaslr"}) {
    inputs.command_line = command_line;
    EXPECT_TRUE(MakeLinuxImage(facts, inputs, diagnostics)->randomised) << command_line;
  }
  std::get<DirectLinux>(inputs.kernel.image).relocations = {};
  std::get<DirectLinux>(inputs.kernel.image).why_fixed = "it has no relocations";
  EXPECT_FALSE(MakeLinuxImage(facts, inputs, diagnostics)->randomised);
  EXPECT_THAT(
      diagnostics.notes(),
      ElementsAre("the kernel's virtual addresses are those it was linked for: it has no relocations"));
}

TEST(DirectLinux, ACrashKernelsPlaceIsNotDrawn) {
  BootInputs inputs = InputsWith(SmallDirect());
  inputs.kaslr_seed = {{3, 2}};
  inputs.kind = LoadKind::kCrash;
  RecordingDiagnostics diagnostics;
  const auto image = MakeLinuxImage({}, inputs, diagnostics);
  EXPECT_TRUE(image->randomised);
  EXPECT_EQ(image->base, KernelBase::kLinkedOrOther);
}

TEST(DirectLinux, IsEnteredAtItsDecompressorWhereThatIsNeeded) {
  struct Case {
    void (*need)(X86Facts& facts, BootInputs& inputs);
    const char* warning;
  };
  const Case cases[] = {
      {[](X86Facts&, BootInputs& inputs) { inputs.command_line = "quiet mem=1G"; },
       "the kernel is entered at its decompressor: it has to find a place that 'mem=' or 'memmap=' on the "
       "command line leaves"},
      {[](X86Facts&, BootInputs& inputs) { inputs.command_line = "memmap=1G$2G"; },
       "the kernel is entered at its decompressor: it has to find a place that 'mem=' or 'memmap=' on the "
       "command line leaves"},
      {[](X86Facts&, BootInputs& inputs) { inputs.entry_32bit = true; },
       "the kernel is entered at its decompressor: --entry-32bit enters the decompressor"},
      {[](X86Facts& facts, BootInputs&) { facts.confidential_guest = true; },
       "the kernel is entered at its decompressor: in a confidential guest it has to set up encryption and "
       "accept memory"},
      {[](X86Facts& facts, BootInputs& inputs) {
         facts.five_level = true;
         std::get<DirectLinux>(inputs.kernel.image).packed.five_level = false;
       },
       "the kernel is entered at its decompressor: it has to leave five-level paging, which this kernel "
       "cannot be entered with"},
  };
  for (const Case& one : cases) {
    X86Facts facts;
    BootInputs inputs = InputsWith(SmallDirect());
    RecordingDiagnostics diagnostics;
    one.need(facts, inputs);
    const auto image = MakeLinuxImage(facts, inputs, diagnostics);
    ASSERT_TRUE(image.has_value());
    EXPECT_EQ(image->size, SmallKernel().init_size);
    EXPECT_THAT(diagnostics.TakeWarnings(), ElementsAre(one.warning));
  }
}

TEST(BootsAsLinux, DecidesByFormatNotesAndOption) {
  ElfKernel other = SmallVmlinux();
  other.is_linux = false;
  const auto boots = [](auto image, ElfHandover handover) {
    return BootsAsLinux({.type = "test", .image = std::move(image)}, handover);
  };
  EXPECT_TRUE(boots(SmallKernel(), ElfHandover::kNone));
  EXPECT_TRUE(boots(SmallVmlinux(), ElfHandover::kByImage));
  EXPECT_FALSE(boots(SmallVmlinux(), ElfHandover::kPvh));
  EXPECT_FALSE(boots(other, ElfHandover::kByImage));
  EXPECT_TRUE(boots(other, ElfHandover::kLinux));
  EXPECT_FALSE(boots(MultibootKernel{}, ElfHandover::kLinux));
}

}  // namespace
}  // namespace kexec::testing
