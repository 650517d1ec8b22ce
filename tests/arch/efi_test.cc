// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/efi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

BootParams RunningOnEfi() {
  BootParams running = {};
  running.efi_info.loader_signature = kEfiLoader64;
  running.efi_info.systab = 0x1000;
  running.efi_info.systab_hi = 0x2;
  running.efi_info.memdesc_version = 1;
  return running;
}

ScratchRoot& AddEntry(ScratchRoot& scratch, int number, uint64_t physical, uint64_t pages) {
  const std::string folder = fmt::format("sys/firmware/efi/runtime-map/{}/", number);
  return scratch.File(folder + "type", "0x5\n")
      .File(folder + "phys_addr", fmt::format("{:#x}\n", physical))
      .File(folder + "virt_addr", "0xfffffffeff1ec000\n")
      .File(folder + "num_pages", fmt::format("{:#x}\n", pages))
      .File(folder + "attribute", "0x800000000000000f\n");
}

ScratchRoot& AddEfi(ScratchRoot& scratch) {
  scratch.File("sys/firmware/efi/fw_vendor", "0x3f52aa18\n")
      .File("sys/firmware/efi/runtime", "0x3f5ebb98\n")
      .File("sys/firmware/efi/config_table", "0x3f5ebc98\n")
      .File("sys/firmware/efi/systab",
            "ACPI20=0x3f77d014\nACPI=0x3f77d000\nSMBIOS3=0x9\nSMBIOS=0x3f520000\n");
  for (int i = 0; i < 12; ++i) AddEntry(scratch, i, 0x10000u * static_cast<unsigned>(i), 1);
  return scratch;
}

TEST(Efi, ReadsTheFactsAndKeepsTheOrderOfTheMap) {
  ScratchRoot scratch;
  AddEfi(scratch);
  RecordingDiagnostics diagnostics;
  const auto efi = ReadEfi(scratch.root(), RunningOnEfi(), diagnostics);
  ASSERT_TRUE(efi.has_value());
  EXPECT_EQ(efi->systab, 0x200001000u);
  EXPECT_EQ(efi->setup.fw_vendor, 0x3f52aa18u);
  EXPECT_EQ(efi->setup.runtime, 0x3f5ebb98u);
  EXPECT_EQ(efi->setup.tables, 0x3f5ebc98u);
  EXPECT_EQ(efi->setup.smbios, 0x3f520000u);
  ASSERT_EQ(efi->runtime_map.size(), 12u);
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(efi->runtime_map[i].physical, 0x10000 * i);  // 2 before 10
  EXPECT_EQ(efi->runtime_map[0].virtual_address, 0xfffffffeff1ec000u);
  EXPECT_EQ(efi->runtime_map[0].attribute, 0x800000000000000fu);
}

struct Refusal {
  const char* name;
  void (*spoil)(ScratchRoot& scratch, std::optional<BootParams>& running);
  const char* note;
};

class EfiRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(EfiRefusal, IsANoteWithTheReason) {
  ScratchRoot scratch;
  AddEfi(scratch);
  std::optional<BootParams> running = RunningOnEfi();
  GetParam().spoil(scratch, running);
  RecordingDiagnostics diagnostics;
  EXPECT_FALSE(ReadEfi(scratch.root(), running, diagnostics).has_value());
  EXPECT_THAT(diagnostics.notes(), ElementsAre(EndsWith(GetParam().note)));
}

INSTANTIATE_TEST_SUITE_P(
    All, EfiRefusal,
    ::testing::Values(
        Refusal{"NoEfi", [](ScratchRoot& s, auto&) { s.Remove("sys/firmware/efi"); }, "does not exist"},
        Refusal{"NoBootParams", [](ScratchRoot&, auto& running) { running.reset(); },
                "the address of the EFI system table is only in boot_params"},
        Refusal{"MixedMode",
                [](ScratchRoot&, auto& running) { running->efi_info.loader_signature = kEfiLoader32; },
                "the running kernel's EFI signature is 0x32334c45, not that of 64-bit firmware"},
        Refusal{"Version2", [](ScratchRoot&, auto& running) { running->efi_info.memdesc_version = 2; },
                "EFI memory descriptors have version 2, only 1 is known"},
        Refusal{"NoRuntimeMap", [](ScratchRoot& s, auto&) { s.Remove("sys/firmware/efi/runtime-map"); },
                "sys/firmware/efi/runtime-map': No such file or directory"},
        Refusal{"EmptyRuntimeMap",
                [](ScratchRoot& s, auto&) {
                  s.Remove("sys/firmware/efi/runtime-map").Folder("sys/firmware/efi/runtime-map");
                },
                "sys/firmware/efi/runtime-map' has 0 entries"},
        Refusal{"NoVendor", [](ScratchRoot& s, auto&) { s.Remove("sys/firmware/efi/fw_vendor"); },
                "sys/firmware/efi/fw_vendor': No such file or directory"},
        Refusal{"BadNumber",
                [](ScratchRoot& s, auto&) { s.File("sys/firmware/efi/runtime-map/3/num_pages", "-1\n"); },
                "sys/firmware/efi/runtime-map/3/num_pages': '-1' is not a number"},
        Refusal{"BadType",
                [](ScratchRoot& s, auto&) { s.File("sys/firmware/efi/runtime-map/3/type", "0x100000000\n"); },
                "'sys/firmware/efi/runtime-map/3/type': 0x100000000 is not an EFI memory type"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Efi, RsdpIsTheRunningKernelsOrElseTheNewestOfTheSystab) {
  ScratchRoot scratch;
  EXPECT_EQ(ReadAcpiRsdp(scratch.root(), std::nullopt), 0u);
  scratch.File("sys/firmware/efi/systab", "SMBIOS=0x1\nACPI=0x3f77d000\n");
  EXPECT_EQ(ReadAcpiRsdp(scratch.root(), std::nullopt), 0x3f77d000u);
  scratch.File("sys/firmware/efi/systab", "ACPI=0x3f77d000\nACPI20=0x3f77d014");
  EXPECT_EQ(ReadAcpiRsdp(scratch.root(), RunningOnEfi()), 0x3f77d014u);
  BootParams running = {};
  running.acpi_rsdp_addr = 0xf59e0;
  EXPECT_EQ(ReadAcpiRsdp(scratch.root(), running), 0xf59e0u);
}

TEST(Efi, RangesLeaveOutWhatWraps) {
  EfiFacts efi;
  efi.runtime_map.resize(3);
  efi.runtime_map[0].physical = 0x5000;
  efi.runtime_map[0].pages = 2;
  efi.runtime_map[1].physical = 0x5000;
  efi.runtime_map[1].pages = UINT64_MAX;
  efi.runtime_map[2].physical = UINT64_MAX - 0xfff;
  efi.runtime_map[2].pages = 2;
  EXPECT_THAT(RuntimeRanges(efi), ElementsAre(Range(0x5000, 0x7000)));
}

}  // namespace
}  // namespace kexec::testing
