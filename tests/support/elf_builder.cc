// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/elf_builder.h"

#include <algorithm>

#include "tests/support/elf_core_builder.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kContentAlignment = 16;

void PackNote(std::vector<std::byte>& notes, unsigned alignment, std::string_view name, uint32_t type,
              Bytes description) {
  const auto padded = [&](size_t size) { return (size + alignment - 1) / alignment * alignment; };
  Packer note(true, false);
  note.Uint(name.size() + 1, 4).Uint(description.size(), 4).Uint(type, 4).Text(name).Uint(0, 1);
  note.PadTo(12 + padded(name.size() + 1)).Raw(description);
  note.PadTo(12 + padded(name.size() + 1) + padded(description.size()));
  notes.insert(notes.end(), note.bytes().begin(), note.bytes().end());
}

uint64_t Aligned(uint64_t offset) {
  return (offset + kContentAlignment - 1) / kContentAlignment * kContentAlignment;
}

}  // namespace

ElfBuilder& ElfBuilder::Note(std::string_view name, uint32_t type, std::string_view description) {
  PackNote(notes_, note_alignment_, name, type, std::as_bytes(std::span(description)));
  return *this;
}

ElfBuilder& ElfBuilder::NumberNote(std::string_view name, uint32_t type, uint64_t number, unsigned size) {
  Packer packed(true, false);
  PackNote(notes_, note_alignment_, name, type, packed.Uint(number, size).bytes());
  return *this;
}

ElfBuilder& ElfBuilder::LinuxNotes() {
  return Note("Linux", 0x101, std::string_view("\0\0\0\0", 4)).Note("Xen", 6, std::string_view("linux\0", 6));
}

ElfBuilder& ElfBuilder::Relocations(const std::vector<uint32_t>& add64,
                                    const std::optional<std::vector<uint32_t>>& subtract32,
                                    const std::vector<uint32_t>& add32) {
  Packer table(true, false);
  const auto list = [&](const std::vector<uint32_t>& words) {
    table.Uint(0, 4);
    for (const uint32_t word : words) table.Uint(word, 4);
  };
  list(add64);
  if (subtract32) list(*subtract32);
  list(add32);
  return Trailing(std::move(table.bytes()));
}

std::vector<ElfBuilder::Piece> ElfBuilder::AllSegments() const {
  std::vector<Piece> segments = pieces_;
  if (!notes_.empty() && !notes_in_section_) {
    segments.push_back({.contents = notes_, .alignment = note_alignment_, .type = 4});
  }
  return segments;
}

std::vector<std::byte> ElfBuilder::Build() const {
  const std::vector<Piece> segments = AllSegments();
  const bool note_section = sections_ && notes_in_section_;
  std::vector<uint64_t> offsets;
  uint64_t end = HeaderOffset(segments.size());
  for (const Piece& segment : segments) {
    offsets.push_back(Aligned(end));
    end = Aligned(end) + segment.contents.size();
  }
  const uint64_t notes_at = Aligned(end);
  const uint64_t sections_at = Aligned(note_section ? notes_at + notes_.size() : end);
  const unsigned section_count = !sections_ ? 0 : note_section ? 2 : 1;

  Packer out(is_64bit_, false);
  out.Text("\x7f").Text("ELF").Uint(is_64bit_ ? 2 : 1, 1).Uint(1, 1).Uint(1, 1).PadTo(16);
  out.Uint(type_, 2).Uint(machine_, 2).Uint(1, 4);
  out.Word(entry_).Word(FileHeaderSize()).Word(sections_ ? sections_at : 0).Uint(0, 4);
  out.Uint(FileHeaderSize(), 2).Uint(ProgramHeaderSize(), 2).Uint(segments.size(), 2);
  out.Uint(SectionHeaderSize(), 2).Uint(section_count, 2).Uint(0, 2);
  for (size_t i = 0; i < segments.size(); ++i) {
    const Piece& segment = segments[i];
    const uint64_t size = segment.contents.size();
    out.Uint(segment.type, 4);
    if (is_64bit_) out.Uint(7, 4);
    out.Word(offsets[i]).Word(segment.virtual_address).Word(segment.address);
    out.Word(size).Word(segment.memory_size.value_or(size));
    if (!is_64bit_) out.Uint(7, 4);
    out.Word(segment.alignment);
  }
  for (size_t i = 0; i < segments.size(); ++i) out.PadTo(offsets[i]).Raw(segments[i].contents);
  if (note_section) out.PadTo(notes_at).Raw(notes_);
  if (sections_) out.PadTo(sections_at + SectionHeaderSize());
  if (note_section) {
    out.Uint(0, 4).Uint(7, 4).Word(0).Word(0).Word(notes_at).Word(notes_.size());
    out.Uint(0, 4).Uint(0, 4).Word(note_alignment_).Word(0);
  }
  return std::move(out.Raw(trailing_).bytes());
}

ElfBuilder SmallVmlinux(bool with_inverse_relocations, size_t text_size) {
  constexpr uint64_t kMap = 0xffffffff80000000;
  constexpr uint64_t kText = 0x1000000;
  const uint64_t data = kText + Aligned(text_size) + 0x200000;
  const uint64_t percpu = data + 0x1000;
  const uint64_t init = percpu + 0x1000;
  const auto filled = [](size_t size, unsigned seed) {
    std::vector<std::byte> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 11 + i / 251 + seed);
    return bytes;
  };
  std::vector<std::byte> text = filled(text_size, 1);
  const std::string_view banner = "Linux version 6.1.0-test (builder@example.org) (gcc) #1 SMP\n";
  std::ranges::copy(std::as_bytes(std::span(banner)), text.begin() + 0x800);
  text[0x800 + banner.size()] = std::byte{0};

  const auto field = [](uint64_t address) { return static_cast<uint32_t>(kMap + address); };
  const std::vector<uint32_t> add64{field(kText + 0x100), field(kText + 0x10b), field(data + 0x10),
                                    field(percpu + 0x20), field(init + 0x40)};
  const std::vector<uint32_t> subtract32{field(kText + 0x200), field(kText + 0x2f1)};
  const std::vector<uint32_t> add32{field(kText + 0x300), field(data + 0x44), field(init + 0x81)};
  ElfBuilder builder;
  builder.Entry(kText + 0x40)
      .Load({kText, kMap + kText, std::move(text), {}, 0x200000})
      .Load({data, kMap + data, filled(0x1000, 2), {}, 0x200000})
      .Load({percpu, 0, filled(0x1000, 3), {}, 0x1000})
      .Load({init, kMap + init, filled(0x1800, 4), 0x9000, 0x200000})
      .LinuxNotes()
      .NumberNote("Xen", 18, kText + 0x50, 8)
      .Relocations(add64, with_inverse_relocations ? std::optional(subtract32) : std::nullopt, add32);
  return builder;
}

}  // namespace kexec::testing
