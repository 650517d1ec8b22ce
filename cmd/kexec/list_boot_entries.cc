// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/list_boot_entries.h"

#include <algorithm>
#include <array>

#include "cmd/kexec/boot_entries.h"
#include "cmd/kexec/json_writer.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

void WriteTexts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteOrNull(JsonWriter& json, std::string_view key, const std::string& text) {
  json.Key(key);
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

void WriteEntry(JsonWriter& json, uint64_t number, const BootEntry& entry) {
  const std::vector<std::string> initrds(entry.initrds.begin(), entry.initrds.end());
  json.BeginObject();
  json.Key("number").Number(number);
  json.Key("id").String(entry.id);
  json.Key("default").Bool(entry.is_default);
  json.Key("title").String(entry.title);
  json.Key("version").String(entry.version);
  json.Key("source").String(entry.source.string());
  WriteOrNull(json, "kernel", entry.kernel.string());
  json.Key("uki").Bool(entry.is_uki);
  WriteOrNull(json, "profile", entry.profile.value_or(""));
  WriteTexts(json, "initrds", initrds);
  WriteTexts(json, "modules", entry.modules);
  json.Key("options").String(entry.options);
  WriteOrNull(json, "problem", entry.problem);
  json.EndObject();
}

std::string AsJson(const std::vector<BootEntry>& entries) {
  JsonWriter json;
  json.BeginObject();
  json.Key("schema").String("kexec-boot-entries/1");
  json.Key("entries").BeginArray();
  for (size_t i = 0; i < entries.size(); ++i) WriteEntry(json, i + 1, entries[i]);
  json.EndArray().EndObject();
  return json.Finish();
}

// One line each: "*" for the default, number, ID, title, and the kernel or why there is none.
std::string AsText(const std::vector<BootEntry>& entries) {
  std::vector<std::array<std::string, 4>> rows = {{"#", "ID", "TITLE", "KERNEL"}};
  for (const BootEntry& entry : entries) {
    const std::string last =
        entry.problem.empty() ? entry.kernel.string() : "cannot be loaded: " + entry.problem;
    rows.push_back(
        {fmt::format("{}", rows.size()), Printable(entry.id), Printable(entry.title), Printable(last)});
  }
  std::array<size_t, 3> widths{};
  for (const auto& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    const char mark = i != 0 && entries[i - 1].is_default ? '*' : ' ';
    text += fmt::format("{} {:>{}}  {:<{}}  {:<{}}  {}\n", mark, rows[i][0], widths[0], rows[i][1], widths[1],
                        rows[i][2], widths[2], rows[i][3]);
  }
  return text;
}

}  // namespace

void PrintBootEntries(const Session& session) {
  const std::vector<BootEntry> entries = ListBootEntries(session.root, session.diagnostics);
  if (session.options.json) {
    session.out += AsJson(entries);
    return;
  }
  if (!entries.empty()) session.out += AsText(entries);
  if (entries.empty()) {
    session.diagnostics.Warn("there are no boot entries: {}", SearchedPlaces(session.root));
  }
}

}  // namespace kexec
