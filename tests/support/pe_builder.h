// SPDX-License-Identifier: GPL-2.0-or-later
// Makes PE32+ files with any sections ("PE Format"), as objcopy and ukify lay them out: unified kernel images
// and their add-ons. Independent of loaders/: it restates the format.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/archive_builder.h"

namespace kexec::testing {

class PeBuilder {
 public:
  static constexpr size_t kSignature = 0x80;
  static constexpr size_t kOptionalHeader = 240;  // PE32+ with 16 data directories
  static constexpr size_t kTable = kSignature + 4 + 20 + kOptionalHeader;
  static constexpr size_t kSectionHeader = 40;

  explicit PeBuilder(uint16_t machine = 0x8664) : machine_(machine) {}

  PeBuilder& Section(std::string_view name, const ByteVector& contents) {
    sections_.push_back({std::string(name), contents});
    return *this;
  }
  PeBuilder& Section(std::string_view name, std::string_view text) { return Section(name, BytesOf(text)); }
  // Writes `value`, little-endian, at a file offset, after everything else is in place.
  PeBuilder& Poke(size_t offset, uint32_t value) {
    pokes_.emplace_back(offset, value);
    return *this;
  }
  // Of the header of section `index`: where a field of it lies in the file.
  static size_t HeaderOf(size_t index) { return kTable + index * kSectionHeader; }

  ByteVector Build() const {
    ByteVector file(Aligned(kTable + sections_.size() * kSectionHeader));
    file[0] = std::byte{'M'};
    file[1] = std::byte{'Z'};
    Put<uint32_t>(file, 0x3c, kSignature);
    Put<uint32_t>(file, kSignature, 0x00004550);  // "PE\0\0"
    Put<uint16_t>(file, kSignature + 4, machine_);
    Put<uint16_t>(file, kSignature + 6, static_cast<uint16_t>(sections_.size()));
    Put<uint16_t>(file, kSignature + 20, kOptionalHeader);
    Put<uint16_t>(file, kSignature + 22, 0x0206);   // executable, line numbers and debug information stripped
    Put<uint16_t>(file, kSignature + 24, 0x020b);   // PE32+
    Put<uint16_t>(file, kSignature + 24 + 68, 10);  // Subsystem: EFI application
    uint32_t address = 0x1000;
    for (size_t i = 0; i < sections_.size(); ++i) address = Append(file, i, address);
    for (const auto& [offset, value] : pokes_) Put<uint32_t>(file, offset, value);
    return file;
  }

 private:
  struct Part {
    std::string name;
    ByteVector contents;
  };

  static size_t Aligned(size_t size) { return (size + 511) / 512 * 512; }

  template <class T>
  static void Put(ByteVector& file, size_t offset, T value) {
    for (size_t i = 0; i < sizeof(T); ++i) file.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
  }

  // The address behind it.
  uint32_t Append(ByteVector& file, size_t index, uint32_t address) const {
    const Part& part = sections_[index];
    const size_t header = HeaderOf(index);
    const size_t raw = Aligned(part.contents.size());
    std::memcpy(file.data() + header, part.name.data(), std::min<size_t>(part.name.size(), 8));
    Put<uint32_t>(file, header + 8, static_cast<uint32_t>(part.contents.size()));
    Put<uint32_t>(file, header + 12, address);
    Put<uint32_t>(file, header + 16, static_cast<uint32_t>(raw));
    Put<uint32_t>(file, header + 20, static_cast<uint32_t>(file.size()));
    Put<uint32_t>(file, header + 36, 0x40000040);  // initialised data, readable
    const size_t begin = file.size();
    file.resize(begin + raw);
    std::ranges::copy(part.contents, file.begin() + static_cast<std::ptrdiff_t>(begin));
    return address + static_cast<uint32_t>((raw + 0xfff) / 0x1000 * 0x1000);
  }

  uint16_t machine_;
  std::vector<Part> sections_;
  std::vector<std::pair<size_t, uint32_t>> pokes_;
};

}  // namespace kexec::testing
