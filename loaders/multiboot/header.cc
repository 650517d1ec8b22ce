// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/multiboot/header.h"

#include <algorithm>
#include <array>

namespace kexec {
namespace {

constexpr uint64_t kMultiboot1HeaderSpace = 8192;

bool IsMultiboot1(Bytes file, uint64_t offset) {
  const auto fields = ReadAt<std::array<Le<uint32_t>, 3>>(file, offset);
  if (!fields) return false;
  const auto& [magic, flags, checksum] = *fields;
  return magic == kMultiboot1Magic && static_cast<uint32_t>(magic + flags + checksum) == 0;
}

bool IsMultiboot2(Bytes file, uint64_t offset) {
  const auto header = ReadAt<Multiboot2Header>(file, offset);
  return header && header->magic == kMultiboot2Magic &&
         static_cast<uint32_t>(header->magic + header->architecture + header->length + header->checksum) == 0;
}

}  // namespace

std::optional<uint64_t> FindMultiboot1Header(Bytes file) {
  const Bytes start = file.first(std::min<uint64_t>(file.size(), kMultiboot1HeaderSpace));
  for (uint64_t offset = 0; offset < start.size(); offset += 4) {
    if (IsMultiboot1(start, offset)) return offset;
  }
  return std::nullopt;
}

std::optional<uint64_t> FindMultiboot2Header(Bytes file) {
  const Bytes start = file.first(std::min<uint64_t>(file.size(), kMultiboot2HeaderSpace));
  for (uint64_t offset = 0; offset < start.size(); offset += 8) {
    if (IsMultiboot2(start, offset)) return offset;
  }
  return std::nullopt;
}

}  // namespace kexec
