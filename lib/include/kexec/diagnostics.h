// SPDX-License-Identifier: LGPL-2.1-or-later
// Where lib, loaders and arch say things that are not failures. They never print: the caller decides.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class Diagnostics {
 public:
  virtual ~Diagnostics() = default;
  // Odd, but the load goes on. One sentence in the style of Error::message().
  virtual void Warning(std::string message) = 0;
  // For -d: what was found and decided.
  virtual void Debug(std::string message) = 0;

  template <class... Args>
  void Warn(fmt::format_string<Args...> format, Args&&... args) {
    Warning(fmt::vformat(format, fmt::make_format_args(args...)));
  }
  template <class... Args>
  void Note(fmt::format_string<Args...> format, Args&&... args) {
    Debug(fmt::vformat(format, fmt::make_format_args(args...)));
  }
};

// Drops everything.
class SilentDiagnostics final : public Diagnostics {
 public:
  void Warning(std::string) override {}
  void Debug(std::string) override {}
};

}  // namespace kexec
KEXEC_PUBLIC_END
