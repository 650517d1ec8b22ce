// SPDX-License-Identifier: LGPL-2.1-or-later
// Multiboot Specification 0.6.96, 3.3: "Boot information format".
#include "arch/x86_64/byte_writer.h"
#include "arch/x86_64/multiboot_info.h"

namespace kexec {
namespace {

// Bits of `flags`: which fields are valid.
constexpr uint32_t kMemory = 1 << 0;
constexpr uint32_t kCommandLine = 1 << 2;
constexpr uint32_t kModules = 1 << 3;
constexpr uint32_t kMemoryMap = 1 << 6;
constexpr uint32_t kLoaderName = 1 << 9;
constexpr uint32_t kFrameBuffer = 1 << 12;

// Offsets of the fields.
constexpr size_t kAtFlags = 0, kAtMemLower = 4, kAtMemUpper = 8, kAtCommandLine = 16, kAtModsCount = 20,
                 kAtModsAddr = 24, kAtMmapLength = 44, kAtMmapAddr = 48, kAtLoaderName = 64,
                 kAtFrameBuffer = 88;
constexpr size_t kSize = 116;

constexpr uint8_t kDirectColour = 1;
constexpr uint8_t kEgaText = 2;

void WriteScreen(const MultibootScreen& screen, ByteWriter& out) {
  size_t at = kAtFrameBuffer;
  out.Overwrite<uint64_t>(at, screen.address);
  out.Overwrite<uint32_t>(at + 8, screen.pitch);
  out.Overwrite<uint32_t>(at + 12, screen.width);
  out.Overwrite<uint32_t>(at + 16, screen.height);
  out.Overwrite<uint8_t>(at + 20, screen.bits_per_pixel);
  out.Overwrite<uint8_t>(at + 21, screen.is_text ? kEgaText : kDirectColour);
  at += 22;
  for (const ColourField& colour : {screen.red, screen.green, screen.blue}) {
    out.Overwrite<uint8_t>(at++, colour.offset);
    out.Overwrite<uint8_t>(at++, colour.length);
  }
}

}  // namespace

std::vector<std::byte> WriteMultiboot1(const MultibootInformation& information,
                                       const MultibootPlaces& places) {
  const auto here = [&](const ByteWriter& out) {
    return static_cast<uint32_t>(places.information.raw() + out.size());
  };
  ByteWriter out;
  out.Append(std::vector<std::byte>(kSize));
  uint32_t flags = kMemory | kCommandLine | kModules | kMemoryMap | kLoaderName;
  out.Overwrite(kAtMemLower, information.lower_kib);
  out.Overwrite(kAtMemUpper, information.upper_kib);
  if (information.screen) {
    flags |= kFrameBuffer;
    WriteScreen(*information.screen, out);
  }
  out.Overwrite(kAtFlags, flags);
  // Memory map: each entry's size field does not count itself.
  out.AlignTo(8);
  out.Overwrite(kAtMmapAddr, here(out));
  const size_t map_begin = out.size();
  for (const E820Entry& entry : information.memory_map) {
    out.Put<uint32_t>(sizeof(E820Entry));
    out.Append(std::as_bytes(std::span(&entry, 1)));
  }
  out.Overwrite(kAtMmapLength, static_cast<uint32_t>(out.size() - map_begin));
  out.AlignTo(8);
  const size_t modules_begin = out.size();
  constexpr size_t kModuleSize = 16;
  out.Overwrite(kAtModsAddr, here(out));
  out.Overwrite(kAtModsCount, static_cast<uint32_t>(information.modules.size()));
  out.Append(std::vector<std::byte>(information.modules.size() * kModuleSize));
  for (size_t i = 0; i < information.modules.size(); ++i) {
    const size_t at = modules_begin + i * kModuleSize;
    out.Overwrite(at, static_cast<uint32_t>(places.modules[i].begin().raw()));
    out.Overwrite(at + 4, static_cast<uint32_t>(places.modules[i].end().raw()));
    out.Overwrite(at + 8, here(out));
    out.PutText(information.modules[i]);
  }
  out.Overwrite(kAtCommandLine, here(out));
  out.PutText(information.command_line);
  out.Overwrite(kAtLoaderName, here(out));
  out.PutText(information.loader_name);
  return std::move(out).Take();
}

}  // namespace kexec
