// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/choose_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

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

// Nothing is handed over to a crash kernel.
std::string LostByKexecLoad(const LoadFacts& facts) {
  return facts.kind == LoadKind::kNormal ? facts.handed_over : "";
}

bool LoadIsForbidden(const LoadFacts& facts) { return !facts.lockdown.empty(); }

CallChoice OnlyOrFirst(KexecCall call, bool may_fall_back, std::string reason) {
  CallChoice choice;
  choice.first = call;
  choice.may_fall_back = may_fall_back;
  choice.reason = std::move(reason);
  return choice;
}

// kexec_file_load as the only call, because of `why`.
Result<CallChoice> FileLoadOnly(const LoadFacts& facts, const std::string& why) {
  CallChoice choice = OnlyOrFirst(KexecCall::kFileLoad, false, why);
  choice.ignored = facts.prefers;
  if (!LoadIsForbidden(facts)) choice.kept = LostByKexecLoad(facts);
  if (const auto obstacles = Obstacles(facts); !obstacles.empty()) {
    return Fail(Errc::kUnsupported, "{}, but {}{}", why, Listed(obstacles),
                choice.kept.empty() ? "" : "; use -c to lose it");
  }
  return choice;
}

// -s. What it cannot honour was told when the options were parsed, and whether it takes an image of a format
// it has a loader for is the kernel's to say.
Result<CallChoice> AskedForFileLoad(const LoadFacts& facts) {
  if (facts.foreign_format) return Fail(Errc::kUnsupported, "{}; leave out -s", facts.obstacle);
  return OnlyOrFirst(KexecCall::kFileLoad, false, "-s was given");
}

// Why kexec_file_load comes first where both calls can do what was asked; empty: it need not.
std::string FileLoadFirst(const LoadFacts& facts) {
  // Nobody waits for a crash kernel's jump, and the running kernel keeps such an image up to date by itself.
  if (facts.kind == LoadKind::kCrash && facts.file_load_drawback.empty()) {
    return "the kernel then keeps the core headers up to date";
  }
  return {};
}

}  // namespace

Result<CallChoice> ChooseCall(const LoadFacts& facts) {
  if (facts.asked == Call::kLoad) {
    CallChoice choice = OnlyOrFirst(KexecCall::kLoad, false, "-c was given");
    choice.lost = LostByKexecLoad(facts);
    return choice;
  }
  if (facts.asked == Call::kFile) return AskedForFileLoad(facts);
  if (const std::string why = WhyOnlyFileLoad(facts); !why.empty()) return FileLoadOnly(facts, why);
  std::vector<std::string> reasons = Obstacles(facts);
  std::ranges::move(Preferences(facts), std::back_inserter(reasons));
  if (!reasons.empty()) return OnlyOrFirst(KexecCall::kLoad, false, Listed(reasons));
  if (const std::string why = FileLoadFirst(facts); !why.empty()) {
    return OnlyOrFirst(KexecCall::kFileLoad, true, why);
  }
  if (!facts.file_load_drawback.empty()) return OnlyOrFirst(KexecCall::kLoad, true, facts.file_load_drawback);
  return OnlyOrFirst(KexecCall::kLoad, true, "its jump is faster, and nothing here asks for a signature");
}

std::string WhyOnlyFileLoad(const LoadFacts& facts) {
  if (facts.asked != Call::kAuto) return {};
  if (facts.kind == LoadKind::kCrash && facts.has_dm_crypt_keys) {
    return "the dm-crypt keys configured for the crash kernel go with kexec_file_load only";
  }
  if (LoadIsForbidden(facts)) {
    return fmt::format("kernel lockdown is '{}', which forbids kexec_load", facts.lockdown);
  }
  const std::string lost = LostByKexecLoad(facts);
  return lost.empty() ? "" : fmt::format("kexec_load would lose {}", lost);
}

std::string DescribeCall(const CallChoice& choice) {
  if (!choice.may_fall_back) return std::string(CallName(choice.first));
  return fmt::format("{}, then {} where that may help", CallName(choice.first),
                     CallName(OtherCall(choice.first)));
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
