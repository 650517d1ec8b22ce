// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/machine.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "arch/arm64/arm64_machine.h"
#include "arch/file_load_drawback.h"
#include "arch/riscv64/riscv64_machine.h"
#include "arch/x86_64/x86_machine.h"

namespace kexec {
namespace {

// One row a machine.
struct MachineRow {
  std::string_view name;  // as uname -m tells it
  bool device_tree;       // whether its kernels are handed one
  std::string_view (*file_load_drawback)(LoadKind kind);
  Result<std::unique_ptr<Machine>> (*read)(const SystemRoot& root, LoadKind kind, Diagnostics& diagnostics);
};

constexpr MachineRow kMachines[] = {
    {"x86_64", false, [](LoadKind) { return std::string_view(); }, ReadX86Machine},
    {"aarch64", true, Arm64FileLoadDrawback, ReadArm64Machine},
    {"riscv64", true, Riscv64FileLoadDrawback, ReadRiscv64Machine},
};

const MachineRow* FindMachine(std::string_view name) {
  const auto* row = std::ranges::find(kMachines, name, &MachineRow::name);
  return row == std::end(kMachines) ? nullptr : row;
}

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

bool TakesDeviceTree(std::string_view machine) {
  const MachineRow* row = FindMachine(machine);
  return row != nullptr && row->device_tree;
}

std::string FileLoadDrawback(std::string_view machine, LoadKind kind) {
  const MachineRow* row = FindMachine(machine);
  return row == nullptr ? std::string() : std::string(row->file_load_drawback(kind));
}

Result<std::unique_ptr<Machine>> ReadMachine(const SystemRoot& root, LoadKind kind,
                                             Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const std::string name, root.MachineName(), "cannot tell the machine's architecture");
  const MachineRow* row = FindMachine(name);
  if (row == nullptr) {
    return Fail(Errc::kUnsupported, "machine '{}' is not supported (supported: {})", name, Listed());
  }
  return row->read(root, kind, diagnostics);
}

}  // namespace kexec
