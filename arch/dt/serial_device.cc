// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/serial_device.h"

#include <algorithm>
#include <optional>

namespace kexec {
namespace {

constexpr std::string_view kTtys = "sys/class/tty";
// io_type, include/linux/serial_core.h.
constexpr uint64_t kUpioMem = 2;
constexpr uint64_t kUpioMem32 = 3;
constexpr uint64_t kWordShift = 2;

std::optional<uint64_t> ReadField(const SystemRoot& root, std::string_view tty, std::string_view field) {
  const auto line = root.ReadLine(fmt::format("{}/{}/{}", kTtys, tty, field));
  return line ? ParseNumber(*line) : std::nullopt;
}

std::optional<SerialKind> KindOf(const SystemRoot& root, std::string_view tty) {
  if (tty.starts_with("ttyAMA")) return SerialKind::kPl011;
  if (!tty.starts_with("ttyS")) return std::nullopt;
  const uint64_t io_type = ReadField(root, tty, "io_type").value_or(0);
  const uint64_t shift = ReadField(root, tty, "iomem_reg_shift").value_or(0);
  if (io_type == kUpioMem && shift == 0) return SerialKind::k8250;
  if ((io_type == kUpioMem || io_type == kUpioMem32) && shift == kWordShift) return SerialKind::k8250Wide;
  return std::nullopt;
}

}  // namespace

std::vector<SerialDevice> ReadSerialDevices(const SystemRoot& root) {
  std::vector<SerialDevice> devices;
  const auto names = root.List(kTtys);
  if (!names) return devices;
  for (const std::string& name : *names) {
    if (!name.starts_with("ttyAMA") && !name.starts_with("ttyS")) continue;
    const auto base = ReadField(root, name, "iomem_base");
    const auto kind = KindOf(root, name);
    if (base.value_or(0) != 0 && kind) devices.push_back({name, PhysAddr(*base), *kind});
  }
  return devices;
}

Result<SerialDevice> FindSerialDevice(const std::vector<SerialDevice>& devices, std::string_view name) {
  if (name.starts_with("/dev/")) name.remove_prefix(5);
  const auto found = std::ranges::find(devices, name, &SerialDevice::name);
  if (found != devices.end()) return *found;
  std::string known;
  for (const SerialDevice& device : devices)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", device.name);
  return Fail(Errc::kUsage,
              "--serial={}: this machine has no such serial device with registers in memory (it has {})",
              name, known.empty() ? "none" : known);
}

}  // namespace kexec
