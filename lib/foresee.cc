// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/foresee.h"

#include <cerrno>

#include "explain_causes.h"
#include "kexec/xen_domain.h"

namespace kexec {
namespace {

std::unexpected<Error> NotPermitted(const CallFacts& facts, std::string_view cause) {
  return std::unexpected(Error(Errc::kSyscall, EPERM, ExplainBy(facts, EPERM, cause)));
}

}  // namespace

// In the order of kernel/kexec.c and kernel/kexec_file.c: kexec_load_permitted(), lockdown, then the sizes.
Result<> Foresee(const CallFacts& facts, const SystemRoot& root) {
  if (XenLoads(root)) return {};  // Xen asks none of these
  if (const auto cause = ForbiddenBySysctl(facts, root)) return NotPermitted(facts, *cause);
  if (facts.call == KexecCall::kFileLoad) return CheckFilesFit(facts.bytes, root);
  if (const auto cause = ForbiddenByLockdown(facts, root)) return NotPermitted(facts, *cause);
  return {};
}

}  // namespace kexec
