// SPDX-License-Identifier: GPL-2.0-or-later
// Plans for an arm64 machine, whole: what each segment is, where it lies, what the tree says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "arch/arm64/purgatory/blob.h"
#include "arch/machine.h"
#include "kexec/syscalls.h"
#include "kexec/validate.h"
#include "loaders/dtb/device_tree.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr uint64_t kMiB = 1 << 20;

std::vector<std::byte> Tree() {
  DeviceTree tree = DeviceTree::Empty();
  const uint32_t two[] = {2};
  EXPECT_TRUE(tree.SetCells("/", "#address-cells", two).has_value());
  EXPECT_TRUE(tree.SetCells("/", "#size-cells", two).has_value());
  EXPECT_TRUE(tree.SetString("/psci", "method", "hvc").has_value());
  EXPECT_TRUE(tree.SetString("/chosen", "stdout-path", "/pl011@9000000").has_value());
  return tree.Packed();
}

// QEMU's virt machine with 1 GiB and its interrupt controller's tables low in it.
class Arm64Plan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Arm64PurgatoryBlob().empty()) GTEST_SKIP() << "this build has no arm64 purgatory";
    scratch_.File("proc/sys/kernel/arch", "aarch64\n")
        .File("proc/meminfo", "MemTotal:         990000 kB\n")
        .File("proc/iomem",
              "09000000-09000fff : pl011@9000000\n"
              "40000000-7fffffff : System RAM\n"
              "  40210000-4165ffff : Kernel code\n"
              "  41660000-4198ffff : reserved\n"
              "  48000000-483f1fff : reserved\n"
              "  60000000-6fffffff : Crash kernel\n")
        .File("dev/kmsg",
              "6,101,0,-;GICv3: using LPI property table @0x0000000042000000\n"
              "6,102,0,-;GICv3: CPU0: using allocated LPI pending table @0x0000000042010000\n")
        .File("sys/class/tty/ttyAMA0/iomem_base", "0x9000000\n")
        .File("sys/devices/system/cpu/possible", "0\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes", "7ff00000\n")
        .File("sys/devices/system/cpu/cpu0/crash_notes_size", "400\n")
        .File("sys/kernel/vmcoreinfo", "7fe00000 1000\n")
        .File("sys/firmware/fdt", Tree());
    std::vector<std::byte> auxv(32);
    const Le<uint64_t> words[] = {6, 4096, 0, 0};
    std::memcpy(auxv.data(), words, sizeof(words));
    scratch_.File("proc/self/auxv", auxv);
    image_.image_size = 32 * kMiB;
    image_.anywhere = true;
    image_.pieces = {{.address = PhysAddr(0),
                      .virtual_address = 0,
                      .contents = SharedBytes::Own(std::vector<std::byte>(20000, std::byte{0x5a})),
                      .memory_size = image_.image_size}};
    inputs_.command_line = "console=ttyAMA0";
    inputs_.initrds = {SharedBytes::Own(std::vector<std::byte>(5000, std::byte{1}))};
  }

  Result<LoadPlan> Plan() {
    inputs_.kernel = KernelImage{.type = "Image", .image = image_, .machine = "aarch64"};
    KEXEC_ASSIGN(machine_, ReadMachine(scratch_.root(), inputs_.kind, diagnostics_));
    KEXEC_ASSIGN(const auto placed, machine_->Place(inputs_, diagnostics_));
    KEXEC_ASSIGN(LoadPlan plan, placed->Emit());
    KEXEC_ASSIGN(const ValidatedImage proved, Validate(plan, machine_->limits()));
    return proved.plan();
  }

  static const Segment& Find(const LoadPlan& plan, std::string_view label) {
    return *std::ranges::find(plan.segments, label, &Segment::label);
  }

  static kexec_arm64_purgatory_params ParamsOf(const LoadPlan& plan) {
    return *ReadAt<kexec_arm64_purgatory_params>(Find(plan, "purgatory").contents.view(), 0);
  }

  ScratchRoot scratch_;
  RecordingDiagnostics diagnostics_;
  ImageKernel image_;
  BootInputs inputs_{.kernel = KernelImage{},
                     .kernel_name = "Image",
                     .initrds = {},
                     .window = Range(0, UINT64_MAX),
                     .entry = std::nullopt};
  std::unique_ptr<Machine> machine_;
};

TEST_F(Arm64Plan, PlacesAndTellsEverything) {
  inputs_.purgatory.serial_device = "ttyAMA0";
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  const Segment& kernel = Find(*plan, "kernel");
  EXPECT_EQ(kernel.dest.range(), Range(0x42200000, 0x44200000))
      << "lowest 2 MiB boundary behind the LPI tables";
  const auto tree = DeviceTree::Parse(Find(*plan, "device tree").contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Strings("/chosen", "bootargs"), ElementsAre("console=ttyAMA0"));
  const PhysAddr initrd = Find(*plan, "initrd").dest.begin();
  EXPECT_EQ(tree->Number("/chosen", "linux,initrd-start"), initrd.raw());
  EXPECT_EQ(tree->Number("/chosen", "linux,initrd-end"), initrd.raw() + 5000);
  EXPECT_THAT(tree->Reservations(),
              ElementsAre(Range(0x42000000, 0x42010000), Range(0x42010000, 0x42020000)));
  const Segment& purgatory = Find(*plan, "purgatory");
  const kexec_arm64_purgatory_params params = ParamsOf(*plan);
  EXPECT_EQ(params.kernel_entry, kernel.dest.begin().raw());
  EXPECT_EQ(params.dtb_address, Find(*plan, "device tree").dest.begin().raw());
  EXPECT_EQ(params.hashed_count, 3u);
  EXPECT_EQ(params.console_base, 0x9000000u);
  EXPECT_EQ(params.console_kind, static_cast<uint32_t>(KEXEC_ARM64_CONSOLE_PL011));
  EXPECT_EQ(params.psci_conduit, static_cast<uint32_t>(KEXEC_ARM64_PSCI_HVC));
  EXPECT_EQ(plan->entry.raw(), purgatory.dest.begin().raw() + params.entry_offset);
}

TEST_F(Arm64Plan, NotesWhatTheCpuMayLack) {
  const auto notes = [&] {
    std::vector<std::string> found;
    for (const std::string& note : diagnostics_.notes()) {
      if (note.ends_with("stops at once")) found.push_back(note);
    }
    return found;
  };
  image_.page_size = ImagePageSize::k4K;
  ASSERT_EQ(MessageOf(Plan()), "success");
  EXPECT_THAT(notes(), ElementsAre());
  image_.big_endian = true;
  image_.page_size = ImagePageSize::k64K;
  ASSERT_EQ(MessageOf(Plan()), "success");
  EXPECT_THAT(notes(),
              ElementsAre("the kernel is big-endian: on a CPU without that byte order it stops at once",
                          "the kernel has pages of 64 KiB, the running one of 4 KiB: on a CPU without the "
                          "former it stops at once"));
}

// The tree of a kernel that came by kexec itself.
TEST_F(Arm64Plan, ReservesTheInterruptControllersTablesOnce) {
  DeviceTree handed = *DeviceTree::Parse(Tree());
  ASSERT_EQ(MessageOf(handed.AddReservation(Range(0x42000000, 0x42010000))), "success");
  scratch_.File("sys/firmware/fdt", handed.Packed());
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  const auto tree = DeviceTree::Parse(Find(*plan, "device tree").contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(tree->Reservations(),
              UnorderedElementsAre(Range(0x42000000, 0x42010000), Range(0x42010000, 0x42020000)));
}

TEST_F(Arm64Plan, LoadsACrashKernelIntoItsRegion) {
  inputs_.kind = LoadKind::kCrash;
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  diagnostics_.TakeWarnings();  // no /proc/kcore here
  for (const Segment& segment : plan->segments) {
    EXPECT_TRUE(Range(0x60000000, 0x70000000).Contains(segment.dest.range())) << segment.label;
  }
  const auto tree = DeviceTree::Parse(Find(*plan, "device tree").contents.view());
  ASSERT_EQ(MessageOf(tree), "success");
  EXPECT_THAT(*tree->Ranges("/chosen", "linux,usable-memory-range"),
              ElementsAre(Range(0x60000000, 0x70000000)));
  EXPECT_THAT(*tree->Ranges("/chosen", "linux,elfcorehdr"),
              ElementsAre(Find(*plan, "elfcorehdr").dest.range()));
}

TEST_F(Arm64Plan, LetsTheKernelUpdateTheCoreHeadersWhereItCan) {
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

TEST_F(Arm64Plan, SaysWhereTheKernelCannotUpdateTheCoreHeaders) {
  inputs_.kind = LoadKind::kCrash;
  inputs_.crash.hotplug = true;
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  EXPECT_EQ(plan->flags, 0u);
  EXPECT_THAT(diagnostics_.TakeWarnings(),
              Contains("--hotplug: the running kernel cannot update the core headers; load the crash kernel "
                       "again when CPUs or memory have come or gone"));
}

TEST_F(Arm64Plan, RefusesAKernelOfAnotherMachine) {
  const auto machine = ReadMachine(scratch_.root(), LoadKind::kNormal, diagnostics_);
  ASSERT_EQ(MessageOf(machine), "success");
  inputs_.kernel = KernelImage{.type = "bzImage64", .image = BzImage{}, .machine = "x86_64"};
  EXPECT_EQ(MessageOf((*machine)->Place(inputs_, diagnostics_)),
            "a kernel of type 'bzImage64' cannot be started on aarch64");
}

TEST_F(Arm64Plan, NamesTheSerialDevicesThereAre) {
  inputs_.purgatory.serial_device = "ttyS9";
  EXPECT_THAT(MessageOf(Plan()), HasSubstr("it has ttyAMA0"));
}

TEST_F(Arm64Plan, HonoursLargePages) {
  std::vector<std::byte> auxv(32);
  const Le<uint64_t> words[] = {6, 65536, 0, 0};
  std::memcpy(auxv.data(), words, sizeof(words));
  scratch_.File("proc/self/auxv", auxv);
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  for (const Segment& segment : plan->segments) {
    EXPECT_EQ(segment.dest.begin().raw() % 65536, 0u) << segment.label;
    EXPECT_EQ(segment.dest.size() % 65536, 0u) << segment.label;
  }
}

TEST_F(Arm64Plan, KeepsAnOldKernelsTreeWithin512MiB) {
  image_.anywhere = false;
  scratch_.File("proc/iomem", "40000000-bfffffff : System RAM\n");
  const auto plan = Plan();
  ASSERT_EQ(MessageOf(plan), "success");
  const uint64_t base = Find(*plan, "kernel").dest.begin().raw();
  EXPECT_LE(Find(*plan, "device tree").dest.end().raw(), base + 512 * kMiB);
}

TEST_F(Arm64Plan, KeepsTheInitrdIn32GiBAroundTheKernel) {
  scratch_
      .File("proc/iomem",
            "40000000-43ffffff : System RAM\n"
            "9000000000-90ffffffff : System RAM\n")
      .File("dev/kmsg", "");
  inputs_.initrds = {SharedBytes::Own(std::vector<std::byte>(40 * kMiB, std::byte{1}))};
  const auto plan = Plan();
  EXPECT_THAT(MessageOf(plan), HasSubstr("no room for 'initrd'"));
}

// Any machine with hundreds of reserved ranges, any image: a refusal, or a plan in RAM that nobody keeps.
RC_GTEST_FIXTURE_PROP(Arm64Plan, LiesInFreeRam, ()) {
  if (Arm64PurgatoryBlob().empty()) return;
  std::string iomem;
  uint64_t at = *rc::gen::element<uint64_t>(0, 0x40000000, 0x80000000);
  const uint64_t end = at + *rc::gen::inRange<uint64_t>(64, 4096) * kMiB;
  iomem += fmt::format("{:x}-{:x} : System RAM\n", at, end - 1);
  std::vector<PhysRange> reserved;
  const auto count = *rc::gen::inRange(0, 400);
  for (int i = 0; i < count && at < end; ++i) {
    at += *rc::gen::inRange<uint64_t>(1, 16 * kMiB);
    const uint64_t last = at + *rc::gen::inRange<uint64_t>(0, kMiB);
    if (last >= end) break;
    iomem += fmt::format("  {:x}-{:x} : reserved\n", at, last);
    reserved.push_back(Range(at, last + 1));
    at = last + 1;
  }
  scratch_.File("proc/iomem", iomem);
  image_.text_offset = *rc::gen::element<uint64_t>(0, 0x80000);
  image_.anywhere = *rc::gen::arbitrary<bool>();
  image_.image_size = *rc::gen::inRange<uint64_t>(1, 64) * kMiB;
  image_.pieces.front().memory_size = image_.image_size;
  const auto plan = Plan();
  if (!plan.has_value()) {
    RC_ASSERT(plan.error().code() == Errc::kDoesNotFit);
    return;
  }
  for (const Segment& segment : plan->segments) {
    for (const PhysRange& range : reserved) RC_ASSERT(!segment.dest.range().Overlaps(range));
  }
  RC_ASSERT((Find(*plan, "kernel").dest.begin().raw() - image_.text_offset) % (2 * kMiB) == 0);
}

}  // namespace
}  // namespace kexec::testing
