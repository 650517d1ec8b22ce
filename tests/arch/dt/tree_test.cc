// SPDX-License-Identifier: GPL-2.0-or-later
// The tree the next kernel gets, from that of the running system or the user's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/dt/dt_tree.h"
#include "arch/riscv64/firmware_memory.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

NamedFile File(const DeviceTree& tree) { return {"the.dtb", SharedBytes::Own(tree.Packed())}; }

// As a boot loader left it for the running kernel.
DeviceTree Running() {
  DeviceTree tree = DeviceTree::Empty();
  const uint32_t two[] = {2};
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", two).has_value());
  EXPECT_TRUE(tree.SetCells("/", "#size-cells", two).has_value());
  EXPECT_TRUE(tree.SetString("/memory@40000000", "device_type", "memory").has_value());
  const PhysRange ram = Range(0x40000000, 0x80000000);
  EXPECT_TRUE(
      tree.SetProperty("/memory@40000000", "reg", *tree.EncodeRanges("/", std::span(&ram, 1))).has_value());
  EXPECT_TRUE(tree.SetString("/chosen", "bootargs", "old").has_value());
  EXPECT_TRUE(tree.SetString("/chosen", "stdout-path", "/pl011@9000000").has_value());
  EXPECT_TRUE(tree.SetU64("/chosen", "linux,initrd-start", 0x48000000).has_value());
  EXPECT_TRUE(tree.SetU64("/chosen", "linux,initrd-end", 0x48123456).has_value());
  EXPECT_TRUE(tree.SetU64("/chosen", "linux,elfcorehdr", 1).has_value());
  EXPECT_TRUE(tree.AddReservation(Range(0x48000000, 0x48124000)).has_value());
  EXPECT_TRUE(tree.AddReservation(Range(0x7f000000, 0x7f010000)).has_value());
  return tree;
}

DtFacts FactsWith(const DeviceTree& tree) {
  DtFacts facts;
  facts.tree = File(tree);
  facts.ram = {Range(0x40000000, 0x80000000), Range(0x880000000, 0x900000000)};
  return facts;
}

Result<DeviceTree> Made(const DtFacts& facts, const DeviceTreeOptions& options) {
  RecordingDiagnostics diagnostics;
  return BaseTree(facts, options, IsFirmwareMemory, diagnostics);
}

TEST(BaseTree, KeepsTheMachineAndDropsTheOldBoot) {
  const auto tree = Made(FactsWith(Running()), {});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Strings("/chosen", "stdout-path"), ElementsAre("/pl011@9000000"));
  for (const char* gone : {"bootargs", "linux,initrd-start", "linux,initrd-end", "linux,elfcorehdr"}) {
    EXPECT_FALSE(tree->Property("/chosen", gone)) << gone;
  }
  EXPECT_THAT(tree->Reservations(), ElementsAre(Range(0x7f000000, 0x7f010000)));
  EXPECT_THAT(*tree->Ranges("/memory@40000000", "reg"), ElementsAre(Range(0x40000000, 0x80000000)));
}

TEST(BaseTree, IsRefusedWhereThereIsNone) {
  DtFacts facts;
  facts.why_no_tree = "cannot open '/sys/firmware/fdt': No such file or directory";
  EXPECT_EQ(MessageOf(Made(facts, {})),
            "there is no device tree to hand to the kernel (cannot open '/sys/firmware/fdt': No such file or "
            "directory); name one with --dtb=FILE");
}

TEST(BaseTree, SaysWhatToDoWhereTheRunningOneIsDamaged) {
  DtFacts facts = FactsWith(Running());
  facts.tree->contents = SharedBytes::Own(std::vector<std::byte>(64));
  EXPECT_EQ(MessageOf(Made(facts, {})),
            "device tree 'the.dtb': this is no device tree; name another with --dtb=FILE");
}

TEST(BaseTree, TakesSixtyFourOverlays) {
  DeviceTree overlay = DeviceTree::Empty();
  ASSERT_TRUE(overlay.SetString("/fragment@0", "target-path", "/").has_value());
  ASSERT_TRUE(overlay.SetString("/fragment@0/__overlay__/new", "status", "okay").has_value());
  DeviceTreeOptions options;
  for (int i = 0; i < 64; ++i) options.overlays.push_back(File(overlay));
  EXPECT_EQ(MessageOf(Made(FactsWith(Running()), options)), "success");
  options.overlays.push_back(File(overlay));
  EXPECT_EQ(MessageOf(Made(FactsWith(Running()), options)),
            "65 device tree overlays, at most 64 are applied; merge some of them with fdtoverlay");
}

TEST(BaseTree, NamesTheFileThatIsNone) {
  DeviceTreeOptions options;
  options.tree = NamedFile{"my.dtb", SharedBytes::Own(std::vector<std::byte>(64))};
  EXPECT_THAT(MessageOf(Made(FactsWith(Running()), options)), HasSubstr("'my.dtb'"));
  options.tree.reset();
  options.overlays.push_back({"my.dtbo", SharedBytes::Own(std::vector<std::byte>(64))});
  EXPECT_THAT(MessageOf(Made(FactsWith(Running()), options)), HasSubstr("'my.dtbo'"));
}

TEST(UserTree, GetsTheMachinesMemoryWhereItNamesNone) {
  DeviceTree users = DeviceTree::Empty();
  const uint32_t two[] = {2};
  ASSERT_TRUE(users.SetCells("/", "#address-cells", two).has_value());
  ASSERT_TRUE(users.SetCells("/", "#size-cells", two).has_value());
  const auto tree = Made(FactsWith(Running()), {.tree = File(users), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(*tree->Ranges("/memory@40000000", "reg"), ElementsAre(Range(0x40000000, 0x80000000)));
  EXPECT_THAT(*tree->Ranges("/memory@880000000", "reg"), ElementsAre(Range(0x880000000, 0x900000000)));
  EXPECT_THAT(tree->Strings("/memory@880000000", "device_type"), ElementsAre("memory"));
}

TEST(UserTree, KeepsItsOwnMemory) {
  DeviceTree users = Running();
  const auto tree = Made(FactsWith(DeviceTree::Empty()), {.tree = File(users), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_FALSE(tree->HasNode("/memory@880000000"));
}

TEST(UserTree, IsToldWhereEfiIs) {
  DeviceTree running = Running();
  ASSERT_TRUE(running.SetU64("/chosen", "linux,uefi-system-table", 0x7ffd0018).has_value());
  ASSERT_TRUE(running.SetU64("/chosen", "linux,uefi-mmap-start", 0x7b5f8018).has_value());
  const auto tree = Made(FactsWith(running), {.tree = File(DeviceTree::Empty()), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_EQ(tree->Number("/chosen", "linux,uefi-system-table"), 0x7ffd0018);
  EXPECT_EQ(tree->Number("/chosen", "linux,uefi-mmap-start"), 0x7b5f8018);
  EXPECT_FALSE(tree->HasNode("/memory@40000000")) << "EFI's map tells it";
}

// QEMU's board as OpenSBI leaves it for the kernel.
DeviceTree WithFirmware(const char* name) {
  DeviceTree tree = Running();
  const uint32_t two[] = {2};
  EXPECT_TRUE(tree.SetCells("/reserved-memory", "#address-cells", two).has_value());
  EXPECT_TRUE(tree.SetCells("/reserved-memory", "#size-cells", two).has_value());
  const PhysRange firmware = Range(0x80000000, 0x80080000);
  const auto reg = tree.EncodeRanges("/reserved-memory", std::span(&firmware, 1));
  EXPECT_TRUE(tree.SetProperty(std::string("/reserved-memory/") + name, "reg", *reg).has_value());
  return tree;
}

TEST(UserTree, IsToldWhatMachineModeFirmwareKeeps) {
  DeviceTree running = WithFirmware("mmode_resv0@80000000");
  ASSERT_TRUE(running.SetProperty("/reserved-memory/mmode_resv0@80000000", "no-map", {}).has_value());
  const auto tree = Made(FactsWith(running), {.tree = File(Running()), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(*tree->Ranges("/reserved-memory/mmode_resv0@80000000", "reg"),
              ElementsAre(Range(0x80000000, 0x80080000)));
  EXPECT_TRUE(tree->Property("/reserved-memory/mmode_resv0@80000000", "no-map"));
  EXPECT_TRUE(tree->Property("/reserved-memory", "ranges"));
  EXPECT_THAT(*KeptMemory(*tree), ::testing::Contains(Range(0x80000000, 0x80080000)));
}

TEST(UserTree, KeepsWhatItSaysOfFirmware) {
  const auto tree = Made(FactsWith(WithFirmware("mmode_resv0@80000000")),
                         {.tree = File(WithFirmware("mmode_resv1@80000000")), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Children("/reserved-memory"), ElementsAre("mmode_resv1@80000000"));
}

TEST(UserTree, GetsNoOtherReservedMemory) {
  const auto tree =
      Made(FactsWith(WithFirmware("carveout@80000000")), {.tree = File(Running()), .overlays = {}});
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_FALSE(tree->HasNode("/reserved-memory"));
}

TEST(KeptMemory, IsReservationsAndReservedNodes) {
  DeviceTree tree = Running();
  const uint32_t two[] = {2};
  ASSERT_TRUE(tree.SetCells("/reserved-memory", "#address-cells", two).has_value());
  ASSERT_TRUE(tree.SetCells("/reserved-memory", "#size-cells", two).has_value());
  const PhysRange firmware = Range(0x50000000, 0x50200000);
  ASSERT_TRUE(tree.SetProperty("/reserved-memory/firmware@50000000", "reg",
                               *tree.EncodeRanges("/reserved-memory", std::span(&firmware, 1)))
                  .has_value());
  ASSERT_TRUE(tree.SetU64("/reserved-memory/pool", "size", 0x100000).has_value());
  EXPECT_THAT(*KeptMemory(tree), ElementsAre(Range(0x48000000, 0x48124000), Range(0x7f000000, 0x7f010000),
                                             Range(0x50000000, 0x50200000)));
}

TEST(FillChosen, TellsACrashKernelEverything) {
  DeviceTree tree = Running();
  Chosen chosen{.command_line = "console=ttyAMA0",
                .initrd = Range(0x70000000, 0x70000123),
                .rng_seed = std::array<std::byte, 32>{},
                .kaslr_seed = 0x123456789abcdef0,
                .core_headers = Range(0x7e000000, 0x7e001000),
                .usable = {Range(0x880000000, 0x890000000), Range(0x60000000, 0x68000000)}};
  ASSERT_EQ(MessageOf(FillChosen(chosen, tree)), "success");
  EXPECT_THAT(tree.Strings("/chosen", "bootargs"), ElementsAre("console=ttyAMA0"));
  EXPECT_EQ(tree.Number("/chosen", "linux,initrd-start"), 0x70000000u);
  EXPECT_EQ(tree.Number("/chosen", "linux,initrd-end"), 0x70000123u);
  EXPECT_EQ(tree.Number("/chosen", "kaslr-seed"), 0x123456789abcdef0u);
  EXPECT_EQ(tree.Property("/chosen", "rng-seed")->size(), 32u);
  EXPECT_THAT(*tree.Ranges("/chosen", "linux,elfcorehdr"), ElementsAre(Range(0x7e000000, 0x7e001000)));
  EXPECT_THAT(*tree.Ranges("/chosen", "linux,usable-memory-range"),
              ElementsAre(Range(0x880000000, 0x890000000), Range(0x60000000, 0x68000000)));
}

}  // namespace
}  // namespace kexec::testing
