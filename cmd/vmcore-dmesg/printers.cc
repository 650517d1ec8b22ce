// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/printers.h"

#include <fmt/format.h>

namespace kexec {
namespace {

constexpr size_t kBlock = 64 << 10;

// A record whose level is not known is never left out.
bool IsWanted(const DmesgOptions& options, const LogRecord& record) {
  return !record.level || (options.levels >> *record.level & 1) != 0;
}

// A file gets what kexec-tools writes: isprint() and isspace() of the C locale. On a terminal a carriage
// return would let a record write over its own beginning.
bool PrintsAsItIs(unsigned char c, bool terminal) {
  if (c >= 0x20) return c < 0x7f;
  return terminal ? c == '\t' || c == '\n' : c >= '\t' && c <= '\r';
}

}  // namespace

void TextPrinter::Record(const LogRecord& record) {
  if (!IsWanted(options_, record)) return;
  std::string prefix;
  if (record.nanoseconds) {
    prefix = fmt::format("[{:5}.{:06}] ", *record.nanoseconds / 1'000'000'000,
                         *record.nanoseconds / 1000 % 1'000'000);
  }
  pending_ += prefix;
  for (const char c : record.text) {
    if (PrintsAsItIs(static_cast<unsigned char>(c), options_.terminal)) {
      pending_ += c;
    } else {
      pending_ += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    if (c == '\n' && options_.force_prefix) pending_ += prefix;
  }
  pending_ += '\n';
  if (pending_.size() < kBlock) return;
  out_(pending_);
  pending_.clear();
}

std::vector<std::string> TextPrinter::Finish() {
  out_(pending_);
  pending_.clear();
  return std::move(damage_);
}

JsonPrinter::JsonPrinter(const DmesgOptions& options, const VmcoreInfo& info, LogFormat format, Write out)
    : options_(options), out_(std::move(out)) {
  json_.BeginObject().Key("schema").String("vmcore-dmesg/1");
  json_.Key("kernel");
  if (const auto release = info.Value("OSRELEASE")) {
    json_.String(*release);
  } else {
    json_.Null();
  }
  json_.Key("format").String(LogFormatName(format));
  json_.Key("records").BeginArray();
}

void JsonPrinter::Record(const LogRecord& record) {
  if (!IsWanted(options_, record)) return;
  json_.BeginObject();
  if (record.sequence) json_.Key("sequence").Number(*record.sequence);
  if (record.nanoseconds) json_.Key("nanoseconds").Number(*record.nanoseconds);
  if (record.level) json_.Key("level").String(LevelName(*record.level));
  if (record.facility) json_.Key("facility").Number(*record.facility);
  constexpr uint32_t kCpu = uint32_t{1} << 31;
  if (record.caller && (*record.caller & kCpu) != 0) json_.Key("cpu").Number(*record.caller & ~kCpu);
  if (record.caller && *record.caller != 0 && (*record.caller & kCpu) == 0)
    json_.Key("task").Number(*record.caller);
  json_.Key("text").String(record.text);
  json_.EndObject();
}

std::vector<std::string> JsonPrinter::Finish() {
  json_.EndArray().Key("damage").BeginArray();
  for (const std::string& what : damage_) json_.String(what);
  json_.EndArray().EndObject();
  out_(json_.Finish());
  return std::move(damage_);
}

}  // namespace kexec
