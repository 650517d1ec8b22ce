// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/kernel_mapping.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace kexec {
namespace {

constexpr std::string_view kKcore = "proc/kcore";
constexpr std::string_view kKallsyms = "proc/kallsyms";
constexpr size_t kFirstBytes = 64;
// 65,535 headers are 3.5 MiB, and the kernel puts them right behind the file header.
constexpr uint64_t kMaxKcoreHead = uint64_t{4} << 20;

Result<ElfCore> ReadKcore(const SystemRoot& root) {
  const std::string shown = fmt::format("'{}'", (root.path() / kKcore).string());
  // The first bytes tell how many are needed; rarely those have to be asked once more.
  for (uint64_t size = kFirstBytes;;) {
    KEXEC_ASSIGN(const std::vector<std::byte> head, root.ReadHead(kKcore, static_cast<size_t>(size)));
    KEXEC_ASSIGN(const uint64_t needed, ElfHeadSize(head), shown);
    if (needed <= size) {
      KEXEC_ASSIGN(ElfCore kcore, ParseElfCore(head), shown);
      return kcore;
    }
    if (needed > kMaxKcoreHead) {
      return Fail(Errc::kMalformed, "{}: {:#x} bytes of headers are more than {:#x}", shown, needed,
                  kMaxKcoreHead);
    }
    size = needed;
  }
}

std::optional<PhysRange> KernelCode(const IomemReport& iomem) {
  const auto entry = std::ranges::find(iomem.entries, "Kernel code", &IomemEntry::name);
  if (entry == iomem.entries.end()) return std::nullopt;
  return entry->range;
}

// The name in "ADDRESS TYPE NAME", with the module behind a tabulator if there is one.
std::string_view SymbolName(std::string_view line) {
  const size_t type = line.find(' ');
  if (type == std::string_view::npos || line.size() - type < 4 || line[type + 2] != ' ') return {};
  return line.substr(type + 3);
}

std::optional<uint64_t> SymbolAddress(std::string_view line) {
  uint64_t address = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
  if (error != std::errc() || end == line.data() + line.size() || *end != ' ') return std::nullopt;
  return address;
}

Result<KernelText> ReadTextFromSymbols(const SystemRoot& root, const std::optional<PhysRange>& code,
                                       const MappingRules& rules) {
  if (!code) return Fail(Errc::kMalformed, "'/proc/iomem' has no 'Kernel code'");
  KEXEC_ASSIGN(const std::string lines, ReadTextSymbols(root));
  KEXEC_ASSIGN(const KernelText text, TextFromSymbols(lines, code->begin(), rules),
               fmt::format("'{}'", (root.path() / kKallsyms).string()));
  return text;
}

}  // namespace

Result<KernelText> TextFromSymbols(std::string_view lines, PhysAddr code_begin, const MappingRules& rules) {
  std::optional<uint64_t> begin, end;
  while (!lines.empty()) {
    const size_t length = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, length);
    lines.remove_prefix(std::min(length + 1, lines.size()));
    const std::string_view name = SymbolName(line);
    if (name == "_text" || (name == "_stext" && !begin)) begin = SymbolAddress(line);
    if (name == "_end") end = SymbolAddress(line);
  }
  if (!begin || !end) return Fail(Errc::kMalformed, "has no symbols _text and _end");
  if (*begin == 0) {
    return Fail(Errc::kIo, "the kernel hides the addresses (kernel.kptr_restrict); run as root");
  }
  if (*begin < rules.text_base || *end <= *begin || *end - *begin > rules.text_max) {
    return Fail(Errc::kMalformed, "_text at {:#x} and _end at {:#x} are no kernel", *begin, *end);
  }
  const auto range = PhysRange::FromSize(code_begin, *end - *begin);
  if (!range) {
    return Fail(Errc::kMalformed, "a kernel of {:#x} bytes cannot be at {:#x}", *end - *begin,
                code_begin.raw());
  }
  return KernelText{*range, *begin};
}

Result<std::string> ReadTextSymbols(const SystemRoot& root) {
  std::string lines;
  KEXEC_TRY(root.ForEachLine(kKallsyms, [&lines](std::string_view line) {
    const std::string_view name = SymbolName(line);
    if (name == "_text" || name == "_stext" || name == "_end") lines += fmt::format("{}\n", line);
    return name != "_end" && name.find('\t') == std::string_view::npos;  // modules come last
  }));
  return lines;
}

KernelMapping ReadKernelMapping(const SystemRoot& root, const IomemReport& iomem, const MappingRules& rules,
                                Diagnostics& diagnostics) {
  const std::optional<PhysRange> code = KernelCode(iomem);
  KernelMapping mapping;
  std::string kcore_reason = fmt::format("'{}' has no such segment", (root.path() / kKcore).string());
  if (const auto kcore = ReadKcore(root)) {
    mapping = rules.from_kcore(*kcore, code);
  } else {
    kcore_reason = kcore.error().message();
  }
  if (!mapping.text) {
    if (const auto text = ReadTextFromSymbols(root, code, rules)) {
      mapping.text = *text;
      diagnostics.Note("{}; the kernel's mapping is taken from /proc/kallsyms", kcore_reason);
    } else {
      diagnostics.Warn(
          "the dump will not tell where the kernel is mapped: {}; {}; its readers must rely on vmcoreinfo. "
          "Loading as root, with CAP_SYS_RAWIO and without lockdown, makes /proc/kcore readable",
          kcore_reason, text.error().message());
    }
  }
  if (!mapping.page_offset) mapping.page_offset = rules.fixed_page_offset(root);
  if (!mapping.page_offset) {
    diagnostics.Warn(
        "the dump will not tell the virtual addresses of RAM: {}; gdb cannot read it then, makedumpfile and "
        "crash can. Loading as root, with CAP_SYS_RAWIO and without lockdown, makes /proc/kcore readable",
        kcore_reason);
  }
  return mapping;
}

}  // namespace kexec
