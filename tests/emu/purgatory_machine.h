// SPDX-License-Identifier: GPL-2.0-or-later
// A machine with purgatory, a "kernel" and an "initrd" loaded, ready to run; tests change one thing and look.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/x86_64/purgatory/blob.h"
#include "lib/freestanding/digest.h"
#include "tests/emu/emulator.h"

namespace kexec {

struct PurgatoryMachine {
  uint64_t purgatory = 0x9000;
  uint64_t kernel = 0x1000000;
  uint64_t initrd = 0x7f000000;
  kexec_purgatory_params params = PurgatoryParams();
  std::vector<std::byte> kernel_bytes;
  std::vector<std::byte> initrd_bytes;
  Emulator::Options options;

  PurgatoryMachine();

  // The digest of kernel and initrd as they are now, into the parameters.
  void Seal(uint32_t kind);

  // Loads everything into `machine` (with garbage where nothing is promised).
  void LoadInto(Emulator& machine) const;

  // Runs `machine` from purgatory's entry to the kernel's.
  Emulator::Stop Run(Emulator& machine) const {
    return machine.RunTo(purgatory + params.entry_offset, params.kernel_entry);
  }

  // What Seal(kind) would put there, as purgatory prints it.
  std::string ExpectedHex(uint32_t kind) const;
};

}  // namespace kexec
