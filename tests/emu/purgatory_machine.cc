// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/emu/purgatory_machine.h"

#include <cstdio>
#include <cstring>

namespace kexec {
namespace {

std::vector<std::byte> Pattern(size_t size, uint32_t seed) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<std::byte>(seed >> 24);
  }
  return bytes;
}

}  // namespace

PurgatoryMachine::PurgatoryMachine() : kernel_bytes(Pattern(70001, 1)), initrd_bytes(Pattern(12345, 2)) {
  params.kernel_entry = kernel + 0x200;
  params.entry_kind = KEXEC_PURGATORY_ENTRY_64;
  params.registers.rsi = 0x90000;
  params.reset_seconds = 2;
  Seal(KEXEC_DIGEST_XXH128);
}

void PurgatoryMachine::Seal(uint32_t kind) {
  kexec_digest_state state;
  kexec_digest_init(&state, kind, 0);
  kexec_digest_update(&state, kernel_bytes.data(), kernel_bytes.size());
  kexec_digest_update(&state, initrd_bytes.data(), initrd_bytes.size());
  kexec_digest_final(&state, params.digest);
  params.digest_kind = kind;
  params.hashed_count = 2;
  params.hashed[0] = {kernel, kernel_bytes.size()};
  params.hashed[1] = {initrd, initrd_bytes.size()};
}

void PurgatoryMachine::LoadInto(Emulator& machine) const {
  const Bytes blob = PurgatoryBlob();
  std::vector<std::byte> copy(blob.begin(), blob.end());
  std::memcpy(copy.data(), &params, sizeof(params));
  machine.LoadSegment(purgatory, copy, PurgatoryMemSize(), 0xa5);
  machine.LoadSegment(kernel, kernel_bytes, kernel_bytes.size() + 0x20000, 0xa5);
  machine.LoadSegment(initrd, initrd_bytes, initrd_bytes.size(), 0xa5);
}

std::string PurgatoryMachine::ExpectedHex(uint32_t kind) const {
  PurgatoryMachine other = *this;
  other.Seal(kind);
  std::string hex;
  for (size_t i = 0; i < kexec_digest_length(kind); i++) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", other.params.digest[i]);
    hex += digits;
  }
  return hex;
}

}  // namespace kexec
