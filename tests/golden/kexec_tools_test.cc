// SPDX-License-Identifier: GPL-2.0-or-later
// Our boot_params against those kexec-tools 2.0.25 made on the same machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/arch/boot_reader.h"
#include "tests/golden/recorded_boot.h"

namespace kexec::testing {
namespace {

struct Difference {
  size_t begin, end;  // offsets in boot_params
  const char* reason;
};

// The memory map is compared on its own.
constexpr Difference kIntended[] = {
    {0x002, 0x004, "ext_mem_k: exact, theirs is 1 KiB short where memory ends below 64 MiB"},
    {0x020, 0x024,
     "cl_magic, cl_offset: of the protocol before 2.02; they write into screen_info in any case"},
    {0x0c8, 0x0cc, "ext_cmd_line_ptr: an address"},
    {0x140, 0x1c0, "EDID: as in the running kernel, they drop it"},
    {0x1d0, 0x1d4, "address of the EFI memory map"},
    {0x1e0, 0x1e4, "alt_mem_k: exact, theirs is 1 KiB short"},
    {0x1e9, 0x1eb, "EDD: from boot_params, theirs needs the edd module loaded"},
    {0x1ec, 0x1ed, "secure_boot: as in the running kernel, they drop it"},
    {0x1f2, 0x1f4, "root_flags: as the image has them, they write 0xffff"},
    {0x1fc, 0x1fe, "root_dev: as the image has it, they write the first IDE disk"},
    {0x1fe, 0x200, "boot_flag: 0xaa55, their aux_device_info overwrites its upper byte"},
    {0x211, 0x212, "loadflags: LOADED_HIGH stays set, they clear it"},
    {0x214, 0x218, "code32_start: where the kernel is, if below 4 GiB"},
    {0x218, 0x220, "initrd: an address"},
    {0x228, 0x22c, "cmd_line_ptr: an address"},
    {0x250, 0x258, "setup_data: an address"},
    {0x290, 0x2d0, "EDD signatures"},
    {0xd00, 0xd00 + 6 * 82, "EDD devices"},
};

std::vector<std::byte> ReadFile(const std::string& name) {
  std::ifstream file(fmt::format("{}/tests/golden/kexec-tools/{}", KEXEC_SOURCE_DIR, name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

bool IsIntended(size_t offset) {
  if (offset == 0x1e8 || (offset >= 0x2d0 && offset < 0xcd0)) return true;  // the memory map
  return std::ranges::any_of(kIntended, [&](const Difference& difference) {
    return difference.begin <= offset && offset < difference.end;
  });
}

class KexecTools : public ::testing::TestWithParam<const char*> {};

TEST_P(KexecTools, DifferFromUsInTheListedBytesOnly) {
  const auto theirs = ReadFile(fmt::format("{}.boot_params", GetParam()));
  const LoadPlan plan = PlanRecordedBoot(GetParam());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  std::vector<std::byte> ours(sizeof(boot.params));
  std::memcpy(ours.data(), &boot.params, sizeof(boot.params));
  ASSERT_EQ(theirs.size(), ours.size());
  for (size_t at = 0; at < ours.size(); ++at) {
    if (!IsIntended(at)) {
      EXPECT_EQ(std::to_integer<int>(ours[at]), std::to_integer<int>(theirs[at])) << fmt::format("{:#x}", at);
    }
  }
}

// Their first entry begins at 0x400: they cut the real-mode vectors off, which the kernel reserves by itself.
TEST_P(KexecTools, SeeTheSameMemory) {
  const auto theirs = *ReadAt<BootParams>(ReadFile(fmt::format("{}.boot_params", GetParam())), 0);
  const LoadPlan plan = PlanRecordedBoot(GetParam());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  ASSERT_EQ(boot.e820.size(), theirs.e820_entries);
  for (size_t i = 0; i < boot.e820.size(); ++i) {
    const E820Entry& entry = theirs.e820_table[i];
    const uint64_t cut = i == 0 ? 0x400 : 0;
    EXPECT_EQ(boot.e820[i].addr, entry.addr - cut) << i;
    EXPECT_EQ(boot.e820[i].size, entry.size + cut) << i;
    EXPECT_EQ(boot.e820[i].type, entry.type) << i;
  }
}

// "BEGIN-END TYPE" of each entry outside the region the crash kernel is loaded into.
std::vector<std::string> EntriesOutside(const PhysRange& region, std::span<const E820Entry> entries) {
  std::vector<std::string> found;
  for (const E820Entry& entry : entries) {
    const auto range = PhysRange::FromSize(PhysAddr(entry.addr), entry.size);
    if (range && region.Contains(*range)) continue;
    found.push_back(fmt::format("{:#x}-{:#x} {}", uint64_t{entry.addr}, uint64_t{entry.addr} + entry.size,
                                uint32_t{entry.type}));
  }
  return found;
}

// Inside the region theirs ends where elfcorehdr begins, and takes up again behind the backup. Page 0 is
// reserved to them, and no memory to us: the kernel treats both alike.
TEST_P(KexecTools, GiveACrashKernelTheSameMemory) {
  const auto theirs = *ReadAt<BootParams>(ReadFile(fmt::format("{}.crash_boot_params", GetParam())), 0);
  const LoadPlan plan = PlanRecordedCrash(GetParam());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  const PhysRange region = CrashRegionOf(GetParam());
  std::vector<std::string> expected =
      EntriesOutside(region, std::span(theirs.e820_table).first(theirs.e820_entries));
  ASSERT_EQ(expected.front(), "0x0-0x1000 2");
  expected.erase(expected.begin());
  EXPECT_EQ(EntriesOutside(region, boot.e820), expected);
}

INSTANTIATE_TEST_SUITE_P(Machines, KexecTools,
                         ::testing::Values("bios-1g", "bios-2g-smp2", "bios-5g-high", "uefi-1g"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(KexecToolsEfi, HandsOverTheSameEfi) {
  const LoadPlan plan = PlanRecordedBoot("uefi-1g");
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  const auto setup = ReadFile("uefi-1g.setup_efi");
  ASSERT_EQ(boot.setup_data.at(0).type, 4u);
  EXPECT_EQ(boot.setup_data.at(0).payload, std::vector<std::byte>(setup.begin() + 16, setup.end()));
  // The same entries; theirs in the order readdir gives, ours in the running kernel's.
  std::map<uint64_t, std::string> ours, theirs;
  const auto text = [](const EfiMemoryDescriptor& entry) {
    return fmt::format("{} {:#x} {:#x} {:#x}", uint32_t{entry.type}, uint64_t{entry.virtual_address},
                       uint64_t{entry.pages}, uint64_t{entry.attribute});
  };
  const auto map = ReadFile("uefi-1g.efi_map");
  for (size_t at = 0; at < map.size(); at += sizeof(EfiMemoryDescriptor)) {
    const auto entry = ReadAt<EfiMemoryDescriptor>(map, at);
    ASSERT_TRUE(entry.has_value());
    theirs[entry->physical] = text(*entry);
  }
  for (const EfiMemoryDescriptor& entry : boot.efi_map) ours[entry.physical] = text(entry);
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace kexec::testing
