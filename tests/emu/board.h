// SPDX-License-Identifier: GPL-2.0-or-later
// A bare QEMU board of another machine with that machine's purgatory, a stand-in for the old kernel that
// jumps into it and one for the new kernel that tells what it got. One flat image holds them all, and an
// "initrd".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/purgatory/range.h"
#include "kexec/bytes.h"

namespace kexec {

// What happened on the board's console.
struct BoardOutcome {
  std::string console;  // without carriage returns
  // What the new kernel told, if it ran: the numbers after its "K".
  std::vector<uint64_t> told;
};

class Board {
 public:
  // `program`: qemu-system-...; `options` ask for the board; `base` is where the image goes.
  Board(std::string program, std::string options, std::string image_option, uint64_t base);

  uint64_t kernel() const { return base_ + 0x200000; }
  uint64_t initrd() const { return base_ + 0x400001; }
  uint64_t purgatory() const { return base_ + 0x100000; }

  // Puts `file` (machine code) where the old or the new kernel belongs.
  void LoadStub(const std::string& file) { stub = ReadCode(file); }
  void LoadKernel(const std::string& file) { kernel_bytes = ReadCode(file); }

  // Fills in what the machines' parameters have in common: the digest of kernel and initrd as they are now.
  template <class Params>
  void Seal(Params& params, uint32_t kind) const {
    params.digest_kind = kind;
    params.hashed_count = 2;
    params.hashed[0] = {kernel(), kernel_bytes.size()};
    params.hashed[1] = {initrd(), initrd_bytes.size()};
    DigestInto(kind, params.digest);
  }

  // Runs QEMU until the machine is switched off or reset. `purgatory` is the blob with its parameters;
  // `slots` go to the stub's.
  BoardOutcome Run(Bytes purgatory_bytes, const std::vector<uint64_t>& slots) const;

  // The digest as purgatory prints it.
  std::string ExpectedHex(uint32_t kind) const;

  std::vector<std::byte> stub, kernel_bytes, initrd_bytes;
  bool count_instructions = false;  // one nanosecond of the guest's time each

 private:
  static std::vector<std::byte> ReadCode(const std::string& file);
  void DigestInto(uint32_t kind, uint8_t (&digest)[32]) const;

  std::string program_, options_, image_option_;
  uint64_t base_;
};

// Whether `program` is installed.
bool CanRun(const std::string& program);

}  // namespace kexec
