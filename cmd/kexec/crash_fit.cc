// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/crash_fit.h"

#include <cerrno>

#include "cmd/kexec/crash_need.h"
#include "cmd/kexec/crash_reservation.h"

namespace kexec {
namespace {

// What alignment can cost a plan: the kernel's own, and a page for each segment.
constexpr uint64_t kPlacementLoss = 4 << 20;

// "58 MiB", rounded up: a need must not look smaller than it is.
std::string Mib(uint64_t bytes) { return fmt::format("{} MiB", (bytes >> 20) + (bytes % (1 << 20) != 0)); }

// "128 MiB", rounded down.
std::string Has(uint64_t bytes) { return fmt::format("{} MiB", bytes >> 20); }

// " at [0x34000000, 0x3c000000)", or nothing where addresses are hidden.
std::string Place(const CrashReservation& reservation) {
  return reservation.regions.empty() ? "" : fmt::format(" at {}", ToString(reservation.regions.back()));
}

std::string Advice(const CrashNeed& need) {
  return fmt::format("boot the running kernel with {}", CrashkernelParameter(RecommendedCrashBytes(need)));
}

}  // namespace

std::string CrashkernelParameter(uint64_t bytes) {
  return fmt::format("crashkernel={}{}", CrashkernelValue(bytes), BelongsHigh(bytes) ? ",high" : "");
}

Result<> CheckCrashFit(const LoadRequest& request, const std::optional<CrashReservation>& reservation,
                       const Session& session) {
  if (!reservation) return {};
  const CrashNeed need = GatherCrashNeed(request, reservation->dumped_ranges, session.root);
  // The rest of the load is small, and where it goes is for the plan, or the running kernel, to find out.
  const uint64_t files = need.kernel_bytes + need.initrd_bytes;
  if (files > reservation->region_bytes) {
    return Fail(
        Errc::kDoesNotFit,
        "the crash kernel needs {} to be loaded, {} for the kernel and {} for the initrd, but the region "
        "reserved for it{} has {}; {}, or use a smaller initrd",
        Mib(files), Mib(need.kernel_bytes), Mib(need.initrd_bytes), Place(*reservation),
        Has(reservation->region_bytes), Advice(need));
  }
  const uint64_t total = reservation->total_bytes();
  const CrashEstimate estimate = EstimateCrash(need, total);
  session.diagnostics.Note("crash kernel: {} to load, {} to run at least, {} with a margin, of {} reserved",
                           Mib(estimate.load_bytes), Mib(estimate.least_bytes), Mib(estimate.run_bytes),
                           Has(total));
  if (estimate.least_bytes > total) {
    session.diagnostics.Warn(
        "the crash kernel will probably run out of memory before the dump is saved: it needs {} at least, "
        "and {} are reserved; {} (kexec --estimate-crashkernel tells what for)",
        Mib(estimate.least_bytes), Has(total), Advice(need));
  }
  return {};
}

Error WithCrashAdvice(Error error, const LoadRequest& request, const SystemRoot& root) {
  const bool refused =
      error.code() == Errc::kSyscall && (error.sys_errno() == EADDRNOTAVAIL || error.sys_errno() == ENOMEM);
  if (!refused && error.code() != Errc::kDoesNotFit) return error;
  const Result<CrashReservation> reservation = ReadCrashReservation(root);
  const CrashNeed need =
      GatherCrashNeed(request, reservation.has_value() ? reservation->dumped_ranges : 1, root);
  // Where it should have fitted the number would be no help: the reason is another one.
  const uint64_t enough =
      refused ? RecommendedCrashBytes(need) : EstimateCrash(need, 0).load_bytes + kPlacementLoss;
  if (reservation.has_value() && reservation->region_bytes >= enough) return error;
  return Error(error.code(), error.sys_errno(), fmt::format("{}: {}", error.message(), Advice(need)));
}

}  // namespace kexec
