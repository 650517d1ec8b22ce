// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps of kernels that never ran: a kernel's memory with a log in it, written as the kernel's printk would
// have, VMCOREINFO and ELF headers around it. Of both classes and byte orders; nothing of it is captured.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/elf_core_builder.h"

namespace kexec::testing {

struct DumpFlavour {
  bool is_64bit = true;
  bool big_endian = false;
};
inline constexpr DumpFlavour kDumpFlavours[] = {{true, false}, {true, true}, {false, false}, {false, true}};
std::string NameOf(const DumpFlavour& flavour);  // "elf64le"

struct DumpedRecord {
  uint64_t nanoseconds;
  std::string text;
  unsigned level = 6;
  unsigned facility = 0;
  uint32_t caller = 0;
  bool finished = true;  // false: its writer was stopped between reserving and committing
};

// One piece of memory at a virtual address, VMCOREINFO that describes it, and where tests find its parts.
class DumpedKernel {
 public:
  explicit DumpedKernel(DumpFlavour flavour);
  DumpFlavour flavour() const { return flavour_; }
  unsigned word() const { return flavour_.is_64bit ? 8 : 4; }
  uint64_t base() const { return base_; }

  // Room at a multiple of 16, named for At().
  uint64_t Allocate(const std::string& name, uint64_t size);
  uint64_t At(const std::string& name) const { return places_.at(name); }
  void Poke(uint64_t virt, uint64_t value, unsigned size);
  void PokeWord(uint64_t virt, uint64_t value) { Poke(virt, value, word()); }
  void PokeText(uint64_t virt, std::string_view text);
  void Info(const std::string& line) { info_ += line + "\n"; }
  void Symbol(const std::string& name, uint64_t virt);
  // Replaces the value in the line "KEY=..."; "" removes the line.
  void SetInfo(const std::string& key, const std::string& value);

  const std::string& info() const { return info_; }
  const std::vector<std::byte>& memory() const { return memory_; }
  // A note, then the memory with its virtual address and physical address 1 MiB.
  std::vector<std::byte> Build() const { return BuildAt(base_, 0x100000); }
  // The same with other addresses in the program header.
  std::vector<std::byte> BuildAt(uint64_t virt, uint64_t phys, uint16_t machine = 0) const;

 private:
  DumpFlavour flavour_;
  uint64_t base_;
  std::vector<std::byte> memory_;
  std::string info_;
  std::map<std::string, uint64_t> places_;
};

struct LocklessShape {
  unsigned count_bits = 4;  // of descriptors
  unsigned size_bits = 9;   // of the text ring
  bool fills_ring = false;  // a block may end exactly where the ring does (Linux 6.18)
};
// Places: "prb", "rb", "descs", "infos", "text".
DumpedKernel LocklessKernel(DumpFlavour flavour, const std::vector<DumpedRecord>& records,
                            LocklessShape shape = {});
// Places: "log_buf", "log_buf_len", "log_first_idx", "log_next_idx", "ring".
DumpedKernel StructuredKernel(DumpFlavour flavour, const std::vector<DumpedRecord>& records,
                              unsigned size = 1024);
// Places: "log_buf", "log_buf_len", "log_end", "logged_chars", "ring".
DumpedKernel PlainKernel(DumpFlavour flavour, const std::string& text, unsigned size = 1024);

// makedumpfile -F: `dump` in pieces of `piece` bytes, the first one last.
std::vector<std::byte> Flattened(const std::vector<std::byte>& dump, size_t piece);

// What the three formats' tests print: an ordinary log, every byte, several lines, an empty one.
std::vector<DumpedRecord> OrdinaryRecords();

}  // namespace kexec::testing
