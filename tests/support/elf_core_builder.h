// SPDX-License-Identifier: GPL-2.0-or-later
// ELF core files for tests, of both classes and byte orders, written without libelf.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"

namespace kexec::testing {

// Appends integers in one byte order; `word` is an address of the given class.
class Packer {
 public:
  Packer(bool is_64bit, bool big_endian) : is_64bit_(is_64bit), big_endian_(big_endian) {}
  Packer& Uint(uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big_endian_ ? size - 1 - i : i);
      bytes_.push_back(static_cast<std::byte>(value >> shift & 0xff));
    }
    return *this;
  }
  Packer& Word(uint64_t value) { return Uint(value, is_64bit_ ? 8 : 4); }
  Packer& Text(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Packer& Raw(Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Packer& PadTo(size_t size) {
    if (bytes_.size() < size) bytes_.resize(size);
    return *this;
  }
  size_t size() const { return bytes_.size(); }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  bool is_64bit_;
  bool big_endian_;
  std::vector<std::byte> bytes_;
};

class ElfCoreBuilder {
 public:
  struct Segment {
    uint32_t type;  // PT_*
    uint64_t virt;
    uint64_t phys;
    std::vector<std::byte> contents;
  };

  ElfCoreBuilder(bool is_64bit, bool big_endian, uint16_t machine)
      : is_64bit_(is_64bit), big_endian_(big_endian), machine_(machine) {}

  ElfCoreBuilder& Add(Segment segment) {
    segments_.push_back(std::move(segment));
    return *this;
  }
  // A note of `type` from `name`; sizes and padding as in the System V ABI, 4 bytes in both classes.
  ElfCoreBuilder& AddNote(std::string_view name, uint32_t type, std::string_view text) {
    Packer note = NewPacker();
    note.Uint(name.size() + 1, 4).Uint(text.size(), 4).Uint(type, 4).Text(name).Uint(0, 1);
    note.PadTo((note.size() + 3) / 4 * 4).Text(text);
    note.PadTo((note.size() + 3) / 4 * 4);
    return Add({4, 0, 0, std::move(note.bytes())});
  }
  // Counts the segments in section header 0, which stands directly behind the file header.
  ElfCoreBuilder& CountInSection() {
    count_in_section_ = true;
    return *this;
  }
  Packer NewPacker() const { return Packer(is_64bit_, big_endian_); }
  bool is_64bit() const { return is_64bit_; }

  // The head alone is `contents_begin()` bytes long; each segment follows at a multiple of 16.
  std::vector<std::byte> Build() const;
  size_t contents_begin() const {
    const size_t section = count_in_section_ ? (is_64bit_ ? 64 : 40) : 0;
    return (is_64bit_ ? 64 : 52) + section + segments_.size() * (is_64bit_ ? 56 : 32);
  }

 private:
  static constexpr unsigned kExtendedCount = 0xffff;  // PN_XNUM
  void PackFileHeader(Packer& out) const;

  bool is_64bit_;
  bool big_endian_;
  uint16_t machine_;
  bool count_in_section_ = false;
  std::vector<Segment> segments_;
};

inline void ElfCoreBuilder::PackFileHeader(Packer& out) const {
  const unsigned header = is_64bit_ ? 64 : 52;
  const unsigned section = count_in_section_ ? (is_64bit_ ? 64 : 40) : 0;
  out.Text(
         "\x7f"
         "ELF")
      .Uint(is_64bit_ ? 2 : 1, 1)
      .Uint(big_endian_ ? 2 : 1, 1)
      .Uint(1, 1)
      .PadTo(16);
  out.Uint(4, 2).Uint(machine_, 2).Uint(1, 4);  // ET_CORE, e_machine, EV_CURRENT
  out.Word(0).Word(header + section).Word(section != 0 ? header : 0).Uint(0, 4);
  out.Uint(header, 2).Uint(is_64bit_ ? 56 : 32, 2);
  out.Uint(count_in_section_ ? kExtendedCount : segments_.size(), 2);
  out.Uint(section, 2).Uint(section != 0 ? 1 : 0, 2).Uint(0, 2);
  if (section == 0) return;
  out.Uint(0, 4).Uint(0, 4).Word(0).Word(0).Word(0).Word(0).Uint(0, 4);  // up to sh_link
  out.Uint(segments_.size(), 4).PadTo(header + section);                 // sh_info
}

inline std::vector<std::byte> ElfCoreBuilder::Build() const {
  Packer out = NewPacker();
  PackFileHeader(out);
  uint64_t offset = (contents_begin() + 15) / 16 * 16;
  for (const Segment& segment : segments_) {
    const uint64_t size = segment.contents.size();
    out.Uint(segment.type, 4);
    if (is_64bit_) out.Uint(7, 4);
    out.Word(offset).Word(segment.virt).Word(segment.phys).Word(size).Word(size);
    if (!is_64bit_) out.Uint(7, 4);
    out.Word(0);
    offset = (offset + size + 15) / 16 * 16;
  }
  for (const Segment& segment : segments_) out.PadTo((out.size() + 15) / 16 * 16).Raw(segment.contents);
  return std::move(out.bytes());
}

}  // namespace kexec::testing
