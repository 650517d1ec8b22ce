// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/efi.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "kexec/error.h"

namespace kexec {
namespace {

constexpr std::string_view kFolder = "sys/firmware/efi";
constexpr uint64_t kEfiPage = 4096;               // UEFI specification, 7.2
constexpr uint32_t kMemoryDescriptorVersion = 1;  // EFI_MEMORY_DESCRIPTOR_VERSION
constexpr size_t kMaxRuntimeEntries = 4096;       // some firmware has hundreds

Result<uint64_t> ReadNumber(const SystemRoot& root, const std::string& path) {
  KEXEC_ASSIGN(const std::string text, root.ReadLine(path));
  const auto value = ParseNumber(text);
  if (!value)
    return Fail(Errc::kMalformed, "'{}': '{}' is not a number", (root.path() / path).string(), text);
  return *value;
}

Result<EfiMemoryDescriptor> ReadDescriptor(const SystemRoot& root, const std::string& folder) {
  EfiMemoryDescriptor descriptor = {};
  KEXEC_ASSIGN(const uint64_t type, ReadNumber(root, folder + "/type"));
  if (type > UINT32_MAX)
    return Fail(Errc::kMalformed, "'{}/type': {:#x} is not an EFI memory type", folder, type);
  descriptor.type = static_cast<uint32_t>(type);
  KEXEC_ASSIGN(descriptor.physical, ReadNumber(root, folder + "/phys_addr"));
  KEXEC_ASSIGN(descriptor.virtual_address, ReadNumber(root, folder + "/virt_addr"));
  KEXEC_ASSIGN(descriptor.pages, ReadNumber(root, folder + "/num_pages"));
  KEXEC_ASSIGN(descriptor.attribute, ReadNumber(root, folder + "/attribute"));
  return descriptor;
}

// The folders are called 0, 1, 2 ...; their order is that of the map.
Result<std::vector<EfiMemoryDescriptor>> ReadRuntimeMap(const SystemRoot& root) {
  const std::string folder = fmt::format("{}/runtime-map", kFolder);
  KEXEC_ASSIGN(const std::vector<std::string> names, root.List(folder));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseNumber(name)) numbers.push_back(*number);
  }
  if (numbers.empty() || numbers.size() > kMaxRuntimeEntries) {
    return Fail(Errc::kMalformed, "'{}' has {} entries", (root.path() / folder).string(), numbers.size());
  }
  std::ranges::sort(numbers);
  std::vector<EfiMemoryDescriptor> map;
  for (const uint64_t number : numbers) {
    KEXEC_ASSIGN(const EfiMemoryDescriptor descriptor,
                 ReadDescriptor(root, fmt::format("{}/{}", folder, number)));
    map.push_back(descriptor);
  }
  return map;
}

// Value of "NAME=0x..." in /sys/firmware/efi/systab; 0 if it is not there.
uint64_t SystabEntry(const SystemRoot& root, std::string_view name) {
  const auto text = root.ReadText(fmt::format("{}/systab", kFolder));
  if (!text) return 0;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with('=')) continue;
    return ParseNumber(line.substr(name.size() + 1)).value_or(0);
  }
  return 0;
}

Result<EfiSetupData> ReadSetup(const SystemRoot& root) {
  EfiSetupData setup = {};
  KEXEC_ASSIGN(setup.fw_vendor, ReadNumber(root, fmt::format("{}/fw_vendor", kFolder)));
  KEXEC_ASSIGN(setup.runtime, ReadNumber(root, fmt::format("{}/runtime", kFolder)));
  KEXEC_ASSIGN(setup.tables, ReadNumber(root, fmt::format("{}/config_table", kFolder)));
  // Only the 32-bit SMBIOS entry point is patched by the kernel (efi_reuse_config); SMBIOS3 needs none.
  setup.smbios = SystabEntry(root, "SMBIOS");
  return setup;
}

Result<EfiFacts> ReadComplete(const SystemRoot& root, const std::optional<BootParams>& running) {
  if (!running) return Fail(Errc::kUnsupported, "the address of the EFI system table is only in boot_params");
  const EfiInfo& info = running->efi_info;
  if (info.loader_signature != kEfiLoader64) {
    return Fail(Errc::kUnsupported,
                "the running kernel's EFI signature is {:#x}, not that of 64-bit firmware",
                static_cast<uint32_t>(info.loader_signature));
  }
  if (info.memdesc_version != kMemoryDescriptorVersion) {
    return Fail(Errc::kUnsupported, "EFI memory descriptors have version {}, only {} is known",
                static_cast<uint32_t>(info.memdesc_version), kMemoryDescriptorVersion);
  }
  EfiFacts facts;
  facts.systab = (uint64_t{info.systab_hi} << 32) | info.systab;
  KEXEC_ASSIGN(facts.setup, ReadSetup(root));
  KEXEC_ASSIGN(facts.runtime_map, ReadRuntimeMap(root));
  return facts;
}

}  // namespace

std::optional<EfiFacts> ReadEfi(const SystemRoot& root, const std::optional<BootParams>& running,
                                Diagnostics& diagnostics) {
  if (!root.Exists(kFolder)) {
    diagnostics.Note("no EFI: '{}' does not exist", (root.path() / kFolder).string());
    return std::nullopt;
  }
  auto facts = ReadComplete(root, running);
  if (facts) return *std::move(facts);
  diagnostics.Note("EFI runtime services cannot be handed on: {}", facts.error().message());
  return std::nullopt;
}

uint64_t ReadAcpiRsdp(const SystemRoot& root, const std::optional<BootParams>& running) {
  if (running && running->acpi_rsdp_addr != 0) return running->acpi_rsdp_addr;
  if (const uint64_t version2 = SystabEntry(root, "ACPI20"); version2 != 0) return version2;
  return SystabEntry(root, "ACPI");
}

std::vector<PhysRange> RuntimeRanges(const EfiFacts& efi) {
  std::vector<PhysRange> ranges;
  for (const EfiMemoryDescriptor& descriptor : efi.runtime_map) {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(uint64_t{descriptor.pages}, kEfiPage, &bytes)) continue;
    if (const auto range = PhysRange::FromSize(PhysAddr(descriptor.physical), bytes))
      ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace kexec
