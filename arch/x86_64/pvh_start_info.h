// SPDX-License-Identifier: LGPL-2.1-or-later
// struct hvm_start_info, what a kernel finds at %ebx at its PVH entry (Xen, docs/misc/pvh.pandoc and
// xen/include/public/arch-x86/hvm/start_info.h). Its size is known before its address:
//
//   hvm_start_info | modules | memory map | command line | the modules' command lines
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "kexec/phys.h"

namespace kexec {

struct PvhModule {
  PhysAddr address;
  uint64_t size = 0;  // bytes
  std::string command_line;
};

struct PvhStart {
  std::string command_line;
  std::vector<PvhModule> modules;
  std::vector<E820Entry> memory;  // types have the same numbers there
  uint64_t acpi_rsdp = 0;
};

size_t PvhStartInfoSize(const PvhStart& start);
// As it lies at `address`.
std::vector<std::byte> WritePvhStartInfo(const PvhStart& start, PhysAddr address);

}  // namespace kexec
