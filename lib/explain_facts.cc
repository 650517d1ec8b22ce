// SPDX-License-Identifier: LGPL-2.1-or-later
// What the system says about itself in a few small files.
#include <algorithm>

#include "explain_causes.h"

namespace kexec {
namespace {

// The value of "key:  value" in a text of such lines.
std::optional<std::string> ValueOf(std::string_view key, std::string_view text) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) {
      const size_t value = line.find_first_not_of(" \t", key.size() + 1);
      return std::string(value == std::string_view::npos ? std::string_view() : line.substr(value));
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> LockdownState(const SystemRoot& root) {
  const auto text = root.ReadLine("sys/kernel/security/lockdown");
  if (!text) return std::nullopt;
  const size_t open = text->find('[');
  const size_t close = open == std::string::npos ? open : text->find(']', open);
  if (close == std::string::npos) return std::nullopt;
  std::string state = text->substr(open + 1, close - open - 1);
  if (state == "none") return std::nullopt;
  return state;
}

std::optional<uint64_t> MemInfo(std::string_view key, const SystemRoot& root) {
  const auto text = root.ReadText("proc/meminfo");
  const auto value = text ? ValueOf(key, *text) : std::nullopt;
  if (!value || !value->ends_with(" kB")) return std::nullopt;
  const auto kib = ParseNumber(std::string_view(*value).substr(0, value->size() - 3));
  if (!kib || *kib > UINT64_MAX / 1024) return std::nullopt;
  return *kib * 1024;
}

std::optional<std::string> OwnStatus(std::string_view key, const SystemRoot& root) {
  const auto text = root.ReadText("proc/self/status");
  return text ? ValueOf(key, *text) : std::nullopt;
}

bool UnderSeccomp(const SystemRoot& root) {
  const auto mode = OwnStatus("Seccomp", root);
  return mode && *mode != "0";  // 1: strict, 2: filter (proc_pid_status(5))
}

}  // namespace kexec
