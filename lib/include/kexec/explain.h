// SPDX-License-Identifier: LGPL-2.1-or-later
// Every errno of kexec_load, kexec_file_load and reboot as one sentence with the probable cause, found by
// looking: lockdown, sysctls, capabilities, kernel configuration, Secure Boot, memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kexec/export.h"
#include "kexec/plan.h"
#include "kexec/system_root.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class KexecCall { kLoad, kFileLoad, kReboot };

// What was asked, so that the numbers can be named.
struct CallFacts {
  KexecCall call;
  LoadKind kind = LoadKind::kNormal;
  bool unload = false;
  uint64_t bytes = 0;  // sum of memsz, or of the files; 0: unknown
  uint64_t flags = 0;
};

// "kexec_load: Operation not permitted: kernel lockdown is 'integrity'; use kexec -s with a signed kernel":
// the call, strerror's words, the cause and the remedy. Never empty; reads only through `root`.
std::string Explain(const CallFacts& facts, int sys_errno, const SystemRoot& root);

// The state in brackets in /sys/kernel/security/lockdown: "integrity" or "confidentiality"; nullopt for
// "none" or where the kernel does not say.
std::optional<std::string> LockdownState(const SystemRoot& root);

// A number of /proc/meminfo in bytes ("MemAvailable"); nullopt if it is not there.
std::optional<uint64_t> MemInfo(std::string_view key, const SystemRoot& root);

// True if /proc/self/status says that this process has not the capability that loading and executing need.
bool LacksCapSysBoot(const SystemRoot& root);

}  // namespace kexec
KEXEC_PUBLIC_END
