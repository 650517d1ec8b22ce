// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/dump.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "loaders/vmcore/flattened.h"

namespace kexec {
namespace {

constexpr uint64_t kMaxHead = uint64_t{16} << 20;  // 299,000 program headers
constexpr uint64_t kMaxVmcoreInfo = 64 << 10;      // the kernel's has a page, the largest of which is that
constexpr uint64_t kMaxNotes = uint64_t{1} << 20;  // one for each CPU, and a few more
constexpr std::string_view kNoteName = "VMCOREINFO";

Result<std::vector<std::byte>> ReadBytes(const DumpSource& source, uint64_t offset, uint64_t size) {
  std::vector<std::byte> bytes(size);
  KEXEC_TRY(source.Read(offset, bytes));
  return bytes;
}

// Says what it is instead, where we know.
Error NotElf(Bytes start) {
  const auto begins = [start](std::string_view magic) {
    return start.size() >= magic.size() && std::memcmp(start.data(), magic.data(), magic.size()) == 0;
  };
  // struct disk_dump_header (makedumpfile's IMPLEMENTATION; diskdump before it)
  if (begins("KDUMP   ") || begins("DISKDUMP")) {
    return Error(
        Errc::kNotRecognised, 0,
        "a compressed kdump, not an ELF core; makedumpfile --dump-dmesg prints its log, crash opens it");
  }
  return Error(Errc::kNotRecognised, 0, "no ELF file, and no other dump we know");
}

// [begin, begin + size) cut at the file's end.
uint64_t Present(const DumpSource& source, uint64_t offset, uint64_t size) {
  return offset >= source.size() ? 0 : std::min(size, source.size() - offset);
}

struct NoteHeader {
  uint64_t name_size, text_size;
};
constexpr uint64_t kNoteHeaderSize = 12;  // Elf32_Nhdr and Elf64_Nhdr alike
uint64_t NotePadded(uint64_t size) { return (size + 3) & ~uint64_t{3}; }

// The text of the first VMCOREINFO note in [position, end); nullopt if there is none among the next `left`
// notes, which are counted down. A note without a name ends the list, as in the kernel
// (update_note_header_size_elf64 in fs/proc/vmcore.c): behind it is the unused rest, which a sparse or
// flattened dump can claim to be of any size.
Result<std::optional<std::string>> FindNote(const OpenedDump& dump, uint64_t position, uint64_t end,
                                            uint64_t& left) {
  for (; end - position >= kNoteHeaderSize && left > 0; --left) {
    std::byte raw[kNoteHeaderSize];
    KEXEC_TRY(dump.source->Read(position, raw));
    const Bytes header(raw);
    const NoteHeader note{DecodeUint(header.subspan(0, 4), dump.core.big_endian),
                          DecodeUint(header.subspan(4, 4), dump.core.big_endian)};
    if (note.name_size == 0) return std::nullopt;
    position += kNoteHeaderSize;
    const uint64_t name_room = NotePadded(note.name_size);
    if (end - position < name_room || end - position - name_room < note.text_size) return std::nullopt;
    if (note.name_size == kNoteName.size() + 1 && note.text_size <= kMaxVmcoreInfo) {
      KEXEC_ASSIGN(const std::vector<std::byte> name, ReadBytes(*dump.source, position, kNoteName.size()));
      if (std::memcmp(name.data(), kNoteName.data(), kNoteName.size()) == 0) {
        KEXEC_ASSIGN(const std::vector<std::byte> text,
                     ReadBytes(*dump.source, position + name_room, note.text_size));
        return std::string(reinterpret_cast<const char*>(text.data()), text.size());
      }
    }
    position += name_room;
    position += std::min(NotePadded(note.text_size), end - position);
  }
  return std::nullopt;
}

}  // namespace

uint64_t DecodeUint(Bytes bytes, bool big_endian) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value = value << 8 | std::to_integer<uint64_t>(bytes[big_endian ? i : bytes.size() - 1 - i]);
  }
  return value;
}

Result<OpenedDump> OpenDump(std::shared_ptr<const DumpSource> source) {
  if (IsFlattened(*source)) {
    KEXEC_ASSIGN(source, Unflatten(std::move(source)));
  }
  uint64_t have = std::min<uint64_t>(source->size(), sizeof(Elf64_Ehdr));
  for (;;) {
    KEXEC_ASSIGN(const std::vector<std::byte> head, ReadBytes(*source, 0, have));
    const Result<uint64_t> wanted = ElfHeadSize(head);
    if (!wanted.has_value() && wanted.error().code() == Errc::kNotRecognised) {
      return std::unexpected(NotElf(head));
    }
    KEXEC_TRY(wanted);
    if (*wanted <= have || have == source->size()) {
      KEXEC_ASSIGN(ElfCore core, ParseElfCore(head));
      return OpenedDump{std::move(source), std::move(core)};
    }
    if (std::min(*wanted, source->size()) > kMaxHead) {
      return Fail(Errc::kUnsupported, "ELF: the headers reach to {:#x}, at most {:#x} is read", *wanted,
                  kMaxHead);
    }
    have = std::min(*wanted, source->size());
  }
}

Result<VmcoreInfo> ReadVmcoreInfo(const OpenedDump& dump) {
  uint64_t left = kMaxNotes;
  for (const ElfSegment& segment : dump.core.segments) {
    if (segment.type != PT_NOTE) continue;
    const uint64_t size = Present(*dump.source, segment.offset, segment.file_size);
    if (size == 0) continue;
    KEXEC_ASSIGN(const std::optional<std::string> text,
                 FindNote(dump, segment.offset, segment.offset + size, left));
    if (text) return VmcoreInfo::Parse(*text);
  }
  return Fail(Errc::kMalformed, "no VMCOREINFO note; a kernel built with CONFIG_VMCORE_INFO writes one");
}

}  // namespace kexec
