// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/elf/elf_notes.h"

#include <algorithm>

#include "kexec/phys.h"

namespace kexec {
namespace {

constexpr uint32_t kNoteSegment = 4;  // PT_NOTE
constexpr uint32_t kNoteSection = 7;  // SHT_NOTE

constexpr uint32_t kXenGuestOs = 6;       // XEN_ELFNOTE_GUEST_OS (Xen, public/elfnote.h)
constexpr uint32_t kXenPhys32Entry = 18;  // XEN_ELFNOTE_PHYS32_ENTRY
constexpr uint32_t kGnuAbiTag = 1;        // NT_GNU_ABI_TAG (System V ABI, Linux extensions)

// System V ABI, "Note Section"; name and description are padded to the alignment of their table.
struct NoteHeader {
  Le<uint32_t> name_size;
  Le<uint32_t> description_size;
  Le<uint32_t> type;
};

std::string_view TextOf(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.substr(0, text.find('\0'));
}

// Takes `size` bytes and the padding behind them off the front of `rest`; padding may be missing at the end.
std::optional<Bytes> TakePadded(Bytes& rest, uint64_t size, Alignment padding) {
  const auto taken = SliceAt(rest, 0, size);
  if (!taken) return std::nullopt;
  const uint64_t padded = padding.Up(size).value();  // size has 32 bits
  rest = rest.subspan(std::min<uint64_t>(padded, rest.size()));
  return taken;
}

// Of all tables together: a kernel's are some hundred bytes.
constexpr uint64_t kMaxNoteBytes = 1 << 20;

// Notes of a table aligned to 8 bytes are padded to that, all others to 4.
void ReadTable(Bytes rest, uint64_t alignment, std::vector<ElfNote>& notes) {
  const Alignment padding = alignment == 8 ? Alignment::Of<8>() : Alignment::Of<4>();
  while (const auto header = ReadAt<NoteHeader>(rest, 0)) {
    rest = rest.subspan(sizeof(NoteHeader));
    const auto name = TakePadded(rest, header->name_size, padding);
    if (!name) return;
    const auto description = TakePadded(rest, header->description_size, padding);
    if (!description) return;
    notes.push_back({TextOf(*name), header->type, *description});
  }
}

std::optional<uint64_t> NumberOf(Bytes description) {
  if (description.size() == 8) return *ReadAt<Le<uint64_t>>(description, 0);
  if (description.size() == 4) return *ReadAt<Le<uint32_t>>(description, 0);
  return std::nullopt;
}

}  // namespace

std::vector<ElfNote> ReadElfNotes(Bytes file, const ElfFile& elf) {
  std::vector<ElfNote> notes;
  uint64_t left = kMaxNoteBytes;
  const auto read = [&](uint64_t offset, uint64_t size, uint64_t alignment) {
    const auto table = SliceAt(file, offset, size);
    if (!table) return;
    const Bytes first = table->first(std::min<uint64_t>(size, left));
    left -= first.size();
    ReadTable(first, alignment, notes);
  };
  bool has_segment = false;
  for (const ElfSegment& segment : elf.segments) {
    if (segment.type != kNoteSegment) continue;
    has_segment = true;
    read(segment.offset, segment.file_size, segment.alignment);
  }
  if (has_segment) return notes;
  const auto sections = ParseElfSections(file);
  if (!sections.has_value()) return notes;  // a kernel needs none
  for (const ElfSection& section : sections->sections) {
    if (section.type == kNoteSection) read(section.offset, section.size, section.alignment);
  }
  return notes;
}

KernelNotes UnderstandNotes(const std::vector<ElfNote>& notes) {
  KernelNotes found;
  for (const ElfNote& note : notes) {
    if (note.name == "Linux") found.is_linux = true;
    if (note.name == "Go" || (note.name == "GNU" && note.type == kGnuAbiTag)) found.is_program = true;
    if (note.name != "Xen") continue;
    if (note.type == kXenGuestOs && TextOf(note.description) == "linux") found.is_linux = true;
    if (note.type == kXenPhys32Entry) found.pvh_entry = NumberOf(note.description);
  }
  return found;
}

}  // namespace kexec
