// SPDX-License-Identifier: LGPL-2.1-or-later
// The names the kernel gives to kinds of memory, in /proc/iomem and in /sys/firmware/memmap alike.
#pragma once

#include <optional>
#include <string_view>

#include "kexec/memory_map.h"

namespace kexec {

// nullopt: no memory of the machine ("PCI Bus 0000:00", "RAM buffer"), or memory that a driver adds ("System
// RAM (virtio_mem)", "System RAM (kmem)"): the next kernel does not know the latter until the driver runs
// there, so nothing may be placed in it and no map may list it (IORESOURCE_SYSRAM_DRIVER_MANAGED,
// mm/memory_hotplug.c).
std::optional<MemoryType> MemoryTypeOfName(std::string_view name);

}  // namespace kexec
