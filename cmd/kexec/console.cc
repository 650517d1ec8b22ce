// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/console.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "kexec/printable.h"

namespace kexec {
class Console::Log {
 public:
  explicit Log(bool color) : logger_("kexec", MakeSink(color)) {
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>("%^%v%$"));
    logger_.set_level(spdlog::level::debug);
    logger_.flush_on(spdlog::level::debug);
  }
  // The text is no format string.
  void Say(spdlog::level::level_enum level, const std::string& text) {
    logger_.log(level, spdlog::string_view_t(text.data(), text.size()));
  }

 private:
  static spdlog::sink_ptr MakeSink(bool color) {
    auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>(color ? spdlog::color_mode::always
                                                                                : spdlog::color_mode::never);
    sink->set_color(spdlog::level::debug, sink->reset);
    return sink;
  }

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
