// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/elf_boot_notes.h"

#include <cstring>

#include "kexec/bytes.h"

namespace kexec {
namespace {

struct NotesHeader {  // Elf_Bhdr
  Le<uint32_t> signature, size;
  Le<uint16_t> checksum, records;
};
static_assert(sizeof(NotesHeader) == 12);

// Types of notes without a name.
enum class BootNote : uint32_t { kLoaderName = 2, kLoaderVersion = 3, kCommandLine = 4 };

struct NoteHeader {  // Elf_Nhdr
  Le<uint32_t> name_size, descriptor_size, type;
};
static_assert(sizeof(NoteHeader) == 12);

// A note whose descriptor is `text` and its final zero.
void Append(BootNote type, std::string_view text, std::vector<std::byte>& notes) {
  NoteHeader header;
  header.descriptor_size = static_cast<uint32_t>(text.size() + 1);
  header.type = static_cast<uint32_t>(type);
  const size_t begin = notes.size();
  const size_t padded = (text.size() + 1 + 3) / 4 * 4;
  notes.resize(begin + sizeof(header) + padded);
  std::memcpy(notes.data() + begin, &header, sizeof(header));
  std::memcpy(notes.data() + begin + sizeof(header), text.data(), text.size());
}

// The Internet checksum (RFC 1071) in the byte order of the machine; `bytes` is of even length.
uint16_t Checksum(const std::vector<std::byte>& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += ReadAt<Le<uint16_t>>(bytes, i).value();
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum & 0xffff);
}

}  // namespace

std::vector<std::byte> MakeElfBootNotes(std::string_view loader_version, std::string_view command_line) {
  std::vector<std::byte> notes(sizeof(NotesHeader));
  Append(BootNote::kLoaderName, "kexec", notes);
  Append(BootNote::kLoaderVersion, loader_version, notes);
  Append(BootNote::kCommandLine, command_line, notes);
  NotesHeader header;
  header.signature = kElfBootNotesMagic;
  header.size = static_cast<uint32_t>(notes.size());
  header.records = 3;
  std::memcpy(notes.data(), &header, sizeof(header));
  header.checksum = Checksum(notes);
  std::memcpy(notes.data(), &header, sizeof(header));
  return notes;
}

}  // namespace kexec
