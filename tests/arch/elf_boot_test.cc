// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/elf_boot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/elf_boot_notes.h"
#include "arch/x86_64/purgatory/params.h"
#include "kexec/validate.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class ElfBoot : public ::testing::Test {
 protected:
  ElfBoot() {
    facts.memory.handed_over = MemoryMap::FromRegions({{Range(0, 0x9fc00), MemoryType::kRam},
                                                       {Range(0xf0000, 0x100000), MemoryType::kReserved},
                                                       {Range(0x100000, 0x40000000), MemoryType::kRam},
                                                       {Range(0x100000000, 0x140000000), MemoryType::kRam}});
    facts.memory.placeable = facts.memory.handed_over;
    facts.acpi_rsdp = 0xf5a40;
    kernel.is_64bit = true;
    kernel.pieces = {{PhysAddr(0x200000), 0, Pattern(0x1234, 1), 0x2000},
                     {PhysAddr(0x300010), 0, Pattern(0x100, 2), 0x3000}};
    kernel.entry = PhysAddr(0x200100);
  }

  Result<LoadPlan> Plan() {
    inputs.kernel = {.type = "elf-x86_64", .image = kernel};
    KEXEC_ASSIGN(const auto placed, PlaceElf(facts, inputs, diagnostics));
    return placed->Emit();
  }

  static kexec_purgatory_params ParamsOf(const LoadPlan& plan) {
    for (const Segment& segment : plan.segments) {
      if (segment.label == "purgatory")
        return ReadAt<kexec_purgatory_params>(segment.contents.view(), 0).value();
    }
    ADD_FAILURE() << "no purgatory";
    return {};
  }

  std::vector<std::pair<std::string, PageRange>> SegmentsOf(const LoadPlan& plan) const {
    std::vector<std::pair<std::string, PageRange>> found;
    for (const Segment& segment : plan.segments) {
      if (segment.label != "purgatory") found.emplace_back(segment.label, segment.dest);
    }
    EXPECT_TRUE(Validate(plan, {.destination = Range(0, (uint64_t{1} << 46) - 1),
                                .memory = &facts.memory.placeable,
                                .total_ram_pages = 0})
                    .has_value());
    return found;
  }

  X86Facts facts;
  ElfKernel kernel;
  BootInputs inputs = InputsFor(SmallKernel(), {}, "one two");
  RecordingDiagnostics diagnostics;
};

uint64_t Word(const PhysicalMemory& memory, uint64_t address) {
  return ReadAt<Le<uint64_t>>(memory.Read(PhysAddr(address), 8), 0).value();
}

std::string TextAt(const PhysicalMemory& memory, uint64_t address) {
  return memory.ReadString(PhysAddr(address));
}

TEST_F(ElfBoot, TellsByNotesWhatNobodyElseTells) {
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_THAT(SegmentsOf(*plan), ElementsAre(Pair("kernel", Pages(0x200000, 0x202000)),
                                             Pair("kernel 2", Pages(0x300000, 0x304000)),
                                             Pair("boot notes", Pages(0x13ffff000, 0x140000000))));
  const auto params = ParamsOf(*plan);
  EXPECT_EQ(params.entry_kind, uint32_t{KEXEC_PURGATORY_ENTRY_64});
  EXPECT_EQ(params.kernel_entry, 0x200100u);
  EXPECT_EQ(params.registers.rdi, 0x13ffff000u);
  const PhysicalMemory memory = MemoryOf(*plan);
  EXPECT_EQ(static_cast<uint32_t>(Word(memory, 0x13ffff000)), kElfBootNotesMagic);
}

TEST_F(ElfBoot, EntersA32BitImageWithMagicAndNotesBelow4GiB) {
  kernel.is_64bit = false;
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_THAT(SegmentsOf(*plan)[2], Pair("boot notes", Pages(0x3ffff000, 0x40000000)));
  const auto params = ParamsOf(*plan);
  EXPECT_EQ(params.entry_kind, uint32_t{KEXEC_PURGATORY_ENTRY_32});
  EXPECT_EQ(params.registers.rax, kElfBootNotesMagic);
  EXPECT_EQ(params.registers.rbx, 0x3ffff000u);
}

TEST_F(ElfBoot, TellsNothingIfToldSo) {
  inputs.elf_handover = ElfHandover::kNone;
  EXPECT_EQ(MessageOf(Plan()), "--args-none passes nothing, also not a command line");
  inputs.command_line.clear();
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_EQ(SegmentsOf(*plan).size(), 2u);
  EXPECT_EQ(ParamsOf(*plan).registers.rdi, 0u);
}

TEST_F(ElfBoot, MovesAPositionIndependentImage) {
  kernel.position_independent = true;
  kernel.alignment = Alignment::Of<0x100000>();
  facts.memory.placeable = RamMap({Range(0x500000, 0x900000)});
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_THAT(SegmentsOf(*plan)[0], Pair("kernel", Pages(0x500000, 0x502000)));
  EXPECT_THAT(SegmentsOf(*plan)[1], Pair("kernel 2", Pages(0x600000, 0x604000)));
  EXPECT_EQ(ParamsOf(*plan).kernel_entry, 0x500100u);
}

// struct hvm_start_info by its offsets (xen/include/public/arch-x86/hvm/start_info.h), read on its own.
TEST_F(ElfBoot, TellsAPvhKernelEverythingInStartInfo) {
  kernel.pvh_entry = PhysAddr(0x200200);
  inputs.initrds = {Pattern(0x1800, 5)};
  inputs.modules = {{Pattern(0x10, 6), "/boot/extra with words"}};
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_THAT(SegmentsOf(*plan)[0], Pair("start_info", Pages(0x100000, 0x101000)));
  EXPECT_THAT(SegmentsOf(*plan)[3], Pair("module 1", Pages(0x3fffd000, 0x3fffe000)));
  EXPECT_THAT(SegmentsOf(*plan)[4], Pair("initrd", Pages(0x3fffe000, 0x40000000)));
  const auto params = ParamsOf(*plan);
  EXPECT_EQ(params.entry_kind, uint32_t{KEXEC_PURGATORY_ENTRY_32});
  EXPECT_EQ(params.kernel_entry, 0x200200u);
  EXPECT_EQ(params.registers.rbx, 0x100000u);

  const PhysicalMemory memory = MemoryOf(*plan);
  const uint64_t info = params.registers.rbx;
  EXPECT_EQ(Word(memory, info), 0x00000001336ec578u);    // magic, version 1
  EXPECT_EQ(Word(memory, info + 8), uint64_t{2} << 32);  // flags, two modules
  const uint64_t modules = Word(memory, info + 16);
  EXPECT_EQ(TextAt(memory, Word(memory, info + 24)), "one two");
  EXPECT_EQ(Word(memory, info + 32), 0xf5a40u);
  const uint64_t map = Word(memory, info + 40);
  EXPECT_EQ(Word(memory, info + 48), 4u);
  EXPECT_EQ(Word(memory, modules), 0x3fffe000u);
  EXPECT_EQ(Word(memory, modules + 8), 0x1800u);
  EXPECT_EQ(TextAt(memory, Word(memory, modules + 16)), "");
  EXPECT_EQ(Word(memory, modules + 32), 0x3fffd000u);
  EXPECT_EQ(TextAt(memory, Word(memory, modules + 48)), "/boot/extra with words");
  EXPECT_EQ(Word(memory, map + 24), 0xf0000u);
  EXPECT_EQ(Word(memory, map + 32), 0x10000u);
  EXPECT_EQ(Word(memory, map + 40), 2u);  // reserved
}

TEST_F(ElfBoot, RefusesWhatItCannotHandOver) {
  inputs.initrds = {Pattern(1, 1)};
  EXPECT_EQ(MessageOf(Plan()),
            "this ELF image is not Linux and has no PVH entry: nothing tells it about an initrd");
  inputs.initrds.clear();
  inputs.modules = {{Pattern(1, 1), "x"}};
  EXPECT_EQ(MessageOf(Plan()), "--module needs a multiboot kernel or one with a PVH entry");
  inputs.modules.clear();
  inputs.elf_handover = ElfHandover::kPvh;
  EXPECT_EQ(MessageOf(Plan()), "--args-pvh: the image has no PVH entry (no note XEN_ELFNOTE_PHYS32_ENTRY)");
  kernel.pvh_entry = PhysAddr(0x200000);
  inputs.initrds = {Pattern(1, 1), Pattern(1, 1)};
  EXPECT_EQ(MessageOf(Plan()), "2 initrds: by its PVH entry a kernel takes one; concatenate them");
  inputs.initrds.clear();
  kernel.pieces[0].address = PhysAddr(0xa0000);
  EXPECT_EQ(MessageOf(Plan()),
            "'kernel' must be at [0xa0000, 0xa2000), but [0xa0000, 0xa2000) is not free RAM");
}

// The Internet checksum of the whole is zero, each note is where the one before ends.
TEST(ElfBootNotes, AreWellFormed) {
  const auto notes = MakeElfBootNotes("1.2", "root=/dev/vda");
  EXPECT_EQ(ReadAt<Le<uint32_t>>(notes, 4).value(), notes.size());
  EXPECT_EQ(ReadAt<Le<uint16_t>>(notes, 10).value(), 3);
  uint32_t sum = 0;
  for (size_t i = 0; i < notes.size(); i += 2) sum += ReadAt<Le<uint16_t>>(notes, i).value();
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu);
  std::vector<std::pair<uint32_t, std::string>> read;
  for (size_t at = 12; at < notes.size();) {
    const uint32_t size = ReadAt<Le<uint32_t>>(notes, at + 4).value();
    const Bytes text = Bytes(notes).subspan(at + 12, size - 1);
    read.emplace_back(ReadAt<Le<uint32_t>>(notes, at + 8).value(), std::string());
    for (const std::byte b : text) read.back().second += static_cast<char>(b);
    at += 12 + (size + 3) / 4 * 4;
  }
  EXPECT_THAT(read, ElementsAre(Pair(2, "kexec"), Pair(3, "1.2"), Pair(4, "root=/dev/vda")));
}

}  // namespace
}  // namespace kexec::testing
