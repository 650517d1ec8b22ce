// SPDX-License-Identifier: GPL-2.0-or-later
// What was given on the command line, checked value by value, before anybody asks what it means together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/argv.h"
#include "cmd/kexec/option_table.h"
#include "kexec/error.h"

namespace kexec {

class GivenOptions {
 public:
  bool Has(OptionId id) const { return values_.contains(id); }
  // The last argument of an option; nullopt if it was not given.
  std::optional<std::string> Last(OptionId id) const;
  // All its arguments in order; empty if it was not given.
  std::vector<std::string> All(OptionId id) const;
  // Of several spellings of one setting the one given last; nullopt if none was.
  std::optional<OptionId> LastOf(std::span<const OptionId> ids) const;
  // Everything given, in the order of the option table.
  std::vector<OptionId> Ids() const;

  // One more occurrence; flags have no value.
  void Add(OptionId id, std::optional<std::string> value);
  // As if it had not been given.
  void Drop(OptionId id) { values_.erase(id); }

 private:
  std::map<OptionId, std::vector<std::string>> values_;  // flags have no values
  std::vector<OptionId> order_;                          // one per occurrence
};

// Checks each argument against its row's Value, as `machine` takes it. Errors (kUsage) name the option, the
// value and what is allowed.
Result<GivenOptions> ParseGiven(std::span<const CanonicalOption> options, Architecture machine);

// A number as strtoul with base 0 reads it (decimal, 0x hexadecimal, 0 octal), but the whole text, without
// sign or blanks, and at most 2^64-1; nullopt otherwise.
std::optional<uint64_t> ParseCNumber(std::string_view text);

// The I/O port of a PC's serial line: "ttyS0" .. "ttyS3", or a number from 1 to 0xffff; nullopt otherwise.
std::optional<uint16_t> ParseSerialPort(std::string_view text);

// A rate a PC's serial line can be set to: 9600 .. 115200 and a divisor of 115200; nullopt otherwise.
std::optional<uint32_t> ParseBaud(std::string_view text);

}  // namespace kexec
