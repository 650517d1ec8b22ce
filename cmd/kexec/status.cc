// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/status.h"

#include <array>

#include "cmd/kexec/crash_reservation.h"
#include "cmd/kexec/exit_status.h"
#include "cmd/kexec/json_writer.h"
#include "kexec/crash_memory.h"
#include "kexec/submit.h"

namespace kexec {
namespace {

// Whether the running kernel keeps the loaded crash kernel's core headers up to date when CPUs and memory
// come and go (Documentation/ABI/testing/sysfs-devices-system-cpu); nullopt: it does not say, and does not.
std::optional<bool> CrashHotplug(const SystemRoot& root) {
  constexpr std::array<std::string_view, 2> kPaths = {"sys/devices/system/cpu/crash_hotplug",
                                                      "sys/devices/system/memory/crash_hotplug"};
  std::optional<bool> all;
  for (const std::string_view path : kPaths) {
    const auto line = root.ReadLine(path);
    if (line.has_value()) all = all.value_or(true) && *line == "1";
  }
  return all;
}

template <class T, class Write>
void WriteOrNull(JsonWriter& json, std::string_view key, const T& value, Write write) {
  json.Key(key);
  if (value.has_value()) {
    write(*value);
  } else {
    json.Null();
  }
}

std::string StatusJson(const SystemRoot& root) {
  JsonWriter json;
  const auto boolean = [&json](bool value) { json.Bool(value); };
  const auto number = [&json](uint64_t value) { json.Number(value); };
  const auto ranges = [&json](const std::vector<PhysRange>& values) { json.Ranges(values); };
  const auto reservation = ReadCrashReservation(root);
  const auto field = [&](auto CrashReservation::* member) {
    return reservation.has_value() ? std::optional(*reservation.*member) : std::nullopt;
  };
  // An empty list says "none", so it must not stand for "hidden".
  const bool hidden =
      reservation.has_value() && reservation->region_bytes != 0 && reservation->regions.empty();
  json.BeginObject();
  json.Key("schema").String("kexec-status/1");
  WriteOrNull(json, "loaded", IsLoaded(LoadKind::kNormal, root), boolean);
  WriteOrNull(json, "crash_loaded", IsLoaded(LoadKind::kCrash, root), boolean);
  WriteOrNull(json, "crash_bytes", field(&CrashReservation::region_bytes), number);
  WriteOrNull(json, "crash_regions", hidden ? std::nullopt : field(&CrashReservation::regions), ranges);
  WriteOrNull(json, "crash_low_bytes", hidden ? std::nullopt : field(&CrashReservation::low_bytes), number);
  WriteOrNull(json, "crash_cma", hidden ? std::nullopt : field(&CrashReservation::cma), ranges);
  WriteOrNull(json, "crash_hotplug", CrashHotplug(root), boolean);
  WriteOrNull(json, "crash_elfcorehdr_size", ReadElfcorehdrSize(root), number);
  json.EndObject();
  return json.Finish();
}

std::string_view LoadedWord(const Result<bool>& loaded) {
  if (!loaded.has_value()) return "unknown";
  return *loaded ? "loaded" : "not loaded";
}

// The same in words, for -d.
void DescribeStatus(const SystemRoot& root, Diagnostics& diagnostics) {
  diagnostics.Note("normal kernel: {}", LoadedWord(IsLoaded(LoadKind::kNormal, root)));
  diagnostics.Note("crash kernel: {}", LoadedWord(IsLoaded(LoadKind::kCrash, root)));
  const auto reservation = ReadCrashReservation(root);
  if (!reservation.has_value()) {
    diagnostics.Note("crash region: unknown, {}", reservation.error().message());
  } else if (reservation->region_bytes == 0) {
    diagnostics.Note("crash region: none, nothing is reserved with crashkernel=");
  } else {
    diagnostics.Note("crash region: {} MiB{}", reservation->region_bytes >> 20,
                     reservation->regions.empty() ? "" : " at " + ToString(reservation->regions.back()));
    if (reservation->low_bytes != 0) {
      diagnostics.Note("low part: {} MiB at {}", reservation->low_bytes >> 20,
                       ToString(reservation->regions.front()));
    }
    for (const PhysRange& range : reservation->cma) {
      diagnostics.Note("lent out until a panic (CMA): {} MiB at {}", range.size() >> 20, ToString(range));
    }
  }
  const auto hotplug = CrashHotplug(root);
  if (hotplug) {
    diagnostics.Note("CPU and memory hotplug: the kernel {} the core headers by itself",
                     *hotplug ? "updates" : "does not update");
  }
}

}  // namespace

int ReportStatus(const Session& session) {
  const Result<bool> loaded = IsLoaded(session.options.slot, session.root);
  if (session.options.json) session.out += StatusJson(session.root);
  if (session.options.debug) DescribeStatus(session.root, session.diagnostics);
  if (!loaded.has_value()) {
    session.diagnostics.Warning(loaded.error().message());
    return kExitFailed;
  }
  return *loaded ? kExitUsage : kExitOk;
}

Result<> PrintCrashSize(const Session& session) {
  KEXEC_ASSIGN(const CrashReservation reservation, ReadCrashReservation(session.root));
  session.out += fmt::format("{}\n", reservation.region_bytes);
  return {};
}

}  // namespace kexec
