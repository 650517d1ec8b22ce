// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_names.h"

#include <algorithm>
#include <iterator>

namespace kexec {
namespace {

struct NamedType {
  std::string_view name;
  MemoryType type;
};

// e820_type_to_string in arch/x86/kernel/e820.c; "reserved" comes from arch/arm64/kernel/setup.c and from x86
// before Linux 4.12.
constexpr NamedType kNames[] = {
    {"System RAM", MemoryType::kRam},
    {"Reserved", MemoryType::kReserved},
    {"reserved", MemoryType::kReserved},
    {"Device reserved", MemoryType::kReserved},
    {"Unknown E820 type", MemoryType::kReserved},
    {"ACPI Tables", MemoryType::kAcpiTables},
    {"ACPI Non-volatile Storage", MemoryType::kAcpiNvs},
    {"Unusable memory", MemoryType::kUnusable},
    {"Persistent Memory", MemoryType::kPersistent},
    {"Persistent Memory (legacy)", MemoryType::kPersistentLegacy},
    {"Soft Reserved", MemoryType::kSoftReserved},
};

}  // namespace

std::optional<MemoryType> MemoryTypeOfName(std::string_view name) {
  const auto* row = std::ranges::find(kNames, name, &NamedType::name);
  if (row == std::end(kNames)) return std::nullopt;
  return row->type;
}

}  // namespace kexec
