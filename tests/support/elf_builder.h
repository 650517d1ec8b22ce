// SPDX-License-Identifier: GPL-2.0-or-later
// ELF kernels for tests, of both classes, little-endian, written without libelf: pieces, notes, and behind
// the file the relocations a Linux/x86 build appends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"

namespace kexec::testing {

class ElfBuilder {
 public:
  struct Piece {
    uint64_t address = 0;  // p_paddr
    uint64_t virtual_address = 0;
    std::vector<std::byte> contents{};
    std::optional<uint64_t> memory_size{};  // as contents if not given
    uint64_t alignment = 0x1000;
    uint32_t type = 1;  // PT_LOAD
  };

  // EM_X86_64 and ET_EXEC, or EM_386.
  explicit ElfBuilder(bool is_64bit = true) : is_64bit_(is_64bit), machine_(is_64bit ? 62 : 3) {}

  ElfBuilder& Type(uint16_t type) { return Set(type_, type); }
  ElfBuilder& Machine(uint16_t machine) { return Set(machine_, machine); }
  ElfBuilder& Entry(uint64_t entry) { return Set(entry_, entry); }
  ElfBuilder& Load(Piece piece) {
    pieces_.push_back(std::move(piece));
    return *this;
  }
  // Any other program header.
  ElfBuilder& Segment(uint32_t type, std::vector<std::byte> contents) {
    return Load({.contents = std::move(contents), .type = type});
  }
  // The name gets its final zero here; `description` is taken as it is.
  ElfBuilder& Note(std::string_view name, uint32_t type, std::string_view description);
  // A number of four or eight bytes.
  ElfBuilder& NumberNote(std::string_view name, uint32_t type, uint64_t number, unsigned size);
  // What Debian's kernels say of themselves: Linux and XEN_ELFNOTE_GUEST_OS.
  ElfBuilder& LinuxNotes();
  // Notes in a section instead of a segment.
  ElfBuilder& NotesInSection() { return Set(notes_in_section_, true); }
  // Pads notes to 8 bytes instead of 4. Before the first note.
  ElfBuilder& NoteAlignment(unsigned bytes) { return Set(note_alignment_, bytes); }
  // Without it there is a section header table behind everything else.
  ElfBuilder& NoSections() { return Set(sections_, false); }
  // Words behind the file: 0, `add64`, 0, `subtract32` (not for Linux 6.15 and later), 0, `add32`.
  ElfBuilder& Relocations(const std::vector<uint32_t>& add64,
                          const std::optional<std::vector<uint32_t>>& subtract32,
                          const std::vector<uint32_t>& add32);
  // Any bytes behind the file.
  ElfBuilder& Trailing(std::vector<std::byte> bytes) { return Set(trailing_, std::move(bytes)); }

  std::vector<std::byte> Build() const;
  SharedBytes BuildShared() const { return SharedBytes::Own(Build()); }
  // Where things lie in the built file: program header `index`, and the program headers' table.
  uint64_t HeaderOffset(size_t index) const { return FileHeaderSize() + index * ProgramHeaderSize(); }

 private:
  template <class T>
  ElfBuilder& Set(T& field, T value) {
    field = std::move(value);
    return *this;
  }
  uint64_t FileHeaderSize() const { return is_64bit_ ? 64 : 52; }
  uint64_t ProgramHeaderSize() const { return is_64bit_ ? 56 : 32; }
  uint64_t SectionHeaderSize() const { return is_64bit_ ? 64 : 40; }
  std::vector<Piece> AllSegments() const;

  bool is_64bit_;
  uint16_t machine_;
  uint16_t type_ = 2;
  uint64_t entry_ = 0;
  bool notes_in_section_ = false;
  unsigned note_alignment_ = 4;
  bool sections_ = true;
  std::vector<Piece> pieces_;
  std::vector<std::byte> notes_;
  std::vector<std::byte> trailing_;
};

// A Linux of four pieces laid out as vmlinux is, with a per-CPU piece at virtual address 0, relocations of
// all three kinds (of two for Linux 6.15 and later), a PVH entry and a banner. `text_size` is that of the
// first piece, at least 0x1000.
ElfBuilder SmallVmlinux(bool with_inverse_relocations = true, size_t text_size = 0x3000);

}  // namespace kexec::testing
