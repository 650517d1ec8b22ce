// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/log_reader.h"

#include <fmt/ranges.h>

namespace kexec {

std::string_view LogFormatName(LogFormat format) {
  switch (format) {
    case LogFormat::kLockless:
      return "lockless";
    case LogFormat::kStructured:
      return "structured";
    case LogFormat::kPlain:
      break;
  }
  return "plain";
}

Result<LogFormat> FindLogFormat(const VmcoreInfo& info) {
  if (info.Symbol("prb")) return LogFormat::kLockless;
  if (info.Symbol("log_first_idx")) return LogFormat::kStructured;
  if (info.Symbol("log_buf")) return LogFormat::kPlain;
  return Fail(Errc::kUnsupported,
              "vmcoreinfo has none of SYMBOL(prb), SYMBOL(log_first_idx), SYMBOL(log_buf): "
              "it tells of no kernel log");
}

Result<> ReadKernelLog(const DumpMemory& memory, const VmcoreInfo& info, LogFormat format, LogSink& sink) {
  switch (format) {
    case LogFormat::kLockless:
      return ReadLocklessLog(memory, info, sink);
    case LogFormat::kStructured:
      return ReadStructuredLog(memory, info, sink);
    case LogFormat::kPlain:
      break;
  }
  return ReadPlainLog(memory, info, sink);
}

uint64_t LogFacts::Symbol(std::string_view name) {
  const auto value = info_.Symbol(name);
  if (!value) missing_.push_back(fmt::format("SYMBOL({})", name));
  return value.value_or(0);
}

uint64_t LogFacts::Size(std::string_view structure) {
  const auto value = info_.Size(structure);
  if (!value) missing_.push_back(fmt::format("SIZE({})", structure));
  if (value && (*value == 0 || *value > kMaxStructure)) {
    impossible_.push_back(fmt::format("SIZE({})={}", structure, *value));
    return 0;
  }
  return value.value_or(0);
}

uint64_t LogFacts::Field(std::string_view field, uint64_t structure_size, uint64_t bytes) {
  const auto value = info_.Offset(field);
  if (!value) missing_.push_back(fmt::format("OFFSET({})", field));
  if (value && (*value > structure_size || structure_size - *value < bytes)) {
    impossible_.push_back(fmt::format("OFFSET({})={}", field, *value));
    return 0;
  }
  return value.value_or(0);
}

Result<> LogFacts::Complete() const {
  if (!missing_.empty()) return Fail(Errc::kUnsupported, "vmcoreinfo lacks {}", fmt::join(missing_, ", "));
  if (!impossible_.empty()) {
    return Fail(Errc::kMalformed, "vmcoreinfo says {}, which cannot be", fmt::join(impossible_, ", "));
  }
  return {};
}

void DamageCount::Add(std::string what) {
  if (count_++ == 0) first_ = std::move(what);
}

void DamageCount::Tell(LogSink& sink) const {
  if (count_ == 1) sink.Damage(fmt::format("1 record cannot be read: {}", first_));
  if (count_ > 1) sink.Damage(fmt::format("{} records cannot be read; the first: {}", count_, first_));
}

Result<Piece> Piece::Read(const DumpMemory& memory, uint64_t virt, uint64_t size) {
  Piece piece;
  piece.big_endian_ = memory.big_endian();
  piece.bytes_.resize(size);
  KEXEC_TRY(memory.Read(virt, piece.bytes_));
  return piece;
}

uint64_t Piece::Uint(uint64_t offset, unsigned size) const {
  return DecodeUint(Bytes(bytes_).subspan(offset, size), big_endian_);
}

void TakeLevel(uint64_t facility, uint64_t flags_and_level, bool big_endian, LogRecord& record) {
  record.facility = static_cast<uint32_t>(facility);
  record.level = static_cast<uint8_t>(big_endian ? flags_and_level & 7 : flags_and_level >> 5);
}

}  // namespace kexec
