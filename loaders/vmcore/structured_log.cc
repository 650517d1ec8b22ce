// SPDX-License-Identifier: LGPL-2.1-or-later
// Linux 3.5 to 5.9 (kernel/printk/printk.c, "struct printk_log"; struct log before 3.11): log_buf holds
// records [header | text | dictionary] of varying length from log_first_idx to log_next_idx; one of length 0
// says that the next is at the start.
#include "loaders/vmcore/log_reader.h"

namespace kexec {
namespace {

struct Layout {
  uint64_t size, time, length, text_length;
  // nullopt: not told. `struct log` had other bits there in its first version.
  std::optional<uint64_t> level, caller;
};

Result<Layout> ReadLayout(const VmcoreInfo& info) {
  const std::string name = info.Size("printk_log") || !info.Size("log") ? "printk_log" : "log";
  LogFacts facts(info);
  Layout at{};
  at.size = facts.Size(name);
  at.time = facts.Field(name + ".ts_nsec", at.size, 8);
  at.length = facts.Field(name + ".len", at.size, 2);
  at.text_length = facts.Field(name + ".text_len", at.size, 2);
  if (name == "printk_log" && info.Offset("printk_log.dict_len")) {
    at.level = facts.Field("printk_log.dict_len", at.size, 4) + 2;
  }
  if (info.Offset("printk_log.caller_id")) at.caller = facts.Field("printk_log.caller_id", at.size, 4);
  KEXEC_TRY(facts.Complete());
  return at;
}

struct Log {
  Layout at;
  uint64_t buffer, size;  // of log_buf
  uint64_t first, next;   // offsets of the oldest record, and behind the newest
};

Result<Log> OpenLog(const DumpMemory& memory, const VmcoreInfo& info) {
  LogFacts facts(info);
  const uint64_t buffer_at = facts.Symbol("log_buf"), size_at = facts.Symbol("log_buf_len");
  const uint64_t first_at = facts.Symbol("log_first_idx"), next_at = facts.Symbol("log_next_idx");
  KEXEC_TRY(facts.Complete());
  Log log{};
  KEXEC_ASSIGN(log.at, ReadLayout(info));
  KEXEC_ASSIGN(log.buffer, memory.ReadPointer(buffer_at), "pointer 'log_buf'");
  KEXEC_ASSIGN(log.size, memory.ReadUint(size_at, 4), "'log_buf_len'");
  KEXEC_ASSIGN(log.first, memory.ReadUint(first_at, 4), "'log_first_idx'");
  KEXEC_ASSIGN(log.next, memory.ReadUint(next_at, 4), "'log_next_idx'");
  if (log.size > memory.stored() || log.first >= log.size || log.next > log.size) {
    return Fail(Errc::kMalformed, "log_buf has {:#x} bytes, records from {:#x} to {:#x}; the dump has {:#x}",
                log.size, log.first, log.next, memory.stored());
  }
  std::byte begin[1];
  KEXEC_TRY(memory.Read(log.buffer, begin), "log_buf");
  return log;
}

// Tells the record at `index`; its length, or 0 for a jump to the start.
Result<uint64_t> TellRecord(const DumpMemory& memory, const Log& log, uint64_t index, LogSink& sink) {
  const uint64_t room = log.size - index;
  if (room < log.at.size) return 0;
  KEXEC_ASSIGN(const Piece header, Piece::Read(memory, log.buffer + index, log.at.size));
  const uint64_t length = header.Uint(log.at.length, 2);
  if (length == 0) return 0;
  if (length < log.at.size || length > room) {
    return Fail(Errc::kMalformed, "the record at {:#x} has {} bytes, at least {} and at most {} can be",
                index, length, log.at.size, room);
  }
  const uint64_t text_size = std::min(header.Uint(log.at.text_length, 2), length - log.at.size);
  std::vector<std::byte> text(text_size);
  KEXEC_TRY(memory.Read(log.buffer + index + log.at.size, text));
  LogRecord record;
  record.nanoseconds = header.Uint(log.at.time, 8);
  if (log.at.level) {
    TakeLevel(header.Uint(*log.at.level, 1), header.Uint(*log.at.level + 1, 1), memory.big_endian(), record);
  }
  if (log.at.caller) record.caller = static_cast<uint32_t>(header.Uint(*log.at.caller, 4));
  record.text = {reinterpret_cast<const char*>(text.data()), text.size()};
  sink.Record(record);
  return length;
}

}  // namespace

Result<> ReadStructuredLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink) {
  KEXEC_ASSIGN(const Log log, OpenLog(memory, info));
  uint64_t index = log.first;
  bool wrapped = false;
  // Each round moves forward, and there is one jump to the start.
  while (index != log.next) {
    const Result<uint64_t> length = TellRecord(memory, log, index, sink);
    if (!length.has_value()) {
      sink.Damage("the log is cut short: " + length.error().message());
      return {};
    }
    if (*length == 0 && wrapped) {
      sink.Damage(
          fmt::format("the log is cut short: its records do not end at log_next_idx {:#x}", log.next));
      return {};
    }
    wrapped = wrapped || *length == 0;
    index = *length == 0 ? 0 : index + *length;
    if (wrapped && index > log.next) {
      sink.Damage(fmt::format("the log's records run over log_next_idx {:#x}", log.next));
      return {};
    }
  }
  return {};
}

}  // namespace kexec
