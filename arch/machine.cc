// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/machine.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "arch/arm64/arm64_machine.h"
#include "arch/riscv64/riscv64_machine.h"
#include "arch/x86_64/x86_machine.h"

namespace kexec {
namespace {

// One row a machine: its name as uname -m tells it.
struct MachineRow {
  std::string_view name;
  Result<std::unique_ptr<Machine>> (*read)(const SystemRoot& root, LoadKind kind, Diagnostics& diagnostics);
};

constexpr MachineRow kMachines[] = {
    {"x86_64", ReadX86Machine},
    {"aarch64", ReadArm64Machine},
    {"riscv64", ReadRiscv64Machine},
};

std::string Listed() {
  std::string names;
  for (const MachineRow& row : kMachines) names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
  return names;
}

}  // namespace

std::vector<std::string_view> MachineNames() {
  std::vector<std::string_view> names;
  for (const MachineRow& row : kMachines) names.push_back(row.name);
  return names;
}

Result<std::unique_ptr<Machine>> ReadMachine(const SystemRoot& root, LoadKind kind,
                                             Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const std::string name, root.MachineName(), "cannot tell the machine's architecture");
  const auto* row = std::ranges::find(kMachines, name, &MachineRow::name);
  if (row == std::end(kMachines)) {
    return Fail(Errc::kUnsupported, "machine '{}' is not supported (supported: {})", name, Listed());
  }
  return row->read(root, kind, diagnostics);
}

}  // namespace kexec
