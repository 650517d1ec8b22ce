// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/kernel_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"

namespace kexec {

static void PrintTo(const KernelMapping& mapping, std::ostream* out) {
  if (mapping.text)
    *out << fmt::format("text {} at {:#x}", ToString(mapping.text->range), mapping.text->virt);
  if (mapping.page_offset) *out << fmt::format(" page offset {:#x}", *mapping.page_offset);
}

namespace testing {
namespace {

constexpr uint64_t kUnknown = UINT64_MAX;

ElfSegment Load(uint64_t virt, uint64_t phys, uint64_t size) { return {1, 0, virt, phys, size, size}; }

struct Kcore {
  const char* name;
  std::vector<ElfSegment> segments;
  std::optional<PhysRange> code;
  KernelMapping expected;
};

class KcoreMapping : public ::testing::TestWithParam<Kcore> {};

TEST_P(KcoreMapping, IsWhatItsProgramHeadersTell) {
  ElfCore kcore{.is_64bit = true, .big_endian = false, .machine = 62, .segments = GetParam().segments};
  EXPECT_EQ(MappingFromKcore(kcore, GetParam().code), GetParam().expected);
}

const KernelText kText{Range(0x21600000, 0x23e30000), 0xffffffff91200000};
const std::optional<PhysRange> kCode = Range(0x21600000, 0x22401ef2);

// As a kernel with KASLR shows itself: text, vmalloc, modules, RAM, vmemmap.
std::vector<ElfSegment> ModernKcore() {
  return {{4, 0x200, 0, 0, 0x2f74, 0},
          Load(0xffffffff91200000, 0x21600000, 0x2830000),
          Load(0xff410fac40000000, kUnknown, 0x31ffffffffffff),
          Load(0xffffffffc0000000, kUnknown, 0x3f000000),
          Load(0xff27580240001000, 0x1000, 0x9e000),
          Load(0xff8ac78bc0000000, kUnknown, 0x3000),
          Load(0xff27580240100000, 0x100000, 0x3fedd000)};
}

std::vector<ElfSegment> ModernKcoreWith(size_t index, ElfSegment segment) {
  auto segments = ModernKcore();
  segments[index] = segment;
  return segments;
}

INSTANTIATE_TEST_SUITE_P(
    Table, KcoreMapping,
    ::testing::Values(
        Kcore{"modern", ModernKcore(), kCode, {kText, 0xff27580240000000}},
        Kcore{"without_kernel_code_in_iomem", ModernKcore(), std::nullopt, {kText, 0xff27580240000000}},
        Kcore{"of_another_kernel",
              ModernKcore(),
              Range(0x1000000, 0x1800000),
              {std::nullopt, 0xff27580240000000}},
        Kcore{"ram_that_contradicts_itself",
              ModernKcoreWith(6, Load(0xff27580240200000, 0x100000, 0x3fedd000)),
              kCode,
              {kText, std::nullopt}},
        Kcore{"text_of_two_gigabytes",
              ModernKcoreWith(1, Load(0xffffffff91200000, 0x21600000, 0x80000000)),
              kCode,
              {std::nullopt, 0xff27580240000000}},
        Kcore{"text_that_wraps",
              ModernKcoreWith(1, Load(0xffffffff91200000, 0xfffffffffff00000, 0x200000)),
              std::nullopt,
              {std::nullopt, 0xff27580240000000}},
        Kcore{"ram_below_its_own_address",
              {Load(0x1000, 0x2000, 0x1000), Load(0x8000000000000000, 0x1000, 0x1000)},
              kCode,
              {}},
        // Before 4.11 p_paddr is 0 everywhere; the vsyscall page and modules are above the text.
        Kcore{"old",
              {{4, 0x200, 0, 0, 0x2f74, 0},
               Load(0xffffffffff600000, 0, 0x1000),
               Load(0xffffffff81000000, 0, 0x1200000),
               Load(0xffffc90000000000, 0, 0x1fffffffffff),
               Load(0xffffffffa0000000, 0, 0x5f000000),
               Load(0xffff880000001000, 0, 0x9e000),
               Load(0xffff880000100000, 0, 0x3fedd000)},
              Range(0x1000000, 0x1800000),
              {KernelText{Range(0x1000000, 0x2200000), 0xffffffff81000000}, 0xffff880000000000}},
        Kcore{"old_without_kernel_code",
              {Load(0xffffffff81000000, 0, 0x1200000), Load(0xffff880000001000, 0, 0x9e000)},
              std::nullopt,
              {std::nullopt, 0xffff880000000000}},
        Kcore{"nothing", {}, kCode, {}}),
    [](const auto& row) { return row.param.name; });

struct Symbols {
  const char* name;
  const char* lines;
  const char* expected;
};

class TextSymbols : public ::testing::TestWithParam<Symbols> {};

TEST_P(TextSymbols, TellTheTextOrWhyNot) {
  const auto text = TextFromSymbols(GetParam().lines, PhysAddr(0x21600000), X86MappingRules());
  EXPECT_EQ(text ? fmt::format("{} at {:#x}", ToString(text->range), text->virt) : text.error().message(),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, TextSymbols,
    ::testing::Values(
        Symbols{"all", "ffffffff91200000 T _stext\nffffffff91200000 T _text\nffffffff93a30000 B _end\n",
                "[0x21600000, 0x23e30000) at 0xffffffff91200000"},
        Symbols{"text_wins_over_stext",
                "ffffffff91200000 T _text\nffffffff91201000 T _stext\nffffffff93a30000 B _end",
                "[0x21600000, 0x23e30000) at 0xffffffff91200000"},
        Symbols{"stext_alone", "ffffffff91200000 T _stext\nffffffff93a30000 B _end\n",
                "[0x21600000, 0x23e30000) at 0xffffffff91200000"},
        Symbols{"hidden", "0000000000000000 T _stext\n0000000000000000 T _text\n0000000000000000 B _end\n",
                "the kernel hides the addresses (kernel.kptr_restrict); run as root"},
        Symbols{"none", "", "has no symbols _text and _end"},
        Symbols{"no_end", "ffffffff91200000 T _text\n", "has no symbols _text and _end"},
        Symbols{"of_a_module", "ffffffff91200000 T _text\t[evil]\nffffffff93a30000 B _end\n",
                "has no symbols _text and _end"},
        Symbols{"no_number", "xyz T _text\nffffffff93a30000 B _end\n", "has no symbols _text and _end"},
        Symbols{"not_where_a_kernel_is", "0000000000400000 T _text\n0000000000500000 B _end\n",
                "_text at 0x400000 and _end at 0x500000 are no kernel"},
        Symbols{"upside_down", "ffffffff93a30000 T _text\nffffffff91200000 B _end\n",
                "_text at 0xffffffff93a30000 and _end at 0xffffffff91200000 are no kernel"},
        Symbols{"too_large", "ffffffff81000000 T _text\nffffffffffffffff B _end\n",
                "_text at 0xffffffff81000000 and _end at 0xffffffffffffffff are no kernel"}),
    [](const auto& row) { return row.param.name; });

TEST(TextSymbols, ThatWouldEndBehindTheAddressSpaceAreRefused) {
  EXPECT_EQ(MessageOf(TextFromSymbols("ffffffff91200000 T _text\nffffffff93a30000 B _end\n",
                                      PhysAddr(0xfffffffffffff000), X86MappingRules())),
            "a kernel of 0x2830000 bytes cannot be at 0xfffffffffffff000");
}

}  // namespace
}  // namespace testing
}  // namespace kexec
