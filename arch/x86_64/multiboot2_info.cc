// SPDX-License-Identifier: LGPL-2.1-or-later
// Multiboot 2 Specification 2.0, 3.6: "Boot information". Where its text and its own header file differ (the
// frame buffer's reserved field), the header file counts, as it does for GRUB.
#include <algorithm>

#include "arch/x86_64/byte_writer.h"
#include "arch/x86_64/multiboot_info.h"

namespace kexec {
namespace {

enum class InfoTag : uint32_t {
  kEnd = 0,
  kCommandLine = 1,
  kLoaderName = 2,
  kModule = 3,
  kBasicMemory = 4,
  kMemoryMap = 6,
  kFrameBuffer = 8,
  kEfi64 = 12,
  kSmbios = 13,
  kAcpiOld = 14,
  kAcpiNew = 15,
  kLoadBase = 21,
};
constexpr size_t kTagAlignment = 8;

constexpr uint8_t kDirectColour = 1;
constexpr uint8_t kEgaText = 2;

constexpr size_t kAcpi1Length = 20;        // of a root pointer of ACPI 1.0
constexpr size_t kRsdtInRootPointer = 16;  // its 32-bit address of the RSDT

// Appends a tag, whose value `write` puts.
template <class Write>
void Tag(ByteWriter& out, InfoTag type, Write write) {
  const size_t begin = out.size();
  out.Put(static_cast<uint32_t>(type));
  out.Put<uint32_t>(0);
  write();
  out.Overwrite(begin + 4, static_cast<uint32_t>(out.size() - begin));
  out.AlignTo(kTagAlignment);
}

void PutMemory(const MultibootInformation& information, ByteWriter& out) {
  Tag(out, InfoTag::kBasicMemory, [&] {
    out.Put(information.lower_kib);
    out.Put(information.upper_kib);
  });
  Tag(out, InfoTag::kMemoryMap, [&] {
    constexpr uint32_t kEntrySize = 24;
    constexpr uint32_t kVersion = 0;
    out.Put(kEntrySize);
    out.Put(kVersion);
    for (const E820Entry& entry : information.memory_map) {
      out.Append(std::as_bytes(std::span(&entry, 1)));
      out.Put<uint32_t>(0);
    }
  });
}

void PutModules(const MultibootInformation& information, const MultibootPlaces& places, ByteWriter& out) {
  for (size_t i = 0; i < information.modules.size(); ++i) {
    Tag(out, InfoTag::kModule, [&] {
      out.Put(static_cast<uint32_t>(places.modules[i].begin().raw()));
      out.Put(static_cast<uint32_t>(places.modules[i].end().raw()));
      out.PutText(information.modules[i]);
    });
  }
}

void PutScreen(const MultibootScreen& screen, ByteWriter& out) {
  Tag(out, InfoTag::kFrameBuffer, [&] {
    out.Put(screen.address);
    out.Put(screen.pitch);
    out.Put(screen.width);
    out.Put(screen.height);
    out.Put(screen.bits_per_pixel);
    out.Put(screen.is_text ? kEgaText : kDirectColour);
    out.Put<uint16_t>(0);
    if (screen.is_text) return;
    for (const ColourField& colour : {screen.red, screen.green, screen.blue}) {
      out.Put(colour.offset);
      out.Put(colour.length);
    }
  });
}

// An ACPI 2.0 pointer begins like one of ACPI 1.0, and is one where it has an RSDT.
void PutAcpi(Bytes pointer, ByteWriter& out) {
  const auto rsdt = ReadAt<Le<uint32_t>>(pointer, kRsdtInRootPointer);
  if (rsdt && *rsdt != 0 && pointer.size() >= kAcpi1Length) {
    Tag(out, InfoTag::kAcpiOld, [&] { out.Append(pointer.first(kAcpi1Length)); });
  }
  if (pointer.size() > kAcpi1Length) {
    Tag(out, InfoTag::kAcpiNew, [&] { out.Append(pointer); });
  }
}

void PutSmbios(const SmbiosTables& smbios, ByteWriter& out) {
  Tag(out, InfoTag::kSmbios, [&] {
    out.Put(smbios.major);
    out.Put(smbios.minor);
    for (int i = 0; i < 6; ++i) out.Put<uint8_t>(0);
    out.Append(smbios.structures);
  });
}

}  // namespace

std::vector<std::byte> WriteMultiboot2(const MultibootInformation& information,
                                       const MultibootPlaces& places) {
  ByteWriter out;
  out.Put<uint32_t>(0);  // the whole size, below
  out.Put<uint32_t>(0);
  Tag(out, InfoTag::kCommandLine, [&] { out.PutText(information.command_line); });
  Tag(out, InfoTag::kLoaderName, [&] { out.PutText(information.loader_name); });
  if (places.load_base) {
    Tag(out, InfoTag::kLoadBase, [&] { out.Put(static_cast<uint32_t>(places.load_base->raw())); });
  }
  PutModules(information, places, out);
  PutMemory(information, out);
  if (information.screen) PutScreen(*information.screen, out);
  if (information.efi_system_table != 0) {
    Tag(out, InfoTag::kEfi64, [&] { out.Put(information.efi_system_table); });
  }
  PutAcpi(information.acpi_root_pointer, out);
  if (information.smbios) PutSmbios(*information.smbios, out);
  Tag(out, InfoTag::kEnd, [] {});
  out.Overwrite(0, static_cast<uint32_t>(out.size()));
  return std::move(out).Take();
}

}  // namespace kexec
