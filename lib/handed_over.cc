// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/handed_over.h"

#include <algorithm>

#include "kernel_config.h"

namespace kexec {
namespace {

// The first character decides, of "on" and "off" the second.
std::optional<bool> Boolean(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool is_o = text.front() == 'o' || text.front() == 'O';
  if (is_o) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const std::string_view yes = is_o ? "nN" : "eEyYtT1";
  const std::string_view no = is_o ? "fF" : "dDnNfF0";
  if (yes.find(text.front()) != std::string_view::npos) return true;
  if (no.find(text.front()) != std::string_view::npos) return false;
  return std::nullopt;
}

// Takes the first word off `line`: up to a blank outside double quotes.
std::string_view TakeWord(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  bool quoted = false;
  size_t length = 0;
  while (length < line.size() && (quoted || kBlanks.find(line[length]) == std::string_view::npos)) {
    if (line[length] == '"') quoted = !quoted;
    ++length;
  }
  const std::string_view word = line.substr(0, length);
  line.remove_prefix(length);
  return word;
}

std::string_view Unquoted(std::string_view text) {
  if (text.starts_with('"')) text.remove_prefix(1);
  return text;
}

// The first measurement is made at every boot (boot_aggregate); more come by a policy only.
bool ImaHandsOver(const SystemRoot& root) {
  const auto count = root.ReadLine("sys/kernel/security/ima/runtime_measurements_count");
  if (!count.has_value() || ParseNumber(*count).value_or(0) <= 1) return false;
  return KernelBuiltWith("CONFIG_IMA_KEXEC", root).value_or(true);
}

// kernel/liveupdate/kexec_handover.c: `kho=`, else CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT. Its folder in
// debugfs and the device of live updates, which needs it, are there only while it is on.
bool KhoIsOn(const SystemRoot& root) {
  if (root.Exists(kLiveUpdateDevice) || root.List("sys/kernel/debug/kho").has_value()) return true;
  if (KernelBuiltWith("CONFIG_KEXEC_HANDOVER", root) == false) return false;
  const auto command_line = root.ReadLine("proc/cmdline");
  const auto given = command_line ? BooleanParameter(*command_line, "kho") : std::nullopt;
  if (given) return *given;
  return KernelBuiltWith("CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT", root).value_or(false);
}

}  // namespace

std::string HandedOver(const SystemRoot& root) {
  std::string all;
  if (ImaHandsOver(root)) all = "IMA's list of measurements";
  if (KhoIsOn(root)) {
    all += all.empty() ? "" : " and ";
    all += "the memory that Kexec Handover preserves";
  }
  return all;
}

std::optional<bool> BooleanParameter(std::string_view command_line, std::string_view name) {
  std::optional<bool> last;
  while (!command_line.empty()) {
    std::string_view word = Unquoted(TakeWord(command_line));
    if (word == "--") break;  // what follows is for init
    if (!word.starts_with(name) || !word.substr(name.size()).starts_with('=')) continue;
    word.remove_prefix(name.size() + 1);
    if (const auto value = Boolean(Unquoted(word))) last = value;
  }
  return last;
}

}  // namespace kexec
