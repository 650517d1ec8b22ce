// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/structure_block.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kexec {
namespace {

// Devicetree Specification, 5.2 (the header) and 5.4.1 (the tokens).
constexpr size_t kStructureOffset = 8, kStructureSize = 36;
constexpr uint32_t kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4, kEnd = 9;
constexpr size_t kToken = 4, kPropertyHeader = 8;

std::optional<uint32_t> Number(Bytes bytes, size_t at) {
  const auto number = ReadAt<Be<uint32_t>>(bytes, at);
  return number ? std::optional<uint32_t>(*number) : std::nullopt;
}

std::optional<Bytes> StructureBlock(Bytes blob) {
  const auto offset = Number(blob, kStructureOffset);
  const auto size = Number(blob, kStructureSize);
  return offset && size ? SliceAt(blob, *offset, *size) : std::nullopt;
}

// The bytes behind the token `tag` that belong to it; `rest` begins behind the token. nullopt: more than
// there are.
std::optional<size_t> BytesOfToken(uint32_t tag, Bytes rest) {
  if (tag == kBeginNode) {
    const auto end = std::ranges::find(rest, std::byte{0});
    if (end == rest.end()) return std::nullopt;
    return static_cast<size_t>(end - rest.begin()) + 1;
  }
  if (tag == kProperty) {
    const auto length = Number(rest, 0);
    if (!length || rest.size() < kPropertyHeader || *length > rest.size() - kPropertyHeader) {
      return std::nullopt;
    }
    return kPropertyHeader + *length;
  }
  return tag == kEndNode || tag == kNop ? std::optional<size_t>(0) : std::nullopt;
}

}  // namespace

Result<> CheckStructureBlock(Bytes blob) {
  const auto block = StructureBlock(blob);
  if (!block) return Fail(Errc::kMalformed, "its structure block lies outside it");
  for (size_t at = 0;;) {
    const auto tag = Number(*block, at);
    if (tag == kEnd) return {};
    const auto bytes = tag ? BytesOfToken(*tag, block->subspan(at + kToken)) : std::nullopt;
    if (!bytes) return Fail(Errc::kMalformed, "its structure block ends, or makes no sense, at {:#x}", at);
    at += kToken + (*bytes + kToken - 1) / kToken * kToken;
  }
}

}  // namespace kexec
