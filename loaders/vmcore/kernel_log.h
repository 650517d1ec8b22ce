// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's log in a dump, in the three formats it has had, told record by record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/vmcore/dump.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class LogFormat {
  kLockless,    // printk_ringbuffer, Linux 5.10 and later
  kStructured,  // records in log_buf, 3.5 to 5.9
  kPlain,       // a ring of characters, before 3.5
};
std::string_view LogFormatName(LogFormat format);  // "lockless", "structured", "plain"

// What a format does not have, or the dump does not describe, is nullopt.
struct LogRecord {
  std::optional<uint64_t> sequence;
  std::optional<uint64_t> nanoseconds;  // since boot
  std::optional<uint8_t> level;         // 0 (emergency) to 7 (debug)
  std::optional<uint32_t> facility;
  // Bit 31 set: a CPU's number in the others; else a task's id (CONFIG_PRINTK_CALLER).
  std::optional<uint32_t> caller;
  std::string_view text;  // may hold line feeds and any other byte; valid during the call
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Record(const LogRecord& record) = 0;
  // Part of the log is not readable; what, and how much.
  virtual void Damage(std::string what) = 0;
};

// kUnsupported: vmcoreinfo tells of no log.
Result<LogFormat> FindLogFormat(const VmcoreInfo& info);

// Tells `sink` every record, oldest first; a plain log line by line. Ends on any input, after at most as many
// steps as the log's own size allows.
// Errors, before the first record: kUnsupported: vmcoreinfo lacks a fact, the sentence names all such.
// kNotRecognised, kIo: as DumpMemory::Read. kMalformed: the log's own bounds cannot be.
// What cannot be read later is told to Damage(), and the rest goes on.
Result<> ReadKernelLog(const DumpMemory& memory, const VmcoreInfo& info, LogFormat format, LogSink& sink);

}  // namespace kexec
KEXEC_PUBLIC_END
