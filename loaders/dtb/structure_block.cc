// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/structure_block.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "loaders/dtb/tree_nodes.h"

namespace kexec {
namespace {

// Devicetree Specification, 5.4.1.
constexpr uint32_t kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4, kEnd = 9;
constexpr size_t kToken = 4;

std::optional<uint32_t> Number(Bytes bytes, size_t at) {
  const auto number = ReadAt<Be<uint32_t>>(bytes, at);
  return number ? std::optional<uint32_t>(*number) : std::nullopt;
}

// The text at `at`, without its final zero. One that is longer than any name is cut behind the longest, so
// that names which share their bytes cost no more than their number; whoever takes it refuses it.
std::optional<std::string_view> Text(Bytes bytes, size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const Bytes rest = bytes.subspan(at, std::min(bytes.size() - at, TreeNodes::kMaxName + 1));
  const auto end = std::ranges::find(rest, std::byte{0});
  if (end == rest.end() && rest.size() <= TreeNodes::kMaxName) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(rest.data()),
                          static_cast<size_t>(end - rest.begin()));
}

size_t Padded(size_t bytes) { return (bytes + kToken - 1) / kToken * kToken; }

std::unexpected<Error> NoSense(size_t at) {
  return Fail(Errc::kMalformed, "its structure block ends, or makes no sense, at {:#x}", at);
}

}  // namespace

Result<TreeToken> StructureReader::Next() {
  auto tag = Number(structure_, at_);
  for (; tag == kNop; tag = Number(structure_, at_)) at_ += kToken;
  if (tag == kEnd) return TreeToken{TreeToken::Kind::kEnd, {}, {}};
  if (tag == kProperty) return Property();
  if (tag == kEndNode) {
    at_ += kToken;
    return TreeToken{TreeToken::Kind::kEndNode, {}, {}};
  }
  const auto name = tag == kBeginNode ? Text(structure_, at_ + kToken) : std::nullopt;
  if (!name) return NoSense(at_);
  at_ += kToken + Padded(name->size() + 1);
  return TreeToken{TreeToken::Kind::kBeginNode, *name, {}};
}

Result<TreeToken> StructureReader::Property() {
  const auto length = Number(structure_, at_ + kToken);
  const auto name_at = Number(structure_, at_ + 2 * kToken);
  const auto value = length ? SliceAt(structure_, at_ + 3 * kToken, *length) : std::nullopt;
  if (!value || !name_at) return NoSense(at_);
  const auto name = Text(strings_, *name_at);
  if (!name) {
    return Fail(Errc::kMalformed,
                "the name of a property, at {:#x}, lies outside its strings block of {:#x} bytes", *name_at,
                strings_.size());
  }
  at_ += 3 * kToken + Padded(*length);
  return TreeToken{TreeToken::Kind::kProperty, *name, *value};
}

}  // namespace kexec
