// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/bios_services.h"

#include "arch/x86_64/firmware_tables.h"
#include "arch/x86_64/purgatory/bios_vectors.h"

namespace kexec {
namespace {

bool StartedByUefi(const X86Facts& facts) {
  if (facts.efi) return true;
  if (!facts.running) return false;
  // Still there where the running kernel was told noefi.
  const uint32_t signature = facts.running->efi_info.loader_signature;
  return signature == kEfiLoader32 || signature == kEfiLoader64;
}

}  // namespace

Result<> CheckBios(const X86Facts& facts, std::string_view reason, Diagnostics& diagnostics) {
  if (StartedByUefi(facts)) {
    return Fail(Errc::kUnsupported,
                "{}; that code calls the BIOS, and this machine was started by UEFI, which leaves none",
                reason);
  }
  const auto low = ReadMemory(facts.root, 0, KEXEC_BIOS_LOW_BYTES);
  if (!low || low->size() < KEXEC_BIOS_LOW_BYTES) {
    diagnostics.Note("the BIOS's interrupt vectors are looked at only before the jump: {}",
                     low ? "page 0 cannot be read" : low.error().message());
    return {};
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(low->data());
  const unsigned wild = kexec_bios_wild_vector(bytes);
  if (wild == KEXEC_BIOS_SOUND) return {};
  return Fail(Errc::kUnsupported,
              "{}; that code calls the BIOS, and interrupt vector {:#04x} leads to {:#x}, where none is",
              reason, wild, kexec_bios_target(bytes, wild));
}

}  // namespace kexec
