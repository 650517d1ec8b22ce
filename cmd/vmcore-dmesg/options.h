// SPDX-License-Identifier: GPL-2.0-or-later
// vmcore-dmesg's command line.
#pragma once

#include <cstdint>
#include <string>

#include "kexec/error.h"

namespace kexec {

inline constexpr uint8_t kAllLevels = 0xff;

struct DmesgOptions {
  enum class Action { kPrint, kHelp, kVersion };
  Action action = Action::kPrint;
  std::string dump;  // path
  bool json = false;
  bool force_prefix = false;    // the time before every line, not every record
  uint8_t levels = kAllLevels;  // bit N: print records of level N
  bool terminal = false;  // the text goes to one: nothing in it may move the cursor but tabs and new lines
};

// kUsage in words. Options and operand may stand in any order; "--" ends the options.
Result<DmesgOptions> ParseDmesgArguments(int argc, const char* const* argv);
// "err,warn", "notice+" (notice and worse), "0,1": the bits of DmesgOptions::levels.
Result<uint8_t> ParseLevels(const std::string& list);
// A level's name as dmesg(1) takes it: "emerg" of 0 to "debug" of 7.
const char* LevelName(uint8_t level);
std::string DmesgHelp();
std::string DmesgVersion();

}  // namespace kexec
