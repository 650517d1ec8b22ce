// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/choose_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kexec {
namespace {

// What kexec_file_load cannot do at all.
std::vector<std::string> Obstacles(const LoadFacts& facts) {
  std::vector<std::string> obstacles;
  if (!facts.obstacle.empty()) obstacles.push_back(facts.obstacle);
  for (const std::string& option : facts.needs) obstacles.push_back(option + " needs kexec_load");
  return obstacles;
}

// What else speaks for kexec_load where both calls are open.
std::vector<std::string> Preferences(const LoadFacts& facts) {
  std::vector<std::string> reasons;
  for (const std::string& option : facts.prefers) reasons.push_back(option + " works with kexec_load only");
  if (facts.initrds > 1)
    reasons.push_back(fmt::format("kexec_load takes {} initrds uncopied", facts.initrds));
  if (facts.from_pipe) reasons.emplace_back("what comes through a pipe has no file to hand over");
  return reasons;
}

std::string Listed(const std::vector<std::string>& reasons) {
  return fmt::format("{}", fmt::join(reasons, "; "));
}

// kexec_file_load as the only call, because of `why`.
Result<CallChoice> FileLoadOnly(const LoadFacts& facts, const std::string& why) {
  if (const auto obstacles = Obstacles(facts); !obstacles.empty()) {
    return Fail(Errc::kUnsupported, "{}, but {}", why, Listed(obstacles));
  }
  return CallChoice{KexecCall::kFileLoad, false, why, facts.prefers};
}

// Why kexec_file_load comes first where both calls can do what was asked; empty: it need not.
std::string FileLoadFirst(const LoadFacts& facts) {
  if (!facts.file_load_keeps.empty()) return facts.file_load_keeps;
  // Nobody waits for a crash kernel's jump, and the running kernel keeps such an image up to date by itself.
  if (facts.kind == LoadKind::kCrash && facts.file_load_drawback.empty()) {
    return "the kernel then keeps the core headers up to date";
  }
  return {};
}

}  // namespace

Result<CallChoice> ChooseCall(const LoadFacts& facts) {
  if (facts.asked == Call::kLoad) return CallChoice{KexecCall::kLoad, false, "-c was given", {}};
  // What -s cannot honour was told when the options were parsed, and a refusal of the image is the kernel's
  // to make.
  if (facts.asked == Call::kFile) return CallChoice{KexecCall::kFileLoad, false, "-s was given", {}};
  if (facts.kind == LoadKind::kCrash && facts.has_dm_crypt_keys) {
    return FileLoadOnly(facts,
                        "the dm-crypt keys configured for the crash kernel go with kexec_file_load only");
  }
  if (!facts.lockdown.empty()) {
    return FileLoadOnly(facts,
                        fmt::format("kernel lockdown is '{}', which forbids kexec_load", facts.lockdown));
  }
  std::vector<std::string> reasons = Obstacles(facts);
  std::ranges::move(Preferences(facts), std::back_inserter(reasons));
  if (!reasons.empty()) return CallChoice{KexecCall::kLoad, false, Listed(reasons), {}};
  if (const std::string why = FileLoadFirst(facts); !why.empty()) {
    return CallChoice{KexecCall::kFileLoad, true, why, {}};
  }
  if (!facts.file_load_drawback.empty()) {
    return CallChoice{KexecCall::kLoad, true, facts.file_load_drawback, {}};
  }
  return CallChoice{KexecCall::kLoad, true, "its jump is faster, and nothing here asks for a signature", {}};
}

std::string DescribeCall(const CallChoice& choice) {
  if (!choice.may_fall_back) return std::string(CallName(choice.first));
  return fmt::format("{}, then {} where that may help", CallName(choice.first), CallName(OtherCall(choice.first)));
}

KexecCall OtherCall(KexecCall call) {
  return call == KexecCall::kLoad ? KexecCall::kFileLoad : KexecCall::kLoad;
}

std::string_view CallName(KexecCall call) {
  switch (call) {
    case KexecCall::kLoad:
      return "kexec_load";
    case KexecCall::kFileLoad:
      return "kexec_file_load";
    case KexecCall::kReboot:
      return "reboot";
  }
  return {};
}

}  // namespace kexec
