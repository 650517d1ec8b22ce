// SPDX-License-Identifier: LGPL-2.1-or-later
// What a device tree tells of the harts that purgatory has to know (Documentation/devicetree/bindings/riscv).
#pragma once

#include <cstdint>

#include "kexec/export.h"
#include "loaders/dtb/device_tree.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Ticks of the time register a second; 0: it is not told.
uint64_t TimebaseFrequency(const DeviceTree& tree);

// Whether every hart has Zknh, the SHA-256 and SHA-512 instructions, by itself or as part of Zkn or Zk: it is
// not known which of them will run purgatory. False without harts.
bool EveryHartHasZknh(const DeviceTree& tree);

}  // namespace kexec
KEXEC_PUBLIC_END
