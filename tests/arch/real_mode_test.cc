// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels entered in real mode: where their parts lie, what their header is told, and on which machines it is
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "arch/x86_64/bios_services.h"
#include "arch/x86_64/purgatory/bios_vectors.h"
#include "arch/x86_64/real_mode_boot.h"
#include "arch/x86_64/real_mode_layout.h"
#include "arch/x86_64/real_mode_setup.h"
#include "loaders/bzimage/setup_header.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr size_t kPurgatorySize = 0x6000;

// As iPXE's .lkrn: protocol 2.07, nothing in it can be moved.
BzImage Ipxe() {
  BzImage image = SmallKernel();
  image.protocol = 0x0207;
  image.version = "1.0.0+git";
  image.real_mode_only = "its code32_start is 0";
  image.relocatable = false;
  image.alignment.reset();
  image.pref_address = PhysAddr(0x100000);
  image.initrd_addr_max = PhysAddr(0xffffffff);
  image.has_64bit_entry = false;
  image.can_load_above_4g = false;
  return image;
}

BzImage Zimage() {
  BzImage image = Ipxe();
  image.protocol = 0x0203;
  image.loaded_high = false;
  image.real_mode_only = "it is a zImage (LOADED_HIGH is clear)";
  image.pref_address = PhysAddr(0x10000);
  image.init_size = image.kernel.size();
  return image;
}

X86Facts FactsOf(MemoryMap map) {
  X86Facts facts;
  facts.memory.handed_over = map;
  facts.memory.placeable = std::move(map);
  return facts;
}

X86Facts Bios() { return FactsOf(RamMap({Range(0, 0x9fc00), Range(0x100000, 0x40000000)})); }

class RealModeLayout : public ::testing::Test {
 protected:
  Result<RealModePlacement> Place(const BootInputs& inputs, const X86Facts& facts = Bios()) {
    KEXEC_ASSIGN(const LinuxImage linux, MakeLinuxImage(facts, inputs, diagnostics_));
    return PlaceRealModeParts(facts, inputs, std::get<BzImage>(inputs.kernel.image), linux, kPurgatorySize);
  }
  std::string Refusal(const BootInputs& inputs, const X86Facts& facts = Bios()) {
    return MessageOf(Place(inputs, facts));
  }

  RecordingDiagnostics diagnostics_;
};

TEST_F(RealModeLayout, PutsCodeLowAndFilesHigh) {
  const auto placed = Place(InputsFor(Ipxe(), {0x1234, 0x1000}, "quiet"));
  ASSERT_EQ(MessageOf(placed), "success");
  EXPECT_EQ(placed->purgatory, Pages(0x1000, 0x7000)) << "page 0 is the BIOS's, whatever the map says";
  EXPECT_EQ(placed->setup, Pages(0x10000, 0x20000));
  EXPECT_EQ(placed->heap_end, 0xe000);
  EXPECT_EQ(placed->kernel, Pages(0x100000, 0x140000));
  EXPECT_THAT(placed->initrds, ElementsAre(Pages(0x3fffd000, 0x3ffff000), Pages(0x3ffff000, 0x40000000)));
}

TEST_F(RealModeLayout, PutsAZimageAndItsSetupWhereTheyRun) {
  const auto placed = Place(InputsFor(Zimage(), {0x1000}, "quiet"));
  ASSERT_EQ(MessageOf(placed), "success");
  EXPECT_EQ(placed->kernel, Pages(0x10000, 0x23000));
  EXPECT_EQ(placed->setup, Pages(0x90000, 0x9a000));
  EXPECT_EQ(placed->heap_end, 0x9800);
  EXPECT_EQ(placed->purgatory, Pages(0x1000, 0x7000));
}

TEST_F(RealModeLayout, PutsTheOldestProtocolsSetupAt0x90000) {
  BzImage image = Ipxe();
  image.protocol = 0x0201;
  const auto placed = Place(InputsFor(std::move(image), {}, ""));
  ASSERT_EQ(MessageOf(placed), "success");
  EXPECT_EQ(placed->setup, Pages(0x90000, 0x9a000));
  EXPECT_EQ(placed->kernel, Pages(0x100000, 0x140000));
}

TEST_F(RealModeLayout, MovesAModernKernelAsTheProtocolAllows) {
  BootInputs inputs = InputsFor(SmallKernel(), {0x1000}, "quiet");
  inputs.real_mode = true;
  inputs.window = Range(0x2000000, 0x30000000);
  const auto placed = Place(inputs);
  ASSERT_EQ(MessageOf(placed), "success");
  EXPECT_EQ(placed->kernel, Pages(0x2000000, 0x2040000));
  EXPECT_THAT(placed->initrds, ElementsAre(Pages(0x2ffff000, 0x30000000)));
  EXPECT_EQ(placed->setup, Pages(0x10000, 0x20000)) << "low memory is outside of every window";
}

TEST_F(RealModeLayout, KeepsInitrdsUnderTheImagesLimit) {
  BzImage image = Ipxe();
  image.initrd_addr_max = PhysAddr(0x1fffffff);
  EXPECT_THAT(Place(InputsFor(image, {0x1000}, ""))->initrds, ElementsAre(Pages(0x1ffff000, 0x20000000)));
  const X86Facts large =
      FactsOf(RamMap({Range(0, 0x9fc00), Range(0x100000, 0x80000000), Range(0x100000000, 0x180000000)}));
  EXPECT_THAT(Place(InputsFor(Ipxe(), {0x1000}, ""), large)->initrds,
              ElementsAre(Pages(0x7ffff000, 0x80000000)));
}

TEST_F(RealModeLayout, RefusesALineLongerThanTheImageTakes) {
  BzImage memdisk = Ipxe();
  memdisk.command_line_max = 496;
  EXPECT_EQ(Refusal(InputsFor(memdisk, {}, std::string(496, 'x'))), "success");
  EXPECT_EQ(Refusal(InputsFor(memdisk, {}, std::string(497, 'x'))),
            "the command line has 497 bytes, this kernel takes at most 496; shorten it");
  BzImage boundless = Ipxe();
  boundless.command_line_max = 0xffffffff;
  EXPECT_EQ(Refusal(InputsFor(boundless, {}, std::string(8191, 'x'))), "success");
  EXPECT_EQ(Refusal(InputsFor(boundless, {}, std::string(8192, 'x'))),
            "the command line has 8192 bytes, behind real-mode code is room for 8191; shorten it");
  boundless.protocol = 0x0201;
  EXPECT_EQ(Refusal(InputsFor(boundless, {}, std::string(2048, 'x'))),
            "the command line has 2048 bytes, behind real-mode code is room for 2047; shorten it");
}

TEST_F(RealModeLayout, RefusesWhatLowMemoryCannotHold) {
  BzImage image = Ipxe();
  image.setup = Pattern(0x8200, 1);
  EXPECT_EQ(Refusal(InputsFor(image, {}, "")),
            "the kernel's real-mode code has 0x8200 bytes, boot.rst allows 0x8000");
  BzImage large = Zimage();
  large.kernel = Pattern(0x80001, 1);
  large.init_size = large.kernel.size();
  EXPECT_EQ(Refusal(InputsFor(large, {}, "")),
            "the zImage's 0x80001 bytes from 0x10000 on reach into its real-mode code at 0x90000");
  const X86Facts small = FactsOf(RamMap({Range(0, 0x18000), Range(0x100000, 0x40000000)}));
  EXPECT_THAT(Refusal(InputsFor(Ipxe(), {}, ""), small),
              ::testing::StartsWith("no room for 'real-mode code'"));
  BootInputs low = InputsFor(Ipxe(), {}, "");
  low.window = Range(0, 0x100000);
  EXPECT_EQ(Refusal(low),
            "'kernel' must lie in [0x100000, 0x100000000), of which --mem-min and --mem-max leave nothing");
}

SetupHeader HeaderIn(const std::vector<std::byte>& setup) {
  SetupHeader header{};
  std::memcpy(&header, setup.data() + SetupHeader::kFileOffset, sizeof(header));
  return header;
}

constexpr RealModeAddresses kAddresses = {.setup = PhysAddr(0x10000),
                                          .heap_end = 0xe000,
                                          .kernel = PhysAddr(0x2000000),
                                          .initrd = PhysAddr(0x3fffd000),
                                          .initrd_size = 0x1234};

TEST(RealModeSetup, TellsWhatTheProtocolHasALoaderWrite) {
  const BzImage image = SmallKernel();
  const std::vector<std::byte> setup = WriteRealModeSetup(image, "quiet vga=ask", kAddresses);
  ASSERT_EQ(setup.size(), 0xe000U + 14);
  const SetupHeader header = HeaderIn(setup);
  EXPECT_EQ(header.type_of_loader, 0xd0);
  EXPECT_EQ(header.loadflags, 0x81);
  EXPECT_EQ(header.heap_end_ptr, 0xde00);
  EXPECT_EQ(header.cmd_line_ptr, 0x1e000U);
  EXPECT_EQ(header.ramdisk_image, 0x3fffd000U);
  EXPECT_EQ(header.ramdisk_size, 0x1234U);
  EXPECT_EQ(header.code32_start, 0x2000000U);
  EXPECT_EQ(header.vid_mode, 0xfffd);
  EXPECT_STREQ(reinterpret_cast<const char*>(setup.data()) + 0xe000, "quiet vga=ask");
  // All else is the image's.
  std::vector<std::byte> code(image.setup.view().begin(), image.setup.view().end());
  std::memcpy(code.data() + SetupHeader::kFileOffset, &header, sizeof(header));
  EXPECT_TRUE(std::equal(code.begin(), code.end(), setup.begin()));
  EXPECT_TRUE(std::all_of(setup.begin() + static_cast<ptrdiff_t>(code.size()), setup.begin() + 0xe000,
                          [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST(RealModeSetup, LeavesAloneWhatCannotBeMoved) {
  const BzImage image = Ipxe();
  const SetupHeader header = HeaderIn(WriteRealModeSetup(image, "", kAddresses));
  EXPECT_EQ(header.code32_start, 0x100000U) << "as in the fixture's header";
  EXPECT_EQ(header.vid_mode, 0xffff);
}

TEST(RealModeSetup, WritesNoFieldThatAProtocolDoesNotHave) {
  BzImage image = Ipxe();
  image.protocol = 0x0200;
  image.setup_header = *image.setup_header.Slice(0, 0x224 - SetupHeader::kFileOffset);
  RealModeAddresses addresses = kAddresses;
  addresses.setup = PhysAddr(0x90000);
  addresses.heap_end = 0x9800;
  const std::vector<std::byte> setup = WriteRealModeSetup(image, "quiet", addresses);
  const auto word = [&](size_t at) { return *ReadAt<Le<uint16_t>>(setup, at); };
  EXPECT_EQ(word(0x20), 0xa33f);
  EXPECT_EQ(word(0x22), 0x9800);
  const SetupHeader header = HeaderIn(setup);
  EXPECT_EQ(header.setup_move_size, 0x9800 + 6);
  EXPECT_EQ(header.loadflags, 0x81) << "as in the fixture's header, whose CAN_USE_HEAP no loader takes out";
  EXPECT_TRUE(std::equal(setup.begin() + 0x224, setup.begin() + 0x300, image.setup.view().begin() + 0x224));
  EXPECT_STREQ(reinterpret_cast<const char*>(setup.data()) + 0x9800, "quiet");
}

TEST(VideoMode, IsWhatTheLastWordNames) {
  EXPECT_EQ(VideoMode(""), std::nullopt);
  EXPECT_EQ(VideoMode("quiet xvga=3"), std::nullopt);
  EXPECT_EQ(VideoMode("vga=normal"), 0xffff);
  EXPECT_EQ(VideoMode("vga=ext quiet"), 0xfffe);
  EXPECT_EQ(VideoMode("vga=ask  vga=791"), 791);
  EXPECT_EQ(VideoMode("vga=0x317"), 0x317);
  EXPECT_EQ(VideoMode("vga=0X0F"), 15);
  EXPECT_EQ(VideoMode("vga=017"), 15);
  EXPECT_EQ(VideoMode("vga=0"), 0);
  EXPECT_EQ(VideoMode("vga=65536"), std::nullopt);
  EXPECT_EQ(VideoMode("vga=0x"), std::nullopt);
  EXPECT_EQ(VideoMode("vga=current"), std::nullopt);
}

// The first page of a machine with a BIOS.
std::vector<std::byte> LowMemory() {
  std::vector<std::byte> low(0x1000);
  for (size_t vector = 0; vector < 0x20; vector++) low[vector * 4 + 3] = std::byte{0xf0};
  low[0x414] = std::byte{0x02};  // 512 KiB
  return low;
}

class BiosServices : public ::testing::Test {
 protected:
  BiosServices() { facts_.root = scratch_.path(); }
  std::string Check() { return MessageOf(CheckBios(facts_, "why", diagnostics_)); }

  X86Facts facts_ = Bios();
  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
};

TEST_F(BiosServices, AreThereWhereTheVectorsLeadToThem) {
  scratch_.File("dev/mem", Bytes(LowMemory()));
  EXPECT_EQ(Check(), "success");
  EXPECT_THAT(diagnostics_.notes(), ElementsAre());
}

TEST_F(BiosServices, AreNotThereAfterUefi) {
  constexpr auto kMessage =
      "why; that code calls the BIOS, and this machine was started by UEFI, which leaves none";
  facts_.running.emplace();
  for (const uint32_t signature : {kEfiLoader32, kEfiLoader64}) {
    facts_.running->efi_info.loader_signature = signature;
    EXPECT_EQ(Check(), kMessage);
  }
  facts_.running.reset();
  facts_.efi.emplace();
  EXPECT_EQ(Check(), kMessage);
}

TEST_F(BiosServices, AreNotThereWhereAVectorIsWild) {
  std::vector<std::byte> low = LowMemory();
  low[0x13 * 4 + 3] = std::byte{0x7f};
  scratch_.File("dev/mem", Bytes(low));
  EXPECT_EQ(Check(),
            "why; that code calls the BIOS, and interrupt vector 0x13 leads to 0x7f000, where none is");
  scratch_.File("dev/mem", Bytes(std::vector<std::byte>(0x1000)));
  EXPECT_EQ(Check(), "why; that code calls the BIOS, and interrupt vector 0x08 leads to 0x0, where none is");
}

TEST_F(BiosServices, AreForPurgatoryToJudgeWherePage0CannotBeRead) {
  EXPECT_EQ(Check(), "success");
  scratch_.File("dev/mem", "short");
  EXPECT_EQ(Check(), "success");
  EXPECT_THAT(
      diagnostics_.notes(),
      ElementsAre(::testing::StartsWith("the BIOS's interrupt vectors are looked at only before the jump: "),
                  "the BIOS's interrupt vectors are looked at only before the jump: page 0 cannot be read"));
}

TEST(RealModeBoot, IsRefusedForACrashKernelAndForOtherFormats) {
  RecordingDiagnostics diagnostics;
  const auto root = SystemRoot::Open(RecordedMachine("bios-1g"));
  const auto crash = ReadMachine(*root, LoadKind::kCrash, diagnostics);
  ASSERT_EQ(MessageOf(crash), "success");
  BootInputs inputs = InputsFor(Ipxe(), {}, "");
  inputs.kind = LoadKind::kCrash;
  EXPECT_EQ(
      MessageOf((*crash)->Place(inputs, diagnostics)),
      "only real-mode code can start this kernel: its code32_start is 0; a crash kernel must lie in its "
      "reserved region, and real-mode code lies below 1 MiB");
  inputs = InputsFor(SmallKernel(), {}, "");
  inputs.kind = LoadKind::kCrash;
  inputs.real_mode = true;
  EXPECT_EQ(
      MessageOf((*crash)->Place(inputs, diagnostics)),
      "--real-mode was given; a crash kernel must lie in its reserved region, and real-mode code lies below "
      "1 MiB");
  const auto machine = ReadMachine(*root, LoadKind::kNormal, diagnostics);
  inputs.kind = LoadKind::kNormal;
  inputs.device_tree.tree = NamedFile{"tree.dtb", Pattern(16, 1)};
  EXPECT_EQ(
      MessageOf((*machine)->Place(inputs, diagnostics)),
      "--real-mode was given; real-mode code asks the BIOS and is handed no device tree: leave out --dtb");
  inputs.kernel = {.type = "elf-x86_64", .image = ElfKernel{}};
  EXPECT_EQ(MessageOf((*machine)->Place(inputs, diagnostics)),
            "--real-mode is for a bzImage or zImage, and this kernel is of type 'elf-x86_64'");
}

}  // namespace
}  // namespace kexec::testing
