// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/handover.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "arch/x86_64/e820.h"
#include "arch/x86_64/framebuffer.h"

namespace kexec {
namespace {

// Boot protocol versions that brought a field (boot.rst, the table of the header).
constexpr uint16_t kProtocolCommandLinePtr = 0x0202;
constexpr uint16_t kProtocolExtFields = 0x020c;  // ext_ramdisk_*, ext_cmd_line_ptr with xloadflags

constexpr size_t kNodeAlignment = 16;  // the kernel asks for none; whole fields are easier to read in a dump
constexpr uint16_t kCommandLineMagic = 0xa33f;  // screen_info.cl_magic, boot.rst "The kernel command line"

template <class T>
std::vector<std::byte> BytesOf(std::span<const T> items) {
  const Bytes bytes = std::as_bytes(items);
  return {bytes.begin(), bytes.end()};
}

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// The image's own header, with what boot.rst marks "write" for a boot loader; the rest stays as it was built.
void FillHeader(const LinuxImage& image, BootParams& params) {
  const Bytes header = image.setup_header.view();
  std::memcpy(&params.header, header.data(), std::min(header.size(), sizeof(SetupHeader)));
  // A newer protocol's tail goes to the same offsets, into what this structure calls padding.
  if (header.size() > sizeof(SetupHeader)) {
    const Bytes tail =
        header.subspan(sizeof(SetupHeader), std::min(header.size(), kSetupHeaderRoom) - sizeof(SetupHeader));
    std::memcpy(params.pad7, tail.data(), tail.size());
  }
  params.header.type_of_loader = kLoaderKexec;
  params.header.ext_loader_type = 0;
  params.header.ext_loader_ver = 0;
  // CAN_USE_HEAP is for the real-mode code we skip; QUIET_FLAG and KASLR_FLAG are between the kernel's own
  // stages, and whoever stands in for the first one sets them.
  params.header.loadflags = params.header.loadflags & kLoadedHigh;
  if (image.randomised) params.header.loadflags = params.header.loadflags | kKaslr;
  params.header.setup_data = 0;
}

// What only the running kernel's boot_params know about the machine. As kexec_file_load does in the kernel
// (arch/x86/kernel/kexec-bzimage64.c), and EDID, which it leaves out. EDD from here needs no bound: the
// tables have the same size on both sides.
void CarryOver(const BootParams& running, BootParams& params) {
  params.edid_info = running.edid_info;
  params.secure_boot = running.secure_boot;
  params.cc_blob_address = running.cc_blob_address;
  params.header.hardware_subarch = running.header.hardware_subarch;
  params.header.hardware_subarch_data = running.header.hardware_subarch_data;
  params.eddbuf = running.eddbuf;
  params.eddbuf_entries = std::min(running.eddbuf_entries, static_cast<uint8_t>(kEddDevices));
  params.edd_mbr_sig_buffer = running.edd_mbr_sig_buffer;
  params.edd_mbr_sig_buf_entries =
      std::min(running.edd_mbr_sig_buf_entries, static_cast<uint8_t>(kEddMbrSignatures));
}

}  // namespace

Handover Handover::Compose(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                           Diagnostics& diagnostics) {
  Handover handover;
  handover.protocol_ = image.protocol;
  handover.told_base_ = image.told_base;
  handover.command_line_ = inputs.command_line;
  handover.size_ = kCommandLineOffset;
  handover.Take(inputs.command_line.size() + 1);

  BootParams& params = handover.params_;
  FillHeader(image, params);
  const bool efi = facts.efi && inputs.pass_efi && image.efi_kexec && image.mode == EntryMode::k64;
  if (facts.running) {
    CarryOver(*facts.running, params);
    params.screen_info = NextScreenInfo(facts.running->screen_info, facts.framebuffer, efi);
  } else {
    params.screen_info = NextScreenInfo(ScreenInfo{}, facts.framebuffer, efi);
  }
  params.acpi_rsdp_addr = facts.acpi_rsdp;
  const std::vector<E820Entry> entries = ToE820(facts.memory.handed_over);
  FillMemory(entries, params);

  if (image.protocol < kProtocolSetupData) {
    if (entries.size() > kE820InZeroPage) {
      diagnostics.Warn(
          "the new kernel sees {} of {} pieces of the memory map: boot protocol {}.{:02} takes no more",
          kE820InZeroPage, entries.size(), image.protocol >> 8, image.protocol & 0xff);
    }
    return handover;
  }
  if (entries.size() > kE820InZeroPage) {
    handover.AddNode(SetupDataType::kE820Ext, BytesOf(std::span(entries).subspan(kE820InZeroPage)));
  }
  if (efi) {
    handover.AddEfi(*facts.efi);
  } else if (facts.efi && inputs.pass_efi) {
    diagnostics.Warn("the new kernel gets no EFI runtime services: it {}",
                     image.efi_kexec ? "is entered in 32-bit mode" : "does not take them over from kexec");
  }
  if (inputs.rng_seed)
    handover.AddNode(SetupDataType::kRngSeed, {inputs.rng_seed->begin(), inputs.rng_seed->end()});
  for (const SetupData& data : facts.setup_data) handover.AddNode(data.type, data.payload);
  return handover;
}

// Appends `bytes`, aligned; the offset where they begin.
size_t Handover::Take(size_t bytes) {
  const size_t offset = (size_ + kNodeAlignment - 1) / kNodeAlignment * kNodeAlignment;
  size_ = offset + bytes;
  return offset;
}

void Handover::AddNode(SetupDataType type, std::vector<std::byte> payload) {
  const size_t offset = Take(sizeof(SetupDataNode) + payload.size());
  nodes_.push_back({type, std::move(payload), offset});
}

void Handover::AddEfi(const EfiFacts& efi) {
  efi_map_ = BytesOf(std::span(efi.runtime_map));
  efi_map_offset_ = Take(efi_map_.size());
  EfiInfo& info = params_.efi_info;
  info.loader_signature = kEfiLoader64;
  info.systab = Low(efi.systab);
  info.systab_hi = High(efi.systab);
  info.memdesc_size = static_cast<uint32_t>(sizeof(EfiMemoryDescriptor));
  info.memdesc_version = 1;
  info.memmap_size = static_cast<uint32_t>(efi_map_.size());
  AddNode(SetupDataType::kEfi, BytesOf(std::span(&efi.setup, 1)));
}

void Handover::PointTo(const HandoverAddresses& addresses, BootParams& params) const {
  const uint64_t base = addresses.handover.raw();
  const uint64_t command_line = base + kCommandLineOffset;
  SetupHeader& header = params.header;
  header.ramdisk_image = Low(addresses.initrd.raw());
  header.ramdisk_size = Low(addresses.initrd_size);
  if (protocol_ >= kProtocolCommandLinePtr) {
    header.cmd_line_ptr = Low(command_line);
  } else {
    params.screen_info.cl_magic = kCommandLineMagic;
    params.screen_info.cl_offset = static_cast<uint16_t>(kCommandLineOffset);
  }
  if (protocol_ >= kProtocolExtFields) {
    params.ext_ramdisk_image = High(addresses.initrd.raw());
    params.ext_ramdisk_size = High(addresses.initrd_size);
    params.ext_cmd_line_ptr = High(command_line);
  }
  // boot.rst: a loader that relocates the kernel says where it went; the field has 32 bits.
  if (told_base_ && addresses.kernel.raw() <= UINT32_MAX) header.code32_start = Low(addresses.kernel.raw());
  if (!nodes_.empty()) header.setup_data = base + nodes_.front().offset;
  if (!efi_map_.empty()) {
    params.efi_info.memmap = Low(base + efi_map_offset_);
    params.efi_info.memmap_hi = High(base + efi_map_offset_);
  }
}

std::vector<std::byte> Handover::Write(const HandoverAddresses& addresses) const {
  BootParams params = params_;
  PointTo(addresses, params);
  std::vector<std::byte> bytes(size_);
  std::memcpy(bytes.data(), &params, sizeof(params));
  std::memcpy(bytes.data() + kCommandLineOffset, command_line_.data(), command_line_.size());
  if (!efi_map_.empty()) std::memcpy(bytes.data() + efi_map_offset_, efi_map_.data(), efi_map_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    SetupDataNode head;
    head.next = i + 1 < nodes_.size() ? addresses.handover.raw() + nodes_[i + 1].offset : 0;
    head.type = static_cast<uint32_t>(node.type);
    head.len = static_cast<uint32_t>(node.payload.size());
    std::memcpy(bytes.data() + node.offset, &head, sizeof(head));
    std::ranges::copy(node.payload, bytes.begin() + static_cast<ptrdiff_t>(node.offset + sizeof(head)));
  }
  return bytes;
}

}  // namespace kexec
