// SPDX-License-Identifier: GPL-2.0-or-later
// An x86_64 machine at the moment the old kernel jumps into what it loaded (Linux
// arch/x86/kernel/relocate_kernel_64.S is the model): 64-bit mode, memory mapped one to one, interrupts off,
// SSE off, descriptor tables gone, stack and registers full of garbage. Load segments where they belong, run
// to an address, look at everything. A thin layer over Unicorn; trouble with Unicorn itself throws
// std::runtime_error.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kexec/bytes.h"
#include "tests/emu/ports.h"

namespace kexec {

class Emulator {
 public:
  // How the run ended.
  enum class Stop {
    kReached,  // at the address asked for
    kReset,    // the machine was reset through a port (Ports::reset says which)
    kFault,    // an exception, or an access to memory that is not there: `detail()` says
    kTooLong,  // neither within the time limit
  };

  // The general registers, in the order of the instruction encoding.
  enum Reg { kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi, kR8, kR9, kR10, kR11, kR12, kR13, kR14, kR15 };

  struct Options {
    uint64_t cr0 = 0x80000033;  // PG NE ET MP PE
    uint64_t cr4 = 0x20;        // PAE
    bool five_level = false;    // CR4.LA57 and a five-level page table
    uint64_t rsp = 0;           // 0: garbage
  };

  Emulator() : Emulator(Options{}) {}
  explicit Emulator(const Options& options);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  // Memory of whole pages around [address, address + memory_size): `bytes` first, then `fill` (the kernel
  // leaves zeros; anything else shows who relies on that). Segments may share pages.
  void LoadSegment(uint64_t address, Bytes bytes, uint64_t memory_size, uint8_t fill = 0);

  // Jumps to `entry` and runs until an instruction at `stop_address` is next. May be called again to go on
  // from wherever it stopped (`entry` = pc()): registers and mode are then left alone.
  Stop RunTo(uint64_t entry, uint64_t stop_address);

  Ports& ports() { return ports_; }
  const std::string& serial() const { return ports_.serial; }
  const std::string& detail() const { return detail_; }

  uint64_t reg(Reg which) const;
  uint64_t pc() const;  // the address in memory, in real mode too
  void set_reg(Reg which, uint64_t value);
  uint64_t cr0() const;
  uint64_t cr3() const;
  uint64_t cr4() const;
  uint64_t efer() const;
  uint64_t flags() const;
  uint16_t cs() const;
  std::vector<uint16_t> data_segments() const;            // ds, es, fs, gs, ss
  std::pair<uint64_t, uint32_t> interrupt_table() const;  // base and limit
  uint64_t descriptor(uint16_t selector) const;  // the eight bytes the descriptor table in force has for it

  // Physical memory. Reading what was never mapped throws.
  std::vector<std::byte> Read(uint64_t address, size_t size) const;
  std::string ReadText(uint64_t address, size_t size) const;
  void Write(uint64_t address, Bytes bytes);

 private:
  struct Hooks;
  void Map(uint64_t begin, uint64_t end);
  void BuildPageTables(uint64_t stop_address);
  void EnterLongMode();
  uint64_t CodeBase() const;
  uint64_t ReadReg(int unicorn_register) const;

  Options options_;
  Ports ports_;
  std::string detail_;
  std::set<uint64_t> pages_;  // mapped ones
  void* engine_ = nullptr;    // uc_engine
  bool started_ = false;
  Stop stop_ = Stop::kReached;
};

}  // namespace kexec
