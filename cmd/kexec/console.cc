// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/console.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "kexec/printable.h"

namespace kexec {
namespace {

// A line of standard error. spdlog's own sinks bring a formatter of dates and a thread's clock along.
class StandardError final : public spdlog::sinks::sink {
 public:
  explicit StandardError(bool color) : color_(color) {}

  // In one write: lines of several processes on one terminal do not mix.
  void log(const spdlog::details::log_msg& message) override {
    const std::string_view color = color_ ? ColorOf(message.level) : "";
    std::string line(color);
    line.append(message.payload.data(), message.payload.size());
    if (!color.empty()) line += kReset;
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  void flush() override { std::fflush(stderr); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  // ECMA-48, "Select Graphic Rendition".
  static constexpr std::string_view kReset = "\033[m";
  static std::string_view ColorOf(spdlog::level::level_enum level) {
    if (level == spdlog::level::warn) return "\033[33m\033[1m";
    return level == spdlog::level::err ? "\033[31m\033[1m" : "";
  }
  bool color_;
};

}  // namespace

class Console::Log {
 public:
  explicit Log(bool color) : logger_("kexec", std::make_shared<StandardError>(color)) {
    logger_.set_level(spdlog::level::debug);
    logger_.flush_on(spdlog::level::debug);
  }
  // The text is no format string.
  void Say(spdlog::level::level_enum level, const std::string& text) {
    logger_.log(level, spdlog::string_view_t(text.data(), text.size()));
  }

 private:
  spdlog::logger logger_;
};

Console::Console(const Settings& settings) : settings_(settings) {}
Console::~Console() = default;

Console::Log& Console::log() {
  if (log_ == nullptr) log_ = std::make_unique<Log>(WantsColor(settings_.color, STDERR_FILENO));
  return *log_;
}

void Console::Warning(std::string message) {
  if (!settings_.quiet) log().Say(spdlog::level::warn, "kexec: warning: " + Printable(message));
}

void Console::Debug(std::string message) {
  if (settings_.debug) log().Say(spdlog::level::debug, Printable(message));
}

void Console::Failure(const Error& error) {
  log().Say(spdlog::level::err, "kexec: " + Printable(error.message()));
}

bool WantsColor(Color color, int fd) {
  if (color != Color::kAuto) return color == Color::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && isatty(fd) == 1;
}

}  // namespace kexec
