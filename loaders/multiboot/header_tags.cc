// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/multiboot/header_tags.h"

#include <algorithm>
#include <array>

namespace kexec {
namespace {

enum class HeaderTag : uint16_t {
  kEnd = 0,
  kInformationRequest = 1,
  kAddress = 2,
  kEntryAddress = 3,
  kConsoleFlags = 4,
  kFramebuffer = 5,
  kModuleAlignment = 6,
  kEfiBootServices = 7,
  kEntryEfi32 = 8,
  kEntryEfi64 = 9,
  kRelocatable = 10,
};

struct TagHead {
  Le<uint16_t> type, flags;
  Le<uint32_t> size;  // with this head
};
static_assert(sizeof(TagHead) == 8);
constexpr uint16_t kOptional = 1;

struct AddressTag {
  Le<uint32_t> header_addr, load_addr, load_end_addr, bss_end_addr;
};
struct RelocatableTag {
  Le<uint32_t> min_addr, max_addr, align, preference;
};
constexpr uint32_t kPrefersLow = 1;
constexpr uint32_t kPrefersHigh = 2;

constexpr uint32_t kConsoleRequired = 1 << 0;
constexpr uint32_t kEgaTextSupported = 1 << 1;

// By type, 3.6.
constexpr std::array<std::string_view, 22> kInformationNames = {
    "",
    "the command line",
    "the boot loader's name",
    "modules",
    "basic memory information",
    "the BIOS boot device",
    "the memory map",
    "VBE information",
    "the frame buffer",
    "ELF sections",
    "the APM table",
    "the 32-bit EFI system table",
    "the 64-bit EFI system table",
    "SMBIOS tables",
    "the ACPI 1.0 root pointer",
    "the ACPI 2.0 root pointer",
    "network information",
    "the EFI memory map",
    "that EFI boot services run",
    "the 32-bit EFI image handle",
    "the 64-bit EFI image handle",
    "the load base address",
};

// The value behind a tag's head, or kMalformed with the tag's name.
template <class T>
Result<T> ValueOf(Bytes body, std::string_view name) {
  const auto value = ReadAt<T>(body, 0);
  if (value) return *value;
  return Fail(Errc::kMalformed, "the {} tag has {} bytes, {} are the least", name,
              body.size() + sizeof(TagHead), sizeof(T) + sizeof(TagHead));
}

Result<> TakeRequests(Bytes body, bool optional, Multiboot2Tags& to, Diagnostics& diagnostics) {
  if (body.size() % 4 != 0) {
    return Fail(Errc::kMalformed, "the information request tag has {} bytes, which is no multiple of 4",
                body.size() + sizeof(TagHead));
  }
  for (uint64_t offset = 0; offset < body.size(); offset += 4) {
    const uint32_t type = ReadAt<Le<uint32_t>>(body, offset).value();
    if (Multiboot2InformationName(type).empty()) {
      if (!optional) {
        return Fail(Errc::kUnsupported, "it needs information of type {}, which multiboot 2 does not have",
                    type);
      }
      diagnostics.Note("multiboot 2: the kernel would like information of type {}, which is unknown", type);
    }
    to.requested.push_back(type);
  }
  return {};
}

Result<> TakeRelocation(Bytes body, Multiboot2Tags& to) {
  KEXEC_ASSIGN(const RelocatableTag tag, ValueOf<RelocatableTag>(body, "relocatable"));
  const auto alignment = Alignment::Make(tag.align == 0 ? 1 : uint32_t{tag.align});
  if (!alignment) {
    return Fail(Errc::kMalformed, "the relocatable tag asks for the alignment {:#x}, not a power of two",
                uint32_t{tag.align});
  }
  if (tag.min_addr > tag.max_addr) {
    return Fail(Errc::kMalformed, "the relocatable tag asks for a place from {:#x} to {:#x}",
                uint32_t{tag.min_addr}, uint32_t{tag.max_addr});
  }
  to.relocation = MultibootRelocation{.lowest = PhysAddr(tag.min_addr),
                                      .highest = PhysAddr(tag.max_addr),
                                      .alignment = *alignment,
                                      .prefers_high = tag.preference == kPrefersHigh,
                                      .prefers_low = tag.preference == kPrefersLow};
  return {};
}

Result<> TakeTag(HeaderTag type, bool optional, Bytes body, Multiboot2Tags& to, Diagnostics& diagnostics) {
  switch (type) {
    case HeaderTag::kInformationRequest:
      return TakeRequests(body, optional, to, diagnostics);
    case HeaderTag::kAddress: {
      KEXEC_ASSIGN(const AddressTag tag, ValueOf<AddressTag>(body, "address"));
      to.addresses = MultibootAddresses{.header_addr = tag.header_addr,
                                        .load_addr = tag.load_addr,
                                        .load_end_addr = tag.load_end_addr,
                                        .bss_end_addr = tag.bss_end_addr};
      return {};
    }
    case HeaderTag::kEntryAddress: {
      KEXEC_ASSIGN(const Le<uint32_t> entry, ValueOf<Le<uint32_t>>(body, "entry address"));
      to.entry = PhysAddr(entry);
      return {};
    }
    case HeaderTag::kConsoleFlags: {
      KEXEC_ASSIGN(const Le<uint32_t> flags, ValueOf<Le<uint32_t>>(body, "console flags"));
      to.needs_console = (flags & kConsoleRequired) != 0 && !optional;
      to.uses_ega_text = (flags & kEgaTextSupported) != 0;
      return {};
    }
    case HeaderTag::kFramebuffer:  // the mode it names is a recommendation, and ours is set already
      to.uses_framebuffer = true;
      return {};
    case HeaderTag::kModuleAlignment:
      to.page_aligned_modules = true;
      return {};
    case HeaderTag::kEfiBootServices:
      if (optional) return {};
      return Fail(Errc::kUnsupported,
                  "it needs EFI boot services, which ended when the running kernel started; only the "
                  "firmware or its boot loader can start it");
    case HeaderTag::kEntryEfi32:  // only looked at where boot services run (3.1.10, 3.1.11)
    case HeaderTag::kEntryEfi64:
      return {};
    case HeaderTag::kRelocatable:
      return TakeRelocation(body, to);
    case HeaderTag::kEnd:
      break;
  }
  if (!optional) {
    return Fail(Errc::kUnsupported, "it needs what header tag {} stands for, which multiboot 2 does not have",
                static_cast<uint16_t>(type));
  }
  diagnostics.Note("multiboot 2: optional header tag {} is unknown, it is not looked at",
                   static_cast<uint16_t>(type));
  return {};
}

}  // namespace

std::string_view Multiboot2InformationName(uint32_t type) {
  return type < kInformationNames.size() ? kInformationNames[type] : std::string_view();
}

Result<Multiboot2Tags> ParseMultiboot2Tags(Bytes tags, Diagnostics& diagnostics) {
  Multiboot2Tags parsed;
  uint64_t offset = 0;
  while (true) {
    const auto head = ReadAt<TagHead>(tags, offset);
    if (!head)
      return Fail(Errc::kMalformed, "its header ends after {:#x} bytes of tags without the end tag",
                  tags.size());
    if (head->size < sizeof(TagHead) || head->size > tags.size() - offset) {
      return Fail(Errc::kMalformed, "header tag {} has {} bytes, its header has {} from there on",
                  uint16_t{head->type}, uint32_t{head->size}, tags.size() - offset);
    }
    const auto type = static_cast<HeaderTag>(uint16_t{head->type});
    if (type == HeaderTag::kEnd) return parsed;
    const Bytes body = tags.subspan(offset + sizeof(TagHead), head->size - sizeof(TagHead));
    KEXEC_TRY(TakeTag(type, (head->flags & kOptional) != 0, body, parsed, diagnostics));
    offset += Alignment::Of<8>().Up(head->size).value();  // at most 7 behind the end, where no head is found
  }
}

}  // namespace kexec
