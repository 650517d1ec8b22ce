// SPDX-License-Identifier: LGPL-2.1-or-later
// Linux before 3.5 (kernel/printk.c): log_buf is a ring of characters, log_end counts all ever written, and
// logged_chars those that are there. Each line begins with "<N>", its level, and often "[seconds]".
#include <algorithm>
#include <charconv>

#include "loaders/vmcore/log_reader.h"

namespace kexec {
namespace {

constexpr uint64_t kWindow = 64 << 10;
// A line has less than 1 KiB (kernel/printk.c, printk_buf): more without a line feed is no log, and told in
// pieces.
constexpr size_t kLongestLine = 64 << 10;

// "<6>text": level and facility out of the number, where there is one.
LogRecord MakeRecord(std::string_view line) {
  LogRecord record;
  record.text = line;
  const size_t close = line.find('>');
  unsigned number = 0;
  if (!line.starts_with('<') || close == std::string_view::npos || close > 4) return record;
  const auto [rest, error] = std::from_chars(line.data() + 1, line.data() + close, number);
  if (error != std::errc() || rest != line.data() + close) return record;
  record.level = static_cast<uint8_t>(number & 7);
  record.facility = number >> 3;
  return record;
}

// Cuts what it is given into lines.
class Lines {
 public:
  explicit Lines(LogSink& sink) : sink_(sink) {}
  void Add(std::string_view characters) {
    for (size_t end; (end = characters.find('\n')) != std::string_view::npos;
         characters.remove_prefix(end + 1)) {
      line_ += characters.substr(0, end);
      Flush();
    }
    line_ += characters;
    if (line_.size() >= kLongestLine) Flush();
  }
  // The last line may lack its end.
  void Finish() {
    if (!line_.empty()) Flush();
  }

 private:
  void Flush() {
    sink_.Record(MakeRecord(line_));
    line_.clear();
  }
  LogSink& sink_;
  std::string line_;
};

}  // namespace

Result<> ReadPlainLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink) {
  LogFacts facts(info);
  const uint64_t buffer_at = facts.Symbol("log_buf"), size_at = facts.Symbol("log_buf_len");
  const uint64_t end_at = facts.Symbol("log_end"), count_at = facts.Symbol("logged_chars");
  KEXEC_TRY(facts.Complete());
  KEXEC_ASSIGN(const uint64_t buffer, memory.ReadPointer(buffer_at), "pointer 'log_buf'");
  KEXEC_ASSIGN(const uint64_t size, memory.ReadUint(size_at, 4), "'log_buf_len'");
  KEXEC_ASSIGN(const uint64_t end, memory.ReadUint(end_at, 4), "'log_end'");
  KEXEC_ASSIGN(const uint64_t logged, memory.ReadUint(count_at, 4), "'logged_chars'");
  if (size == 0 || size > memory.stored()) {
    return Fail(Errc::kMalformed, "log_buf has {:#x} bytes, the dump has {:#x}", size, memory.stored());
  }
  uint64_t left = std::min(logged, size);
  uint64_t index = (end % size + size - left) % size;
  Lines lines(sink);
  while (left > 0) {
    std::vector<std::byte> characters(std::min(std::min(left, size - index), kWindow));
    const Result<> read = memory.Read(buffer + index, characters);
    if (!read.has_value()) {
      lines.Finish();
      sink.Damage("the log is cut short: " + read.error().message());
      return {};
    }
    lines.Add({reinterpret_cast<const char*>(characters.data()), characters.size()});
    left -= characters.size();
    index = (index + characters.size()) % size;
  }
  lines.Finish();
  return {};
}

}  // namespace kexec
