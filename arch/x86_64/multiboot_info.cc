// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/multiboot_info.h"

#include <algorithm>
#include <utility>

#include "arch/x86_64/acpi_log.h"
#include "arch/x86_64/e820.h"
#include "loaders/multiboot/multiboot.h"

namespace kexec {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kLowEnd = 640 * kKiB;
constexpr uint64_t kHighBegin = 1024 * kKiB;
// An information tag's type (Multiboot 2.0, 3.6).
constexpr uint32_t kTagEfi64 = 12;

// Bytes of RAM from `begin` to the first hole.
uint64_t RamFrom(const MemoryMap& map, uint64_t begin) {
  for (const PhysRange& ram : map.ram()) {
    if (ram.Contains(PhysAddr(begin))) return ram.end().raw() - begin;
  }
  return 0;
}

std::string CommandLine(const BootInputs& inputs) {
  std::string line = inputs.kernel_name.empty() ? "kernel" : inputs.kernel_name;
  std::ranges::replace(line, ' ', '_');  // kernels skip one word
  if (!inputs.command_line.empty()) line += ' ' + inputs.command_line;
  return line;
}

// The types Multiboot has; other memory is none an unaware kernel may touch.
std::vector<E820Entry> MemoryMapFor(const X86Facts& facts) {
  std::vector<E820Entry> entries = ToE820(facts.memory.handed_over);
  for (E820Entry& entry : entries) {
    if (entry.type > static_cast<uint32_t>(E820Type::kUnusable)) {
      entry.type = static_cast<uint32_t>(E820Type::kReserved);
    }
  }
  return entries;
}

Result<> CheckScreen(const MultibootKernel& kernel, const std::optional<MultibootScreen>& screen) {
  const bool needs = kernel.version == 1 ? kernel.uses_framebuffer : kernel.needs_console;
  const bool usable = screen && (screen->is_text ? kernel.uses_ega_text : kernel.uses_framebuffer);
  if (!needs || usable) return {};
  if (!screen) {
    return Fail(
        Errc::kUnsupported,
        "the kernel needs a screen, and the running kernel knows of none in text mode or with a linear "
        "frame buffer{}",
        kernel.uses_ega_text ? "; --reset-vga sets text mode on a VGA" : "");
  }
  return Fail(Errc::kUnsupported, "the kernel needs a {}, the screen is in {} mode{}",
              kernel.uses_framebuffer ? "linear frame buffer" : "text console",
              screen->is_text ? "text" : "graphics",
              kernel.uses_ega_text ? "; --reset-vga sets text mode on a VGA" : "");
}

void AddFirmware(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics,
                 MultibootInformation& to) {
  to.smbios = ReadSmbios(facts.root, diagnostics);
  const auto& requested = std::get<MultibootKernel>(inputs.kernel.image).requested_tags;
  if (std::ranges::find(requested, kTagEfi64) == requested.end() || !facts.efi || !inputs.pass_efi) return;
  to.efi_system_table = facts.efi->systab;
  diagnostics.Note(
      "the EFI system table at {:#x} has been switched to virtual addresses: those in it are the running "
      "kernel's",
      to.efi_system_table);
}

}  // namespace

std::vector<std::byte> FindAcpiRootPointer(const X86Facts& facts, Diagnostics& diagnostics) {
  auto in_memory = ReadAcpiRootPointer(facts.root, facts.acpi_rsdp);
  if (in_memory) return *std::move(in_memory);
  auto in_log = ReadRootPointerFromLog(facts.root);
  diagnostics.Note("{}; {}", in_memory.error().message(),
                   in_log ? "the ACPI root pointer is made again from the kernel's log"
                          : in_log.error().message() + "; the kernel gets no ACPI root pointer");
  return in_log ? *std::move(in_log) : std::vector<std::byte>();
}

Result<MultibootInformation> GatherMultibootInformation(const X86Facts& facts, const BootInputs& inputs,
                                                        std::vector<std::byte> acpi_root_pointer,
                                                        Diagnostics& diagnostics) {
  const auto& kernel = std::get<MultibootKernel>(inputs.kernel.image);
  MultibootInformation information;
  information.command_line = CommandLine(inputs);
  information.loader_name = "kexec-ng " KEXEC_VERSION_TEXT;
  const MemoryMap& map = facts.memory.handed_over;
  information.lower_kib = static_cast<uint32_t>(std::min(RamFrom(map, 0), kLowEnd) / kKiB);
  information.upper_kib =
      static_cast<uint32_t>(std::min<uint64_t>(RamFrom(map, kHighBegin) / kKiB, UINT32_MAX));
  information.memory_map = MemoryMapFor(facts);
  for (const BootModule& module : inputs.modules) information.modules.push_back(module.command_line);
  information.screen = ScreenFor(facts, inputs);
  KEXEC_TRY(CheckScreen(kernel, information.screen));
  if (kernel.version == 2) {
    information.acpi_root_pointer = std::move(acpi_root_pointer);
    AddFirmware(facts, inputs, diagnostics, information);
  } else if (!kernel.uses_framebuffer) {
    information.screen.reset();
  }
  return information;
}

}  // namespace kexec
