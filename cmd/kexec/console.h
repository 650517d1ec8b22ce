// SPDX-License-Identifier: GPL-2.0-or-later
// Everything the program says on standard error. spdlog is behind this header and nowhere else.
#pragma once

#include <memory>
#include <string>

#include "cmd/kexec/options.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// "kexec: MESSAGE", "kexec: warning: MESSAGE", and for -d the bare message; one line each, control characters
// escaped. Nothing is set up before the first message.
class Console final : public Diagnostics {
 public:
  struct Settings {
    Color color = Color::kAuto;
    bool debug = false;  // false: Debug() is dropped
    bool quiet = false;  // true: Warning() is dropped
  };

  explicit Console(const Settings& settings);
  ~Console() override;
  void Warning(std::string message) override;
  void Debug(std::string message) override;
  void Failure(const Error& error);

 private:
  class Log;
  Log& log();
  Settings settings_;
  std::unique_ptr<Log> log_;
};

// Whether to colour what goes to the terminal `fd`: not into files, and not where NO_COLOR is set.
bool WantsColor(Color color, int fd);

}  // namespace kexec
