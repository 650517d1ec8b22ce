// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/total_ram.h"

#include <algorithm>
#include <optional>

namespace kexec {
namespace {

constexpr uint64_t kKib = 1024;

}  // namespace

std::string_view FirstValue(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos) return line.substr(colon + 1);
  }
  return {};
}

uint64_t TotalRamPages(std::string_view meminfo, Alignment page) {
  const std::string_view value = FirstValue(meminfo, "MemTotal:");
  const size_t unit = value.find("kB");
  if (unit == std::string_view::npos) return 0;
  return ParseNumber(value.substr(0, unit)).value_or(0) / (page.bytes() / kKib);
}

uint64_t ReadTotalRamPages(const SystemRoot& root, Alignment page, Diagnostics& diagnostics) {
  const auto meminfo = root.ReadText("proc/meminfo");
  if (meminfo) return TotalRamPages(*meminfo, page);
  diagnostics.Note("{}", meminfo.error().message());
  return 0;
}

}  // namespace kexec
