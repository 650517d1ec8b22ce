// SPDX-License-Identifier: GPL-2.0-or-later
// What a log reader told.
#pragma once

#include <string>
#include <vector>

#include "loaders/vmcore/kernel_log.h"

namespace kexec::testing {

struct RecordedRecord {
  LogRecord record;  // its text is a view of `text`'s original: use that
  std::string text;
};

class RecordingSink final : public LogSink {
 public:
  void Record(const LogRecord& record) override { records.push_back({record, std::string(record.text)}); }
  void Damage(std::string what) override { damage.push_back(std::move(what)); }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const RecordedRecord& record : records) texts.push_back(record.text);
    return texts;
  }

  std::vector<RecordedRecord> records;
  std::vector<std::string> damage;
};

// The whole way from bytes to records.
inline Result<> ReadLog(std::vector<std::byte> file, LogSink& sink) {
  KEXEC_ASSIGN(const OpenedDump dump, OpenDump(SourceOfBytes(SharedBytes::Own(std::move(file)))));
  KEXEC_ASSIGN(const VmcoreInfo info, ReadVmcoreInfo(dump));
  KEXEC_ASSIGN(const LogFormat format, FindLogFormat(info));
  return ReadKernelLog(DumpMemory(dump, info), info, format, sink);
}

}  // namespace kexec::testing
