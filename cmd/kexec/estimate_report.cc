// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/estimate_report.h"

#include <fmt/format.h>

#include <iterator>

#include "cmd/kexec/crash_fit.h"
#include "cmd/kexec/json_writer.h"
#include "kexec/printable.h"
#include "loaders/unpacked_size.h"

namespace kexec {
namespace {

// Of several sizes in one column: MiB with one digit.
double Mib(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void AppendWhat(std::string& out, const EstimateReport& report) {
  const LoadRequest& request = report.request;
  fmt::format_to(std::back_inserter(out), "{:<13} {}{}\n", "kernel",
                 Printable(request.kernel_file.path.string()), report.running_kernel ? " (running now)" : "");
  if (request.embedding) {
    fmt::format_to(std::back_inserter(out), "{:<13} {}{}{}\n", "", request.embedding->type,
                   request.embedding->profile.empty() ? "" : ", ", Printable(request.embedding->profile));
  }
  for (const RequestedInitrd& initrd : request.initrds) {
    const UnpackedSize unpacked = MeasureUnpacked(initrd.bytes.view());
    fmt::format_to(std::back_inserter(out), "{:<13} {}\n{:<13} {:.1f} MiB, unpacked {}{:.1f} MiB ({})\n",
                   "initrd", Printable(InitrdName(initrd)), "", Mib(initrd.bytes.size()),
                   unpacked.exact ? "" : "about ", Mib(unpacked.bytes), unpacked.source);
  }
  if (report.running_command_line) {
    fmt::format_to(std::back_inserter(out), "{:<13} that of the running kernel, as none is given\n",
                   "command line");
  }
}

void AppendTerms(std::string& out, const EstimateReport& report) {
  fmt::format_to(std::back_inserter(out), "\n{:>10}\n", "MiB");
  for (const CrashTerm& term : report.estimate.terms) {
    if (term.bytes == 0) continue;
    fmt::format_to(std::back_inserter(out), "{:>10.1f}  {:<20}  {}\n", Mib(term.bytes), term.name,
                   term.reason);
  }
  fmt::format_to(
      std::back_inserter(out), "{:>10.1f}  needed with a margin, {:.1f} at least, {:.1f} to be loaded\n",
      Mib(report.estimate.run_bytes), Mib(report.estimate.least_bytes), Mib(report.estimate.load_bytes));
}

void AppendReservation(std::string& out, const EstimateReport& report) {
  if (!report.reservation.has_value()) {
    fmt::format_to(std::back_inserter(out), "{:>10}  reserved now: {}\n", "?",
                   Printable(report.reservation.error().message()));
    return;
  }
  const CrashReservation& reservation = *report.reservation;
  fmt::format_to(std::back_inserter(out), "{:>10.1f}  reserved now", Mib(reservation.total_bytes()));
  if (reservation.low_bytes != 0) {
    fmt::format_to(std::back_inserter(out), ", {:.1f} of it low", Mib(reservation.low_bytes));
  }
  if (reservation.cma_bytes != 0) {
    fmt::format_to(std::back_inserter(out), ", {:.1f} of it lent out as CMA", Mib(reservation.cma_bytes));
  }
  const CrashEstimate now = EstimateCrash(report.need, reservation.total_bytes());
  if (!report.Sufficient().value_or(false)) {
    out += ": not enough\n";
  } else {
    out += now.run_bytes <= reservation.total_bytes() ? ": enough\n" : ": enough, without a margin\n";
  }
}

void WriteWhat(JsonWriter& json, const EstimateReport& report) {
  const LoadRequest& request = report.request;
  json.Key("kernel").BeginObject();
  json.Key("path").String(request.kernel_file.path.string());
  json.Key("bytes").Number(KernelFileBytes(request));
  json.Key("running").Bool(report.running_kernel);
  json.EndObject();
  json.Key("initrds").BeginArray();
  for (const RequestedInitrd& initrd : request.initrds) {
    const UnpackedSize unpacked = MeasureUnpacked(initrd.bytes.view());
    json.BeginObject();
    json.Key("path").String(InitrdName(initrd));
    json.Key("bytes").Number(initrd.bytes.size());
    json.Key("unpacked_bytes").Number(unpacked.bytes);
    json.Key("unpacked_exact").Bool(unpacked.exact);
    json.Key("unpacked_source").String(unpacked.source);
    json.EndObject();
  }
  json.EndArray();
  json.Key("command_line").BeginObject();
  json.Key("text").String(request.command_line);
  json.Key("running").Bool(report.running_command_line);
  json.EndObject();
}

void WriteReservation(JsonWriter& json, const EstimateReport& report) {
  json.Key("reserved");
  if (!report.reservation.has_value()) {
    json.Null();
    return;
  }
  json.BeginObject();
  json.Key("regions").Ranges(report.reservation->regions);
  json.Key("cma").Ranges(report.reservation->cma);
  json.Key("region_bytes").Number(report.reservation->region_bytes);
  json.Key("total_bytes").Number(report.reservation->total_bytes());
  json.Key("sufficient").Bool(report.Sufficient().value_or(false));
  json.EndObject();
}

}  // namespace

std::optional<bool> EstimateReport::Sufficient() const {
  if (!reservation.has_value()) return std::nullopt;
  const CrashEstimate now = EstimateCrash(need, reservation->total_bytes());
  return now.load_bytes <= reservation->region_bytes && now.least_bytes <= reservation->total_bytes();
}

std::string EstimateText(const EstimateReport& report) {
  std::string out;
  AppendWhat(out, report);
  AppendTerms(out, report);
  AppendReservation(out, report);
  return out + fmt::format("\n{}\n", CrashkernelParameter(report.recommended_bytes));
}

std::string EstimateJson(const EstimateReport& report) {
  JsonWriter json;
  json.BeginObject();
  json.Key("schema").String("kexec-crash-estimate/1");
  WriteWhat(json, report);
  json.Key("terms").BeginArray();
  for (const CrashTerm& term : report.estimate.terms) {
    json.BeginObject();
    json.Key("name").String(term.name);
    json.Key("bytes").Number(term.bytes);
    json.Key("loaded").Bool(term.loaded);
    json.Key("reason").String(term.reason);
    json.EndObject();
  }
  json.EndArray();
  json.Key("load_bytes").Number(report.estimate.load_bytes);
  json.Key("run_bytes").Number(report.estimate.run_bytes);
  json.Key("least_bytes").Number(report.estimate.least_bytes);
  WriteReservation(json, report);
  json.Key("recommended_bytes").Number(report.recommended_bytes);
  json.Key("crashkernel").String(CrashkernelParameter(report.recommended_bytes));
  json.EndObject();
  return json.Finish();
}

}  // namespace kexec
