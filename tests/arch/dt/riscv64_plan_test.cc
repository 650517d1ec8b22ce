// SPDX-License-Identifier: GPL-2.0-or-later
// Plans for a riscv64 machine: where segments lie, what the tree and purgatory are told. What it shares with
// arm64 is tested there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "arch/machine.h"
#include "arch/riscv64/firmware_memory.h"
#include "arch/riscv64/harts.h"
#include "arch/riscv64/purgatory/blob.h"
#include "kexec/syscalls.h"
#include "kexec/validate.h"
#include "lib/freestanding/digest.h"
#include "loaders/dtb/device_tree.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr uint64_t kMiB = 1 << 20;

// `isa`: of each hart.
DeviceTree Tree(const std::vector<std::string>& isa) {
  DeviceTree tree = DeviceTree::Empty();
  const uint32_t two[] = {2}, frequency[] = {10000000};
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", two).has_value());
  EXPECT_TRUE(tree.SetCells("/", "#size-cells", two).has_value());
  EXPECT_TRUE(tree.SetCells("/cpus", "timebase-frequency", frequency).has_value());
  for (size_t i = 0; i < isa.size(); i++)
    EXPECT_TRUE(tree.SetString(fmt::format("/cpus/cpu@{}", i), "riscv,isa", isa[i]).has_value());
  return tree;
}

// QEMU's virt machine with 1 GiB, its firmware at the start of RAM.
class Riscv64Plan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Riscv64PurgatoryBlob().empty()) GTEST_SKIP() << "this build has no riscv64 purgatory";
    scratch_.File("proc/sys/kernel/arch", "riscv64\n")
        .File("proc/meminfo", "MemTotal:         990000 kB\n")
        .File("proc/iomem",
              "80000000-8007ffff : Reserved\n"
              "80080000-bfffffff : System RAM\n"
              "  80202000-8219ffff : Kernel image\n"
              "    80202000-80ba5fff : Kernel code\n"
              "  90000000-9fffffff : Crash kernel\n"
              "  bfe00000-bfe01fff : Reserved\n")
        .File("sys/devices/system/cpu/possible", "0\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes", "bff00000\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes_size", "400\n")
        .File("sys/kernel/vmcoreinfo", "bfd00000 1000\n");
    UseTree(Tree({"rv64imafdc"}));
    std::vector<std::byte> auxv(32);
    const Le<uint64_t> words[] = {6, 4096, 0, 0};
    std::memcpy(auxv.data(), words, sizeof(words));
    scratch_.File("proc/self/auxv", auxv);
    image_.text_offset = 0;
    image_.image_size = 32 * kMiB;
    image_.anywhere = true;
    image_.pieces = {{.address = PhysAddr(0),
                      .virtual_address = 0,
                      .contents = SharedBytes::Own(std::vector<std::byte>(20000, std::byte{0x5a})),
                      .memory_size = image_.image_size}};
    inputs_.command_line = "console=ttyS0";
    inputs_.initrds = {SharedBytes::Own(std::vector<std::byte>(5000, std::byte{1}))};
  }

  void UseTree(const DeviceTree& tree) { scratch_.File("sys/firmware/fdt", tree.Packed()); }

  Result<LoadPlan> Plan() {
    inputs_.kernel = KernelImage{.type = "image-riscv", .image = image_, .machine = "riscv64"};
    KEXEC_ASSIGN(machine_, ReadMachine(scratch_.root(), inputs_.kind, diagnostics_));
    KEXEC_ASSIGN(const auto placed, machine_->Place(inputs_, diagnostics_));
    KEXEC_ASSIGN(LoadPlan plan, placed->Emit());
    KEXEC_ASSIGN(const ValidatedImage proved, Validate(plan, machine_->limits()));
    return proved.plan();
  }

  static const Segment& Find(const LoadPlan& plan, std::string_view label) {
    return *std::ranges::find(plan.segments, label, &Segment::label);
  }
  static kexec_riscv64_purgatory_params ParamsOf(const LoadPlan& plan) {
    return *ReadAt<kexec_riscv64_purgatory_params>(Find(plan, "purgatory").contents.view(), 0);
  }

  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
  ImageKernel image_;
  BootInputs inputs_ = {.window = Range(0, UINT64_MAX)};
  std::unique_ptr<Machine> machine_;
};

TEST_F(Riscv64Plan, PlacesAndTellsEverything) {
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(machine_->arch_flag(), 243u << 16);
  const Segment& kernel = Find(*plan, "kernel");
  EXPECT_EQ(kernel.dest.begin().raw() % (2 * kMiB), 0u);
  const auto tree = DeviceTree::Parse(Find(*plan, "device tree").contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Strings("/chosen", "bootargs"), ElementsAre("console=ttyS0"));
  EXPECT_EQ(tree->Number("/chosen", "linux,initrd-start"), Find(*plan, "initrd").dest.begin().raw());
  const kexec_riscv64_purgatory_params params = ParamsOf(*plan);
  EXPECT_EQ(params.kernel_entry, kernel.dest.begin().raw());
  EXPECT_EQ(params.dtb_address, Find(*plan, "device tree").dest.begin().raw());
  EXPECT_EQ(params.hashed_count, 3u);
  EXPECT_EQ(params.digest_flags, 0u);
  EXPECT_EQ(params.timebase_frequency, 10000000u);
  EXPECT_EQ(params.console_verbose, 0u);
  EXPECT_EQ(plan->entry.raw(), Find(*plan, "purgatory").dest.begin().raw() + params.entry_offset);
}

TEST_F(Riscv64Plan, TheTreeIsTheOnlySegmentThatLooksLikeOne) {
  // The running kernel takes the first segment with this magic for the tree (machine_kexec_prepare).
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  for (const Segment& segment : plan->segments) {
    const auto magic = ReadAt<Be<uint32_t>>(segment.contents.view(), 0);
    EXPECT_EQ(magic && *magic == 0xd00dfeed, segment.label == "device tree") << segment.label;
  }
}

TEST_F(Riscv64Plan, UsesZknhWhereEveryHartHasIt) {
  UseTree(Tree({"rv64imafdc_zicsr_zknh", "rv64imafdc_zkn_zkt"}));
  inputs_.purgatory.digest = DigestKind::kSha256;
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(ParamsOf(*plan).digest_flags, static_cast<uint32_t>(KEXEC_DIGEST_RISCV_ZKNH));
}

TEST_F(Riscv64Plan, LoadsACrashKernelIntoItsRegion) {
  inputs_.kind = LoadKind::kCrash;
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  diagnostics_.TakeWarnings();  // no /proc/kcore here
  for (const Segment& segment : plan->segments)
    EXPECT_TRUE(Range(0x90000000, 0xa0000000).Contains(segment.dest.range())) << segment.label;
  const auto tree = DeviceTree::Parse(Find(*plan, "device tree").contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(*tree->Ranges("/chosen", "linux,usable-memory-range"),
              ElementsAre(Range(0x90000000, 0xa0000000)));
  EXPECT_THAT(*tree->Ranges("/chosen", "linux,elfcorehdr"),
              ElementsAre(Find(*plan, "elfcorehdr").dest.range()));
}

TEST_F(Riscv64Plan, LetsTheKernelUpdateTheCoreHeadersWhereItCan) {
  inputs_.kind = LoadKind::kCrash;
  const auto as_built = Plan();
  ASSERT_EQ(MessageOf(as_built), "success");
  inputs_.crash.hotplug = true;
  scratch_.File("sys/kernel/crash_elfcorehdr_size", "20000\n");
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(plan->flags, kKexecCrashHotplugSupport);
  EXPECT_EQ(Find(*plan, "elfcorehdr").dest.size(), 20480u);
  EXPECT_EQ(Find(*as_built, "elfcorehdr").dest.size(), 4096u);
  const auto params = ParamsOf(*plan);
  EXPECT_EQ(params.hashed_count, ParamsOf(*as_built).hashed_count - 1);
  for (const auto& range : params.hashed)
    EXPECT_NE(range.address, Find(*plan, "elfcorehdr").dest.begin().raw());
  diagnostics_.TakeWarnings();  // no /proc/kcore here
}

TEST_F(Riscv64Plan, SaysWhereTheKernelCannotUpdateTheCoreHeaders) {
  inputs_.kind = LoadKind::kCrash;
  inputs_.crash.hotplug = true;
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(plan->flags, 0u);
  EXPECT_THAT(diagnostics_.TakeWarnings(),
              Contains("--hotplug: the running kernel cannot update the core headers; load the crash kernel "
                       "again when CPUs or memory have come or gone"));
}

TEST(Riscv64FirmwareMemory, IsInNoDump) {
  DeviceTree tree = Tree({"rv64imafdc"});
  const auto reserve = [&](const std::string& name, const PhysRange& range) {
    const std::string path = "/reserved-memory/" + name;
    ASSERT_TRUE(tree.AddNode(path).has_value());
    const uint32_t two[] = {2};
    ASSERT_TRUE(tree.SetCells("/reserved-memory", "#address-cells", two).has_value());
    ASSERT_TRUE(tree.SetCells("/reserved-memory", "#size-cells", two).has_value());
    const auto reg = tree.EncodeRanges("/reserved-memory", std::span(&range, 1));
    ASSERT_TRUE(reg.has_value() && tree.SetProperty(path, "reg", *reg).has_value());
  };
  const std::vector<PhysRange> ram = {Range(0x80000000, 0xc0000000)};
  EXPECT_EQ(WithoutFirmwareMemory(ram, tree), ram);
  reserve("mmode_resv0@80000000", Range(0x80000000, 0x80040000));
  reserve("mmode_resv1@80040000", Range(0x80040000, 0x80080000));
  reserve("ramoops@a0000000", Range(0xa0000000, 0xa0100000));
  EXPECT_THAT(WithoutFirmwareMemory(ram, tree), ElementsAre(Range(0x80080000, 0xc0000000)));
}

TEST(Riscv64Harts, ZknhIsFoundHoweverItIsTold) {
  EXPECT_TRUE(EveryHartHasZknh(Tree({"rv64imafdc_zknh"})));
  EXPECT_TRUE(EveryHartHasZknh(Tree({"rv64imafdc_zk"})));
  EXPECT_FALSE(EveryHartHasZknh(Tree({"rv64imafdc_zicsr_zkr"})));
  EXPECT_FALSE(EveryHartHasZknh(Tree({"rv64imafdc_zknh", "rv64imafdc"}))) << "one hart has it not";
  EXPECT_FALSE(EveryHartHasZknh(Tree({}))) << "no harts are told";
  DeviceTree tree = Tree({"rv64imafdc"});
  const std::string_view extensions("i\0m\0zknh\0", 9);
  ASSERT_TRUE(tree.SetProperty("/cpus/cpu@0", "riscv,isa-extensions", std::as_bytes(std::span(extensions)))
                  .has_value());
  EXPECT_TRUE(EveryHartHasZknh(tree));
}

TEST(Riscv64Harts, TheTimersFrequencyIsThere) {
  EXPECT_EQ(TimebaseFrequency(Tree({})), 10000000u);
  EXPECT_EQ(TimebaseFrequency(DeviceTree::Empty()), 0u);
}

}  // namespace
}  // namespace kexec::testing
