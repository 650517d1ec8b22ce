// SPDX-License-Identifier: GPL-2.0-or-later
// kexec on Xen: which calls are made in which domain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "cmd/kexec/exit_status.h"
#include "kexec/xen_kexec.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/fake_xen.h"
#include "tests/support/multiboot_builder.h"
#include "tests/support/ranges.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::CmdWorld;
using ::testing::ElementsAre;
using testing::FakeXen;
using testing::FakeXenMachine;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Range;
using ::testing::StartsWith;
using testing::XenLoadSeen;

constexpr std::string_view kPvGuest =
    "this is a paravirtual guest of Xen, where no kernel can start another; restart the guest with the other "
    "kernel, or make it a PVH or HVM guest";

void MakeGuest(CmdWorld& world, std::string_view type, std::string_view features) {
  world.machine.File("proc/xen/capabilities", "\n")
      .File("sys/hypervisor/type", "xen\n")
      .File("sys/hypervisor/guest_type", type)
      .File("sys/hypervisor/properties/features", features);
}

void ExpectNoCall(const CmdWorld& world) {
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, IsEmpty());
}

TEST(XenPvGuest, IsRefusedInWords) {
  CmdWorld world;
  MakeGuest(world, "PV\n", "00002671\n");
  const std::string kernel = world.WriteKernel();
  for (const std::initializer_list<std::string_view> words :
       {std::initializer_list<std::string_view>{"-l", kernel},
        {"-c", "-l", kernel},
        {"-s", "-l", kernel},
        {"-p", kernel},
        {"-f", kernel},
        {kernel},
        {"--dry-run", "-l", kernel},
        {"-e"},
        {"-u"}}) {
    EXPECT_EQ(world.Run(words), kExitUsage) << *words.begin();
    EXPECT_THAT(world.message, HasSubstr(kPvGuest)) << *words.begin();
  }
  ExpectNoCall(world);
}

TEST(XenPvhGuest, TakesThePlainCalls) {
  for (const std::string_view type : {"PVH\n", "HVM\n"}) {
    CmdWorld world;
    MakeGuest(world, type, "00002705\n");
    const std::string kernel = world.WriteKernel();
    EXPECT_EQ(world.Run({"-l", kernel}), 0) << world.message;
    EXPECT_EQ(world.Run({"-p", kernel}), 0) << world.message;
    EXPECT_EQ(world.Run({"-l", "-S"}), 1) << world.message;
    EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
    EXPECT_EQ(world.kernel.loads().size(), 1U);
    EXPECT_EQ(world.kernel.file_loads().size(), 1U);
    EXPECT_EQ(world.kernel.reboots(), 1);
  }
}

FakeXenMachine TheMachine() {
  return {.map = {{0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {0x100000, 0x3ff00000, 1}},
          .crash_area = Range(0x34000000, 0x3c000000),
          .xen = Range(0x3f000000, 0x3f600000),
          .live_update_area = Range(0x20000000, 0x24000000),
          .cpu_notes = {Range(0x3f700000, 0x3f7002d4), Range(0x3f701000, 0x3f701264)},
          .vmcoreinfo = Range(0x3f2d4000, 0x3f2d5000)};
}

// Xen's first domain, with 256 MiB of the machine's 1 GiB; its own files lead to refusals and wrong places.
class FirstDomain {
 public:
  explicit FirstDomain(std::string_view type = "PV\n", const FakeXenMachine& machine = TheMachine(),
                       XenImage normal = XenImage::kDefault) {
    auto owned = std::make_unique<FakeXen>(machine);
    xen = owned.get();
    door_ = XenSyscalls(std::move(owned), normal);
    world.machine.File("proc/xen/capabilities", "control_d\n")
        .File("sys/hypervisor/type", "xen\n")
        .File("sys/hypervisor/guest_type", type)
        .File("proc/iomem", "00001000-0fffffff : System RAM\n  01000000-01ffffff : Kernel code\n")
        .File("proc/meminfo", "MemTotal:          20000 kB\n")
        .File("sys/kernel/kexec_crash_size", "0\n")
        .File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    world.kernel.Publish(nullptr);
    xen->Publish(&world.machine);
    world.door = door_.get();
  }
  ~FirstDomain() { ExpectNoCall(); }

  // The kernel's own calls are made by nobody.
  void ExpectNoCall() const {
    EXPECT_THAT(world.kernel.loads(), IsEmpty());
    EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
    EXPECT_EQ(world.kernel.reboots(), 0);
  }

  CmdWorld world;
  FakeXen* xen = nullptr;

 private:
  std::unique_ptr<Syscalls> door_;
};

TEST(XenFirstDomain, LoadsTellsUnloadsAndStartsThroughXen) {
  for (const std::string_view type : {"PV\n", "PVH\n"}) {
    FirstDomain dom0(type);
    CmdWorld& world = dom0.world;
    const std::string kernel = world.WriteKernel();
    EXPECT_EQ(world.Run({"-l", "-S"}), 0);
    EXPECT_EQ(world.Run({"-e"}), kExitUsage);
    EXPECT_EQ(world.message, "Nothing has been loaded!");
    for (const std::string_view call : {"-a", "-c", "-s"}) {
      EXPECT_EQ(world.Run({call, "-l", kernel, "--append=word"}), 0) << world.message;
      EXPECT_EQ(world.Run({"-l", "-S"}), 1);
      EXPECT_EQ(world.Run({"-u"}), 0) << world.message;
      EXPECT_EQ(world.Run({"-l", "-S"}), 0);
    }
    ASSERT_EQ(dom0.xen->loads().size(), 3U);
    for (const XenLoadSeen& load : dom0.xen->loads()) {
      EXPECT_EQ(load.type, 0);
      EXPECT_EQ(load.elf_machine, 62);
      // In the machine's memory, far above what the domain calls its own.
      EXPECT_GT(load.entry, 0x3f000000U);
    }
    EXPECT_EQ(world.Run({"-l", kernel}), 0) << world.message;
    EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
    EXPECT_THAT(dom0.xen->starts(), ElementsAre(0));
    EXPECT_THAT(world.host.events, ElementsAre("interfaces down"));
  }
}

TEST(XenFirstDomain, WhatXenCallsEmptyIsTriedWithTheNetworkUp) {
  FirstDomain dom0;
  CmdWorld& world = dom0.world;
  EXPECT_EQ(world.Run({"-e"}), kExitUsage);
  EXPECT_EQ(world.message, "Nothing has been loaded!");
  // As two loads of kexec-tools leave it: Xen says that there is none.
  ASSERT_EQ(world.Run({"-l", world.WriteKernel()}), 0) << world.message;
  world.machine.File(XenLoadedRecord(LoadKind::kNormal), "0\n");
  EXPECT_EQ(world.Run({"-e"}), 0) << world.message;
  EXPECT_THAT(dom0.xen->starts(), ElementsAre(0));
  EXPECT_THAT(world.host.events, IsEmpty());
  EXPECT_EQ(world.Run({"-u"}), 0) << world.message;
  EXPECT_FALSE(dom0.xen->loaded(0));
}

TEST(XenFirstDomain, ADryRunSaysWhoseCallItIs) {
  FirstDomain dom0;
  EXPECT_EQ(dom0.world.Run({"--dry-run", "-s", "-l", dom0.world.WriteKernel()}), 0) << dom0.world.message;
  EXPECT_THAT(dom0.world.out,
              HasSubstr("because this is Xen's first domain: the call is Xen's, not its kernel's\n"));
  EXPECT_THAT(dom0.xen->loads(), IsEmpty());
}

// The program headers of the core headers in a crash load, as "note 0x3f700000+0x2d4", "load
// 0x100000+0x33f00000".
std::vector<std::string> CoreHeaders(const XenLoadSeen& load) {
  std::vector<std::string> headers;
  for (const XenLoadSeen::Segment& segment : load.segments) {
    if (!segment.contents || segment.contents->size() < 64) continue;
    const auto* bytes = reinterpret_cast<const unsigned char*>(segment.contents->data());
    if (std::string_view(reinterpret_cast<const char*>(bytes), 4) !=
            "\x7f"
            "ELF" ||
        bytes[16] != 4)
      continue;
    for (size_t at = 64; at + 56 <= segment.contents->size(); at += 56) {
      const auto number = [&](size_t offset) {
        uint64_t value = 0;
        std::memcpy(&value, bytes + at + offset, sizeof(value));
        return value;
      };
      const bool note = bytes[at] == 4;
      headers.push_back(fmt::format("{} {:#x}+{:#x}", note ? "note" : "load", number(24), number(32)));
      if (!note) {
        EXPECT_EQ(number(16), UINT64_MAX) << "virtual address";
      }
    }
  }
  return headers;
}

TEST(XenFirstDomain, ACrashKernelGetsTheNotesOfXenAndOfItsKernel) {
  FirstDomain dom0;
  EXPECT_EQ(dom0.world.Run({"-p", dom0.world.WriteKernel()}), 0) << dom0.world.message;
  ASSERT_EQ(dom0.xen->loads().size(), 1U);
  const XenLoadSeen& load = dom0.xen->loads().front();
  EXPECT_EQ(load.type, 1);
  EXPECT_THAT(CoreHeaders(load),
              ElementsAre("note 0x3f700000+0x2d4", "note 0x3f701000+0x264", "note 0x3f2d4000+0x1000",
                          "note 0x3e2fe000+0x1024", "load 0x0+0x9fc00", "load 0x100000+0x33f00000",
                          "load 0x3c000000+0x4000000"));
  EXPECT_EQ(dom0.world.Run({"-S"}), 1);
  EXPECT_EQ(dom0.world.Run({"-p", "-u"}), 0) << dom0.world.message;
  EXPECT_EQ(dom0.world.Run({"-S"}), 0);
}

TEST(XenFirstDomain, OfPvhHasAVmcoreinfoAtNoAddressOfTheMachine) {
  FirstDomain dom0("PVH\n");
  EXPECT_EQ(dom0.world.Run({"-p", dom0.world.WriteKernel()}), 0) << dom0.world.message;
  EXPECT_THAT(CoreHeaders(dom0.xen->loads().front()),
              ElementsAre("note 0x3f700000+0x2d4", "note 0x3f701000+0x264", "note 0x3f2d4000+0x1000",
                          "load 0x0+0x9fc00", "load 0x100000+0x33f00000", "load 0x3c000000+0x4000000"));
}

TEST(XenFirstDomain, WithoutACrashAreaXenIsToBeTold) {
  FakeXenMachine machine = TheMachine();
  machine.crash_area.reset();
  FirstDomain dom0("PV\n", machine);
  EXPECT_EQ(dom0.world.Run({"-p", dom0.world.WriteKernel()}), kExitUsage);
  EXPECT_THAT(
      dom0.world.message,
      StartsWith("Memory for crashkernel is not reserved: boot Xen with crashkernel=256M (or what kexec "
                 "--estimate-crashkernel says) on its own command line, then load the crash kernel again"));
  EXPECT_EQ(dom0.world.Run({"--print-ckr-size"}), 0) << dom0.world.message;
  EXPECT_EQ(dom0.world.out, "0\n");
}

TEST(XenFirstDomain, StatusIsXens) {
  FirstDomain dom0;
  dom0.world.machine.File("sys/kernel/kexec_loaded", "1\n").File("sys/kernel/kexec_crash_loaded", "1\n");
  EXPECT_EQ(dom0.world.Run({"-S", "--json"}), 0);
  const auto told = nlohmann::json::parse(dom0.world.out);
  EXPECT_EQ(told["loaded"], false);
  EXPECT_EQ(told["crash_loaded"], false);
  EXPECT_EQ(told["crash_bytes"], 134217728);
  EXPECT_EQ(told["crash_regions"],
            nlohmann::json::parse(R"([{"begin": "0x34000000", "end": "0x3c000000"}])"));
}

TEST(XenFirstDomain, ARefusalIsExplained) {
  FirstDomain dom0;
  dom0.xen->FailNext(4, ENOMEM);
  EXPECT_EQ(dom0.world.Run({"-l", dom0.world.WriteKernel()}), kExitFailed);
  EXPECT_THAT(dom0.world.message,
              AllOf(StartsWith("Xen's kexec_load: Cannot allocate memory: "), HasSubstr("dom0_mem=")));
}

TEST(XenLiveUpdate, IsRefusedWhereNoXenRuns) {
  CmdWorld world;
  for (const std::initializer_list<std::string_view> words :
       {std::initializer_list<std::string_view>{"--load-live-update", "kernel"}, {"--exec-live-update"}}) {
    EXPECT_EQ(world.Run(words), kExitUsage);
    EXPECT_EQ(world.message, "a live update replaces a running Xen, and this is not Xen's first domain");
  }
}

// A Xen that may be moved: an ELF file at 2 MiB with a Multiboot 2 header and a relocatable tag.
std::string WriteXen(CmdWorld& world) {
  std::vector<std::byte> contents =
      testing::Multiboot2Builder().Tag(10, 0, {0x200000, 0xffffffff, 0x200000, 2}).Build();
  contents.resize(0x1800);
  const auto file = testing::ElfBuilder(false)
                        .Entry(0x200040)
                        .Load({.address = 0x200000, .virtual_address = 0x200000, .contents = contents})
                        .Build();
  return world.Write("xen", testing::AsText(file));
}

bool Holds(const XenLoadSeen::Segment& segment, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(segment.contents->data()), segment.contents->size())
      .contains(text);
}

TEST(XenLiveUpdate, HandsOverWhatKexecToolsDoes) {
  // kexec/arch/i386/kexec-mb2-x86.c and kexec-xen.c of kexec-tools 2.0.32: type 2; the kernel at the first
  // place its alignment allows from the running Xen's on; everything else in the live update area behind its
  // first page; the area on the command line, in MiB rounded up; the first MiB without a buffer.
  FakeXenMachine machine = TheMachine();
  machine.knows_live_update = true;
  FirstDomain dom0("PV\n", machine, XenImage::kLiveUpdate);
  CmdWorld& world = dom0.world;
  const std::string module = "--module=" + world.Write("dom0", "a kernel") + " console=hvc0";
  EXPECT_EQ(world.Run({"--load-live-update", WriteXen(world), "--append=com1=115200", module}), 0)
      << world.message;
  ASSERT_EQ(dom0.xen->loads().size(), 1U);
  const XenLoadSeen& load = dom0.xen->loads().front();
  EXPECT_EQ(load.type, 2);
  EXPECT_EQ(load.elf_machine, 62);
  ASSERT_EQ(load.segments.size(), 5U);
  EXPECT_FALSE(load.segments[0].contents.has_value());
  EXPECT_EQ(load.segments[0].destination, 0U);
  EXPECT_EQ(load.segments[0].size, 0x100000U);
  const PhysRange area = Range(0x20001000, 0x24000000);
  int with_line = 0;
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(
        area.Contains(*PhysRange::FromSize(PhysAddr(load.segments[i].destination), load.segments[i].size)))
        << i;
    with_line += Holds(load.segments[i], " com1=115200 liveupdate=64M@0x20000000") ? 1 : 0;
  }
  EXPECT_EQ(with_line, 1);
  EXPECT_TRUE(area.Contains(PhysAddr(load.entry)));
  EXPECT_EQ(load.segments[4].destination, 0x3f000000U);
  EXPECT_EQ(world.Run({"--exec-live-update"}), 0) << world.message;
  EXPECT_THAT(dom0.xen->starts(), ElementsAre(2));
}

TEST(XenLiveUpdate, IsToldInWordsWhereXenHasNone) {
  FirstDomain dom0("PV\n", TheMachine(), XenImage::kLiveUpdate);
  EXPECT_EQ(dom0.world.Run({"--load-live-update", WriteXen(dom0.world)}), kExitUsage);
  EXPECT_THAT(
      dom0.world.message,
      StartsWith("this Xen cannot be updated live: it keeps no memory for its successor (liveupdate= on its "
                 "command line, in a Xen that is built for it)"));
  EXPECT_EQ(dom0.world.Run({"--exec-live-update"}), kExitFailed);
  EXPECT_EQ(dom0.world.message,
            "Xen's kexec: Invalid argument: this Xen knows no such image; a live update needs a Xen that is "
            "built for it");
}

TEST(XenLiveUpdate, TakesAnotherXenOnly) {
  FakeXenMachine machine = TheMachine();
  machine.knows_live_update = true;
  FirstDomain dom0("PV\n", machine, XenImage::kLiveUpdate);
  EXPECT_EQ(dom0.world.Run({"--load-live-update", dom0.world.WriteKernel()}), kExitUsage);
  EXPECT_THAT(dom0.world.message,
              StartsWith("a live update needs a Xen to change to: a relocatable Multiboot 2 kernel"));
  EXPECT_THAT(dom0.xen->loads(), IsEmpty());
}

}  // namespace
}  // namespace kexec
