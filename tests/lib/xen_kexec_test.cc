// SPDX-License-Identifier: GPL-2.0-or-later
// What Xen is handed by hypercall, and what it tells.
#include "kexec/xen_kexec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "kexec/crash_memory.h"
#include "kexec/explain.h"
#include "kexec/memory_map.h"
#include "kexec/submit.h"
#include "kexec/xen_domain.h"
#include "tests/support/fake_xen.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kX86 = uint64_t{62} << 16;

FakeXenMachine Machine() {
  return {.map = {{0, 0x9fc00, 1},
                  {0x9fc00, 0x400, 2},
                  {kMiB, 0x3fe00000, 1},
                  {0x3ff00000, 0x10000, 3},
                  {0x3ff10000, 0x10000, 4},
                  {0x3ff20000, 0x10000, 99}},
          .crash_area = Range(0x20000000, 0x28000000),
          .xen = Range(0x3f000000, 0x3f600000),
          .live_update_area = Range(0x30000000, 0x34000000),
          .cpu_notes = {Range(0x3f700000, 0x3f7002d4), Range(0x3f701000, 0x3f701264)},
          .vmcoreinfo = Range(0x3f2d4000, 0x3f2d5000)};
}

std::vector<std::byte> Text(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

RawSegment Raw(const std::vector<std::byte>& contents, uint64_t mem, size_t memsz) {
  return {contents.data(), contents.size(), mem, memsz};
}

// "0x0+0x1000 null", "0x100000+0x2000 3"
std::vector<std::string> Shown(const XenLoadSeen& load) {
  std::vector<std::string> lines;
  for (const XenLoadSeen::Segment& segment : load.segments) {
    lines.push_back(fmt::format("{:#x}+{:#x} {}", segment.destination, segment.size,
                                segment.contents ? fmt::format("{}", segment.contents->size()) : "mapped"));
  }
  return lines;
}

TEST(XenLoad, HandsOverCopiesAndMapsTheFirstMegabyte) {
  FakeXen xen(Machine());
  const std::vector<std::byte> kernel = Text("kernel");
  const std::vector<std::byte> none;
  ASSERT_EQ(
      XenLoad(XenImage::kDefault, 62, 0x1000004,
              std::vector<RawSegment>{Raw(kernel, 0x1000000, 0x3000), Raw(none, 0x2000000, 0x1000)}, xen),
      0);
  ASSERT_EQ(xen.loads().size(), 1U);
  const XenLoadSeen& load = xen.loads().front();
  EXPECT_EQ(load.type, 0);
  EXPECT_EQ(load.elf_machine, 62);
  EXPECT_EQ(load.entry, 0x1000004U);
  // What is all zero fill has a buffer as well, or Xen would leave it as it is.
  EXPECT_THAT(Shown(load), ElementsAre("0x0+0x100000 mapped", "0x1000000+0x3000 6", "0x2000000+0x1000 0"));
  EXPECT_EQ(load.segments[1].contents, kernel);
}

TEST(XenLoad, FillsWhatSegmentsLeaveOfTheFirstMegabyte) {
  FakeXen xen(Machine());
  const std::vector<std::byte> bytes = Text("x");
  ASSERT_EQ(XenLoad(XenImage::kDefault, 62, 0x200000,
                    std::vector<RawSegment>{Raw(bytes, 0x200000, 0x1000), Raw(bytes, 0x90000, 0x2000),
                                            Raw(bytes, 0, 0x1000)},
                    xen),
            0);
  EXPECT_THAT(Shown(xen.loads().front()),
              ElementsAre("0x0+0x1000 1", "0x1000+0x8f000 mapped", "0x90000+0x2000 1",
                          "0x92000+0x6e000 mapped", "0x200000+0x1000 1"));
  ASSERT_EQ(
      XenLoad(XenImage::kDefault, 62, 0xf0000, std::vector<RawSegment>{Raw(bytes, 0xf0000, 0x20000)}, xen),
      0);
  EXPECT_THAT(Shown(xen.loads().back()), ElementsAre("0x0+0xf0000 mapped", "0xf0000+0x20000 1"));
}

TEST(XenLoad, IsWhatKexecToolsHandsOverForALiveUpdate) {
  // kexec/kexec-xen.c of kexec-tools 2.0.32: KEXEC_TYPE_LIVE_UPDATE is 2, the machine EM_X86_64, and the
  // first MiB goes along without a buffer.
  FakeXenMachine machine = Machine();
  machine.knows_live_update = true;
  FakeXen xen(machine);
  const std::vector<std::byte> bytes = Text("xen");
  auto owned = std::make_unique<FakeXen>(machine);
  const FakeXen& seen = *owned;
  const auto door = XenSyscalls(std::move(owned), XenImage::kLiveUpdate);
  EXPECT_EQ(door->KexecLoad(0x30001000, std::vector<RawSegment>{Raw(bytes, 0x30001000, 0x1000)}, kX86), 0);
  EXPECT_EQ(seen.loads().front().type, 2);
  EXPECT_EQ(seen.loads().front().elf_machine, 62);
  EXPECT_THAT(Shown(seen.loads().front()), ElementsAre("0x0+0x100000 mapped", "0x30001000+0x1000 3"));
  EXPECT_EQ(door->RebootKexec(), 0);
  EXPECT_THAT(seen.starts(), ElementsAre(2));
}

TEST(XenSyscalls, LoadUnloadAndStartByType) {
  auto owned = std::make_unique<FakeXen>(Machine());
  const FakeXen& xen = *owned;
  const auto door = XenSyscalls(std::move(owned), XenImage::kDefault);
  const std::vector<std::byte> bytes = Text("x");
  EXPECT_EQ(door->RebootKexec(), ENOENT);
  EXPECT_EQ(door->KexecLoad(0x200000, std::vector<RawSegment>{Raw(bytes, 0x200000, 0x1000)}, kX86), 0);
  EXPECT_EQ(door->KexecLoad(0x20000000, std::vector<RawSegment>{Raw(bytes, 0x20000000, 0x1000)},
                            kX86 | kKexecOnCrash),
            0);
  EXPECT_TRUE(xen.loaded(0) && xen.loaded(1));
  EXPECT_EQ(door->KexecLoad(0, {}, kKexecOnCrash), 0);
  EXPECT_TRUE(xen.loaded(0) && !xen.loaded(1));
  EXPECT_EQ(door->KexecFileLoad(3, -1, "", 0), ENOSYS);
  EXPECT_EQ(door->RebootKexec(), 0);
  EXPECT_THAT(xen.starts(), ElementsAre(0));
  EXPECT_EQ(door->KexecLoad(0, {}, 0), 0);
  EXPECT_FALSE(xen.loaded(0));
}

TEST(XenSyscalls, AnswerWithXensErrno) {
  FakeXen xen(Machine());
  const std::vector<std::byte> bytes = Text("x");
  EXPECT_EQ(
      XenLoad(XenImage::kCrash, 62, 0x200000, std::vector<RawSegment>{Raw(bytes, 0x200000, 0x1000)}, xen),
      EADDRNOTAVAIL);
  std::vector<RawSegment> many;
  for (uint64_t i = 0; i < kXenMaxSegments; ++i) many.push_back(Raw(bytes, 0x200000 + i * 0x2000, 0x1000));
  EXPECT_EQ(XenLoad(XenImage::kDefault, 62, 0x200000, many, xen), EINVAL);
  many.pop_back();
  EXPECT_EQ(XenLoad(XenImage::kDefault, 62, 0x200000, many, xen), 0);
  EXPECT_EQ(XenUnload(XenImage::kLiveUpdate, xen), EINVAL);
  xen.LendNothing();
  EXPECT_EQ(XenLoad(XenImage::kDefault, 62, 0x200000, many, xen), ENOMEM);
  EXPECT_EQ(XenUnload(XenImage::kDefault, xen), ENOMEM);
}

TEST(XenStatus, SaysWhatIsLoadedOrThatXenCannot) {
  FakeXen xen(Machine());
  EXPECT_EQ(XenStatus(XenImage::kCrash, xen), false);
  const std::vector<std::byte> bytes = Text("x");
  ASSERT_EQ(
      XenLoad(XenImage::kCrash, 62, 0x20000000, std::vector<RawSegment>{Raw(bytes, 0x20000000, 0x1000)}, xen),
      0);
  EXPECT_EQ(XenStatus(XenImage::kCrash, xen), true);
  EXPECT_EQ(XenStatus(XenImage::kDefault, xen), false);
  xen.FailNext(6, EOPNOTSUPP);
  EXPECT_EQ(MessageOf(XenStatus(XenImage::kDefault, xen)),
            "Xen does not say whether a kernel is loaded: Operation not supported");
}

TEST(XenStatus, HoldsAfterLoadsOverOthersAndUnloadsInVain) {
  FakeXen xen(Machine());
  const std::vector<std::byte> bytes = Text("x");
  const std::vector<RawSegment> segments = {Raw(bytes, 0x200000, 0x1000)};
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(XenLoad(XenImage::kDefault, 62, 0x200000, segments, xen), 0);
    EXPECT_TRUE(xen.loaded(0));
    EXPECT_EQ(XenStatus(XenImage::kDefault, xen), true) << i;
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(XenUnload(XenImage::kDefault, xen), 0);
    EXPECT_FALSE(xen.loaded(0));
    EXPECT_EQ(XenStatus(XenImage::kDefault, xen), false) << i;
  }
}

TEST(XenIomem, IsTheMachinesMemoryInTheKernelsWords) {
  FakeXen xen(Machine());
  EXPECT_EQ(*AskXenIomem(xen),
            "0000000000000000-000000000009fbff : System RAM\n"
            "000000000009fc00-000000000009ffff : Reserved\n"
            "0000000000100000-000000003fefffff : System RAM\n"
            "000000003ff00000-000000003ff0ffff : ACPI Tables\n"
            "000000003ff10000-000000003ff1ffff : ACPI Non-volatile Storage\n"
            "000000003ff20000-000000003ff2ffff : Reserved\n"
            "0000000020000000-0000000027ffffff : Crash kernel\n"
            "000000003f000000-000000003f5fffff : Xen\n"
            "000000003f700000-000000003f7002d3 : Xen CPU notes\n"
            "000000003f701000-000000003f701263 : Xen CPU notes\n"
            "000000003f2d4000-000000003f2d4fff : Xen vmcoreinfo\n");
  FakeXenMachine bare = Machine();
  bare.crash_area.reset();
  bare.knows_live_update = true;
  FakeXen other(bare);
  const std::string text = *AskXenIomem(other);
  EXPECT_EQ(text.find("Crash kernel"), std::string::npos);
  EXPECT_NE(text.find("0000000030000000-0000000033ffffff : Xen live update\n"), std::string::npos);
}

TEST(XenIomem, SaysWhyThereIsNoMap) {
  FakeXenMachine machine = Machine();
  machine.map.resize(4096, {0, 0x1000, 1});
  FakeXen xen(machine);
  EXPECT_EQ(MessageOf(AskXenIomem(xen)), "Xen does not tell the machine's memory map: Invalid argument");
}

class RecordedDom0 : public ::testing::Test {
 protected:
  RecordedDom0() : xen_(Machine()) {
    scratch_.File("proc/xen/capabilities", "control_d\n")
        .File("sys/hypervisor/type", "xen\n")
        .File("sys/hypervisor/guest_type", "PV\n")
        .File("proc/iomem", "00001000-0fffffff : System RAM\n")
        .File("sys/kernel/kexec_loaded", "1\n");
    xen_.Publish(&scratch_);
  }
  ScratchRoot scratch_;
  FakeXen xen_;
};

TEST_F(RecordedDom0, HasTheMachinesMemory) {
  const auto iomem = ReadIomem(scratch_.root());
  ASSERT_TRUE(iomem.has_value()) << MessageOf(iomem);
  EXPECT_THAT(iomem->crash_regions, ElementsAre(Range(0x20000000, 0x28000000)));
  EXPECT_TRUE(iomem->map.IsRam(Range(0x30000000, 0x31000000)));
  scratch_.File("sys/kernel/kexec/crash_cma_ranges", "1000000-1ffffff\n");
  EXPECT_THAT(*ReadCmaRanges(scratch_.root()), IsEmpty());
}

TEST_F(RecordedDom0, IsAskedAboutXensKernels) {
  const SystemRoot root = scratch_.root();
  EXPECT_EQ(IsLoaded(LoadKind::kNormal, root), false);
  const std::vector<std::byte> bytes = Text("x");
  ASSERT_EQ(XenLoad(XenImage::kCrash, 62, 0x20000000, std::vector<RawSegment>{Raw(bytes, 0x20000000, 0x1000)},
                    xen_),
            0);
  EXPECT_EQ(IsLoaded(LoadKind::kCrash, root), true);
}

TEST_F(RecordedDom0, ExplainsXensRefusals) {
  struct Row {
    KexecCall call;
    bool unload;
    int sys_errno;
    std::string_view sentence;
  };
  const Row rows[] = {
      {KexecCall::kLoad, false, EPERM,
       "Xen's kexec_load: Operation not permitted: Xen allows it to its first domain only, where its "
       "security modules "
       "(XSM) do not forbid it"},
      {KexecCall::kLoad, false, ENOSYS,
       "Xen's kexec_load: Function not implemented: this Xen is built without kexec (CONFIG_KEXEC), or older "
       "than 4.4"},
      {KexecCall::kReboot, false, ENOENT,
       "Xen's kexec: No such file or directory: no kernel is loaded in Xen; load one first (kexec -l)"},
      {KexecCall::kLoad, true, EBUSY,
       "Xen's kexec_unload: Device or resource busy: another kexec is in progress in Xen; wait for it and "
       "try again"},
      {KexecCall::kLoad, false, ENOMEM,
       "Xen's kexec_load: Cannot allocate memory: Xen needs memory of its own for a copy of the image's 4096 "
       "bytes, and "
       "this domain for another while it loads; leave Xen more (dom0_mem= on its command line, or xl mem-set "
       "0), or "
       "use a smaller initrd"},
      {KexecCall::kLoad, false, EADDRNOTAVAIL,
       "Xen's kexec_load: Cannot assign requested address: a segment lies outside the memory that Xen "
       "reserved with "
       "crashkernel= on its command line"},
      {KexecCall::kLoad, false, EINVAL,
       "Xen's kexec_load: Invalid argument: Xen takes at most 15 segments that do not overlap, and a live "
       "update only "
       "where it is built for it; see its log (xl dmesg)"},
      {KexecCall::kReboot, false, EINVAL,
       "Xen's kexec: Invalid argument: this Xen knows no such image; a live update needs a Xen that is built "
       "for it"},
      {KexecCall::kLoad, false, EFAULT,
       "Xen's kexec_load: Bad address: no known cause; see Xen's log (xl dmesg)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(
        Explain({.call = row.call, .unload = row.unload, .bytes = 4096}, row.sys_errno, scratch_.root()),
        row.sentence);
  }
}

}  // namespace
}  // namespace kexec::testing
