// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/multiboot_boot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kexec/validate.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/arch/multiboot_reader.h"
#include "tests/support/multiboot_builder.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr uint64_t k4GiB = uint64_t{1} << 32;

// ACPI 5.2.5.3, with both checksums right.
std::vector<std::byte> RootPointer(bool second, uint32_t rsdt = 0x7fe1234) {
  std::vector<std::byte> bytes(second ? 36 : 20);
  std::memcpy(bytes.data(), "RSD PTR \0BOCHS ", 15);
  std::memcpy(bytes.data() + 16, &rsdt, 4);
  const auto fix = [&](size_t length, size_t at) {
    unsigned sum = 0;
    for (size_t i = 0; i < length; ++i) sum += std::to_integer<unsigned>(bytes[i]);
    bytes[at] = static_cast<std::byte>(256 - sum % 256);
  };
  if (second) {
    bytes[15] = std::byte{2};
    bytes[20] = std::byte{36};
    bytes[24] = std::byte{0x78};
  }
  fix(20, 8);
  if (second) fix(36, 32);
  return bytes;
}

class MultibootBoot : public ::testing::Test {
 protected:
  MultibootBoot() {
    facts.memory.handed_over =
        MemoryMap::FromRegions({{Range(0, 0x9fc00), MemoryType::kRam},
                                {Range(0xf0000, 0x100000), MemoryType::kReserved},
                                {Range(0x100000, 0x40000000), MemoryType::kRam},
                                {Range(0x40000000, 0x40010000), MemoryType::kAcpiTables},
                                {Range(0x50000000, 0x50010000), MemoryType::kPersistent},
                                {Range(k4GiB, 0x140000000), MemoryType::kRam}});
    facts.memory.placeable = facts.memory.handed_over;
    facts.root = machine.path();
    kernel.version = 2;
    kernel.pieces = {{PhysAddr(0x200010), 0, Pattern(0x1230, 1), 0x1ff0},
                     {PhysAddr(0x203000), 0, Pattern(0x100, 2), 0x3000}};
    kernel.entry = PhysAddr(0x200100);
    kernel.page_aligned_modules = true;
  }

  Result<LoadPlan> Plan() {
    inputs.kernel = {.type = "multiboot2-x86", .image = kernel};
    KEXEC_ASSIGN(const auto placed, PlaceMultiboot(facts, inputs, diagnostics));
    return placed->Emit();
  }

  ReadMultiboot Boot() {
    const auto plan = Plan();
    EXPECT_EQ(MessageOf(plan), "success");
    if (!plan) return {};
    const auto valid = Validate(*plan, {.destination = Range(0, (uint64_t{1} << 46) - 1),
                                        .memory = &facts.memory.placeable,
                                        .total_ram_pages = 0,
                                        .crash_regions = {}});
    EXPECT_EQ(MessageOf(valid), "success");
    for (const Segment& segment : plan->segments) EXPECT_LE(segment.dest.end().raw(), k4GiB) << segment.label;
    loaded = MemoryOf(*plan);
    return FollowMultiboot(*plan);
  }

  bool LiesAt(uint64_t address, const SharedBytes& bytes) const {
    return std::ranges::equal(loaded.Read(PhysAddr(address), bytes.size()), bytes.view());
  }

  ScratchRoot machine;
  X86Facts facts;
  MultibootKernel kernel;
  BootInputs inputs{.kernel = {},
                    .kernel_name = "/boot/xen.gz",
                    .initrds = {},
                    .modules = {},
                    .command_line = "dom0_mem=1G",
                    .window = WholeMemory(),
                    .entry = {}};
  PhysicalMemory loaded;
  RecordingDiagnostics diagnostics;
};

TEST_F(MultibootBoot, APlainKernelLiesWhereItWasLinked) {
  const ReadMultiboot boot = Boot();
  EXPECT_EQ(boot.version, 2);
  EXPECT_EQ(boot.entry, 0x200100u);
  for (const LoadPiece& piece : kernel.pieces) EXPECT_TRUE(LiesAt(piece.address.raw(), piece.contents));
  EXPECT_EQ(boot.information, 0x206000u);
  EXPECT_EQ(boot.command_line, "/boot/xen.gz dom0_mem=1G");
  EXPECT_THAT(boot.loader, MatchesRegex("kexec-ng [0-9.]+"));
  EXPECT_THAT(boot.loader, Not(HasSubstr("GRUB ")));  // Xen keeps the first word for GRUB 2 only
  EXPECT_EQ(boot.lower_kib, 0x9fc00u / 1024);
  EXPECT_EQ(boot.upper_kib, (0x40000000u - 0x100000u) / 1024);
  EXPECT_THAT(boot.memory,
              ElementsAre(std::tuple(0, 0x9fc00, 1), std::tuple(0xf0000, 0x10000, 2),
                          std::tuple(0x100000, 0x3ff00000, 1), std::tuple(0x40000000, 0x10000, 3),
                          std::tuple(0x50000000, 0x10000, 2), std::tuple(k4GiB, 0x40000000, 1)));
  EXPECT_TRUE(boot.screen.empty());
  EXPECT_TRUE(boot.tags.empty());
}

TEST_F(MultibootBoot, Version1IsToldTheSame) {
  kernel.version = 1;
  inputs.modules = {{Pattern(0x1801, 3), "/boot/vmlinuz root=/dev/sda1"}, {Pattern(1, 4), "/boot/initrd"}};
  const ReadMultiboot boot = Boot();
  EXPECT_EQ(boot.version, 1);
  EXPECT_EQ(boot.flags, 0x24du);
  EXPECT_EQ(boot.command_line, "/boot/xen.gz dom0_mem=1G");
  EXPECT_EQ(boot.memory.size(), 6u);
  ASSERT_EQ(boot.modules.size(), 2u);
  EXPECT_EQ(boot.modules[0].arguments, "/boot/vmlinuz root=/dev/sda1");
  EXPECT_EQ(boot.modules[1].arguments, "/boot/initrd");
}

TEST_F(MultibootBoot, ModulesFollowTheKernelFromPageToPage) {
  inputs.modules = {{Pattern(0x1801, 3), "/boot/vmlinuz root=/dev/sda1"}, {Pattern(1, 4), "/boot/initrd"}};
  const ReadMultiboot boot = Boot();
  ASSERT_EQ(boot.modules.size(), 2u);
  EXPECT_EQ(boot.modules[0].begin, 0x206000u);
  EXPECT_EQ(boot.modules[0].end, 0x207801u);
  EXPECT_EQ(boot.modules[1].begin, 0x208000u);
  EXPECT_EQ(boot.modules[1].end, 0x208001u);
  EXPECT_EQ(boot.information, 0x209000u);
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(LiesAt(boot.modules[i].begin, inputs.modules[i].contents));
}

TEST_F(MultibootBoot, ManyModulesShareASegment) {
  for (unsigned i = 0; i < 40; ++i) inputs.modules.push_back({Pattern(100 + i * 300, i), std::to_string(i)});
  const ReadMultiboot boot = Boot();
  ASSERT_EQ(boot.modules.size(), 40u);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(boot.modules[i].begin % 4096, 0u);
    EXPECT_EQ(boot.modules[i].end - boot.modules[i].begin, inputs.modules[i].contents.size());
    EXPECT_EQ(boot.modules[i].arguments, std::to_string(i));
    EXPECT_TRUE(LiesAt(boot.modules[i].begin, inputs.modules[i].contents)) << i;
  }
}

TEST_F(MultibootBoot, APreferenceMovesTheKernel) {
  kernel.relocation = MultibootRelocation{.lowest = PhysAddr(0x300000),
                                          .highest = PhysAddr(0xffffffff),
                                          .alignment = Alignment::Of<0x200000>(),
                                          .prefers_high = true};
  ReadMultiboot boot = Boot();
  EXPECT_EQ(boot.entry, 0x3fe000f0u);
  EXPECT_TRUE(LiesAt(0x3fe00000, kernel.pieces[0].contents));
  EXPECT_TRUE(LiesAt(0x3fe02ff0, kernel.pieces[1].contents));
  EXPECT_EQ(boot.information, 0x100000u);
  EXPECT_EQ(boot.tags.at(21), WordBytes({0x3fe00000}));
  kernel.relocation->prefers_high = false;
  kernel.relocation->prefers_low = true;
  boot = Boot();
  EXPECT_EQ(boot.entry, 0x4000f0u);
  EXPECT_EQ(boot.tags.at(21), WordBytes({0x400000}));
}

TEST_F(MultibootBoot, WithoutPreferenceItMovesOnlyIfItMust) {
  kernel.relocation = MultibootRelocation{.lowest = PhysAddr(0), .highest = PhysAddr(0xffffffff)};
  ReadMultiboot boot = Boot();
  EXPECT_EQ(boot.entry, 0x200100u);
  EXPECT_EQ(boot.tags.at(21), WordBytes({0x200010}));
  facts.memory.placeable = RamMap({Range(0x100000, 0x205000), Range(0x205000 + 0x1000, 0x40000000)});
  boot = Boot();
  EXPECT_EQ(boot.entry, 0x1000f0u);
  EXPECT_THAT(
      diagnostics.notes(),
      Contains("'kernel' must be at [0x203000, 0x206000), but [0x205000, 0x206000) is not free RAM; it "
               "is relocatable"));
}

TEST_F(MultibootBoot, WithoutPreferenceItDoesNotStayWhereItsTagForbids) {
  const MultibootRelocation forbidding[] = {
      {.lowest = PhysAddr(0x400000), .highest = PhysAddr(0xffffffff)},
      {.lowest = PhysAddr(0), .highest = PhysAddr(0x1fffff)},
      {.lowest = PhysAddr(0), .highest = PhysAddr(0xffffffff), .alignment = Alignment::Of<0x1000>()},
  };
  std::vector<uint64_t> entries;
  for (const MultibootRelocation& relocation : forbidding) {
    kernel.relocation = relocation;
    entries.push_back(Boot().entry);
  }
  EXPECT_THAT(entries, ElementsAre(0x4000f0, 0x1000f0, 0x1000f0));
}

TEST_F(MultibootBoot, ATakenPlaceIsSaid) {
  facts.memory.placeable = RamMap({Range(0x100000, 0x202000), Range(0x400000, 0x40000000)});
  EXPECT_EQ(MessageOf(Plan()),
            "'kernel' must be at [0x203000, 0x206000), but [0x203000, 0x206000) is not free RAM");
  kernel.relocation = MultibootRelocation{.lowest = PhysAddr(0x200000), .highest = PhysAddr(0x3fffff)};
  EXPECT_EQ(MessageOf(Plan()),
            "no room for 'kernel': need 0x6000 bytes aligned to 0x1000 in [0x200000, 0x400000); largest free "
            "piece is 0x2000 at 0x200000");
}

TEST_F(MultibootBoot, InitrdsAreRefused) {
  inputs.initrds = {Pattern(10, 1)};
  EXPECT_EQ(MessageOf(Plan()), "a multiboot kernel takes --module=\"FILE ARGS\", not --initrd");
}

TEST_F(MultibootBoot, RuntimeServicesAreLeftAlone) {
  facts.efi.emplace();
  facts.efi->systab = 0x3f000018;
  facts.efi->runtime_map.resize(1);
  facts.efi->runtime_map[0].physical = 0x206000;
  facts.efi->runtime_map[0].pages = 2;
  EXPECT_EQ(Boot().information, 0x208000u);
}

TEST_F(MultibootBoot, TheSystemTableIsForThoseWhoAskForIt) {
  facts.efi.emplace();
  facts.efi->systab = 0x3f000018;
  EXPECT_THAT(Boot().tags, Not(Contains(Key(12))));
  kernel.requested_tags = {12};
  EXPECT_EQ(Boot().tags.at(12), WordBytes({0x3f000018, 0}));
  inputs.pass_efi = false;
  EXPECT_THAT(Boot().tags, Not(Contains(Key(12))));
}

TEST_F(MultibootBoot, FirmwareTablesAreCopied) {
  std::string memory(0x100000, '\0');
  const auto pointer = RootPointer(true);
  std::memcpy(memory.data() + 0xf1230, pointer.data(), pointer.size());
  machine.File("dev/mem", memory);
  machine.File("sys/firmware/dmi/tables/smbios_entry_point", std::string_view("_SM3_\0\x18\x03\x02\0", 10));
  machine.File("sys/firmware/dmi/tables/DMI", "structures");
  ReadMultiboot boot = Boot();
  EXPECT_EQ(boot.tags.at(14), std::vector(pointer.begin(), pointer.begin() + 20));
  EXPECT_EQ(boot.tags.at(15), pointer);
  ASSERT_EQ(boot.tags.at(13).size(), 18u);
  EXPECT_EQ(boot.tags.at(13)[0], std::byte{3});
  EXPECT_EQ(boot.tags.at(13)[1], std::byte{2});
  EXPECT_EQ(std::memcmp(boot.tags.at(13).data() + 8, "structures", 10), 0);
  kernel.version = 1;
  EXPECT_TRUE(Boot().tags.empty());
}

ScreenInfo LinearScreen() {
  ScreenInfo info = {};
  info.orig_video_is_vga = kVideoTypeEfi;
  info.lfb_base = 0xc0000000;
  info.lfb_width = 1280;
  info.lfb_height = 800;
  info.lfb_depth = 32;
  info.lfb_linelength = 5120;
  info.red_pos = 16;
  info.red_size = info.green_size = info.blue_size = 8;
  info.green_pos = 8;
  return info;
}

TEST_F(MultibootBoot, ALinearFrameBufferIsDescribed) {
  facts.running.emplace();
  facts.running->screen_info = LinearScreen();
  std::vector<std::byte> described = WordBytes({0xc0000000, 0, 5120, 1280, 800, 0x00000120, 0x08080810});
  described.push_back(std::byte{0});
  described.push_back(std::byte{8});
  EXPECT_EQ(Boot().screen, described);
  kernel.version = 1;
  EXPECT_TRUE(Boot().screen.empty());  // it has not asked
  kernel.uses_framebuffer = true;
  described.erase(described.begin() + 22, described.begin() + 24);  // no padding before the colours there
  EXPECT_EQ(Boot().screen, described);
}

TEST_F(MultibootBoot, TextModeIsDescribed) {
  facts.running.emplace();
  facts.running->screen_info.orig_video_is_vga = 1;
  facts.running->screen_info.orig_video_mode = 3;
  facts.running->screen_info.orig_video_cols = 80;
  facts.running->screen_info.orig_video_lines = 25;
  const auto text = WordBytes({0xb8000, 0, 160, 80, 25, 0x00000210});
  EXPECT_EQ(Boot().screen, text);
  facts.framebuffer.emplace();  // a driver that hides its address has left that mode
  EXPECT_TRUE(Boot().screen.empty());
  inputs.purgatory.reset_vga = true;
  EXPECT_EQ(Boot().screen, text);
}

TEST_F(MultibootBoot, AScreenItNeedsMustBeThere) {
  kernel.needs_console = true;
  kernel.uses_ega_text = true;
  EXPECT_EQ(
      MessageOf(Plan()),
      "the kernel needs a screen, and the running kernel knows of none in text mode or with a linear frame "
      "buffer; --reset-vga sets text mode on a VGA");
  facts.running.emplace();
  facts.running->screen_info = LinearScreen();
  EXPECT_EQ(
      MessageOf(Plan()),
      "the kernel needs a text console, the screen is in graphics mode; --reset-vga sets text mode on a VGA");
  inputs.purgatory.reset_vga = true;
  EXPECT_FALSE(Boot().screen.empty());
  kernel.uses_ega_text = false;
  kernel.uses_framebuffer = true;
  EXPECT_EQ(MessageOf(Plan()), "the kernel needs a linear frame buffer, the screen is in text mode");
  inputs.purgatory.reset_vga = false;
  EXPECT_FALSE(Boot().screen.empty());
}

TEST_F(MultibootBoot, AfterUefiThereIsABiosDataArea) {
  facts.running.emplace();
  facts.running->efi_info.loader_signature = kEfiLoader64;
  facts.acpi_rsdp = 0x3f77d014;
  machine.File("dev/kmsg",
               "6,1,0,-;ACPI: RSDP 0x000000003F77D014 000024 (v02 BOCHS )\n"
               "6,2,0,-;ACPI: XSDT 0x000000003F77C0E8 000054 (v01 BOCHS  BXPC     00000001      01000013)\n");
  const ReadMultiboot boot = Boot();
  const kexec_purgatory_params params = PurgatoryOf(*Plan());
  EXPECT_EQ(params.backup_destination, 0u);
  EXPECT_EQ(params.backup_size, 0x500u);
  const auto low = loaded.Read(PhysAddr(params.backup_source), params.backup_size);
  EXPECT_EQ(*ReadAt<Le<uint16_t>>(low, 0x40e), 0x9e00);
  EXPECT_EQ(*ReadAt<Le<uint16_t>>(low, 0x413), 0x9e000 / 1024);
  EXPECT_EQ(loaded.ReadString(PhysAddr(0x9e000)), "\x04");
  EXPECT_EQ(loaded.Read(PhysAddr(0x9e010), 36), boot.tags.at(15));
  EXPECT_EQ(boot.lower_kib, 0x9e000u / 1024);
  EXPECT_THAT(boot.memory, Contains(std::tuple(0x9e000, 0x1000, 2)));
  EXPECT_THAT(boot.tags, Not(Contains(Key(14))));  // it names no RSDT
}

TEST_F(MultibootBoot, ABiosDataAreaThatIsThereStays) {
  facts.running.emplace();
  facts.running->efi_info.loader_signature = kEfiLoader64;
  std::string memory(0x1000, '\0');
  memory[0x413] = '\x7f';
  machine.File("dev/mem", memory);
  EXPECT_EQ(PurgatoryOf(*Plan()).backup_size, 0u);
  memory[0x413] = '\0';
  machine.File("dev/mem", memory);
  EXPECT_NE(PurgatoryOf(*Plan()).backup_size, 0u);
}

TEST_F(MultibootBoot, InXensFirstDomainPage0IsNotTheMachines) {
  machine.File("dev/mem", std::string(0x1000, '\0'));
  EXPECT_NE(PurgatoryOf(*Plan()).backup_size, 0u);
  facts.bios_data = true;
  EXPECT_EQ(PurgatoryOf(*Plan()).backup_size, 0u);
  facts.bios_data = false;
  EXPECT_NE(PurgatoryOf(*Plan()).backup_size, 0u);
}

TEST_F(MultibootBoot, TheFileNameIsOneWord) {
  inputs.kernel_name = "my kernel";
  inputs.command_line = "";
  EXPECT_EQ(Boot().command_line, "my_kernel");
}

}  // namespace
}  // namespace kexec::testing
