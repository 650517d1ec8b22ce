// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything a plan needs to know about a PC, read once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/efi.h"
#include "arch/x86_64/framebuffer.h"
#include "arch/x86_64/running_kernel.h"
#include "arch/x86_64/x86_memory.h"
#include "arch/x86_64/xen_live_update.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/system_root.h"
#include "kexec/validate.h"

namespace kexec {

struct X86Facts {
  X86Memory memory;
  // MemTotal of /proc/meminfo, the kernel's totalram_pages(); 0: unknown, or it makes no rule (Xen)
  uint64_t total_ram_pages = 0;
  size_t max_segments = kMaxSegments;
  std::optional<XenLiveUpdate> live_update;
  bool five_level =
      false;  // the running kernel uses five-level paging, and so does the hand-over in 64-bit mode
  bool confidential_guest = false;  // memory is encrypted against the host (TDX, SEV)
  std::optional<BootParams> running;
  std::optional<EfiFacts> efi;
  uint64_t acpi_rsdp = 0;
  // Whether a BIOS left something in low memory; nullopt: page 0 of the running kernel's memory shows it.
  std::optional<bool> bios_data;
  std::optional<Framebuffer> framebuffer;
  std::vector<SetupData> setup_data;
  // Of the machine: firmware tables are only read from it for a kernel that is handed copies of them.
  std::filesystem::path root;
};

// Fails only without a memory map. What else is missing is left out of the hand-over, with a note.
Result<X86Facts> ReadX86Facts(const SystemRoot& root, const Result<IomemReport>& iomem,
                              Diagnostics& diagnostics);

// The beginning of /proc/cpuinfo, with the first CPU whole: it has a record for each CPU, and the kernel
// makes them while they are read.
Result<std::string> ReadFirstCpu(const SystemRoot& root);
// Pure. Whether the "flags" in /proc/cpuinfo are those of a TDX guest, or `running` names a SEV guest's
// secrets page. A SEV guest without SNP cannot be told.
bool IsConfidentialGuest(std::string_view cpuinfo, const std::optional<BootParams>& running);
// Pure. Whether the first "flags" line of /proc/cpuinfo has la57: the kernel takes it out where it is not in
// use.
bool UsesFiveLevelPaging(std::string_view cpuinfo);

}  // namespace kexec
