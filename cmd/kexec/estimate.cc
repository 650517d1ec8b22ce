// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/estimate.h"

#include <array>
#include <span>

#include "cmd/kexec/boot_files.h"
#include "cmd/kexec/command_line.h"
#include "cmd/kexec/crash_need.h"
#include "cmd/kexec/estimate_report.h"

namespace kexec {
namespace {

// Where distributions keep the running kernel; {} is its release.
constexpr std::array<std::string_view, 2> kKernelPlaces = {"boot/vmlinuz-{}", "usr/lib/modules/{}/vmlinuz"};
// Its initrd: first those made for a crash kernel (kdump-tools of Debian, kdump-utils of Fedora, kdump of
// SUSE), then the one it boots with.
constexpr std::array<std::string_view, 7> kInitrdPlaces = {"var/lib/kdump/initrd.img-{}",
                                                           "boot/initramfs-{}kdump.img",
                                                           "boot/initrd-{}-kdump",
                                                           "var/lib/kdump/initrd",
                                                           "boot/initrd.img-{}",
                                                           "boot/initramfs-{}.img",
                                                           "boot/initrd-{}"};

std::string InPlace(std::string_view place, std::string_view release) {
  const size_t gap = place.find("{}");
  if (gap == std::string_view::npos) return std::string(place);
  return fmt::format("{}{}{}", place.substr(0, gap), release, place.substr(gap + 2));
}

// The first of the places where there is a file; empty: none.
std::filesystem::path FirstThere(std::span<const std::string_view> places, std::string_view release,
                                 const SystemRoot& root) {
  const BootFiles files(root);
  for (const std::string_view place : places) {
    if (const auto found = files.Find(InPlace(place, release), ""); found.has_value()) return *found;
  }
  return {};
}

Result<> ChooseRunningKernel(const Session& session, Options& options) {
  KEXEC_ASSIGN(const std::string release, session.root.KernelRelease());
  options.kernel = FirstThere(kKernelPlaces, release, session.root);
  if (options.kernel.empty()) {
    return Fail(Errc::kUsage, "no file of the running kernel was found ('{}'): name the kernel",
                (session.root.path() / InPlace(kKernelPlaces.front(), release)).string());
  }
  if (!options.initrds.empty()) return {};
  const std::filesystem::path initrd = FirstThere(kInitrdPlaces, release, session.root);
  if (initrd.empty()) {
    session.diagnostics.Warn("no initrd of the running kernel was found: name it with --initrd=FILE");
  } else {
    options.initrds.push_back(initrd);
  }
  return {};
}

}  // namespace

Result<> EstimateCrashkernel(const Session& session) {
  Options options = session.options;
  const bool chosen = options.kernel.empty() && !options.boot_entry;
  if (chosen) KEXEC_TRY(ChooseRunningKernel(session, options));
  const Session loading{options,      session.root,        session.kernel,
                        session.host, session.diagnostics, session.out};
  KEXEC_ASSIGN(LoadRequest request, ReadLoadRequest(loading));
  // A unified kernel image or a boot entry may have brought one.
  const bool assumed = !options.append && !options.reuse_cmdline && request.command_line.empty();
  if (assumed) {
    KEXEC_ASSIGN(request.command_line, BuildCommandLine({.reuse = true, .kind = options.slot}, session.root));
  }
  const Result<CrashReservation> reservation = ReadCrashReservation(session.root);
  const uint64_t ranges = reservation.has_value() ? reservation->dumped_ranges : 1;
  const CrashNeed need = GatherCrashNeed(request, ranges, session.root);
  const uint64_t recommended = RecommendedCrashBytes(need);
  const EstimateReport report{
      .request = request,
      .need = need,
      .estimate = EstimateCrash(need, recommended),
      .recommended_bytes = recommended,
      .reservation = reservation,
      .running_kernel = chosen,
      .running_command_line = assumed,
  };
  session.out += session.options.json ? EstimateJson(report) : EstimateText(report);
  return {};
}

}  // namespace kexec
