// SPDX-License-Identifier: GPL-2.0-or-later
// Physical memory as the next kernel reads it: from the entry point to purgatory's parameters, from there to
// boot_params, and from there to everything it names. Knows the protocol, not our code's structures of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/purgatory/params.h"
#include "kexec/phys.h"
#include "kexec/plan.h"
#include "tests/support/physical_memory.h"

namespace kexec::testing {

struct ReadSetupData {
  uint64_t address;
  uint32_t type;
  std::vector<std::byte> payload;
};

struct ReadBoot {
  kexec_purgatory_params purgatory;
  uint64_t purgatory_address;
  uint64_t params_address;
  BootParams params;
  std::string command_line;
  std::vector<E820Entry> e820;  // with those of SETUP_E820_EXT
  std::vector<ReadSetupData> setup_data;
  std::vector<EfiMemoryDescriptor> efi_map;
  uint64_t initrd = 0;
  uint64_t initrd_size = 0;
};

// `entry`: where the old kernel jumps to.
ReadBoot FollowBoot(const PhysicalMemory& memory, PhysAddr entry);

// The plan's segments where they belong, zero fill included, the rest poison.
PhysicalMemory MemoryOf(const LoadPlan& plan);

// A plan and what it tells the kernel, as text for goldens. Purgatory's size and digest, which depend on the
// compiler, are left out.
std::string DescribeBoot(const LoadPlan& plan);

}  // namespace kexec::testing
