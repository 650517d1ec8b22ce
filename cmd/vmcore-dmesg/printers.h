// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log as text and as JSON.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/json_writer.h"
#include "cmd/vmcore-dmesg/options.h"
#include "loaders/vmcore/kernel_log.h"

namespace kexec {

using Write = std::function<void(std::string_view)>;

// "[seconds.micros] text" as kexec-tools prints it: bytes that are neither printable ASCII nor white space as
// \xNN, the lines of one record without a prefix of their own. On a terminal white space is blanks, tabs and
// new lines.
class TextPrinter final : public LogSink {
 public:
  TextPrinter(const DmesgOptions& options, Write out) : options_(options), out_(std::move(out)) {}
  void Record(const LogRecord& record) override;
  void Damage(std::string what) override { damage_.push_back(std::move(what)); }
  // Writes what is left; the damage there was.
  std::vector<std::string> Finish();

 private:
  const DmesgOptions& options_;
  Write out_;
  std::string pending_;
  std::vector<std::string> damage_;
};

// The document vmcore-dmesg/1 of docs/json.md.
class JsonPrinter final : public LogSink {
 public:
  JsonPrinter(const DmesgOptions& options, const VmcoreInfo& info, LogFormat format, Write out);
  void Record(const LogRecord& record) override;
  void Damage(std::string what) override { damage_.push_back(std::move(what)); }
  std::vector<std::string> Finish();

 private:
  const DmesgOptions& options_;
  Write out_;
  JsonWriter json_;
  std::vector<std::string> damage_;
};

}  // namespace kexec
