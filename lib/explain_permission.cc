// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cerrno>

#include "explain_causes.h"
#include "kernel_config.h"

namespace kexec {
namespace {

constexpr unsigned kCapSysBoot = 22;  // include/uapi/linux/capability.h
constexpr std::string_view kEfiGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

std::optional<std::string> MissingCapability(const SystemRoot& root) {
  if (LacksCapSysBoot(root)) return "this process lacks CAP_SYS_BOOT; run as root";
  const auto map = root.ReadText("proc/self/uid_map");
  // "0 0 4294967295" is the initial user namespace; only there the capability counts.
  if (map && !map->empty() && map->find("4294967295") == std::string::npos) {
    return "root inside a user namespace (a container) has no CAP_SYS_BOOT on the machine; run it outside";
  }
  return std::nullopt;
}

std::optional<bool> EfiFlag(std::string_view variable, const SystemRoot& root) {
  const auto bytes = root.ReadBinary(fmt::format("sys/firmware/efi/efivars/{}-{}", variable, kEfiGlobal));
  if (!bytes || bytes->size() != 5) return std::nullopt;  // four bytes of attributes, then the value
  return bytes->back() == std::byte{1};
}

// " (Secure Boot is on)", or nothing when that is unknown or off.
std::string SecureBootNote(const SystemRoot& root) {
  const auto secure = EfiFlag("SecureBoot", root);
  if (!secure) return "";
  if (EfiFlag("SetupMode", root).value_or(false)) return " (Secure Boot is in setup mode)";
  return *secure ? " (Secure Boot is on)" : " (Secure Boot is off)";
}

}  // namespace

std::optional<std::string> ForbiddenBySysctl(const CallFacts& facts, const SystemRoot& root) {
  const auto disabled = root.ReadLine("proc/sys/kernel/kexec_load_disabled");
  if (disabled && *disabled == "1") {
    return "kernel.kexec_load_disabled is 1, which stays so until the next boot; reboot, and find who sets "
           "it (sysctl.d)";
  }
  const std::string_view name =
      facts.kind == LoadKind::kCrash ? "kexec_load_limit_panic" : "kexec_load_limit_reboot";
  const auto limit = root.ReadLine(fmt::format("proc/sys/kernel/{}", name));
  if (limit && *limit == "0") {
    return fmt::format("kernel.{} is 0: no load or unload of this kind is left until the next boot", name);
  }
  return std::nullopt;
}

std::optional<std::string> ForbiddenByLockdown(const CallFacts& facts, const SystemRoot& root) {
  const auto state = LockdownState(root);
  if (!state) return std::nullopt;
  const std::string lockdown = fmt::format("kernel lockdown is '{}'{}", *state, SecureBootNote(root));
  if (facts.call == KexecCall::kFileLoad) {
    if (KernelBuiltWith("CONFIG_KEXEC_SIG", root) == false) {
      return lockdown + " and this kernel cannot verify images (no CONFIG_KEXEC_SIG); boot with lockdown off";
    }
    return lockdown +
           " and the image has no signature this kernel trusts; use a signed kernel, or enrol its key "
           "(mokutil --import)";
  }
  return lockdown + (facts.unload ? "; use kexec -s -u" : "; use kexec -s with a signed kernel");
}

bool LacksCapSysBoot(const SystemRoot& root) {
  const auto effective = OwnStatus("CapEff", root);
  const auto bits = effective ? ParseNumber("0x" + *effective) : std::nullopt;
  return bits && (*bits >> kCapSysBoot & 1) == 0;
}

std::string WhyNotPermitted(const CallFacts& facts, const SystemRoot& root) {
  if (auto cause = MissingCapability(root)) return *cause;
  if (facts.call != KexecCall::kReboot) {
    if (auto cause = ForbiddenBySysctl(facts, root)) return *cause;
    // kexec_file_load does not ask lockdown to unload.
    if (facts.call == KexecCall::kLoad || !facts.unload) {
      if (auto cause = ForbiddenByLockdown(facts, root)) return *cause;
    }
  }
  if (UnderSeccomp(root)) {
    return "a seccomp filter (a container or a service's sandbox) forbids the call; run it outside";
  }
  return "capability, sysctls, lockdown and seccomp all allow it, so a security module refused; see the "
         "kernel log (dmesg)";
}

std::string WhyNoAccess(const CallFacts& facts, const SystemRoot& root) {
  const std::string secure_boot = SecureBootNote(root);
  if (facts.call == KexecCall::kLoad) {
    return fmt::format(
        "a security policy (IMA appraisal, SELinux) allows only images it can verify{}; use kexec -s",
        secure_boot);
  }
  return fmt::format(
      "a security policy (IMA appraisal, SELinux) rejects this file{}; sign it as the policy asks, see the "
      "kernel log (dmesg)",
      secure_boot);
}

std::optional<std::string> WhySignature(int sys_errno, const SystemRoot& root) {
  struct Row {
    int sys_errno;
    std::string_view cause, remedy;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {ENODATA, "the image carries no signature, and the kernel demands one",
       "sign it (sbsign), or use a signed kernel"},
      {EKEYREJECTED, "the signature does not fit the image, or its key is forbidden (dbx, blacklist keyring)",
       "use an image that is intact and signed with a valid key"},
      {ENOKEY, "the key that signed the image is not in the kernel's keyrings",
       "enrol its certificate (mokutil --import)"},
      {EKEYEXPIRED, "the key that signed the image has expired", "use an image signed with a valid key"},
      {EKEYREVOKED, "the key that signed the image was revoked", "use an image signed with a valid key"},
      {ELIBBAD, "the image is no intact PE file, so the kernel finds no signature in it",
       "use the file as it was signed, not unpacked or changed"},
      {EBADMSG, "the signature in the image is malformed", "sign the image again"},
      {ENOPKG, "the kernel lacks the hash or key algorithm of the signature",
       "sign the image with another one (SHA-256, RSA)"},
      {EMSGSIZE, "the signature in the image is cut short or has the wrong length", "sign the image again"},
  });
  for (const Row& row : kRows) {
    if (row.sys_errno == sys_errno) {
      return fmt::format("{}{}; {}", row.cause, SecureBootNote(root), row.remedy);
    }
  }
  return std::nullopt;
}

}  // namespace kexec
