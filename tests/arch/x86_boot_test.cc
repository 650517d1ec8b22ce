// SPDX-License-Identifier: GPL-2.0-or-later
// The whole way in memory: plan, validate, load through a hostile page allocator, jump, and read what the
// next kernel would read, byte for byte.
#include <gtest/gtest.h>

#include "arch/machine.h"
#include "kexec/submit.h"
#include "kexec/validate.h"
#include "lib/freestanding/digest.h"
#include "tests/arch/boot_reader.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

std::vector<std::byte> Copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<PhysRange> PageAligned(const MemoryMap& map) {
  std::vector<PhysRange> ram;
  for (const PhysRange& range : map.ram()) {
    const auto begin = Alignment::Of<4096>().Up(range.begin().raw());
    if (auto inner = PhysRange::FromBounds(PhysAddr(*begin),
                                           PhysAddr(Alignment::Of<4096>().Down(range.end().raw())))) {
      ram.push_back(*inner);
    }
  }
  return ram;
}

std::vector<RawSegment> RawOf(const LoadPlan& plan) {
  std::vector<RawSegment> raw;
  for (const Segment& segment : plan.segments) {
    raw.push_back({segment.contents.view().data(), segment.contents.size(), segment.dest.begin().raw(),
                   segment.dest.size()});
  }
  return raw;
}

void ExpectPurgatoryAgrees(const PhysicalMemory& memory, const kexec_purgatory_params& params) {
  kexec_digest_state state;
  kexec_digest_init(&state, params.digest_kind, KEXEC_DIGEST_PORTABLE);
  for (uint32_t i = 0; i < params.hashed_count; ++i) {
    const auto bytes = memory.Read(PhysAddr(params.hashed[i].address), params.hashed[i].length);
    kexec_digest_update(&state, bytes.data(), bytes.size());
  }
  uint8_t digest[KEXEC_DIGEST_SIZE];
  kexec_digest_final(&state, digest);
  EXPECT_EQ(std::memcmp(digest, params.digest, sizeof(digest)), 0);
}

void ExpectArrived(const PhysicalMemory& memory, PhysAddr entry, const BootInputs& inputs) {
  const ReadBoot boot = FollowBoot(memory, entry);
  const BzImage& image = std::get<BzImage>(inputs.kernel.image);
  EXPECT_EQ(boot.command_line, inputs.command_line);
  const uint64_t kernel = boot.purgatory.kernel_entry - 0x200;
  auto expected = Copy(image.kernel.view());
  expected.resize(image.init_size, std::byte{0});
  EXPECT_EQ(memory.Read(PhysAddr(kernel), image.init_size), expected);
  uint64_t at = boot.initrd;
  for (const SharedBytes& initrd : inputs.initrds) {
    EXPECT_EQ(memory.Read(PhysAddr(at), initrd.size()), Copy(initrd.view()));
    if (&initrd == &inputs.initrds.back()) {
      EXPECT_EQ(at + initrd.size() - boot.initrd, boot.initrd_size);
    }
    at = *Alignment::Of<4096>().Up(at + initrd.size());
  }
  ExpectPurgatoryAgrees(memory, boot.purgatory);
}

class X86Boot : public ::testing::TestWithParam<std::tuple<const char*, PageOrder>> {};

TEST_P(X86Boot, ArrivesByteForByte) {
  const auto [name, order] = GetParam();
  const auto root = SystemRoot::Open(RecordedMachine(name));
  RecordingDiagnostics diagnostics;
  const auto machine = ReadMachine(*root, LoadKind::kNormal, diagnostics);
  ASSERT_EQ(MessageOf(machine), "success");
  BootInputs inputs = InputsFor(SmallKernel(), {0x1234, 0x2000, 1}, "root=/dev/vda quiet");
  inputs.purgatory.digest = order == PageOrder::kRandom ? DigestKind::kSha256 : DigestKind::kXxh128;
  inputs.rng_seed.emplace().fill(std::byte{0x77});
  const auto placed = (*machine)->Place(inputs, diagnostics);
  ASSERT_EQ(MessageOf(placed), "success");
  auto validated = Validate(*(*placed)->Emit(), (*machine)->limits());
  ASSERT_EQ(MessageOf(validated), "success");
  FakeKernel kernel({.ram = PageAligned((*machine)->limits().memory[0]), .order = order, .seed = 7});
  const auto raw = RawOf(validated->plan());
  ASSERT_EQ(kernel.KexecLoad(validated->plan().entry.raw(), raw, (*machine)->arch_flag()), 0);
  const auto entry = kernel.Boot();
  ASSERT_TRUE(entry.has_value());
  ExpectArrived(kernel.memory(), *entry, inputs);
}

INSTANTIATE_TEST_SUITE_P(MachinesAndOrders, X86Boot,
                         ::testing::Combine(::testing::Values("bios-1g", "bios-5g-high", "uefi-1g"),
                                            ::testing::Values(PageOrder::kAscending, PageOrder::kDescending,
                                                              PageOrder::kRandom,
                                                              PageOrder::kDestinationFirst)));

}  // namespace
}  // namespace kexec::testing
