// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/psci.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kexec {
namespace {

constexpr std::string_view kFadt = "sys/firmware/acpi/tables/FACP";
// ACPI specification 6.5, table 5.9 and 5.2.9.4, "ARM Architecture Boot Flags".
constexpr size_t kArmBootFlags = 129;
constexpr uint16_t kPsciCompliant = 1 << 0;
constexpr uint16_t kPsciUseHvc = 1 << 1;

}  // namespace

PsciConduit ConduitOfTree(const DeviceTree& tree) {
  const std::vector<std::string> method = tree.Strings("/psci", "method");
  if (method == std::vector<std::string>{"hvc"}) return PsciConduit::kHvc;
  return method == std::vector<std::string>{"smc"} ? PsciConduit::kSmc : PsciConduit::kNone;
}

PsciConduit ConduitOfFadt(Bytes fadt) {
  const auto flags = ReadAt<Le<uint16_t>>(fadt, kArmBootFlags);
  if (!flags || (*flags & kPsciCompliant) == 0) return PsciConduit::kNone;
  return (*flags & kPsciUseHvc) != 0 ? PsciConduit::kHvc : PsciConduit::kSmc;
}

PsciConduit ReadAcpiConduit(const SystemRoot& root) {
  const auto fadt = root.ReadBinary(kFadt);
  return fadt ? ConduitOfFadt(*fadt) : PsciConduit::kNone;
}

}  // namespace kexec
