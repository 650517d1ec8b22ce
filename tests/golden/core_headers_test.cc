// SPDX-License-Identifier: GPL-2.0-or-later
// Our core headers against those kexec-tools 2.0.25 made on the same machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "arch/crash_facts.h"
#include "arch/x86_64/kernel_text.h"
#include "loaders/elf/elf_core.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/read_whole.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr uint32_t kLoad = 1;
constexpr uint16_t kX86_64 = 62;

std::string Describe(Bytes headers) {
  const auto core = ParseElfCore(headers);
  if (!core) return core.error().message();
  std::string text;
  for (const ElfSegment& segment : core->segments) {
    text += fmt::format("{} offset {:#x} virt {:#x} phys {:#x} size {:#x} of {:#x}\n",
                        segment.type == kLoad ? "load" : "note", segment.offset, segment.virt, segment.phys,
                        segment.file_size, segment.memory_size);
  }
  return text;
}

// Where they put the backup of low memory: their plan is not ours, so its place is theirs.
PhysAddr BackupOf(Bytes theirs) {
  const auto core = ParseElfCore(theirs);
  const auto low = std::ranges::find_if(core->segments, [](const ElfSegment& segment) {
    return segment.type == kLoad && segment.phys == 0x1000;
  });
  return PhysAddr(low->offset);
}

class KexecToolsCoreHeaders : public ::testing::TestWithParam<const char*> {};

TEST_P(KexecToolsCoreHeaders, AreOursByteForByte) {
  const std::vector<std::byte> theirs =
      ReadWhole(fmt::format("{}/tests/golden/kexec-tools/{}.elfcorehdr", KEXEC_SOURCE_DIR, GetParam()));
  const auto root = SystemRoot::Open(RecordedMachine(GetParam()));
  RecordingDiagnostics diagnostics;
  const auto facts = ReadCrashFacts(*root, *ReadIomem(*root), ReadX86KernelMapping, diagnostics);
  ASSERT_EQ(MessageOf(facts), "success");
  CoreHeaderInputs inputs{.elf_machine = kX86_64,
                          .cpu_notes = facts->cpu_notes,
                          .xen_vmcoreinfo = facts->xen_vmcoreinfo,
                          .vmcoreinfo = facts->vmcoreinfo,
                          .text = facts->mapping.text,
                          .page_offset = facts->mapping.page_offset};
  for (const PhysRange& range : facts->memory.dumped) inputs.ram.push_back({range, range.begin()});
  inputs.ram.front().stored = BackupOf(theirs);
  const auto ours = BuildCoreHeaders(inputs);
  ASSERT_EQ(MessageOf(ours), "success");
  EXPECT_EQ(Describe(*ours), Describe(theirs));
  EXPECT_TRUE(std::ranges::equal(*ours, theirs));
}

INSTANTIATE_TEST_SUITE_P(Machines, KexecToolsCoreHeaders,
                         ::testing::Values("bios-1g", "bios-2g-smp2", "bios-5g-high", "uefi-1g"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kexec::testing
