// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain_causes.h"
#include "kernel_config.h"
#include "kexec/syscalls.h"

namespace kexec {
namespace {

// Rounded up: what is needed must not look smaller than it is.
uint64_t Mib(uint64_t bytes) { return bytes / (1 << 20) + (bytes % (1 << 20) != 0); }

constexpr std::string_view kNoReservation =
    "no memory is reserved for a crash kernel; reserve some with crashkernel= on the kernel command line";

std::optional<uint64_t> ReservedForCrash(const SystemRoot& root) {
  for (const std::string_view path : {"sys/kernel/kexec/crash_size", "sys/kernel/kexec_crash_size"}) {
    if (const auto text = root.ReadLine(path)) return ParseNumber(*text);
  }
  return std::nullopt;
}

}  // namespace

std::string WhyNoSuchCall(const CallFacts& facts, const SystemRoot& root) {
  const bool file = facts.call == KexecCall::kFileLoad;
  const std::string_view option = file ? "CONFIG_KEXEC_FILE" : "CONFIG_KEXEC";
  const std::string_view other = file ? "; use kexec -c" : "; use kexec -s";
  const auto built = KernelBuiltWith(option, root);
  if (built == true && UnderSeccomp(root)) {
    return "the kernel has the call, so a seccomp filter (a container or a service's sandbox) hides it; run "
           "it outside";
  }
  if (built == true) {
    return "the kernel is built with it, but not for this machine or for programs of this word size" +
           std::string(other);
  }
  if (!root.Exists("sys/kernel/kexec_loaded") && !root.Exists("sys/kernel/kexec")) {
    return "the running kernel is built without kexec (CONFIG_KEXEC, CONFIG_KEXEC_FILE); use another kernel";
  }
  const std::string_view certainty = built == false ? "is" : "is probably";
  return fmt::format("the running kernel {} built without {}{}", certainty, option, other);
}

std::string WhyNoMemory(const CallFacts& facts, const SystemRoot& root) {
  const auto total = MemInfo("MemTotal", root);
  auto available = MemInfo("MemAvailable", root);
  if (!available) available = MemInfo("MemFree", root);
  std::string cause = "the kernel ran out of memory for the image";
  if (facts.bytes != 0 && available && total) {
    cause = fmt::format("the image needs {} MiB, of {} MiB of memory {} MiB are available", Mib(facts.bytes),
                        Mib(*total), *available >> 20);
  } else if (facts.bytes != 0) {
    cause = fmt::format("the kernel ran out of memory for an image of {} MiB", Mib(facts.bytes));
  }
  if (facts.kind == LoadKind::kCrash) return cause + "; reserve more with crashkernel=";
  if (facts.call == KexecCall::kFileLoad) {
    return cause + ", and kexec_file_load holds the files twice while it loads; free memory, or use kexec -c";
  }
  return cause + "; free memory, or use a smaller initrd";
}

std::string WhyNoAddress(const CallFacts& facts, const SystemRoot& root) {
  if (facts.kind == LoadKind::kCrash) {
    const auto reserved = ReservedForCrash(root);
    if (reserved && *reserved == 0) return std::string(kNoReservation);
    const std::string size = reserved ? fmt::format(" of {} MiB", *reserved >> 20) : "";
    return fmt::format(
        "the image does not lie inside the memory{} reserved for the crash kernel{}; reserve more "
        "with crashkernel=, or use a smaller image",
        size, facts.bytes != 0 ? fmt::format(" or does not fit: it needs {} MiB", Mib(facts.bytes)) : "");
  }
  if (facts.call == KexecCall::kFileLoad) {
    const std::string need = facts.bytes != 0 ? fmt::format(" of {} MiB", Mib(facts.bytes)) : "";
    return fmt::format(
        "the kernel found no free range of RAM for the image{}; use kexec -c, which places it itself", need);
  }
  return "a segment is not page aligned, wraps, or lies above the memory the kernel can copy to; please "
         "report this with the output of -d";
}

std::string WhyInvalid(const CallFacts& facts, const SystemRoot& root) {
  if (facts.call == KexecCall::kReboot) {
    return "no kernel is loaded, or this process runs in a PID namespace (a container); load one, and run it "
           "outside";
  }
  if (facts.call == KexecCall::kLoad && (facts.flags & kKexecPreserveContext) != 0 &&
      KernelBuiltWith("CONFIG_KEXEC_JUMP", root) == false) {
    return "the running kernel cannot be returned to: it is built without CONFIG_KEXEC_JUMP";
  }
  const auto total = MemInfo("MemTotal", root);
  if (facts.bytes != 0 && total && facts.bytes > *total / 2) {
    return fmt::format(
        "the image needs {} MiB, more than half of the {} MiB of memory, which is what the kernel takes "
        "at most; use a smaller initrd",
        Mib(facts.bytes), Mib(*total));
  }
  if (facts.call == KexecCall::kFileLoad) {
    return fmt::format(
        "the kernel does not take this image, its command line is too long, or a flag of {:#x} is "
        "unknown to it; use kexec -c, or see the kernel log (dmesg)",
        facts.flags);
  }
  return fmt::format(
      "the kernel does not know a flag of {:#x}, is of another architecture than this program, or "
      "cannot stop its other CPUs; see the kernel log (dmesg)",
      facts.flags);
}

}  // namespace kexec
