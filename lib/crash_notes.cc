// SPDX-License-Identifier: LGPL-2.1-or-later
// What the running kernel says in /sys about the notes it writes when it panics
// (Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/ABI/testing/sysfs-kernel-vmcoreinfo).
#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "kexec/crash_memory.h"
#include "text.h"

namespace kexec {
namespace {

constexpr std::string_view kCpus = "sys/devices/system/cpu";
constexpr std::string_view kVmcoreinfo = "sys/kernel/vmcoreinfo";
// Where a kernel before crash_notes_size (3.10) keeps no more than this for each CPU.
constexpr uint64_t kOldNotesSize = 1024;
constexpr uint32_t kMaxCpu = 65534;

std::optional<uint64_t> Hex(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return WholeNumber<uint64_t>(text, 16);
}

// "7" or "0-3".
std::optional<CpuRange> ParseCpuRange(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = WholeNumber<uint32_t>(text.substr(0, dash), 10);
  const auto last = dash == std::string_view::npos ? first : WholeNumber<uint32_t>(text.substr(dash + 1), 10);
  if (!first || !last || *last < *first) return std::nullopt;
  return CpuRange{*first, *last};
}

// Reads the CPUs' files one by one. The kernel has one size for all of them: it is read once.
class CpuNotes {
 public:
  explicit CpuNotes(const SystemRoot& root) : root_(root) {}

  Result<> Add(uint32_t cpu) {
    const std::string path = fmt::format("{}/cpu{}/crash_notes", kCpus, cpu);
    const auto text = root_.ReadAttribute(path);
    if (!text && text.error().sys_errno() == ENOENT) {
      ++absent_;
      return {};
    }
    if (!text) return std::unexpected(text.error());
    if (size_ == 0) {
      KEXEC_ASSIGN(size_, ReadSize(path + "_size"));
    }
    const auto address = Hex(Trim(*text));
    const auto range = address ? PhysRange::FromSize(PhysAddr(*address), size_) : std::nullopt;
    if (!range) {
      return Fail(Errc::kMalformed, "'{}': '{}' is not the address of {:#x} bytes of notes",
                  (root_.path() / path).string(), Trim(*text), size_);
    }
    ranges_.push_back(*range);
    return {};
  }

  size_t absent() const { return absent_; }
  std::vector<PhysRange> Take() { return std::move(ranges_); }

 private:
  Result<uint64_t> ReadSize(const std::string& path) const {
    const auto text = root_.ReadText(path);
    if (!text && text.error().sys_errno() == ENOENT) return kOldNotesSize;
    if (!text) return std::unexpected(text.error());
    const auto size = WholeNumber<uint64_t>(Trim(*text), 10);
    if (!size || *size == 0) {
      return Fail(Errc::kMalformed, "'{}': '{}' is not a size", (root_.path() / path).string(), Trim(*text));
    }
    return *size;
  }

  const SystemRoot& root_;
  uint64_t size_ = 0;  // 0: not read yet
  size_t absent_ = 0;
  std::vector<PhysRange> ranges_;
};

}  // namespace

Result<std::vector<CpuRange>> ParseCpuList(std::string_view text) {
  constexpr size_t kShownLength = 80;
  std::string_view rest = Trim(text);
  std::vector<CpuRange> ranges;
  while (true) {
    const size_t length = std::min(rest.find(','), rest.size());
    const auto range = ParseCpuRange(rest.substr(0, length));
    if (!range) {
      return Fail(Errc::kMalformed, "'{}' is not a list of CPUs", Trim(text).substr(0, kShownLength));
    }
    if (range->last > kMaxCpu) {
      return Fail(Errc::kMalformed, "CPU {} is beyond CPU {}, the last one core headers have room for",
                  range->last, kMaxCpu);
    }
    if (!ranges.empty() && range->first <= ranges.back().last) {
      return Fail(Errc::kMalformed, "the list of CPUs is not ascending at {}", range->first);
    }
    ranges.push_back(*range);
    if (length == rest.size()) return ranges;
    rest.remove_prefix(length + 1);
  }
}

Result<std::vector<PhysRange>> ReadCpuNotes(const SystemRoot& root, Diagnostics& diagnostics) {
  const std::string path = fmt::format("{}/possible", kCpus);
  KEXEC_ASSIGN(const std::string text, root.ReadText(path));
  KEXEC_ASSIGN(const std::vector<CpuRange> possible, ParseCpuList(text),
               fmt::format("'{}'", (root.path() / path).string()));
  CpuNotes notes(root);
  for (const CpuRange& range : possible) {
    for (uint32_t cpu = range.first; cpu <= range.last; ++cpu) KEXEC_TRY(notes.Add(cpu));
  }
  std::vector<PhysRange> ranges = notes.Take();
  if (ranges.empty()) {
    return Fail(
        Errc::kIo,
        "no CPU has a file '{}': the running kernel was built without CONFIG_CRASH_DUMP (before Linux "
        "6.9: CONFIG_KEXEC), or /sys is not mounted",
        (root.path() / kCpus / "cpuN/crash_notes").string());
  }
  if (notes.absent() != 0) {
    diagnostics.Note("{} possible CPUs are not present; the dump has no registers of theirs", notes.absent());
  }
  return ranges;
}

std::optional<PhysRange> ParseVmcoreinfo(std::string_view text) {
  text = Trim(text);
  const size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto address = Hex(text.substr(0, blank));
  const auto size = Hex(text.substr(blank + 1));
  if (!address || !size) return std::nullopt;
  return PhysRange::FromSize(PhysAddr(*address), *size);
}

std::optional<PhysRange> ReadVmcoreinfo(const SystemRoot& root, Diagnostics& diagnostics) {
  const auto text = root.ReadText(kVmcoreinfo);
  if (!text) {
    diagnostics.Warn("{}; the dump has no vmcoreinfo, and makedumpfile and vmcore-dmesg cannot read it",
                     text.error().message());
    return std::nullopt;
  }
  const auto range = ParseVmcoreinfo(*text);
  if (!range) {
    diagnostics.Warn(
        "'{}': '{}' is not 'address size'; the dump has no vmcoreinfo, and makedumpfile and vmcore-dmesg "
        "cannot read it",
        (root.path() / kVmcoreinfo).string(), Trim(*text));
  }
  return range;
}

std::optional<uint64_t> ReadElfcorehdrSize(const SystemRoot& root) {
  for (const std::string_view path :
       {"sys/kernel/kexec/crash_elfcorehdr_size", "sys/kernel/crash_elfcorehdr_size"}) {
    const auto text = root.ReadText(path);
    if (!text) continue;
    const auto size = WholeNumber<uint64_t>(Trim(*text), 10);
    if (size && *size != 0) return size;
  }
  return std::nullopt;
}

}  // namespace kexec
