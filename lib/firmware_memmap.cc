// SPDX-License-Identifier: LGPL-2.1-or-later
// /sys/firmware/memmap: one directory an entry with the files start, end (the last byte) and type
// (Documentation/ABI/testing/sysfs-firmware-memmap).
#include "kexec/memory_map.h"
#include "memory_names.h"

namespace kexec {
namespace {

constexpr std::string_view kFolder = "sys/firmware/memmap";

Result<PhysAddr> ReadAddress(const SystemRoot& root, const std::string& path) {
  KEXEC_ASSIGN(const std::string text, root.ReadLine(path));
  const auto value = ParseNumber(text);
  if (!value)
    return Fail(Errc::kMalformed, "'{}': '{}' is not an address", (root.path() / path).string(), text);
  return PhysAddr(*value);
}

// Entries of types nobody knows, told once for all of them.
class UnknownTypes {
 public:
  MemoryType TypeOf(const std::string& name, const std::string& entry) {
    if (const auto type = MemoryTypeOfName(name)) return *type;
    if (count_++ == 0) first_ = fmt::format("memory of unknown type '{}' in '{}'", name, entry);
    return MemoryType::kReserved;
  }
  void Warn(Diagnostics& diagnostics) const {
    if (count_ == 1) diagnostics.Warn("{} is taken as reserved", first_);
    if (count_ > 1) diagnostics.Warn("{}, and in {} more, is taken as reserved", first_, count_ - 1);
  }

 private:
  size_t count_ = 0;
  std::string first_;
};

}  // namespace

Result<MemoryMap> ReadFirmwareMemmap(const SystemRoot& root, Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const std::vector<std::string> names, root.List(kFolder));
  std::vector<MemoryRegion> regions;
  UnknownTypes unknown;
  for (const std::string& name : names) {
    const std::string entry = fmt::format("{}/{}", kFolder, name);
    const std::string shown = (root.path() / entry).string();
    KEXEC_ASSIGN(const PhysAddr first, ReadAddress(root, entry + "/start"));
    KEXEC_ASSIGN(const PhysAddr last, ReadAddress(root, entry + "/end"));
    KEXEC_ASSIGN(const std::string type, root.ReadLine(entry + "/type"));
    if (last < first) {
      return Fail(Errc::kMalformed, "'{}' ends at {:#x}, before its start {:#x}", shown, last.raw(),
                  first.raw());
    }
    const MemoryType known = unknown.TypeOf(type, shown);
    if (const auto range = PhysRange::FromInclusive(first, last)) regions.push_back({*range, known});
  }
  unknown.Warn(diagnostics);
  MemoryMap map = MemoryMap::FromRegions(std::move(regions));
  if (map.ram().empty()) {
    return Fail(Errc::kMalformed, "'{}' names no 'System RAM' among {} entries",
                (root.path() / kFolder).string(), names.size());
  }
  return map;
}

}  // namespace kexec
