// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/x86_64/e820.h"
#include "tests/arch/bzimage_fixture.h"
#include "tests/support/ranges.h"
#include "tests/support/recording_diagnostics.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr HandoverAddresses kAddresses{PhysAddr(0x140000000), PhysAddr(0x150000000), PhysAddr(0x1f0000000),
                                       0x123456789};

X86Facts FactsWithRam() {
  X86Facts facts;
  facts.memory.handed_over = RamMap({Range(0, 0x9fc00), Range(0x100000, 0x40000000)});
  facts.memory.placeable = facts.memory.handed_over;
  return facts;
}

EfiFacts SomeEfi() {
  EfiFacts efi;
  efi.systab = 0x2'3f5eb018;
  efi.setup = {};
  efi.setup.fw_vendor = 0x3f52aa18;
  efi.runtime_map.resize(2);
  efi.runtime_map[1].physical = 0x3f4ec000;
  efi.runtime_map[1].pages = 0x100;
  return efi;
}

BootParams ParamsOf(const std::vector<std::byte>& bytes) { return *ReadAt<BootParams>(bytes, 0); }

Handover HandoverOf(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics) {
  return Handover::Compose(facts, inputs, MakeLinuxImage(facts, inputs, diagnostics).value(), diagnostics);
}

BootParams Compose(const X86Facts& facts, const BootInputs& inputs) {
  RecordingDiagnostics diagnostics;
  return ParamsOf(HandoverOf(facts, inputs, diagnostics).Write(kAddresses));
}

std::vector<uint32_t> NodeTypes(const std::vector<std::byte>& bytes) {
  std::vector<uint32_t> types;
  uint64_t at = ParamsOf(bytes).header.setup_data;
  while (at != 0) {
    const auto node = ReadAt<SetupDataNode>(bytes, at - kAddresses.handover.raw());
    if (!node || types.size() > 100) return {0};
    types.push_back(node->type);
    at = node->next;
  }
  return types;
}

TEST(Handover, CopiesTheImagesHeaderAndFillsWhatIsTheLoaders) {
  const BootInputs inputs = InputsFor(SmallKernel(), {}, "quiet");
  const BootParams params = Compose(FactsWithRam(), inputs);
  EXPECT_EQ(params.header.setup_sects, 39);
  EXPECT_EQ(params.header.root_flags, 1);
  EXPECT_EQ(params.header.vid_mode, 0xffff);
  EXPECT_EQ(params.header.boot_flag, kBootFlag);
  EXPECT_EQ(params.header.kernel_info_offset, 0xd7f91cu);
  EXPECT_EQ(params.header.type_of_loader, 0xd0);
  EXPECT_EQ(params.header.loadflags, 1);
  EXPECT_EQ(params.sentinel, 0);
}

TEST(Handover, SplitsAddressesAbove4GiB) {
  const BootParams params = Compose(FactsWithRam(), InputsFor(SmallKernel(), {}, "quiet"));
  EXPECT_EQ(params.header.cmd_line_ptr, 0x40001000u);
  EXPECT_EQ(params.ext_cmd_line_ptr, 1u);
  EXPECT_EQ(params.header.ramdisk_image, 0xf0000000u);
  EXPECT_EQ(params.ext_ramdisk_image, 1u);
  EXPECT_EQ(params.header.ramdisk_size, 0x23456789u);
  EXPECT_EQ(params.ext_ramdisk_size, 1u);
  EXPECT_EQ(params.header.code32_start, 0x100000u);  // 32 bits: stays as built when the kernel lies higher
}

TEST(Handover, TellsARelocatedKernelWhereItIs) {
  RecordingDiagnostics diagnostics;
  const auto handover = HandoverOf(FactsWithRam(), InputsFor(SmallKernel(), {}, ""), diagnostics);
  const auto bytes = handover.Write({PhysAddr(0x3000000), PhysAddr(0x2000000), PhysAddr(0), 0});
  EXPECT_EQ(ParamsOf(bytes).header.code32_start, 0x2000000u);
  EXPECT_EQ(ParamsOf(bytes).header.ramdisk_image, 0u);
}

TEST(Handover, CopiesAHeaderLongerThanTheNewestKnown) {
  BzImage image = SmallKernel();
  std::vector<std::byte> header(0x81, std::byte{0xee});
  std::memcpy(header.data(), image.setup_header.view().data(), image.setup_header.size());
  image.setup_header = SharedBytes::Own(header);
  const BootParams params = Compose(FactsWithRam(), InputsFor(image, {}, ""));
  EXPECT_EQ(params.pad7[0], 0xee);
  EXPECT_EQ(params.pad7[0x81 - sizeof(SetupHeader) - 1], 0xee);
  EXPECT_EQ(params.pad7[0x81 - sizeof(SetupHeader)], 0);
}

TEST(Handover, LinksEveryNodeInOrder) {
  X86Facts facts = FactsWithRam();
  std::vector<MemoryRegion> many;
  for (uint64_t i = 0; i < 300; ++i)
    many.push_back({Range(i * 0x2000, i * 0x2000 + 0x1000), MemoryType::kRam});
  facts.memory.handed_over = MemoryMap::FromRegions(many);
  facts.efi = SomeEfi();
  facts.setup_data = {{SetupDataType::kPci, std::vector<std::byte>(5)}, {SetupDataType::kCcBlob, {}}};
  BootInputs inputs = InputsFor(SmallKernel(), {}, "quiet");
  inputs.rng_seed.emplace();
  RecordingDiagnostics diagnostics;
  const Handover handover = HandoverOf(facts, inputs, diagnostics);
  const auto bytes = handover.Write(kAddresses);
  EXPECT_EQ(bytes.size(), handover.size());
  EXPECT_THAT(NodeTypes(bytes), ElementsAre(1, 4, 9, 3, 7));
  const BootParams params = ParamsOf(bytes);
  EXPECT_EQ(params.e820_entries, 128);
  const auto node = ReadAt<SetupDataNode>(bytes, params.header.setup_data - kAddresses.handover.raw());
  EXPECT_EQ(node->len, (300 - 128) * 20u);
  const auto last =
      ReadAt<E820Entry>(bytes, params.header.setup_data - kAddresses.handover.raw() + 16 + (299 - 128) * 20);
  EXPECT_EQ(last->addr, 299u * 0x2000);
}

TEST(Handover, PassesEfiToA64BitKernelThatTakesIt) {
  X86Facts facts = FactsWithRam();
  facts.efi = SomeEfi();
  RecordingDiagnostics diagnostics;
  const auto bytes = HandoverOf(facts, InputsFor(SmallKernel(), {}, ""), diagnostics).Write(kAddresses);
  const EfiInfo info = ParamsOf(bytes).efi_info;
  EXPECT_EQ(info.loader_signature, kEfiLoader64);
  EXPECT_EQ(info.systab, 0x3f5eb018u);
  EXPECT_EQ(info.systab_hi, 2u);
  EXPECT_EQ(info.memdesc_size, 40u);
  EXPECT_EQ(info.memdesc_version, 1u);
  EXPECT_EQ(info.memmap_size, 80u);
  EXPECT_EQ(info.memmap_hi, 1u);
  const auto second = ReadAt<EfiMemoryDescriptor>(bytes, info.memmap - 0x40000000 + 40);
  EXPECT_EQ(second->physical, 0x3f4ec000u);
}

TEST(Handover, LeavesEfiOutWhereItCannotOrMustNotGo) {
  X86Facts facts = FactsWithRam();
  facts.efi = SomeEfi();
  BootInputs inputs = InputsFor(SmallKernel(), {}, "");
  RecordingDiagnostics diagnostics;
  const auto signature = [&](bool entry_64) {
    inputs.entry_32bit = !entry_64;
    const auto bytes = HandoverOf(facts, inputs, diagnostics).Write(kAddresses);
    EXPECT_THAT(NodeTypes(bytes), IsEmpty());
    return uint32_t{ParamsOf(bytes).efi_info.loader_signature};
  };
  inputs.pass_efi = false;
  EXPECT_EQ(signature(true), 0u);
  EXPECT_THAT(diagnostics.TakeWarnings(), IsEmpty());
  inputs.pass_efi = true;
  EXPECT_EQ(signature(false), 0u);
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre("the new kernel gets no EFI runtime services: it is entered in 32-bit mode"));
  std::get<BzImage>(inputs.kernel.image).efi_kexec = false;
  EXPECT_EQ(signature(true), 0u);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre("the new kernel gets no EFI runtime services: it does not take them over from kexec"));
}

TEST(Handover, CarriesTheRunningKernelsFindings) {
  X86Facts facts = FactsWithRam();
  BootParams running = {};
  running.screen_info.orig_video_is_vga = kVideoTypeEfi;
  running.screen_info.lfb_base = 0x80000000;
  running.edid_info.fill(0x13);
  running.secure_boot = 3;
  running.cc_blob_address = 0x7000;
  running.eddbuf_entries = 200;  // more than there is room for
  running.edd_mbr_sig_buf_entries = 17;
  running.eddbuf[kEddDevices * kEddInfoSize - 1] = 9;
  running.edd_mbr_sig_buffer[15] = 0xaabbccdd;
  running.header.hardware_subarch = 3;
  running.header.setup_data = 0xdead;
  running.sentinel = 0xff;
  running.tboot_addr = 0xdead;
  facts.running = running;
  facts.acpi_rsdp = 0xf59e0;
  const BootParams params = Compose(facts, InputsFor(SmallKernel(), {}, ""));
  EXPECT_EQ(params.screen_info.orig_video_is_vga, kVideoTypeEfi);
  EXPECT_EQ(params.screen_info.lfb_base, 0x80000000u);
  EXPECT_EQ(params.edid_info, running.edid_info);
  EXPECT_EQ(params.secure_boot, 3);
  EXPECT_EQ(params.cc_blob_address, 0x7000u);
  EXPECT_EQ(params.eddbuf_entries, 6);
  EXPECT_EQ(params.edd_mbr_sig_buf_entries, 16);
  EXPECT_EQ(params.eddbuf, running.eddbuf);
  EXPECT_EQ(params.edd_mbr_sig_buffer[15], 0xaabbccddu);
  EXPECT_EQ(params.header.hardware_subarch, 3u);
  EXPECT_EQ(params.acpi_rsdp_addr, 0xf59e0u);
  EXPECT_EQ(params.header.setup_data, 0u);
  EXPECT_EQ(params.sentinel, 0);
  EXPECT_EQ(params.tboot_addr, 0u);
}

TEST(Handover, SpeaksOldProtocols) {
  X86Facts facts = FactsWithRam();
  std::vector<MemoryRegion> many;
  for (uint64_t i = 0; i < 129; ++i)
    many.push_back({Range(i * 0x2000, i * 0x2000 + 0x1000), MemoryType::kRam});
  facts.memory.handed_over = MemoryMap::FromRegions(many);
  BootInputs inputs = InputsFor(SmallKernel(), {}, "quiet");
  BzImage& image = std::get<BzImage>(inputs.kernel.image);
  image.protocol = 0x0201;
  image.relocatable = false;
  image.has_64bit_entry = false;
  inputs.rng_seed.emplace();
  RecordingDiagnostics diagnostics;
  const auto bytes = HandoverOf(facts, inputs, diagnostics)
                         .Write({PhysAddr(0x90000), PhysAddr(0x100000), PhysAddr(0x1000000), 0x1000});
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(
          "the new kernel sees 128 of 129 pieces of the memory map: boot protocol 2.01 takes no more"));
  const BootParams params = ParamsOf(bytes);
  EXPECT_EQ(params.screen_info.cl_magic, 0xa33f);
  EXPECT_EQ(params.screen_info.cl_offset, 0x1000);
  EXPECT_EQ(params.header.cmd_line_ptr, 0u);
  EXPECT_EQ(params.header.setup_data, 0u);
  EXPECT_EQ(params.header.ramdisk_image, 0x1000000u);
}

TEST(E820, KnowsEveryType) {
  const auto map = MemoryMap::FromRegions({{Range(0x0000, 0x1000), MemoryType::kRam},
                                           {Range(0x1000, 0x2000), MemoryType::kReserved},
                                           {Range(0x2000, 0x3000), MemoryType::kAcpiTables},
                                           {Range(0x3000, 0x4000), MemoryType::kAcpiNvs},
                                           {Range(0x4000, 0x5000), MemoryType::kUnusable},
                                           {Range(0x5000, 0x6000), MemoryType::kPersistent},
                                           {Range(0x6000, 0x7000), MemoryType::kPersistentLegacy},
                                           {Range(0x7000, 0x8000), MemoryType::kSoftReserved}});
  std::vector<uint32_t> types;
  for (const E820Entry& entry : ToE820(map)) types.push_back(entry.type);
  EXPECT_THAT(types, ElementsAre(1, 2, 3, 4, 5, 7, 12, 0xefffffff));
}

TEST(E820, TellsTheOlderSizesOfMemory) {
  const auto sizes = [](std::initializer_list<PhysRange> ram) {
    BootParams params = {};
    FillMemory(ToE820(RamMap(ram)), params);
    return std::pair<uint32_t, uint32_t>(params.alt_mem_k, params.screen_info.ext_mem_k);
  };
  EXPECT_EQ(sizes({Range(0x100000, 0x806000)}), (std::pair<uint32_t, uint32_t>(0x1c18, 0x1c18)));
  EXPECT_EQ(sizes({Range(0x80000, 0x40000000)}), (std::pair<uint32_t, uint32_t>(0xffc00, 0xfc00)));
  EXPECT_EQ(sizes({Range(0x100000, 1ull << 50)}), (std::pair<uint32_t, uint32_t>(UINT32_MAX, 0xfc00)));
  EXPECT_EQ(sizes({Range(0x200000, 0x300000)}), (std::pair<uint32_t, uint32_t>(0, 0)));
}

}  // namespace
}  // namespace kexec::testing
