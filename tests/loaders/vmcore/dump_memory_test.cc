// SPDX-License-Identifier: GPL-2.0-or-later
// Where program headers tell no virtual address, the machine's own facts have to.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/loaders/vmcore/recording_sink.h"
#include "tests/support/result_matchers.h"
#include "tests/support/vmcore_builder.h"

namespace kexec {
namespace {

using testing::DumpedKernel;
using ::testing::ElementsAre;
using testing::ElfCoreBuilder;
using ::testing::HasSubstr;
using testing::MessageOf;
using testing::Packer;
using testing::ReadLog;
using testing::RecordingSink;

constexpr uint64_t kUnknown = ~uint64_t{0};
constexpr uint16_t kX86_64 = 62, kAarch64 = 183, kRiscv = 243;

// One page at each physical address, no virtual ones.
std::vector<std::byte> PhysicalDump(const std::vector<std::pair<uint64_t, std::vector<std::byte>>>& pieces,
                                    std::string_view info) {
  ElfCoreBuilder builder(true, false, kX86_64);
  builder.AddNote("VMCOREINFO", 0, info);
  for (const auto& [phys, bytes] : pieces) builder.Add({1, kUnknown, phys, bytes});
  return builder.Build();
}

Result<std::string> ReadText(const std::vector<std::byte>& file, uint64_t virt, size_t size) {
  KEXEC_ASSIGN(const OpenedDump dump, OpenDump(SourceOfBytes(SharedBytes::Own(file))));
  KEXEC_ASSIGN(const VmcoreInfo info, ReadVmcoreInfo(dump));
  std::string text(size, '?');
  KEXEC_TRY(DumpMemory(dump, info).Read(virt, std::as_writable_bytes(std::span(text))));
  return text;
}

std::vector<std::byte> PageOf(std::string_view text) {
  return Packer(true, false).Text(text).PadTo(4096).bytes();
}

std::vector<std::byte> TableOf(const std::vector<std::pair<unsigned, uint64_t>>& entries) {
  std::vector<std::byte> table(4096);
  for (const auto& [index, entry] : entries) {
    std::ranges::copy(Packer(true, false).Uint(entry, 8).bytes(), table.begin() + index * 8);
  }
  return table;
}

TEST(DumpMemory, FindsTheKernelsTextByPhysBase) {
  const auto file =
      PhysicalDump({{0x3000000, PageOf("the text")}}, "NUMBER(phys_base)=33554432\n");  // 32 MiB
  const auto text = ReadText(file, 0xffffffff81000000, 8);
  ASSERT_TRUE(text.has_value()) << MessageOf(text);
  EXPECT_EQ(*text, "the text");
}

// Tables at 0x1000000 (the text's first page) to 0x1003000; a page, a large page and an encrypted one.
TEST(DumpMemory, WalksThePageTables) {
  constexpr uint64_t kSme = uint64_t{1} << 47;
  const uint64_t virt = 0xff11'2345'6000'0000;  // nobody's usual direct map
  const auto index = [&](unsigned level) {
    return static_cast<unsigned>(virt >> (12 + 9 * (level - 1)) & 0x1ff);
  };
  const auto file =
      PhysicalDump({{0x1000000, TableOf({{index(4), 0x1001003}})},
                    {0x1001000, TableOf({{index(3), (0x1002003 | kSme)}})},
                    {0x1002000, TableOf({{index(2), 0x1003003}, {index(2) + 1, 0x4000083}})},
                    {0x1003000, TableOf({{index(1), (0x5000003 | kSme)}, {index(1) + 1, 0x7000003}})},
                    {0x4000000, PageOf("large page")},
                    {0x5000000, PageOf("small page")},
                    {0x7000000, PageOf("next page")}},
                   "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=ffffffff81000000\n"
                   "NUMBER(pgtable_l5_enabled)=0\nNUMBER(sme_mask)=140737488355328\n");
  EXPECT_EQ(*ReadText(file, virt, 10), "small page");
  EXPECT_EQ(*ReadText(file, virt + 0x200000, 10), "large page");
  const auto across = ReadText(file, virt + 0xffe, 11);
  ASSERT_TRUE(across.has_value()) << MessageOf(across);
  EXPECT_EQ(*across, std::string(2, '\0') + "next page");
  EXPECT_EQ(MessageOf(ReadText(file, virt + 0x2000, 1)),
            "no program header covers virtual address 0xff11234560002000, and vmcoreinfo does not tell where "
            "it is");
}

TEST(DumpMemory, DoesNotFollowPageTablesForEver) {
  // Every entry points to the table itself, and says it is no page.
  std::vector<std::pair<unsigned, uint64_t>> entries;
  for (unsigned i = 0; i < 512; ++i) entries.emplace_back(i, 0x1000003);
  const auto file = PhysicalDump({{0x1000000, TableOf(entries)}},
                                 "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=ffffffff81000000\n");
  EXPECT_TRUE(ReadText(file, 0xffff888000000000, 8).has_value());  // the table itself, as a page
  EXPECT_FALSE(ReadText(file, 0xffff888000000000, 8192).has_value() &&
               ReadText(file, 0xffff888000000000, 1).value() != std::string(1, '\x03'));
}

// The log is at 1 MiB behind PHYS_OFFSET, its structures by addresses of the linear map.
TEST(DumpMemory, KnowsBothLinearMapsOfArm64) {
  struct Row {
    uint64_t linear, text;
  };
  for (const Row& row :
       {Row{0xffff000000000000, 0xffff800008000000}, Row{0xffff800000000000, 0xffff000008080000}}) {
    const auto piece = PageOf("linear map");
    ElfCoreBuilder builder(true, false, kAarch64);
    builder.AddNote("VMCOREINFO", 0,
                    fmt::format("NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0x40000000\nSYMBOL(_stext)={:x}\n"
                                "NUMBER(kimage_voffset)={:#x}\n",
                                row.text, row.text - 0x48000000));
    builder.Add({1, kUnknown, 0x40100000, PageOf("linear map")});
    builder.Add({1, kUnknown, 0x48001000, PageOf("the image")});
    EXPECT_EQ(*ReadText(builder.Build(), row.linear + 0x100000, 10), "linear map");
    EXPECT_EQ(*ReadText(builder.Build(), row.text + 0x1000, 9), "the image");
    EXPECT_THAT(MessageOf(ReadText(builder.Build(), row.linear + 0x200000, 1)),
                HasSubstr("no program header"));
  }
}

// A kernel built for 52-bit addresses on a CPU with 48 moves PHYS_OFFSET, so that the lowest address of 52
// bits would still be the lowest RAM (arm64_memblock_init in arch/arm64/mm/init.c).
TEST(DumpMemory, KnowsTheLinearMapOfA52BitKernelOn48Bits) {
  const uint64_t text = 0xffff800080000000, moved = 0x40000000 - (0xffff000000000000 - 0xfff0000000000000);
  ElfCoreBuilder builder(true, false, kAarch64);
  builder.AddNote("VMCOREINFO", 0,
                  fmt::format("NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\nNUMBER(PHYS_OFFSET)={:#x}\n"
                              "SYMBOL(_stext)={:x}\nNUMBER(kimage_voffset)={:#x}\n",
                              moved, text, text - 0x48000000));
  builder.Add({1, kUnknown, 0x40100000, PageOf("linear map")});
  builder.Add({1, kUnknown, 0x48001000, PageOf("the image")});
  EXPECT_EQ(*ReadText(builder.Build(), 0xffff000000100000, 10), "linear map");
  EXPECT_EQ(*ReadText(builder.Build(), text + 0x1000, 9), "the image");
}

TEST(DumpMemory, KnowsTheMapsOfRiscv64) {
  ElfCoreBuilder builder(true, false, kRiscv);
  builder.AddNote(
      "VMCOREINFO", 0,
      "NUMBER(phys_ram_base)=2147483648\nNUMBER(PAGE_OFFSET)=0xffffffd600000000\n"
      "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\nNUMBER(va_kernel_pa_offset)=0xfffffffeffe00000\n");
  builder.Add({1, kUnknown, 0x80100000, PageOf("linear map")});
  builder.Add({1, kUnknown, 0x80201000, PageOf("the image")});
  EXPECT_EQ(*ReadText(builder.Build(), 0xffffffd600100000, 10), "linear map");
  EXPECT_EQ(*ReadText(builder.Build(), 0xffffffff80001000, 9), "the image");
  for (const uint64_t nowhere :
       {0xffffffd600200000, 0xffffffd5ffffffff, 0xffffffff90000000, uint64_t{0x80100000}}) {
    EXPECT_THAT(MessageOf(ReadText(builder.Build(), nowhere, 1)), HasSubstr("no program header"));
  }
}

TEST(DumpMemory, LetsTheFirstProgramHeaderDecide) {
  ElfCoreBuilder builder(true, false, kX86_64);
  builder.AddNote("VMCOREINFO", 0, "X=1\n");
  builder.Add({1, 0xffff888000001000, 0x1000, PageOf("first")}).Add({1, 0xffff888000000000, 0, PageOf("")});
  builder.Add({1, 0xffff888000001000, 0x1000, PageOf("second")});
  EXPECT_EQ(*ReadText(builder.Build(), 0xffff888000001000, 5), "first");
}

TEST(DumpMemory, SaysWhereTheFileEnds) {
  std::vector<std::byte> file = testing::LocklessKernel({}, testing::OrdinaryRecords()).Build();
  file.resize(file.size() - 600);  // the text, and some of the infos
  RecordingSink sink;
  EXPECT_THAT(MessageOf(ReadLog(file, sink)),
              HasSubstr("printk_ringbuffer's text: virtual address 0xffff8880001"));
}

}  // namespace
}  // namespace kexec
