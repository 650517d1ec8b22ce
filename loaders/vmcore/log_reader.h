// SPDX-License-Identifier: LGPL-2.1-or-later
// What the readers of the three formats share. Internal to loaders/vmcore.
#pragma once

#include <string>
#include <vector>

#include "loaders/vmcore/kernel_log.h"

namespace kexec {

Result<> ReadLocklessLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink);
Result<> ReadStructuredLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink);
Result<> ReadPlainLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink);

// Facts asked of vmcoreinfo; a missing one is noted and 0 meanwhile.
class LogFacts {
 public:
  explicit LogFacts(const VmcoreInfo& info) : info_(info) {}
  uint64_t Symbol(std::string_view name);
  uint64_t Size(std::string_view structure);
  // A field of `bytes` bytes in `structure`, of a size asked for before; one that leaves it is noted too.
  uint64_t Field(std::string_view field, uint64_t structure_size, uint64_t bytes);
  // kUnsupported if something was missing, kMalformed if something cannot be.
  Result<> Complete() const;

 private:
  const VmcoreInfo& info_;
  std::vector<std::string> missing_;
  std::vector<std::string> impossible_;
};

// Counts what could not be read, to be told once.
class DamageCount {
 public:
  void Add(std::string what);
  void Tell(LogSink& sink) const;

 private:
  uint64_t count_ = 0;
  std::string first_;
};

// A piece of the dump read once, its fields decoded.
class Piece {
 public:
  // Reads `size` bytes, which has been checked to be small.
  static Result<Piece> Read(const DumpMemory& memory, uint64_t virt, uint64_t size);
  // The field must lie inside: LogFacts::Field has checked it.
  uint64_t Uint(uint64_t offset, unsigned size) const;

 private:
  std::vector<std::byte> bytes_;
  bool big_endian_ = false;
};

// The bits behind text_len (lockless) or dict_len (structured): one byte of facility, then five bits of flags
// and three of level, in the order the machine's C has for bit fields (kernel/printk/printk_ringbuffer.h).
void TakeLevel(uint64_t facility, uint64_t flags_and_level, bool big_endian, LogRecord& record);

// No structure of a kernel's log is bigger.
inline constexpr uint64_t kMaxStructure = 4096;

}  // namespace kexec
