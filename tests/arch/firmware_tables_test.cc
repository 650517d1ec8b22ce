// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/firmware_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "arch/x86_64/acpi_log.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Of ACPI 1.0; its sum is 0x53 + the checksum's 0xad.
std::string OldPointer() {
  std::string bytes = "RSD PTR ";
  bytes += '\0';
  bytes += "BOCHS ";
  bytes += std::string("\0\x34\x12\xe1\x07", 5);
  unsigned sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  bytes[8] = static_cast<char>(256 - sum % 256);
  return bytes;
}

std::string NewPointer(uint8_t length = 36) {
  std::string bytes = OldPointer();
  bytes[15] = 2;
  bytes[8] = static_cast<char>(bytes[8] - 2);
  bytes.resize(length);
  bytes[20] = static_cast<char>(length);
  unsigned sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  bytes[32] = static_cast<char>(256 - sum % 256);
  return bytes;
}

std::string TextOf(const Result<std::vector<std::byte>>& bytes) {
  if (!bytes.has_value()) return bytes.error().message();
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

class RootPointerIn : public ::testing::Test {
 protected:
  Result<std::vector<std::byte>> Read(uint64_t at, const std::string& pointer, uint64_t told) {
    memory.replace(at, pointer.size(), pointer);
    machine.File("dev/mem", memory);
    return ReadAcpiRootPointer(machine.path(), told);
  }

  ScratchRoot machine;
  std::string memory = std::string(0x110000, '\0');
};

TEST_F(RootPointerIn, ItsPlaceIsKnown) {
  EXPECT_EQ(TextOf(Read(0x108014, OldPointer(), 0x108014)), OldPointer());
  EXPECT_EQ(TextOf(Read(0x108014, NewPointer(), 0x108014)), NewPointer());
  EXPECT_EQ(TextOf(Read(0x108014, NewPointer(40), 0x108014)), NewPointer(40));
}

TEST_F(RootPointerIn, AnOldOneMayEndWithMemory) {
  EXPECT_EQ(TextOf(Read(0x110000 - 20, OldPointer(), 0x110000 - 20)), OldPointer());
}

TEST_F(RootPointerIn, TheBiosAreaIsSearched) {
  EXPECT_EQ(TextOf(Read(0xffff0 - 32, NewPointer(), 0)), NewPointer());
}

TEST_F(RootPointerIn, TheExtendedBiosDataAreaIsSearchedFirst) {
  memory[0x40e] = static_cast<char>(0xc0);
  memory[0x40f] = static_cast<char>(0x9f);
  EXPECT_EQ(TextOf(Read(0xf0000, NewPointer(), 0)), NewPointer());
  EXPECT_EQ(TextOf(Read(0x9ffe0, OldPointer(), 0)), OldPointer());
}

TEST_F(RootPointerIn, OnlyMultiplesOf16AreLookedAt) {
  EXPECT_EQ(TextOf(Read(0xf0008, OldPointer(), 0)), "there is no ACPI root pointer in [0xe0000, 0x100000)");
}

TEST_F(RootPointerIn, AWrongChecksumIsNone) {
  std::string wrong = NewPointer();
  wrong[25] = 1;  // outside the first checksum
  EXPECT_EQ(TextOf(Read(0x108000, wrong, 0x108000)), "there is no ACPI root pointer at 0x108000");
  EXPECT_EQ(TextOf(Read(0xf0000, wrong, 0)), "there is no ACPI root pointer in [0xe0000, 0x100000)");
  wrong = OldPointer();
  wrong[9] = 'X';
  EXPECT_EQ(TextOf(Read(0x108000, wrong, 0x108000)), "there is no ACPI root pointer at 0x108000");
}

TEST_F(RootPointerIn, AddressesBeyondMemoryAreNone) {
  EXPECT_EQ(TextOf(Read(0, "", 0x120000)), "there is no ACPI root pointer at 0x120000");
  EXPECT_THAT(TextOf(Read(0, "", UINT64_MAX)), HasSubstr("0xffffffffffffffff is no address in '"));
}

TEST_F(RootPointerIn, WithoutMemoryDeviceItSaysSo) {
  EXPECT_THAT(TextOf(ReadAcpiRootPointer(machine.path(), 0)),
              HasSubstr("/dev/mem': No such file or directory"));
}

constexpr std::string_view kNewInLog =
    "6,210,0,-;efi: ACPI=0x3f77d000 ACPI 2.0=0x3f77d014\n"
    "6,211,0,-;ACPI: RSDP 0x000000003F77D014 000024 (v02 BOCHS )\n SUBSYSTEM=acpi\n"
    "6,212,0,-;ACPI: XSDT 0x000000003F77C0E8 000054 (v01 BOCHS  BXPC     00000001      01000013)\n";

TEST(RootPointerOfLog, IsOneWithTheTableTheKernelUsed) {
  const auto made = RootPointerFromLog(kNewInLog);
  ASSERT_EQ(MessageOf(made), "success");
  EXPECT_EQ(RootPointerLength(*made), 36u);
  EXPECT_EQ(TextOf(made).substr(9, 6), "BOCHS ");
  EXPECT_EQ(std::to_integer<int>((*made)[15]), 2);
  EXPECT_EQ(*ReadAt<Le<uint32_t>>(*made, 16), 0u);
  EXPECT_EQ(*ReadAt<Le<uint64_t>>(*made, 24), 0x3f77c0e8u);
}

TEST(RootPointerOfLog, OfAcpi1NamesTheRsdt) {
  const auto made = RootPointerFromLog(
      "6,1,0,-;ACPI: RSDP 0x00000000000F52E0 000014 (v00 BOCHS )\n"
      "6,2,0,-;ACPI: RSDT 0x000000003FFE2C3A 000038 (v01 BOCHS  BXPC     00000001 BXPC 00000001)");
  ASSERT_EQ(MessageOf(made), "success");
  EXPECT_EQ(RootPointerLength(*made), 20u);
  EXPECT_EQ(*ReadAt<Le<uint32_t>>(*made, 16), 0x3ffe2c3au);
}

TEST(RootPointerOfLog, ProgramsCannotForgeIt) {
  std::string log(kNewInLog);
  for (size_t at = 0; (at = log.find("6,21", at)) != std::string::npos; at += 2) log.insert(at, "1");
  EXPECT_EQ(MessageOf(RootPointerFromLog(log)),
            "the kernel's log does not tell where its ACPI tables are (any more)");
}

TEST(RootPointerOfLog, NoCutOfALogIsTakenForMore) {
  const auto whole = RootPointerFromLog(kNewInLog);
  for (size_t length = 0; length < kNewInLog.size(); ++length) {
    const auto made = RootPointerFromLog(kNewInLog.substr(0, length));
    if (made.has_value()) {
      EXPECT_EQ(*made, *whole) << length;
    }
  }
}

TEST(Smbios, BothEntryPointsTellTheVersion) {
  RecordingDiagnostics diagnostics;
  ScratchRoot machine;
  machine.File("sys/firmware/dmi/tables/DMI", "structures");
  constexpr std::string_view kEntry = "sys/firmware/dmi/tables/smbios_entry_point";
  machine.File(kEntry, std::string_view("_SM_\0\x1f\x02\x08", 8));
  auto tables = ReadSmbios(machine.path(), diagnostics);
  ASSERT_TRUE(tables.has_value());
  EXPECT_EQ(std::pair(tables->major, tables->minor), std::pair(uint8_t{2}, uint8_t{8}));
  EXPECT_EQ(tables->structures.size(), 10u);
  machine.File(kEntry, std::string_view("_SM3_\0\x18\x03\x06", 9));
  tables = ReadSmbios(machine.path(), diagnostics);
  ASSERT_TRUE(tables.has_value());
  EXPECT_EQ(std::pair(tables->major, tables->minor), std::pair(uint8_t{3}, uint8_t{6}));
}

TEST(Smbios, RubbishIsLeftOut) {
  RecordingDiagnostics diagnostics;
  ScratchRoot machine;
  machine.File("sys/firmware/dmi/tables/smbios_entry_point", "_SM_");
  EXPECT_FALSE(ReadSmbios(machine.path(), diagnostics).has_value());
  EXPECT_THAT(diagnostics.notes(), ElementsAre(HasSubstr("is no SMBIOS entry point")));
}

}  // namespace
}  // namespace kexec::testing
