// SPDX-License-Identifier: GPL-2.0-or-later
// Any machine, any image: a clear refusal, or a plan that keeps every rule.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "arch/x86_64/handover.h"
#include "arch/x86_64/purgatory/blob.h"
#include "arch/x86_64/x86_emit.h"
#include "arch/x86_64/x86_facts.h"
#include "arch/x86_64/x86_layout.h"
#include "kexec/validate.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kTop = uint64_t{1} << 40;

MemoryMap AnyMap() {
  const auto pieces = *rc::gen::inRange<size_t>(1, 200);
  std::vector<MemoryRegion> regions;
  uint64_t at = *rc::gen::element<uint64_t>(0, 0x400, 0x100000, 0xfff123);
  for (size_t i = 0; i < pieces && at < kTop; ++i) {
    const uint64_t size = *rc::gen::inRange<uint64_t>(1, uint64_t{1} << *rc::gen::inRange(1, 33));
    const auto type = *rc::gen::element(MemoryType::kRam, MemoryType::kRam, MemoryType::kRam,
                                        MemoryType::kReserved, MemoryType::kAcpiNvs, MemoryType::kPersistent);
    regions.push_back({Range(at, at + size), type});
    at += size + *rc::gen::element<uint64_t>(0, 0, 1, 0x1000, 0x40000000);
  }
  regions.push_back({Range(at, at + 0x1000), MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

BootInputs AnyInputs() {
  KernelShape shape;
  shape.file_size = *rc::gen::inRange<uint64_t>(0x201, 0x8000);
  shape.init_size = shape.file_size + *rc::gen::inRange<uint64_t>(0, uint64_t{1} << *rc::gen::inRange(1, 28));
  shape.pref_address = *rc::gen::element<uint64_t>(0x100000, 0x1000000, 0x1234000, 0x40000000);
  shape.alignment = *rc::gen::element<uint64_t>(1, 0x1000, 0x200000, 0x1000000);
  BzImage image = ModernKernel(shape);
  image.relocatable = *rc::gen::weightedElement<bool>({{5, true}, {1, false}});
  image.has_64bit_entry = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  image.can_load_above_4g = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  image.five_level = *rc::gen::arbitrary<bool>();
  const auto initrds = *rc::gen::container<std::vector<size_t>>(*rc::gen::inRange<size_t>(0, 15),
                                                                rc::gen::inRange<size_t>(0, 20000));
  BootInputs inputs = InputsFor(image, initrds, std::string(*rc::gen::inRange<size_t>(0, 2060), 'x'));
  const auto low = *rc::gen::element<uint64_t>(0, 0, 0x200000, 0x80000000, 0x100000000);
  const auto high = *rc::gen::element<uint64_t>(UINT64_MAX, UINT64_MAX, 0x40000000, 0x100000001);
  if (low < high) inputs.window = Range(low, high);
  return inputs;
}

X86Facts AnyFacts() {
  X86Facts facts;
  facts.memory.handed_over = AnyMap();
  facts.memory.placeable = facts.memory.handed_over;
  facts.five_level = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    facts.efi.emplace();
    facts.efi->runtime_map.resize(*rc::gen::inRange<size_t>(1, 20));
    for (EfiMemoryDescriptor& entry : facts.efi->runtime_map) {
      entry.physical = *rc::gen::inRange<uint64_t>(0, 0x40000) * 4096;
      entry.pages = *rc::gen::inRange<uint64_t>(0, 0x4000);
    }
  }
  return facts;
}

bool SaysWhy(const Error& error) {
  const std::string& message = error.message();
  return !message.empty() && message.back() != '.' &&
         (message.find("0x") != std::string::npos ||
          message.find_first_of("0123456789") != std::string::npos);
}

void CheckPlan(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& linux,
               const X86Placement& placement, const LoadPlan& plan) {
  const ImageLimits limits{.destination = Range(0, (uint64_t{1} << 46) - 1),
                           .memory = &facts.memory.placeable,
                           .total_ram_pages = 0,
                           .crash_regions = {}};
  const auto validated = Validate(plan, limits);
  if (!validated) RC_FAIL(validated.error().message());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  const BzImage& image = std::get<BzImage>(inputs.kernel.image);
  const bool high = linux.mode == EntryMode::k64 && image.can_load_above_4g;
  for (const Segment& segment : plan.segments) {
    RC_ASSERT(inputs.window.Contains(segment.dest.range()));
    RC_ASSERT(segment.dest.begin().raw() >= 0x100000u);
    if (!high) RC_ASSERT(segment.dest.end().raw() <= 0x100000000u);
    if (!facts.efi) continue;
    for (const PhysRange& range : RuntimeRanges(*facts.efi)) RC_ASSERT(!segment.dest.range().Overlaps(range));
  }
  RC_ASSERT(boot.command_line == inputs.command_line);
  RC_ASSERT(boot.e820.size() == facts.memory.handed_over.regions().size());
  uint64_t total = 0;
  for (const SharedBytes& initrd : inputs.initrds) total = *Alignment::Of<4096>().Up(total) + initrd.size();
  RC_ASSERT(boot.initrd_size == total);
  RC_ASSERT(!image.relocatable || image.alignment->Divides(placement.kernel.begin().raw()));
  RC_ASSERT(placement.kernel.size() >= image.init_size);
}

TEST(X86PlanProperty, AnyMachineAndImageGiveAReasonOrAValidPlan) {
  int plans = 0;
  int refusals = 0;
  const auto reason_or_plan = [&] {
    const X86Facts facts = AnyFacts();
    const BootInputs inputs = AnyInputs();
    SilentDiagnostics diagnostics;
    const auto image = MakeLinuxImage(facts, inputs, diagnostics);
    RC_ASSERT(image.has_value());
    const Handover handover = Handover::Compose(facts, inputs, *image, diagnostics);
    const auto placement = PlaceLinux(facts, inputs, *image, handover.size(), PurgatoryMemSize());
    if (!placement) {
      ++refusals;
      RC_ASSERT(SaysWhy(placement.error()));
      return;
    }
    ++plans;
    CheckPlan(facts, inputs, *image, *placement, EmitLinux(inputs, *image, *placement, handover));
  };
  // One case in five is a plan: of 100 cases fewer than ten would be, once in forty runs.
  for (const char* round : {"first", "second", "third", "fourth"}) {
    EXPECT_TRUE(rc::check(fmt::format("reason or valid plan, {} round", round), reason_or_plan));
  }
  EXPECT_GE(plans, 10) << "the generators only make refusals, " << refusals;
}

}  // namespace
}  // namespace kexec::testing
