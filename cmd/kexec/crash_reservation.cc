// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/crash_reservation.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kexec/crash_memory.h"
#include "kexec/xen_domain.h"

namespace kexec {
namespace {

uint64_t Bytes(std::span<const PhysRange> disjoint) {
  return std::transform_reduce(disjoint.begin(), disjoint.end(), uint64_t{0}, std::plus<>(),
                               [](const PhysRange& range) { return range.size(); });
}

CrashReservation FromMemory(CrashMemory memory) {
  CrashReservation reservation;
  reservation.dumped_ranges = memory.dumped.size();
  reservation.regions = std::move(memory.regions);
  reservation.cma = std::move(memory.cma);
  reservation.cma_bytes = Bytes(reservation.cma);
  if (reservation.regions.empty()) return reservation;
  reservation.region_bytes = reservation.regions.back().size();
  reservation.low_bytes = Bytes(std::span(reservation.regions).first(reservation.regions.size() - 1));
  return reservation;
}

// The size alone; nullopt if sysfs does not tell it.
Result<std::optional<uint64_t>> ReadSize(const SystemRoot& root) {
  for (const std::string_view path : {"sys/kernel/kexec/crash_size", "sys/kernel/kexec_crash_size"}) {
    const auto text = root.ReadLine(path);
    if (!text.has_value()) continue;
    const auto bytes = ParseNumber(*text);
    if (!bytes) return Fail(Errc::kMalformed, "'{}' holds '{}', not a number", path, *text);
    return bytes;
  }
  return std::nullopt;
}

}  // namespace

uint64_t CrashReservation::total_bytes() const {
  const uint64_t others = low_bytes + std::min(cma_bytes, UINT64_MAX - low_bytes);
  return region_bytes + std::min(others, UINT64_MAX - region_bytes);
}

Result<CrashReservation> ReadCrashReservation(const SystemRoot& root) {
  Result<CrashMemory> memory = ReadCrashMemory(root);
  if (memory.has_value()) return FromMemory(*std::move(memory));
  if (XenLoads(root)) return std::unexpected(std::move(memory).error());
  KEXEC_ASSIGN(const auto bytes, ReadSize(root));
  if (!bytes) return std::unexpected(std::move(memory).error());
  CrashReservation reservation;
  reservation.region_bytes = *bytes;
  return reservation;
}

Result<std::optional<CrashReservation>> RequireCrashMemory(const SystemRoot& root) {
  Result<CrashReservation> reservation = ReadCrashReservation(root);
  if (!reservation.has_value()) return std::nullopt;
  if (reservation->region_bytes > 0) return *std::move(reservation);
  if (XenLoads(root)) {
    return Fail(Errc::kNoCrashRegion,
                "Memory for crashkernel is not reserved: boot Xen with crashkernel=256M (or what kexec "
                "--estimate-crashkernel says) on its own command line, then load the crash kernel again");
  }
  return Fail(
      Errc::kNoCrashRegion,
      "Memory for crashkernel is not reserved: boot the running kernel with crashkernel=256M (or what "
      "kexec --estimate-crashkernel says) on its command line, then load the crash kernel again");
}

}  // namespace kexec
