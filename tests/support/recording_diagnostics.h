// SPDX-License-Identifier: GPL-2.0-or-later
// Remembers what was said. A warning nobody asked for with TakeWarnings fails the test when the object goes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kexec/diagnostics.h"

namespace kexec::testing {

class RecordingDiagnostics final : public Diagnostics {
 public:
  RecordingDiagnostics() = default;
  RecordingDiagnostics(const RecordingDiagnostics&) = delete;
  RecordingDiagnostics& operator=(const RecordingDiagnostics&) = delete;
  ~RecordingDiagnostics() override {
    for (const std::string& warning : warnings_) ADD_FAILURE() << "unexpected warning: " << warning;
  }

  void Warning(std::string message) override {
    warnings_.push_back(std::move(message));
    if (on_message) on_message();
  }
  void Debug(std::string message) override {
    notes_.push_back(std::move(message));
    if (on_message) on_message();
  }

  // Called with each message: a moment at which a test can change the world.
  std::function<void()> on_message;

  // The warnings so far, in order; they count as expected from here on.
  std::vector<std::string> TakeWarnings() { return std::exchange(warnings_, {}); }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::vector<std::string> warnings_;
  std::vector<std::string> notes_;
};

}  // namespace kexec::testing
