// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/dry_run.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "cmd/kexec/console.h"
#include "cmd/kexec/file_load.h"
#include "cmd/kexec/plan_report.h"
#include "cmd/kexec/segment_load.h"
#include "kexec/foresee.h"

namespace kexec {
namespace {

// The first of these that is set decides (POSIX, 8.2).
bool LocaleIsUtf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    std::string name = value;
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name.find("utf-8") != std::string::npos || name.find("utf8") != std::string::npos;
  }
  return false;
}

PictureStyle StyleFor(Color color) {
  return PictureStyle{.columns = 80,
                      .utf8 = isatty(STDOUT_FILENO) == 1 && LocaleIsUtf8(),
                      .color = WantsColor(color, STDOUT_FILENO)};
}

// The refusal of the call that decides: kexec_load where a plan was made for it and it comes first, else
// kexec_file_load. Where another call follows upon a failed plan, that one decides.
Result<> ForeseeCall(const LoadRequest& request, const CallChoice& choice, const PreparedLoad* prepared,
                     const Session& session) {
  if (session.root.live() && LacksCapSysBoot(session.root)) {
    session.diagnostics.Note("this process lacks CAP_SYS_BOOT; the load itself needs it");
  }
  CallFacts facts{.call = choice.first, .kind = session.options.slot};
  if (choice.first == KexecCall::kLoad && prepared != nullptr) {
    return Foresee(facts, session.root);
  }
  facts.call = KexecCall::kFileLoad;
  facts.bytes = FileLoadBytes(request, facts.kind);
  return Foresee(facts, session.root);
}

}  // namespace

Result<> ShowPlan(const LoadRequest& request, const CallChoice& choice, const Session& session) {
  const Options& options = session.options;
  PlanReport report{.options = options,
                    .request = request,
                    .choice = choice,
                    .prepared = nullptr,
                    .problem = std::nullopt,
                    .file_load_flags = FileLoadFlags(options, session.root)};
  std::optional<PreparedLoad> prepared;
  Result<PreparedLoad> made = PrepareLoad(request, session);
  if (made.has_value()) {
    prepared.emplace(*std::move(made));
    report.prepared = &*prepared;
  } else if (choice.first == KexecCall::kLoad && !choice.may_fall_back) {
    return std::unexpected(std::move(made).error());
  } else {
    report.problem = made.error().message();
  }
  KEXEC_TRY(ForeseeCall(request, choice, report.prepared, session));
  session.out += options.json ? PlanJson(report) : PlanText(report, StyleFor(options.color));
  return {};
}

}  // namespace kexec
