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

// "BEGIN-END TYPE" of each entry.
std::vector<std::string> Listed(std::span<const E820Entry> entries) {
  std::vector<std::string> listed;
  for (const E820Entry& entry : entries) {
    listed.push_back(fmt::format("{:#x}-{:#x} {}", uint64_t{entry.addr}, uint64_t{entry.addr} + entry.size,
                                 uint32_t{entry.type}));
  }
  return listed;
}

// The same of the entries outside the region the crash kernel is loaded into.
std::vector<std::string> ListedOutside(const PhysRange& region, std::span<const E820Entry> entries) {
  std::vector<E820Entry> outside;
  std::ranges::copy_if(entries, std::back_inserter(outside), [&](const E820Entry& entry) {
    const auto range = PhysRange::FromSize(PhysAddr(entry.addr), entry.size);
    return !range || !region.Contains(*range);
  });
  return Listed(outside);
}

std::span<const E820Entry> MapOf(const BootParams& params) {
  return std::span(params.e820_table).first(params.e820_entries);
}

void Replace(std::vector<std::string>& lines, const std::string& line, std::vector<std::string> by) {
  const auto found = std::ranges::find(lines, line);
  ASSERT_NE(found, lines.end()) << line;
  lines.insert(lines.erase(found), by.begin(), by.end());
}

// Two intended differences. Their first entry begins at 0x400: they cut the real-mode vectors off, which the
// kernel reserves by itself. And on UEFI the running kernel keeps 0x3d876000-0x3d899000, boot services data
// with the BGRT's image in it: RAM to them, as in the firmware's map.
TEST_P(KexecTools, SeeTheSameMemory) {
  const auto theirs = *ReadAt<BootParams>(ReadFile(fmt::format("{}.boot_params", GetParam())), 0);
  const LoadPlan plan = PlanRecordedBoot(GetParam());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  std::vector<std::string> expected = Listed(MapOf(theirs));
  ASSERT_TRUE(expected.front().starts_with("0x400-")) << expected.front();
  expected.front().replace(0, 5, "0x0");
  if (GetParam() == std::string_view("uefi-1g")) {
    Replace(expected, "0x900000-0x3eaa0000 1",
            {"0x900000-0x3d876000 1", "0x3d876000-0x3d899000 2", "0x3d899000-0x3eaa0000 1"});
  }
  EXPECT_EQ(Listed(boot.e820), expected);
}

// Inside the region theirs ends where elfcorehdr begins, and takes up again behind the backup. Page 0 is
// reserved to them, and no memory to us: the kernel treats both alike. What the running kernel keeps of boot
// services memory is in no entry of theirs.
TEST_P(KexecTools, GiveACrashKernelTheSameMemory) {
  const auto theirs = *ReadAt<BootParams>(ReadFile(fmt::format("{}.crash_boot_params", GetParam())), 0);
  const LoadPlan plan = PlanRecordedCrash(GetParam());
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  const PhysRange region = CrashRegionOf(GetParam());
  std::vector<std::string> expected = ListedOutside(region, MapOf(theirs));
  ASSERT_EQ(expected.front(), "0x0-0x1000 2");
  expected.erase(expected.begin());
  if (GetParam() == std::string_view("uefi-1g")) {
    Replace(expected, "0x3eaa0000-0x3eba2000 2", {"0x3d876000-0x3d899000 2", "0x3eaa0000-0x3eba2000 2"});
  }
  EXPECT_EQ(ListedOutside(region, boot.e820), expected);
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
