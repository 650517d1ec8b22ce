// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/given.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kexec {
namespace {

bool IsChoice(std::string_view value, std::string_view choices) {
  while (!choices.empty()) {
    const size_t blank = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, blank) == value) return true;
    choices.remove_prefix(std::min(blank + 1, choices.size()));
  }
  return false;
}

// Empty if `value` may be the row's argument, else why not.
std::string Complaint(const OptionRow& row, std::string_view value, Architecture machine) {
  switch (row.value) {
    case Value::kNone:
    case Value::kText:
      return {};
    case Value::kName:
      return value.empty() ? "the name is empty" : "";
    case Value::kFile:
    case Value::kDirectory:
      return value.empty() ? "the path is empty" : "";
    case Value::kAddress:
      if (ParseCNumber(value)) return {};
      return fmt::format("'{}' is not an address (a number below 2^64; hexadecimal with 0x)", value);
    case Value::kPort:
      if (machine != Architecture::kX86) return value.empty() ? "the name is empty" : "";
      if (ParseSerialPort(value)) return {};
      return fmt::format("'{}' is not a serial port (ttyS0 to ttyS3, or an I/O port from 0x1 to 0xffff)",
                         value);
    case Value::kBaud:
      if (ParseBaud(value)) return {};
      return fmt::format("'{}' is not a speed (a number from 9600 to 115200 that divides 115200)", value);
    case Value::kChoice:
      if (IsChoice(value, row.choices)) return {};
      return fmt::format("'{}' is not one of: {}", value, row.choices);
  }
  return {};
}

}  // namespace

std::optional<std::string> GivenOptions::Last(OptionId id) const {
  const auto found = values_.find(id);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> GivenOptions::All(OptionId id) const {
  const auto found = values_.find(id);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<OptionId> GivenOptions::LastOf(std::span<const OptionId> ids) const {
  const auto last = std::find_first_of(order_.rbegin(), order_.rend(), ids.begin(), ids.end());
  if (last == order_.rend()) return std::nullopt;
  return *last;
}

std::vector<OptionId> GivenOptions::Ids() const {
  std::vector<OptionId> ids;
  for (const auto& [id, values] : values_) ids.push_back(id);
  return ids;
}

void GivenOptions::Add(OptionId id, std::optional<std::string> value) {
  std::vector<std::string>& values = values_[id];
  if (value) values.push_back(*std::move(value));
  order_.push_back(id);
}

Result<GivenOptions> ParseGiven(std::span<const CanonicalOption> options, Architecture machine) {
  GivenOptions given;
  for (const auto& [row, value] : options) {
    const std::string complaint = value ? Complaint(*row, *value, machine) : "";
    if (!complaint.empty()) return Fail(Errc::kUsage, "option '--{}': {}", row->name, complaint);
    given.Add(row->id, value);
  }
  return given;
}

std::optional<uint64_t> ParseCNumber(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint16_t> ParseSerialPort(std::string_view text) {
  // The I/O ports PCs give COM1 to COM4.
  constexpr std::array<uint16_t, 4> kPorts = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
  for (size_t i = 0; i < kPorts.size(); ++i) {
    if (text == fmt::format("ttyS{}", i)) return kPorts[i];
  }
  const auto number = ParseCNumber(text);
  if (!number || *number == 0 || *number > UINT16_MAX) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

std::optional<uint32_t> ParseBaud(std::string_view text) {
  constexpr uint64_t kFastest = 115200;
  const auto rate = ParseCNumber(text);
  if (!rate || *rate < 9600 || *rate > kFastest || kFastest % *rate != 0) return std::nullopt;
  return static_cast<uint32_t>(*rate);
}

}  // namespace kexec
