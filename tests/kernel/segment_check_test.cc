// SPDX-License-Identifier: GPL-2.0-or-later
// Which lists of segments the kernel takes: bad ones with their errno and what the log says about them; and whatever
// libkexec's Validate lets pass, the kernel takes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "kexec/validate.h"
#include "tests/kernel/simulation.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kCrashFlags = kArchX86_64 | kOnCrash;
constexpr uint64_t kLimit = 0x400000;
constexpr MachineConfig kMachine = {.pages = 512,  // 2 MiB
                                    .max_order = 4,
                                    .crash = {0x100000, 0x140000},
                                    .destination_limit = kLimit};

struct BadList {
  const char* name;
  std::vector<Piece> pieces;
  uint64_t flags;
  long result;
  const char* log;  // behind "kexec: load refused: "; of the patched kernel, the unpatched one says nothing
  std::optional<uint64_t> entry = {};
};

std::vector<Piece> Seventeen() {
  std::vector<Piece> pieces;
  for (uint64_t i = 0; i < 17; ++i) pieces.push_back({0x40000 + i * kPage, kPage, 0});
  return pieces;
}

const std::vector<BadList>& BadLists() {
  static const std::vector<BadList> lists = {
      {"it wraps around",
       {{0x40000, kPage, 0}, {~uint64_t{0} - kPage + 1, 2 * kPage, 0}},
       kArchX86_64,
       -EADDRNOTAVAIL,
       "segment 1: 0x2000 bytes at 0xfffffffffffff000 end behind the last address\n"},
      {"it begins inside a page",
       {{0x40800, 0x800, 0}},
       kArchX86_64,
       -EADDRNOTAVAIL,
       "segment 0: 0x800 bytes at 0x40800 are not whole pages of 0x1000\n"},
      {"it ends inside a page",
       {{0x40000, 0x1001, 0}},
       kArchX86_64,
       -EADDRNOTAVAIL,
       "segment 0: 0x1001 bytes at 0x40000 are not whole pages of 0x1000\n"},
      {"it ends at the limit",
       {{kLimit - kPage, kPage, 0}},
       kArchX86_64,
       -EADDRNOTAVAIL,
       "segment 0: 0x1000 bytes at 0x3ff000 are not below 0x400000\n"},
      {"two overlap",
       {{0x80000, 0x10000, 0}, {0x40000, 0x41000, 0}},
       kArchX86_64,
       -EINVAL,
       "segment 1 at 0x40000 reaches into segment 0 at 0x80000\n"},
      {"one is inside another",
       {{0x40000, 0x10000, 0}, {0x48000, kPage, 0}},
       kArchX86_64,
       -EINVAL,
       "segment 0 at 0x40000 reaches into segment 1 at 0x48000\n"},
      {"more contents than memory",
       {{0x40000, kPage, 0}, {0x80000, kPage, kPage + 1}},
       kArchX86_64,
       -EINVAL,
       "segment 1 at 0x80000: 0x1001 bytes of contents, 0x1000 bytes of memory\n"},
      {"one needs more than half of memory",
       {{0x40000, 257 * kPage, 0}},
       kArchX86_64,
       -EINVAL,
       "segment 0 at 0x40000: 257 pages after 0 exceed half of the memory, 256 pages\n"},
      {"together they need more than half of memory",
       {{0x40000, 128 * kPage, 0}, {0x200000, 128 * kPage, 0}, {0x300000, kPage, 0}},
       kArchX86_64,
       -EINVAL,
       "segment 2 at 0x300000: 1 pages after 256 exceed half of the memory, 256 pages\n"},
      {"a crash segment begins before the region",
       {{0xff000, 2 * kPage, 0}},
       kCrashFlags,
       -EADDRNOTAVAIL,
       "segment 0: 0x2000 bytes at 0xff000 are not in the crash kernel region [0x100000-0x13ffff]\n",
       0x100000},
      {"a crash segment ends behind the region",
       {{0x100000, kPage, 0}, {0x13f000, 2 * kPage, 0}},
       kCrashFlags,
       -EADDRNOTAVAIL,
       "segment 1: 0x2000 bytes at 0x13f000 are not in the crash kernel region [0x100000-0x13ffff]\n"},
      {"a crash image is entered outside of the region",
       {{0x100000, kPage, 0}},
       kCrashFlags,
       -EADDRNOTAVAIL,
       "entry 0x140000 is not in the crash kernel region [0x100000-0x13ffff]\n",
       0x140000},
      {"too many segments", Seventeen(), kArchX86_64, -EINVAL, "17 segments, the limit is 16\n"},
      {"unknown flags", {{0x40000, kPage, 0}}, kArchX86_64 | 0x100, -EINVAL, "flags 0x100, known are 0xf\n"},
      {"another architecture", {{0x40000, kPage, 0}}, kArchI386, -EINVAL, "architecture 3, this one is 62\n"},
  };
  return lists;
}

TEST(SegmentCheck, RefusesBadListsWithAReason) {
  for (const BadList& list : BadLists()) {
    SCOPED_TRACE(list.name);
    Simulation simulation(kMachine, {Full(0x180000, 2 * kPage)});
    ASSERT_EQ(simulation.Load(), 0);
    MachineResetCounters();
    const uint64_t held = MachineCount().pages_held;
    EXPECT_EQ(simulation.Load(list.pieces, list.flags, list.entry), list.result);
    EXPECT_EQ(MachineLog(), KernelIsPatched() ? "kexec: load refused: " + std::string(list.log) : "");
    EXPECT_EQ(MachineCount().pages_held, held);
    simulation.ExpectGoodImage();
  }
}

TEST(SegmentCheck, TakesWhatIsOnTheEdge) {
  const std::vector<std::vector<Piece>> lists = {
      {Full(kPage, kPage)},                                           // the first page but one
      {Full(kLimit - 2 * kPage, kPage)},                              // ends one page below the limit
      {Full(0x40000, 256 * kPage)},                                   // half of memory
      {Full(0x40000, kPage), Full(0x41000, kPage)},                   // they touch
      {Full(0x40000, kPage), {0x50000, 0, 0}, Full(0x80000, kPage)},  // one is empty
  };
  for (const auto& pieces : lists) {
    Simulation simulation(kMachine, pieces);
    EXPECT_EQ(simulation.Load(), 0) << MachineLog();
    simulation.ExpectGoodImage();
  }
  Simulation simulation(kMachine, {{0x100000, kPage, 0}});
  EXPECT_EQ(simulation.Load({{0x100000, kPage, 0}}, kCrashFlags, 0x13ffff), 0) << "entered at the last byte";
}

TEST(SegmentCheck, Of32BitCallers) {
  const Simulation simulation(kMachine, {});
  const UserSegment32 segment = {0, 0, 0x40000, 0x2000};
  EXPECT_EQ(KernelLoadCompat(0x40000, 1, &segment, 0), -EINVAL)
      << "KEXEC_ARCH_DEFAULT means another one there";
  EXPECT_EQ(KernelLoadCompat(0x40000, 1, &segment, kArchX86_64), 0);
  LoadedImage image;
  ASSERT_TRUE(KernelImage(false, &image));
  EXPECT_EQ(image.entry, 0x40000u);
  MachineResetCounters();
  const MachineFaults faults = {.fail_copy = 1};
  MachineSetFaults(&faults);
  // The unpatched kernel returns what copy_from_user could not copy, as if it were a result.
  const long result = KernelLoadCompat(0x40000, 1, &segment, kArchX86_64);
  EXPECT_EQ(result, KernelIsPatched() ? -EFAULT : static_cast<long>(sizeof(segment) / 2));
}

PhysRange Between(uint64_t begin, uint64_t end) {
  return *PhysRange::FromBounds(PhysAddr(begin), PhysAddr(end));
}

// Mostly whole pages, on a handful of places, so that lists are on the edge of every rule.
rc::Gen<Piece> AnyPiece() {
  return rc::gen::exec([] {
    const uint64_t base = *rc::gen::element<uint64_t>(0x1000, 0x40000, 0x100000, 0x130000, 0x1f0000);
    const uint64_t grain = *rc::gen::weightedElement<uint64_t>({{20, kPage}, {1, kPage / 2}});
    const uint64_t begin = base + *rc::gen::inRange<uint64_t>(0, 32) * grain;
    const uint64_t size = *rc::gen::weightedOneOf<uint64_t>({{8, rc::gen::inRange<uint64_t>(1, 16)},
                                                             {1, rc::gen::inRange<uint64_t>(16, 300)}}) *
                          grain;
    return Piece{begin, size, *rc::gen::inRange<uint64_t>(0, size + 1)};
  });
}

LoadPlan PlanOf(const std::vector<Piece>& pieces, bool crash) {
  LoadPlan plan;
  plan.kind = crash ? LoadKind::kCrash : LoadKind::kNormal;
  for (const Piece& piece : pieces) {
    const auto dest = PageRange::Exactly(Between(piece.begin, piece.end()), *Alignment::Make(kPage / 2));
    plan.segments.push_back({"s", *dest, SharedBytes::Own(std::vector<std::byte>(piece.file_bytes))});
  }
  plan.entry = PhysAddr(pieces[0].begin);
  return plan;
}

TEST(SegmentCheck, TakesWhateverValidateAccepts) {
  uint64_t accepted = 0;
  const bool holds = rc::check("Validate is at least as strict as the kernel", [&] {
    const bool crash = *rc::gen::arbitrary<bool>();
    const auto pieces =
        *rc::gen::resize(8, rc::gen::nonEmpty(rc::gen::container<std::vector<Piece>>(AnyPiece())));
    MachineConfig machine = kMachine;
    machine.total_ram_pages = *rc::gen::inRange<uint64_t>(20, 512);
    machine.destination_limit = *rc::gen::element<uint64_t>(uint64_t{kLimit}, 0x1fe000, 0x200000);
    machine.order = static_cast<PageOrder>(*rc::gen::inRange(0, static_cast<int>(kPageOrders)));
    const MemoryMap memory = MemoryMap::FromRegions({{Between(0, 0x200000), MemoryType::kRam}});
    const auto image = Validate(PlanOf(pieces, crash), {.destination = Between(0, machine.destination_limit),
                                                        .memory = &memory,
                                                        .total_ram_pages = machine.total_ram_pages,
                                                        .crash_regions = {Between(0x100000, 0x140000)}});
    RC_CLASSIFY(image.has_value(), "accepted");
    if (!image) return;
    ++accepted;
    Simulation simulation(machine, pieces);
    RC_ASSERT(simulation.Load(crash ? kCrashFlags : uint64_t{kArchX86_64}) == 0);
    crash ? simulation.ExpectGoodCrashImage() : simulation.ExpectGoodImage();
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(accepted, 5u);
}

}  // namespace
}  // namespace kexec::testing
