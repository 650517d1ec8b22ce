// SPDX-License-Identifier: GPL-2.0-or-later
// Any machine, any Multiboot kernel and modules: a clear refusal, or a plan that keeps every rule.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "arch/x86_64/multiboot_boot.h"
#include "kexec/validate.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/arch/multiboot_reader.h"
#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

constexpr uint64_t k4GiB = uint64_t{1} << 32;

MemoryMap AnyMap() {
  std::vector<MemoryRegion> regions = {{Range(0, 0x9fc00), MemoryType::kRam}};
  uint64_t at = 0x100000 + *rc::gen::inRange<uint64_t>(0x1000000, 0x20000000);
  if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}})) {
    regions.push_back({Range(0x100000, at), MemoryType::kRam});
  }
  const auto pieces = *rc::gen::inRange<size_t>(1, 40);
  for (size_t i = 0; i < pieces; ++i) {
    const uint64_t size = *rc::gen::inRange<uint64_t>(1, uint64_t{1} << *rc::gen::inRange(10, 30));
    regions.push_back({Range(at, at + size), *rc::gen::element(MemoryType::kRam, MemoryType::kRam,
                                                               MemoryType::kReserved, MemoryType::kAcpiNvs)});
    at += size + *rc::gen::element<uint64_t>(0, 0, 1, 0x1000, 0x10000000);
  }
  return MemoryMap::FromRegions(std::move(regions));
}

MultibootKernel AnyKernel() {
  MultibootKernel kernel;
  kernel.version = *rc::gen::inRange(1, 3);
  uint64_t at = *rc::gen::element<uint64_t>(0x100000, 0x100000, 0x10000c, 0x200000, 0x1ff000, 0xffff0000);
  const auto pieces = *rc::gen::inRange<size_t>(1, 25);
  for (size_t i = 0; i < pieces && at < k4GiB; ++i) {
    const uint64_t memory = std::min(*rc::gen::inRange<uint64_t>(1, 0x6000), k4GiB - at);
    const auto file = *rc::gen::inRange<size_t>(0, memory + 1);
    kernel.pieces.push_back({PhysAddr(at), at, Pattern(file, static_cast<unsigned>(i)), memory});
    at += memory + *rc::gen::element<uint64_t>(0, 1, 0x1000, 0x123456);
  }
  kernel.entry = kernel.pieces.front().address;
  if (kernel.version == 2 && *rc::gen::arbitrary<bool>()) {
    const int preference = *rc::gen::inRange(0, 3);
    kernel.relocation =
        MultibootRelocation{.lowest = PhysAddr(*rc::gen::element<uint64_t>(0, 0x100000, 0x1000001)),
                            .highest = PhysAddr(*rc::gen::element<uint64_t>(0x2ffffff, 0xffffffff)),
                            .alignment = *rc::gen::element(Alignment::Of<1>(), Alignment::Of<0x200000>()),
                            .prefers_high = preference == 2,
                            .prefers_low = preference == 1};
  }
  return kernel;
}

void CheckKernel(const MultibootKernel& kernel, const ReadMultiboot& boot, const PhysicalMemory& memory) {
  const uint64_t moved_by = boot.entry - kernel.entry.raw();
  if (!kernel.relocation) RC_ASSERT(moved_by == 0u);
  for (const LoadPiece& piece : kernel.pieces) {
    const uint64_t at = piece.address.raw() + moved_by;
    RC_ASSERT(at < k4GiB && piece.memory_size <= k4GiB - at);
    RC_ASSERT(std::ranges::equal(memory.Read(PhysAddr(at), piece.contents.size()), piece.contents.view()));
    const auto rest =
        memory.Read(PhysAddr(at + piece.contents.size()), piece.memory_size - piece.contents.size());
    RC_ASSERT(std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; }));
  }
  if (!kernel.relocation || moved_by == 0) return;
  const uint64_t base = kernel.pieces.front().address.raw() + moved_by;
  RC_ASSERT(base >= kernel.relocation->lowest.raw() && kernel.relocation->alignment.Divides(base));
  const LoadPiece& last = kernel.pieces.back();
  RC_ASSERT(last.address.raw() + moved_by + last.memory_size - 1 <= kernel.relocation->highest.raw());
}

void CheckPlan(const X86Facts& facts, const BootInputs& inputs, const LoadPlan& plan) {
  const ImageLimits limits{.destination = Range(0, (uint64_t{1} << 46) - 1),
                           .memory = &facts.memory.placeable,
                           .total_ram_pages = 0,
                           .crash_regions = {}};
  const auto validated = Validate(plan, limits);
  if (!validated) RC_FAIL(validated.error().message());
  for (const Segment& segment : plan.segments) RC_ASSERT(segment.dest.end().raw() <= k4GiB);
  const PhysicalMemory memory = MemoryOf(plan);
  const ReadMultiboot boot = FollowMultiboot(plan);
  CheckKernel(std::get<MultibootKernel>(inputs.kernel.image), boot, memory);
  RC_ASSERT(boot.command_line == "kernel" + (inputs.command_line.empty() ? "" : " " + inputs.command_line));
  RC_ASSERT(boot.memory.size() == facts.memory.handed_over.regions().size());
  RC_ASSERT(boot.modules.size() == inputs.modules.size());
  for (size_t i = 0; i < boot.modules.size(); ++i) {
    const SharedBytes& contents = inputs.modules[i].contents;
    RC_ASSERT(boot.modules[i].begin % 4096 == 0u);
    RC_ASSERT(boot.modules[i].end - boot.modules[i].begin == contents.size());
    RC_ASSERT(boot.modules[i].arguments == inputs.modules[i].command_line);
    RC_ASSERT(
        std::ranges::equal(memory.Read(PhysAddr(boot.modules[i].begin), contents.size()), contents.view()));
  }
}

TEST(MultibootProperty, AnyMachineAndKernelGiveAReasonOrAValidPlan) {
  int plans = 0;
  EXPECT_TRUE(rc::check("reason or valid plan", [&] {
    X86Facts facts;
    facts.memory.handed_over = AnyMap();
    facts.memory.placeable = facts.memory.handed_over;
    facts.root = "/nonexistent";
    BootInputs inputs{.kernel = {.type = "multiboot2-x86", .image = AnyKernel()},
                      .kernel_name = "kernel",
                      .initrds = {},
                      .modules = {},
                      .command_line = std::string(*rc::gen::inRange<size_t>(0, 5000), 'x'),
                      .window = WholeMemory(),
                      .entry = {}};
    const auto modules = *rc::gen::inRange<size_t>(0, 30);
    for (size_t i = 0; i < modules; ++i) {
      inputs.modules.push_back({Pattern(*rc::gen::inRange<size_t>(1, 9000), static_cast<unsigned>(i)),
                                std::string(*rc::gen::inRange<size_t>(0, 50), 'm')});
    }
    SilentDiagnostics diagnostics;
    const auto placed = PlaceMultiboot(facts, inputs, diagnostics);
    if (!placed) {
      RC_ASSERT(placed.error().message().find("0x") != std::string::npos);
      return;
    }
    ++plans;
    const auto plan = (*placed)->Emit();
    RC_ASSERT(plan.has_value());
    CheckPlan(facts, inputs, *plan);
  }));
  EXPECT_GE(plans, 20) << "the generators only make refusals";
}

}  // namespace
}  // namespace kexec::testing
