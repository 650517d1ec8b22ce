// SPDX-License-Identifier: LGPL-2.1-or-later
// A crash kernel is booted like any other, on a smaller machine: the one the panic leaves it. Here that
// machine is made: what a crash load has beyond a normal one is placed at the top of the crash region, and
// facts and inputs are narrowed so that the rest of Place needs to know nothing of a crash.
//
//   crash region                                                                    end
//  |------------------------------------------------------------------------------------|
//  |  ...       initrds | kernel | boot_params | purgatory        | elfcorehdr | backup  |
//
// The crash kernel's memory map has as RAM: the crash regions without elfcorehdr and backup, the CMA ranges
// lent until then, and the RAM below 640 KiB, which it needs for its trampolines and which purgatory copies
// to the backup first. Everything else is a hole to it, with the panicked kernel's memory in it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "arch/crash_facts.h"
#include "arch/machine.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/phys.h"

namespace kexec {

// Low memory and where purgatory saves it.
struct LowMemoryBackup {
  PhysRange source;
  PageRange backup;
};

// What a crash image holds beyond a normal one.
struct X86CrashExtras {
  PageRange core_headers;
  std::vector<std::byte> core_header_bytes;
  // --hotplug, and the running kernel can: it rewrites core_headers, so no digest may cover them.
  bool kernel_updates_headers = false;
  std::optional<LowMemoryBackup> backup;
};

struct X86CrashBoot {
  X86Facts facts;
  BootInputs inputs;
  X86CrashExtras extras;
};

// Fails with kDoesNotFit where the region, the window or the command line is too small.
Result<X86CrashBoot> PlaceCrashExtras(const X86Facts& facts, const CrashFacts& crash,
                                      const BootInputs& inputs, const LinuxImage& image,
                                      Diagnostics& diagnostics);

}  // namespace kexec
