// SPDX-License-Identifier: LGPL-2.1-or-later
// Looking for the cause of a refusal. Each function answers with the rest of the sentence after strerror's
// words: cause, then "; " and the remedy where there is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/explain.h"

namespace kexec {

// The whole sentence for a hypercall of Xen's.
std::string ExplainXen(const CallFacts& facts, int sys_errno);

// The whole sentence for a known cause.
std::string ExplainBy(const CallFacts& facts, int sys_errno, std::string_view cause);

// kDoesNotFit where kernel and initrd of that many bytes are more than the kernel takes by kexec_file_load:
// it reads both before it finds out, if the OOM killer does not come first.
Result<> CheckFilesFit(uint64_t bytes, const SystemRoot& root);

// Two causes of EPERM; nullopt where they do not apply or cannot be read.
std::optional<std::string> ForbiddenBySysctl(const CallFacts& facts, const SystemRoot& root);
std::optional<std::string> ForbiddenByLockdown(const CallFacts& facts, const SystemRoot& root);
// EPERM, in the order the kernel checks: capability, sysctls, lockdown; then seccomp.
std::string WhyNotPermitted(const CallFacts& facts, const SystemRoot& root);
// EACCES: a security module.
std::string WhyNoAccess(const CallFacts& facts, const SystemRoot& root);
// ENOSYS: what the kernel was built without.
std::string WhyNoSuchCall(const CallFacts& facts, const SystemRoot& root);
// ENOMEM and EADDRNOTAVAIL, with numbers.
std::string WhyNoMemory(const CallFacts& facts, const SystemRoot& root);
std::string WhyNoAddress(const CallFacts& facts, const SystemRoot& root);
std::string WhyInvalid(const CallFacts& facts, const SystemRoot& root);
// The errno values of signature checks; nullopt for any other.
std::optional<std::string> WhySignature(int sys_errno, const SystemRoot& root);

// "Seccomp" and the like of /proc/self/status, as text.
std::optional<std::string> OwnStatus(std::string_view key, const SystemRoot& root);
// True: a seccomp filter is active for this process.
bool UnderSeccomp(const SystemRoot& root);

}  // namespace kexec
