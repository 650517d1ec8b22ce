// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/status.h"

#include "cmd/kexec/crash_memory.h"
#include "cmd/kexec/exit_status.h"
#include "cmd/kexec/json_writer.h"
#include "kexec/submit.h"

namespace kexec {
namespace {

void WriteLoaded(JsonWriter& json, std::string_view key, const Result<bool>& loaded) {
  json.Key(key);
  if (loaded.has_value()) {
    json.Bool(*loaded);
  } else {
    json.Null();
  }
}

std::string StatusJson(const SystemRoot& root) {
  JsonWriter json;
  json.BeginObject();
  json.Key("schema").String("kexec-status/1");
  WriteLoaded(json, "loaded", IsLoaded(LoadKind::kNormal, root));
  WriteLoaded(json, "crash_loaded", IsLoaded(LoadKind::kCrash, root));
  json.Key("crash_bytes");
  if (const auto bytes = CrashMemoryBytes(root); bytes.has_value()) {
    json.Number(*bytes);
  } else {
    json.Null();
  }
  json.EndObject();
  return json.Finish();
}

}  // namespace

int ReportStatus(const Session& session) {
  const Result<bool> loaded = IsLoaded(session.options.slot, session.root);
  if (session.options.json) session.out += StatusJson(session.root);
  if (!loaded.has_value()) {
    session.diagnostics.Warning(loaded.error().message());
    return kExitFailed;
  }
  session.diagnostics.Note("{} kernel: {}", session.options.slot == LoadKind::kCrash ? "crash" : "normal",
                           *loaded ? "loaded" : "not loaded");
  return *loaded ? kExitUsage : kExitOk;
}

Result<> PrintCrashSize(const Session& session) {
  KEXEC_ASSIGN(const uint64_t bytes, CrashMemoryBytes(session.root));
  session.out += fmt::format("{}\n", bytes);
  return {};
}

}  // namespace kexec
