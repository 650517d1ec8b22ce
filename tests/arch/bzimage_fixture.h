// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels and machines to plan with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "loaders/kernel_image.h"

namespace kexec::testing {

// Bytes that differ from page to page and from seed to seed.
SharedBytes Pattern(size_t size, unsigned seed);

// A modern kernel: protocol 2.15, relocatable, 64-bit entry, anywhere in memory. The sizes are Debian's 6.1.
struct KernelShape {
  uint64_t file_size = 0xd827c0;
  uint64_t init_size = 0x3378000;
  uint64_t pref_address = 0x1000000;
  uint64_t alignment = 0x200000;
};
BzImage ModernKernel(const KernelShape& shape = {});
// The same, small enough for tests that copy it about.
BzImage SmallKernel();

// Inputs for a whole boot: this kernel, initrds of these sizes, no window.
BootInputs InputsFor(BzImage kernel, const std::vector<size_t>& initrd_sizes, std::string command_line);

PhysRange WholeMemory();

// tests/golden/machines/<name>
std::string RecordedMachine(std::string_view name);

}  // namespace kexec::testing
