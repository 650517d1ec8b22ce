// SPDX-License-Identifier: LGPL-2.1-or-later
// /proc/iomem: "first-last : name", hexadecimal, two blanks a level of nesting.
#include <algorithm>
#include <charconv>
#include <cstddef>

#include "kexec/memory_map.h"
#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"
#include "memory_names.h"

namespace kexec {
namespace {

constexpr std::string_view kCrashKernel = "Crash kernel";
constexpr size_t kShownLength = 80;  // of a bad line, in its message

struct RawLine {
  int depth;
  PhysAddr first, last;
  std::string_view name;
};

std::optional<uint64_t> TakeHex(std::string_view& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool TakeText(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// nullopt: not "first-last : name".
std::optional<RawLine> SplitLine(std::string_view line) {
  const size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(blanks);
  const auto first = TakeHex(line);
  if (!first || !TakeText(line, "-")) return std::nullopt;
  const auto last = TakeHex(line);
  if (!last || *last < *first || !TakeText(line, " : ")) return std::nullopt;
  return RawLine{static_cast<int>(blanks / 2), PhysAddr(*first), PhysAddr(*last), line};
}

Result<std::vector<IomemEntry>> ParseLines(std::string_view text) {
  std::vector<IomemEntry> entries;
  entries.reserve(static_cast<size_t>(std::ranges::count(text, '\n')) + 1);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (line.find_first_not_of(" \r") == std::string_view::npos) continue;
    const auto raw = SplitLine(line);
    if (!raw) {
      return Fail(Errc::kMalformed, "line {} is not 'first-last : name': '{}'", number,
                  line.substr(0, kShownLength));
    }
    // The very last byte of the address space alone has no half-open range; no memory lives there.
    const auto range = PhysRange::FromInclusive(raw->first, raw->last);
    if (range) entries.push_back({raw->depth, *range, std::string(raw->name)});
  }
  return entries;
}

bool AddressesHidden(const std::vector<IomemEntry>& entries) {
  return !entries.empty() && std::ranges::all_of(entries, [](const IomemEntry& entry) {
    return entry.range.begin() == PhysAddr(0) && entry.range.end() == PhysAddr(1);
  });
}

}  // namespace

Result<IomemReport> ParseIomem(std::string_view text) {
  IomemReport report;
  KEXEC_ASSIGN(report.entries, ParseLines(text));
  if (AddressesHidden(report.entries)) {
    return Fail(
        Errc::kIo,
        "every address is zero: the kernel hides them from a reader without CAP_SYS_ADMIN; run as root");
  }
  std::vector<MemoryRegion> regions;
  for (const IomemEntry& entry : report.entries) {
    if (const auto type = MemoryTypeOfName(entry.name)) regions.push_back({entry.range, *type});
    if (entry.name == kCrashKernel) report.crash_regions.push_back(entry.range);
  }
  report.map = MemoryMap::FromRegions(std::move(regions));
  if (report.map.ram().empty()) {
    return Fail(Errc::kMalformed, "no line names usable 'System RAM' among {} entries",
                report.entries.size());
  }
  std::ranges::sort(report.crash_regions);
  return report;
}

Result<IomemReport> ReadIomem(const SystemRoot& root) {
  if (XenLoads(root)) {
    KEXEC_ASSIGN(const std::string told, ReadXenIomem(root));
    KEXEC_ASSIGN(IomemReport machine, ParseIomem(told), "the machine's memory, as Xen tells it");
    return machine;
  }
  KEXEC_ASSIGN(const std::string text, root.ReadText("proc/iomem"));
  KEXEC_ASSIGN(IomemReport report, ParseIomem(text),
               fmt::format("'{}'", (root.path() / "proc/iomem").string()));
  return report;
}

}  // namespace kexec
