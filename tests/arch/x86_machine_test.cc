// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/purgatory/blob.h"
#include "kexec/validate.h"
#include "lib/freestanding/digest.h"
#include "loaders/dtb/device_tree.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class X86MachineTest : public ::testing::Test {
 protected:
  X86MachineTest() {
    scratch_.File("proc/sys/kernel/arch", "x86_64\n")
        .File("proc/meminfo", "MemTotal: 1048576 kB\n")
        .FirmwareMemory(0x100000, 0x3fffffff, "System RAM");
  }

  std::unique_ptr<Machine> Read() {
    auto machine = ReadMachine(scratch_.root(), LoadKind::kNormal, diagnostics_);
    EXPECT_EQ(MessageOf(machine), "success");
    return *std::move(machine);
  }

  Result<LoadPlan> Plan(const Machine& machine, const BootInputs& inputs) {
    KEXEC_ASSIGN(const auto placed, machine.Place(inputs, diagnostics_));
    return placed->Emit();
  }

  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
};

TEST_F(X86MachineTest, KnowsItself) {
  const auto machine = Read();
  EXPECT_EQ(machine->name(), "x86_64");
  EXPECT_EQ(machine->arch_flag(), 62u << 16);
  EXPECT_EQ(machine->memory().ram_bytes(), 0x3ff00000u);
  EXPECT_EQ(machine->limits().total_ram_pages, 0x40000u);
  EXPECT_EQ(machine->limits().destination, Range(0, (1ull << 46) - 1));
  scratch_.File("proc/cpuinfo", "flags : la57\n");
  EXPECT_EQ(Read()->limits().destination, Range(0, (1ull << 52) - 1));
}

TEST_F(X86MachineTest, RefusesAnotherMachine) {
  scratch_.File("proc/sys/kernel/arch", "m68k\n");
  EXPECT_EQ(MessageOf(ReadMachine(scratch_.root(), LoadKind::kNormal, diagnostics_)),
            "machine 'm68k' is not supported (supported: x86_64, aarch64, riscv64)");
  scratch_.Remove("proc/sys/kernel/arch");
  EXPECT_EQ(MessageOf(ReadMachine(scratch_.root(), LoadKind::kNormal, diagnostics_)),
            fmt::format("cannot tell the machine's architecture: cannot open '{}': No such file or directory",
                        (scratch_.path() / "proc/sys/kernel/arch").string()));
}

TEST_F(X86MachineTest, NamesItsSegmentsInAscendingOrder) {
  const auto plan = Plan(*Read(), InputsFor(SmallKernel(), {0x1000, 0x2000}, ""));
  std::vector<std::string> labels;
  for (const Segment& segment : plan->segments) labels.push_back(segment.label);
  EXPECT_THAT(labels, ElementsAre("kernel", "purgatory", "boot_params", "initrd", "initrd 2"));
}

TEST_F(X86MachineTest, TakesThirteenInitrds) {
  const auto machine = Read();
  auto plan = Plan(*machine, InputsFor(SmallKernel(), std::vector<size_t>(13, 5), ""));
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(MessageOf(Validate(*std::move(plan), machine->limits())), "success");
}

TEST_F(X86MachineTest, JumpsToPurgatoryOrWhereItIsTold) {
  const auto machine = Read();
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  const auto plan = Plan(*machine, inputs);
  const auto& purgatory = plan->segments[1];
  ASSERT_EQ(purgatory.label, "purgatory");
  EXPECT_EQ(plan->entry.raw(), purgatory.dest.begin().raw() + PurgatoryParams().entry_offset);
  inputs.entry = PhysAddr(0x12345678);
  EXPECT_EQ(Plan(*machine, inputs)->entry, PhysAddr(0x12345678));
}

TEST_F(X86MachineTest, TellsPurgatoryWhatWasAskedFor) {
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  inputs.purgatory = {.digest = DigestKind::kNone,
                      .console_vga = true,
                      .reset_vga = true,
                      .console_serial = true,
                      .serial_port = 0x2f8,
                      .serial_baud = 9600,
                      .reset_after_seconds = 7};
  const auto params = [&] {
    const auto plan = Plan(*Read(), inputs);
    return FollowBoot(MemoryOf(*plan), plan->entry).purgatory;
  };
  const auto all = params();
  EXPECT_EQ(all.digest_kind, KEXEC_DIGEST_NONE);
  EXPECT_EQ(all.hashed_count, 0u);
  EXPECT_EQ(all.serial_base, 0x2f8u);
  EXPECT_EQ(all.serial_divisor, 12u);
  EXPECT_EQ(all.console_vga, 1u);
  EXPECT_EQ(all.reset_vga, 1u);
  EXPECT_EQ(all.reset_seconds, 7u);
  inputs.purgatory = {};
  const auto none = params();
  EXPECT_EQ(none.digest_kind, KEXEC_DIGEST_XXH128);
  EXPECT_EQ(none.hashed_count, 2u);
  EXPECT_EQ(none.zeroed_count, 0u);
  EXPECT_EQ(none.serial_base, 0u);
  EXPECT_EQ(none.serial_divisor, 0u);
  EXPECT_EQ(none.console_vga, 0u);
}

// The payloads of the setup_data nodes of that type.
std::vector<std::vector<std::byte>> NodesOf(const LoadPlan& plan, SetupDataType type) {
  std::vector<std::vector<std::byte>> payloads;
  for (const ReadSetupData& node : FollowBoot(MemoryOf(plan), plan.entry).setup_data) {
    if (node.type == static_cast<uint32_t>(type)) payloads.push_back(node.payload);
  }
  return payloads;
}

TEST_F(X86MachineTest, HandsOnAGivenTreeInPlaceOfTheRunningKernels) {
  scratch_.File("sys/kernel/boot_params/setup_data/0/type", "0x2\n")
      .File("sys/kernel/boot_params/setup_data/0/data", "the running kernel's");
  DeviceTree tree = DeviceTree::Empty();
  ASSERT_EQ(MessageOf(tree.SetString("/", "model", "given")), "success");
  const std::vector<std::byte> blob = tree.Packed();
  std::vector<std::byte> file = blob;
  file.resize(file.size() + 100);  // behind the tree: not part of it

  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  EXPECT_EQ(NodesOf(*Plan(*Read(), inputs), SetupDataType::kDtb).size(), 1u);
  inputs.device_tree.tree = NamedFile{"/given.dtb", SharedBytes::Own(file)};
  EXPECT_THAT(NodesOf(*Plan(*Read(), inputs), SetupDataType::kDtb), ElementsAre(blob));
}

TEST_F(X86MachineTest, RefusesATreeThatIsNoneOrThatTheKernelCannotTake) {
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  inputs.device_tree.tree = NamedFile{"/given.dtb", SharedBytes::Own(std::vector<std::byte>(64))};
  EXPECT_THAT(MessageOf(Plan(*Read(), inputs)), StartsWith("device tree '/given.dtb': "));

  BzImage old = SmallKernel();
  old.protocol = 0x0208;
  inputs = InputsFor(old, {}, "");
  inputs.device_tree.tree = NamedFile{"/given.dtb", SharedBytes::Own(DeviceTree::Empty().Packed())};
  EXPECT_EQ(
      MessageOf(Plan(*Read(), inputs)),
      "this kernel takes no device tree: its boot protocol is 2.08, and 2.09 brought the list it would be "
      "in; leave out --dtb");

  inputs.kernel = KernelImage{.type = "multiboot2-x86", .image = MultibootKernel{}};
  inputs.kernel_name = "/xen";
  EXPECT_EQ(MessageOf(Plan(*Read(), inputs)),
            "'/xen' is of type multiboot2-x86: only Linux is handed a device tree; leave out --dtb");
}

}  // namespace
}  // namespace kexec::testing
