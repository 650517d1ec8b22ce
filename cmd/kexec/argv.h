// SPDX-License-Identifier: GPL-2.0-or-later
// The first pass over argv. kexec's callers write options in every way getopt_long(3) understands: clusters
// (-ps), values glued on (-tTYPE), abbreviations (--reuse-cmd), --name value and --name=value, options after
// the kernel, and "--". What an abbreviation means depends on the machine, so getopt_long itself cannot be
// asked. All ways end in one form here: the option's row, and its value.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/option_table.h"
#include "kexec/error.h"

namespace kexec {

struct CanonicalOption {
  const OptionRow* row;              // in OptionTable()
  std::optional<std::string> value;  // there exactly if the row has an argument, whatever it looks like
};

struct CanonicalWords {
  std::vector<CanonicalOption> options;  // in the order given; repeats are kept
  // The words that are no options, in order; a lone "-" is one, an empty word is not.
  std::vector<std::string> operands;
  // --help or --version was met; nothing behind it was looked at.
  bool help = false;
  bool version = false;
  std::vector<std::string> warnings;
};

// `words` is argv without the program's name. An abbreviation may also fit options of other architectures:
// those of `machine` are preferred, so that what was unambiguous for kexec-tools there still is. Errors:
// kNotRecognised for an option nobody knows; kUsage for an ambiguous abbreviation, a missing argument, or one
// for a flag.
Result<CanonicalWords> CanonicaliseWords(std::span<const std::string_view> words,
                                         Architecture machine = kThisArchitecture);

}  // namespace kexec
