// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/file_load_keeps.h"

#include <string_view>

#include "cmd/kexec/crash_need.h"

namespace kexec {
namespace {

// The first measurement is made at every boot (boot_aggregate); more come by a policy only.
bool ImaMeasures(const SystemRoot& root) {
  const auto count = root.ReadLine("sys/kernel/security/ima/runtime_measurements_count");
  return count.has_value() && ParseNumber(*count).value_or(0) > 1;
}

// Documentation/admin-guide/kernel-parameters.txt, "kho=": a boolean as kstrtobool takes it.
bool HandoverIsOn(const SystemRoot& root) {
  const auto command_line = root.ReadLine("proc/cmdline");
  if (!command_line.has_value()) return false;
  const auto value = ParameterValue(*command_line, "kho");
  return value && (*value == "on" || value->starts_with('1') || value->starts_with('y') || value->starts_with('Y'));
}

}  // namespace

std::string FileLoadKeeps(const SystemRoot& root) {
  if (ImaMeasures(root)) return "it hands IMA's list of measurements to the next kernel";
  if (HandoverIsOn(root)) return "it hands over what Kexec Handover preserves (kho=on)";
  return {};
}

}  // namespace kexec
