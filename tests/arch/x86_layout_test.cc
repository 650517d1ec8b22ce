// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/x86_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

constexpr size_t kHandoverSize = 0x2001;
constexpr size_t kPurgatorySize = 0x5000;

X86Facts FactsOf(MemoryMap map) {
  X86Facts facts;
  facts.memory.handed_over = map;
  facts.memory.placeable = std::move(map);
  return facts;
}

Result<X86Placement> Place(const X86Facts& facts, const BootInputs& inputs) {
  SilentDiagnostics diagnostics;
  KEXEC_ASSIGN(const LinuxImage image, MakeLinuxImage(facts, inputs, diagnostics));
  return PlaceLinux(facts, inputs, image, kHandoverSize, kPurgatorySize);
}

BzImage& KernelOf(BootInputs& inputs) { return std::get<BzImage>(inputs.kernel.image); }

TEST(X86Layout, FillsFromTheTopTheLargeFirst) {
  const X86Facts facts = FactsOf(RamMap({Range(0, 0x9fc00), Range(0x100000, 0x3ffdd000)}));
  const auto placed = Place(facts, InputsFor(ModernKernel(), {0x3c8600, 1, 0x1000}, ""));
  ASSERT_TRUE(placed.has_value()) << placed.error().message();
  EXPECT_EQ(placed->kernel, Pages(0x3cc00000, 0x3ff78000));
  EXPECT_THAT(placed->initrds, ElementsAre(Pages(0x3c835000, 0x3cbfe000), Pages(0x3cbfe000, 0x3cbff000),
                                           Pages(0x3cbff000, 0x3cc00000)));
  EXPECT_EQ(placed->handover, Pages(0x3ffda000, 0x3ffdd000));
  EXPECT_EQ(placed->purgatory, Pages(0x3ffd5000, 0x3ffda000));
}

TEST(X86Layout, GoesAbove4GiBOnlyWithAKernelThatCan) {
  const X86Facts facts = FactsOf(RamMap({Range(0x100000, 0x80000000), Range(0x100000000, 0x1c0000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {0x1000}, "");
  const auto high = Place(facts, inputs);
  EXPECT_EQ(high->kernel, Pages(0x1bfe00000, 0x1bfe40000));
  KernelOf(inputs).can_load_above_4g = false;
  const auto low = Place(facts, inputs);
  EXPECT_EQ(low->kernel, Pages(0x7fe00000, 0x7fe40000));
  EXPECT_THAT(low->initrds, ElementsAre(Pages(0x7ffff000, 0x80000000)));
}

TEST(X86Layout, KeepsInitrdsUnderTheImagesLimit) {
  const X86Facts facts = FactsOf(RamMap({Range(0x100000, 0x80000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {0x1000}, "");
  KernelOf(inputs).can_load_above_4g = false;
  KernelOf(inputs).initrd_addr_max = PhysAddr(0x37ffffff);
  EXPECT_EQ(Place(facts, inputs)->initrds[0], Pages(0x37fff000, 0x38000000));
  KernelOf(inputs).initrd_addr_max = PhysAddr(0);
  EXPECT_EQ(Place(facts, inputs)->initrds[0], Pages(0x37fff000, 0x38000000));
  KernelOf(inputs).can_load_above_4g = true;
  EXPECT_EQ(Place(facts, inputs)->initrds[0], Pages(0x7ffff000, 0x80000000));
}

TEST(X86Layout, PutsA32BitKernelLow) {
  const X86Facts facts = FactsOf(RamMap({Range(0x100000, 0x80000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {0x1000}, "");
  KernelOf(inputs).has_64bit_entry = false;
  const auto placed = Place(facts, inputs);
  EXPECT_EQ(placed->kernel, Pages(0x1000000, 0x1040000));
}

TEST(X86Layout, LeavesMemoryOfTheFirmwareAlone) {
  X86Facts facts = FactsOf(RamMap({Range(0x100000, 0x80000000)}));
  facts.efi.emplace();
  facts.efi->runtime_map.resize(1);
  facts.efi->runtime_map[0].physical = 0x7ff00000;
  facts.efi->runtime_map[0].pages = 0x100;
  EXPECT_EQ(Place(facts, InputsFor(SmallKernel(), {0x1000}, ""))->initrds[0], Pages(0x7feff000, 0x7ff00000));
}

TEST(X86Layout, LoadsAnUnmovableKernelWhereItRuns) {
  const X86Facts facts = FactsOf(RamMap({Range(0x100000, 0x80000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  KernelOf(inputs).relocatable = false;
  KernelOf(inputs).alignment.reset();
  EXPECT_EQ(Place(facts, inputs)->kernel, Pages(0x1000000, 0x1040000));
  KernelOf(inputs).pref_address = PhysAddr(0);
  EXPECT_EQ(Place(facts, inputs)->kernel, Pages(0x100000, 0x140000));
}

TEST(X86Layout, PutsTheOldestProtocolsDataAt0x90000) {
  const X86Facts facts = FactsOf(RamMap({Range(0x1000, 0x9fc00), Range(0x100000, 0x80000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  KernelOf(inputs).protocol = 0x0201;
  KernelOf(inputs).has_64bit_entry = false;
  EXPECT_EQ(Place(facts, inputs)->handover, Pages(0x90000, 0x93000));
}

TEST(DrawSlot, GivesEverySlotTheSameChance) {
  const std::vector<PhysRange> free = {Range(0x1800, 0x5000), Range(0x9000, 0xa000), Range(0xc000, 0xe800)};
  const auto draw = [&](uint64_t random) {
    return DrawSlot(free, Range(0, 0xe000), 0x2000, Alignment::Of<0x1000>(), random);
  };
  std::vector<uint64_t> places;
  for (uint64_t random = 0; random < 5; ++random) places.push_back(draw(random).value().raw());
  EXPECT_THAT(places, ElementsAre(0x2000, 0x3000, 0xc000, 0x2000, 0x3000));
  EXPECT_EQ(draw(UINT64_MAX), draw(UINT64_MAX % 3));
}

TEST(DrawSlot, KnowsWhereThereIsNone) {
  const std::vector<PhysRange> free = {Range(0x1000, 0x4000), Range(UINT64_MAX - 0xfff, UINT64_MAX)};
  const auto draw = [&](uint64_t size, Alignment alignment) {
    return DrawSlot(free, WholeMemory(), size, alignment, 7);
  };
  EXPECT_EQ(draw(0x3001, Alignment::Of<0x1000>()), std::nullopt);
  EXPECT_EQ(draw(0x1000, Alignment::Of<0x8000>()), std::nullopt);
  EXPECT_EQ(draw(0x3000, Alignment::Of<0x1000>()), PhysAddr(0x1000));
  EXPECT_EQ(DrawSlot({}, WholeMemory(), 1, Alignment::Of<1>(), 0), std::nullopt);
}

struct Refusal {
  const char* name;
  void (*spoil)(BootInputs& inputs);
  Errc code;
  const char* message;
};

class X86LayoutRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(X86LayoutRefusal, NamesTheNumbers) {
  const X86Facts facts = FactsOf(RamMap({Range(0x1000, 0x9f000), Range(0x100000, 0x8000000)}));
  BootInputs inputs = InputsFor(SmallKernel(), {0x1000}, "quiet");
  ASSERT_TRUE(Place(facts, inputs).has_value());
  GetParam().spoil(inputs);
  const auto placed = Place(facts, inputs);
  EXPECT_EQ(MessageOf(placed), GetParam().message);
  if (!placed) {
    EXPECT_EQ(placed.error().code(), GetParam().code);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, X86LayoutRefusal,
    ::testing::Values(
        Refusal{"CommandLineTooLong", [](BootInputs& in) { in.command_line.assign(2048, 'x'); },
                Errc::kDoesNotFit,
                "the command line has 2048 bytes, this kernel takes at most 2047; shorten it"},
        Refusal{"TooManyInitrds", [](BootInputs& in) { in.initrds.assign(14, Pattern(1, 1)); },
                Errc::kDoesNotFit, "14 initrds: kexec_load takes at most 13; concatenate some of them"},
        Refusal{"EmptyInitrd", [](BootInputs& in) { in.initrds = {Pattern(1, 1), SharedBytes()}; },
                Errc::kMalformed, "initrd 2 of 2 is empty"},
        Refusal{"InitrdTooBig", [](BootInputs& in) { in.initrds = {Pattern(0x7000001, 1)}; },
                Errc::kDoesNotFit,
                "no room for 'initrd': need 0x7001000 bytes aligned to 0x1000 in [0x1000000, "
                "0xffffffffffffffff); "
                "largest free piece is 0x6e00000 at 0x1000000"},
        Refusal{"KernelTooBig", [](BootInputs& in) { KernelOf(in).init_size = 0x7000001; }, Errc::kDoesNotFit,
                "no room for 'kernel': need 0x7001000 bytes aligned to 0x200000 in [0x1000000, "
                "0xffffffffffffffff); "
                "largest free piece is 0x7000000 at 0x1000000"},
        Refusal{"WindowTooLow", [](BootInputs& in) { in.window = Range(0, 0x100000); }, Errc::kDoesNotFit,
                "'kernel' must lie in [0x100000, 0xffffffffffffffff), of which --mem-min and --mem-max leave "
                "nothing"},
        Refusal{
            "WindowBelowInitrds",
            [](BootInputs& in) {
              in.window = Range(0, 0xf00000);
              KernelOf(in).pref_address = PhysAddr(0x100000);
            },
            Errc::kDoesNotFit,
            "'initrd' must lie in [0x1000000, 0xffffffffffffffff), of which --mem-min and --mem-max leave "
            "nothing"},
        Refusal{"UnmovableOutsideTheWindow",
                [](BootInputs& in) {
                  in.window = Range(0x2000000, 0x8000000);
                  KernelOf(in).relocatable = false;
                },
                Errc::kDoesNotFit,
                "the kernel is not relocatable: its 0x40000 bytes must be at 0x1000000, outside [0x2000000, "
                "0x8000000)"},
        Refusal{"UnmovableWithoutMemory",
                [](BootInputs& in) {
                  KernelOf(in).relocatable = false;
                  KernelOf(in).pref_address = PhysAddr(0x7ff0000);
                },
                Errc::kDoesNotFit,
                "'kernel' must be at [0x7ff0000, 0x8030000), but [0x8000000, 0x8030000) is not free RAM"},
        Refusal{"A32BitKernelThatWantsHighMemory",
                [](BootInputs& in) {
                  KernelOf(in).has_64bit_entry = false;
                  KernelOf(in).pref_address = PhysAddr(0x40000000);
                },
                Errc::kDoesNotFit, "'kernel' would have to lie above 0x40000000 and below 0x38000000"},
        Refusal{"BeforeTheProtocol", [](BootInputs& in) { KernelOf(in).protocol = 0; }, Errc::kUnsupported,
                "the kernel is older than boot protocol 2.00 (Linux 1.3.73)"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace kexec::testing
