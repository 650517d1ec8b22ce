// SPDX-License-Identifier: GPL-2.0-or-later
// What is found out about an arm64 machine, from files as its kernel shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "arch/arm64/arm64_mapping.h"
#include "arch/arm64/lpi_tables.h"
#include "arch/arm64/psci.h"
#include "arch/dt/dt_facts.h"
#include "arch/dt/serial_device.h"
#include "loaders/dtb/device_tree.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kLog =
    "6,90,0,-;GICv3: 256 SPIs implemented\n"
    "6,101,0,-;GICv3: using LPI property table @0x0000000040350000\n"
    "6,102,0,-;GICv3: CPU0: using allocated LPI pending table @0x0000000040360000\n"
    "6,140,0,-;GICv3: CPU1: using reserved LPI pending table @0x0000000040340000\n"
    "6,141,0,-;GICv3: CPU1: using reserved LPI pending table @0x0000000040340000\n"
    "14,150,0,-;GICv3: using LPI property table @0x0000000099990000\n"
    "6,151,0,-;GICv3: using LPI property table @0xzz\n"
    "garbage\n";

TEST(LpiTables, AreWhatTheKernelItselfHasSaid) {
  EXPECT_THAT(LpiTablesFromLog(kLog),
              ElementsAre(Range(0x40340000, 0x40350000), Range(0x40350000, 0x40360000),
                          Range(0x40360000, 0x40370000)));
  EXPECT_THAT(LpiTablesFromLog(""), IsEmpty());
}

TEST(LpiTables, AreFoundAgainInTheRecordsThatAreKept) {
  EXPECT_EQ(LpiTablesFromLog(LpiRecords(kLog)), LpiTablesFromLog(kLog));
  EXPECT_EQ(LpiRecords("6,90,0,-;GICv3: 256 SPIs implemented\n"), "");
}

TEST(LpiTables, AreMissedOnlyWhereMessageInterruptsAreInUse) {
  ScratchRoot scratch;
  scratch.File("dev/kmsg", "6,1,0,-;Linux version 6.1.0\n")
      .File("proc/interrupts", " 11: 5 GICv3 27 Level arch_timer\n");
  RecordingDiagnostics diagnostics;
  EXPECT_THAT(ReadLpiTables(scratch.root(), diagnostics), IsEmpty());
  EXPECT_THAT(diagnostics.TakeWarnings(), IsEmpty());
  scratch.File("proc/interrupts", " 20: 5 ITS-MSI 16384 Edge virtio0-config\n");
  EXPECT_THAT(ReadLpiTables(scratch.root(), diagnostics), IsEmpty());
  EXPECT_THAT(diagnostics.TakeWarnings(), ElementsAre(HasSubstr("LPI tables")));
  scratch.Folder("sys/firmware/efi");
  EXPECT_THAT(ReadLpiTables(scratch.root(), diagnostics), IsEmpty());
  EXPECT_THAT(diagnostics.TakeWarnings(), IsEmpty());
}

std::vector<std::byte> FadtWith(uint16_t flags) {
  std::vector<std::byte> fadt(276);
  std::memcpy(fadt.data() + 129, &flags, sizeof(flags));
  return fadt;
}

TEST(Psci, IsCalledAsTreeOrFadtSay) {
  DeviceTree tree = DeviceTree::Empty();
  EXPECT_EQ(ConduitOfTree(tree), PsciConduit::kNone);
  ASSERT_TRUE(tree.SetString("/psci", "method", "hvc").has_value());
  EXPECT_EQ(ConduitOfTree(tree), PsciConduit::kHvc);
  ASSERT_TRUE(tree.SetString("/psci", "method", "smc").has_value());
  EXPECT_EQ(ConduitOfTree(tree), PsciConduit::kSmc);
  ASSERT_TRUE(tree.SetString("/psci", "method", "smoke").has_value());
  EXPECT_EQ(ConduitOfTree(tree), PsciConduit::kNone);
  EXPECT_EQ(ConduitOfFadt(FadtWith(0)), PsciConduit::kNone);
  EXPECT_EQ(ConduitOfFadt(FadtWith(2)), PsciConduit::kNone);
  EXPECT_EQ(ConduitOfFadt(FadtWith(1)), PsciConduit::kSmc);
  EXPECT_EQ(ConduitOfFadt(FadtWith(3)), PsciConduit::kHvc);
  EXPECT_EQ(ConduitOfFadt({}), PsciConduit::kNone);
}

TEST(BoardName, IsToldWithoutTheTree) {
  ScratchRoot scratch;
  DeviceTree tree = DeviceTree::Empty();
  ASSERT_TRUE(tree.SetString("/", "compatible", "vendor,by-tree").has_value());
  const std::vector<std::byte> blob = tree.Packed();
  SystemRoot root = scratch.root();
  std::vector<std::string> read;
  root.Observe([&](std::string_view path, std::optional<size_t>) { read.emplace_back(path); });
  EXPECT_EQ(ReadBoardName(root), "");
  scratch.File("sys/firmware/fdt", {reinterpret_cast<const char*>(blob.data()), blob.size()});
  EXPECT_EQ(ReadBoardName(root), "vendor,by-tree");
  scratch.File("proc/device-tree/compatible", std::string_view("vendor,board\0vendor,soc", 23));
  read.clear();
  EXPECT_EQ(ReadBoardName(root), "vendor,board");
  EXPECT_THAT(read, ElementsAre("proc/device-tree/compatible"));
}

TEST(SerialDevices, AreThoseWithRegistersInMemory) {
  ScratchRoot scratch;
  scratch.File("sys/class/tty/ttyAMA0/iomem_base", "0x9000000\n")
      .File("sys/class/tty/ttyS0/iomem_base", "0x10000000\n")
      .File("sys/class/tty/ttyS0/io_type", "2\n")
      .File("sys/class/tty/ttyS0/iomem_reg_shift", "0\n")
      .File("sys/class/tty/ttyS1/iomem_base", "0x20000000\n")
      .File("sys/class/tty/ttyS1/io_type", "3\n")
      .File("sys/class/tty/ttyS1/iomem_reg_shift", "2\n")
      .File("sys/class/tty/ttyS2/iomem_base", "0x0\n")
      .File("sys/class/tty/tty1/dev", "4:1\n");
  const std::vector<SerialDevice> devices = ReadSerialDevices(scratch.root());
  EXPECT_THAT(devices, ElementsAre(SerialDevice{"ttyAMA0", PhysAddr(0x9000000), SerialKind::kPl011},
                                   SerialDevice{"ttyS0", PhysAddr(0x10000000), SerialKind::k8250},
                                   SerialDevice{"ttyS1", PhysAddr(0x20000000), SerialKind::k8250Wide}));
  EXPECT_EQ(FindSerialDevice(devices, "/dev/ttyAMA0")->base, PhysAddr(0x9000000));
  EXPECT_EQ(
      MessageOf(FindSerialDevice(devices, "ttyS7")),
      "--serial=ttyS7: this machine has no such serial device with registers in memory (it has ttyAMA0, "
      "ttyS0, ttyS1)");
}

ElfSegment Load(uint64_t virt, uint64_t phys, uint64_t size) {
  return {.type = 1, .offset = 0, .virt = virt, .phys = phys, .file_size = size, .memory_size = size};
}

TEST(Arm64Mapping, TellsTextAndDirectMapApart) {
  const ElfCore kcore{.is_64bit = true,
                      .big_endian = false,
                      .machine = 183,
                      .segments = {Load(0xffff800008000000, UINT64_MAX, uint64_t{1} << 40),
                                   Load(0xffffb2c5d1210000, 0x40210000, 0x2000000),
                                   Load(0xffff4a7200000000, 0x40000000, 0x40000000)}};
  const KernelMapping mapping = Arm64MappingFromKcore(kcore, Range(0x40210000, 0x41200000));
  EXPECT_EQ(mapping.page_offset, 0xffff4a71c0000000);
  ASSERT_TRUE(mapping.text);
  EXPECT_EQ(mapping.text->range, Range(0x40210000, 0x42210000));
  EXPECT_EQ(mapping.text->virt, 0xffffb2c5d1210000);
}

TEST(Arm64Mapping, HasNoTextWhereKcoreShowsTheDirectMapAlone) {
  const ElfCore kcore{.is_64bit = true,
                      .big_endian = false,
                      .machine = 183,
                      .segments = {Load(0xffff000000000000, 0x40000000, 0x40000000)}};
  const KernelMapping mapping = Arm64MappingFromKcore(kcore, Range(0x40210000, 0x41200000));
  EXPECT_FALSE(mapping.text);
  EXPECT_EQ(mapping.page_offset, 0xfffeffffc0000000);
}

std::vector<std::byte> Auxv(std::initializer_list<uint64_t> words) {
  std::vector<std::byte> bytes;
  for (const uint64_t word : words) {
    const Le<uint64_t> stored(word);
    const auto raw = std::as_bytes(std::span(&stored, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  return bytes;
}

TEST(PageSize, IsThatOfTheAuxiliaryVector) {
  EXPECT_EQ(PageSizeOfAuxv(Auxv({16, 0xff, 6, 65536, 0, 0})), Alignment::Of<65536>());
  EXPECT_EQ(PageSizeOfAuxv(Auxv({6, 4096, 0, 0})), Alignment::Of<4096>());
  EXPECT_EQ(PageSizeOfAuxv(Auxv({0, 0, 6, 4096})), std::nullopt);
  EXPECT_EQ(PageSizeOfAuxv(Auxv({6, 5000})), std::nullopt);
  EXPECT_EQ(PageSizeOfAuxv(Auxv({6})), std::nullopt);
}

TEST(DtFactsOf, AMachineWithoutTree) {
  ScratchRoot scratch;
  scratch.File("proc/iomem", "40000000-7fffffff : System RAM\n  50000000-5fffffff : reserved\n");
  RecordingDiagnostics diagnostics;
  const DtFacts facts = ReadDtFacts(scratch.root(), *ReadIomem(scratch.root()), diagnostics);
  EXPECT_EQ(facts.page, Alignment::Of<65536>());
  EXPECT_THAT(facts.ram, ElementsAre(Range(0x40000000, 0x80000000)));
  EXPECT_FALSE(facts.memory.IsRam(Range(0x50000000, 0x50001000)));
  EXPECT_FALSE(facts.tree);
  EXPECT_THAT(facts.why_no_tree, HasSubstr("sys/firmware/fdt"));
}

TEST(DtFactsOf, AMachineThatShowsNodesAlone) {
  ScratchRoot scratch;
  scratch.File("proc/iomem", "40000000-7fffffff : System RAM\n")
      .File("proc/device-tree/compatible", std::string_view("linux,dummy-virt\0", 17));
  RecordingDiagnostics diagnostics;
  const DtFacts facts = ReadDtFacts(scratch.root(), *ReadIomem(scratch.root()), diagnostics);
  ASSERT_TRUE(facts.tree);
  const auto tree = DeviceTree::Parse(facts.tree->contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Strings("/", "compatible"), ElementsAre("linux,dummy-virt"));
}

}  // namespace
}  // namespace kexec::testing
