// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/core_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/elf/elf_core.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"

namespace kexec {

// The library reads these with libelf; here they are compared.
static bool operator==(const ElfSegment& a, const ElfSegment& b) {
  return a.type == b.type && a.offset == b.offset && a.virt == b.virt && a.phys == b.phys &&
         a.file_size == b.file_size && a.memory_size == b.memory_size;
}

static void PrintTo(const ElfSegment& segment, std::ostream* out) {
  *out << fmt::format("type {} offset {:#x} virt {:#x} phys {:#x} size {:#x} of {:#x}", segment.type,
                      segment.offset, segment.virt, segment.phys, segment.file_size, segment.memory_size);
}

namespace testing {
namespace {

using ::testing::ElementsAre;

constexpr uint16_t kX86_64 = 62;

ElfSegment Note(uint64_t begin, uint64_t size) { return {4, begin, 0, begin, size, size}; }
ElfSegment Load(uint64_t stored, uint64_t virt, uint64_t phys, uint64_t size) {
  return {1, stored, virt, phys, size, size};
}

DumpedRam InPlace(const PhysRange& range) { return {range, range.begin()}; }

std::vector<ElfSegment> SegmentsOf(const CoreHeaderInputs& inputs) {
  const auto bytes = BuildCoreHeaders(inputs);
  EXPECT_EQ(MessageOf(bytes), "success");
  EXPECT_EQ(CoreHeadersSize(inputs).value(), bytes->size());
  const auto core = ParseElfCore(*bytes);
  EXPECT_EQ(MessageOf(core), "success");
  EXPECT_EQ(core->machine, kX86_64);
  EXPECT_TRUE(core->is_64bit);
  EXPECT_FALSE(core->big_endian);
  return core->segments;
}

// 56 bytes of notes a CPU, ranges of 4 KiB with a hole as large between them.
CoreHeaderInputs Machine(size_t cpus, size_t ranges) {
  CoreHeaderInputs inputs{.elf_machine = kX86_64,
                          .vmcoreinfo = Range(0x3000, 0x4024),
                          .text = KernelText{Range(0x1000000, 0x3000000), 0xffffffff81000000},
                          .page_offset = 0xffff888000000000};
  for (size_t i = 0; i < cpus; ++i)
    inputs.cpu_notes.push_back(Range(0x10000 + 0x200 * i, 0x10038 + 0x200 * i));
  for (size_t i = 0; i < ranges; ++i) {
    inputs.ram.push_back(InPlace(Range(0x100000 + 0x2000 * i, 0x101000 + 0x2000 * i)));
  }
  return inputs;
}

TEST(CoreHeaders, AreByteForByteAnElfCoreFileWithoutContents) {
  CoreHeaderInputs inputs{.elf_machine = kX86_64, .ram = {{Range(0x1000, 0x3000), PhysAddr(0x50000)}}};
  inputs.page_offset = 0xff11000000000000;
  const auto bytes = BuildCoreHeaders(inputs);
  ASSERT_EQ(MessageOf(bytes), "success");
  std::string hex;
  for (const std::byte byte : *bytes) hex += fmt::format("{:02x}", std::to_integer<int>(byte));
  EXPECT_EQ(hex,
            "7f454c46020101000000000000000000"  // ELF64, little-endian
            "04003e0001000000"
            "0000000000000000"  // core, x86-64, version 1; entry
            "4000000000000000"
            "0000000000000000"  // program headers at 64; no sections
            "00000000"
            "4000"
            "3800"
            "0100"
            "0000"
            "0000"
            "0000"  // one header of 56 bytes
            "0100000007000000"
            "0000050000000000"  // PT_LOAD, RWX, stored at 0x50000
            "00100000000011ff"
            "0010000000000000"  // virtual, physical
            "0020000000000000"
            "0020000000000000"
            "0000000000000000");
}

TEST(CoreHeaders, ComeInTheOrderOfTheKernelsOwn) {
  CoreHeaderInputs inputs{
      .elf_machine = kX86_64,
      .cpu_notes = {Range(0x3a239400, 0x3a239570), Range(0x3a279400, 0x3a279570)},
      .vmcoreinfo = Range(0x3a2fe000, 0x3a2ff024),
      .text = KernelText{Range(0x21600000, 0x23e30000), 0xffffffff91200000},
      .page_offset = 0xff27580240000000,
      .ram = {{Range(0x1000, 0x9fc00), PhysAddr(0x39f61000)}, InPlace(Range(0x100000, 0x2a000000))}};
  EXPECT_THAT(SegmentsOf(inputs),
              ElementsAre(Note(0x3a239400, 0x170), Note(0x3a279400, 0x170), Note(0x3a2fe000, 0x1024),
                          Load(0x21600000, 0xffffffff91200000, 0x21600000, 0x2830000),
                          Load(0x39f61000, 0xff27580240001000, 0x1000, 0x9ec00),
                          Load(0x100000, 0xff27580240100000, 0x100000, 0x29f00000)));
}

TEST(CoreHeaders, LeaveOutWhatIsNotKnown) {
  CoreHeaderInputs inputs{.elf_machine = kX86_64, .cpu_notes = {Range(0x1000, 0x1170)}};
  inputs.ram.push_back(InPlace(Range(0x100000, 0x200000)));
  EXPECT_THAT(SegmentsOf(inputs),
              ElementsAre(Note(0x1000, 0x170), Load(0x100000, UINT64_MAX, 0x100000, 0x100000)));
}

TEST(CoreHeaders, ADirectMapThatWouldWrapIsNotKnown) {
  CoreHeaderInputs inputs{.elf_machine = kX86_64, .page_offset = 0xfffffffffffff000};
  inputs.ram = {InPlace(Range(0xfff, 0x2000)), InPlace(Range(0x100000, 0x200000))};
  EXPECT_THAT(SegmentsOf(inputs), ElementsAre(Load(0xfff, UINT64_MAX, 0xfff, 0x1001),
                                              Load(0x100000, UINT64_MAX, 0x100000, 0x100000)));
}

struct Size {
  const char* name;
  size_t cpus, ranges;
};

class CoreHeadersOf : public ::testing::TestWithParam<Size> {};

TEST_P(CoreHeadersOf, DescribeEveryCpuAndEveryRange) {
  const auto [name, cpus, ranges] = GetParam();
  const std::vector<ElfSegment> segments = SegmentsOf(Machine(cpus, ranges));
  ASSERT_EQ(segments.size(), cpus + 2 + ranges);
  for (size_t i = 0; i < cpus; ++i) ASSERT_EQ(segments[i], Note(0x10000 + 0x200 * i, 0x38)) << i;
  EXPECT_EQ(segments[cpus], Note(0x3000, 0x1024));
  EXPECT_EQ(segments[cpus + 1], Load(0x1000000, 0xffffffff81000000, 0x1000000, 0x2000000));
  for (size_t i = 0; i < ranges; ++i) {
    const uint64_t at = 0x100000 + 0x2000 * i;
    ASSERT_EQ(segments[cpus + 2 + i], Load(at, 0xffff888000000000 + at, at, 0x1000)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, CoreHeadersOf,
                         ::testing::Values(Size{"one_cpu_and_two_ranges", 1, 2},
                                           Size{"1024_cpus_and_400_ranges", 1024, 400},
                                           Size{"8192_ranges", 64, 8192}, Size{"4096_cpus", 4096, 64},
                                           Size{"8192_cpus_and_32768_ranges", 8192, 32768}),
                         [](const auto& row) { return row.param.name; });

TEST(CoreHeaders, FillTheirTableToTheLastHeader) {
  const CoreHeaderInputs inputs = Machine(8192, 65535 - 2 - 8192);
  const auto bytes = BuildCoreHeaders(inputs);
  ASSERT_EQ(MessageOf(bytes), "success");
  EXPECT_EQ(bytes->size(), 64u + 56u * 65535u);
  EXPECT_EQ(CoreHeadersSize(inputs).value(), bytes->size());
}

TEST(CoreHeaders, RefuseMoreThanTheirTableHoldsWithBothNumbers) {
  const CoreHeaderInputs inputs = Machine(4096, 65535 - 2 - 4096 + 1);
  const std::string expected =
      "the core headers need 65536 program headers (4096 CPUs, 61438 ranges of RAM), and an ELF core file "
      "has room for 65535; start this kernel with fewer CPUs (nr_cpus=) or load with --kexec-file-syscall";
  EXPECT_EQ(MessageOf(BuildCoreHeaders(inputs)), expected);
  EXPECT_EQ(MessageOf(CoreHeadersSize(inputs)), expected);
  EXPECT_EQ(CoreHeadersSize(inputs).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace testing
}  // namespace kexec
