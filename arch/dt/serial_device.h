// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial devices whose registers lie in memory, for purgatory's messages: what /sys/class/tty/NAME tells of
// them (Documentation/ABI/testing/sysfs-tty).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class SerialKind {
  kPl011,     // Arm PrimeCell UART: ttyAMA0
  k8250,      // 16550 with registers one byte apart
  k8250Wide,  // 16550 with registers four bytes apart
};

struct SerialDevice {
  std::string name;  // "ttyAMA0"
  PhysAddr base;     // of its registers
  SerialKind kind = SerialKind::k8250;
  bool operator==(const SerialDevice&) const = default;
};

// Those with registers in memory and of a kind purgatory can write to, sorted by name.
std::vector<SerialDevice> ReadSerialDevices(const SystemRoot& root);

// The one called `name`, with or without "/dev/"; kUsage names those there are.
Result<SerialDevice> FindSerialDevice(const std::vector<SerialDevice>& devices, std::string_view name);

}  // namespace kexec
KEXEC_PUBLIC_END
