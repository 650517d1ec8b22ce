// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/vmcoreinfo.h"

#include <fmt/format.h>

#include <charconv>

namespace kexec {
namespace {

std::optional<uint64_t> ParseUnsigned(std::string_view text, int base) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace

VmcoreInfo VmcoreInfo::Parse(std::string_view text) {
  VmcoreInfo info;
  text = text.substr(0, text.find('\0'));
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    info.values_.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
  }
  return info;
}

std::optional<std::string_view> VmcoreInfo::Value(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<uint64_t> VmcoreInfo::Symbol(std::string_view name) const {
  const auto value = Value(fmt::format("SYMBOL({})", name));
  return value ? ParseUnsigned(*value, 16) : std::nullopt;
}

std::optional<uint64_t> VmcoreInfo::Offset(std::string_view name) const {
  const auto value = Value(fmt::format("OFFSET({})", name));
  return value ? ParseUnsigned(*value, 10) : std::nullopt;
}

std::optional<uint64_t> VmcoreInfo::Size(std::string_view name) const {
  const auto value = Value(fmt::format("SIZE({})", name));
  return value ? ParseUnsigned(*value, 10) : std::nullopt;
}

std::optional<uint64_t> VmcoreInfo::Length(std::string_view name) const {
  const auto value = Value(fmt::format("LENGTH({})", name));
  return value ? ParseUnsigned(*value, 10) : std::nullopt;
}

std::optional<uint64_t> VmcoreInfo::Number(std::string_view name) const {
  const auto value = Value(fmt::format("NUMBER({})", name));
  if (!value) return std::nullopt;
  if (value->starts_with("0x")) return ParseUnsigned(value->substr(2), 16);
  if (!value->starts_with('-')) return ParseUnsigned(*value, 10);
  const auto magnitude = ParseUnsigned(value->substr(1), 10);
  return magnitude ? std::optional(uint64_t{0} - *magnitude) : std::nullopt;
}

}  // namespace kexec
