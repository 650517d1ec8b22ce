// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cmd/kexec/argv.h"
#include "cmd/kexec/given.h"
#include "cmd/kexec/help.h"
#include "cmd/kexec/mode.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

using enum OptionId;

std::string Spelled(const OptionRow& row) { return fmt::format("--{}", row.name); }

// Options of other architectures: accepted, because scripts pass one set of options everywhere, and dropped.
void DropForeign(Architecture machine, GivenOptions& given, std::vector<std::string>& warnings) {
  for (const OptionId id : given.Ids()) {
    const OptionRow& row = RowOf(id);
    if (Includes(row.machines, machine)) continue;
    warnings.push_back(
        fmt::format("option '{}' is ignored: it means nothing on this architecture", Spelled(row)));
    given.Drop(id);
  }
}

// kexec-tools takes address 0 for none, so it is no reason for one of the calls either.
void DropZeroEntry(GivenOptions& given) {
  const auto entry = given.Last(kEntry);
  if (entry && ParseCNumber(*entry) == 0) given.Drop(kEntry);
}

Call CallFrom(const GivenOptions& given) {
  // Three spellings of one setting, so the last one counts as with any repeated option: scripts append -s or
  // -a.
  const auto last = given.LastOf(std::array{kSyscallAuto, kSyscallFile, kSyscallLoad});
  if (last == kSyscallFile) return Call::kFile;
  return last == kSyscallLoad ? Call::kLoad : Call::kAuto;
}

// Options about a load that does not take place.
Result<> CheckWithoutLoad(const GivenOptions& given, Options& options) {
  if (options.mode == Mode::kListTypes) return {};
  for (const OptionId id : given.Ids()) {
    const OptionRow& row = RowOf(id);
    // The jump-back helper is a tiny load of its own, and the estimate is about what would be loaded.
    if (options.mode == Mode::kJumpBack && row.group == Group::kPlacement) continue;
    if (options.mode == Mode::kEstimateCrash && row.group == Group::kWhat) continue;
    if (row.without_load == WithoutLoad::kFine) continue;
    std::string message =
        fmt::format("option '{}' has no meaning with '{}'", Spelled(row), ModeOption(options.mode));
    if (row.without_load == WithoutLoad::kRefuse) return Fail(Errc::kUsage, "{}: nothing is loaded", message);
    options.warnings.push_back(std::move(message));
  }
  return {};
}

// Options that one of the two system calls cannot honour: an explicit -s or -c must not drop them silently.
Result<> CheckCall(const GivenOptions& given, Options& options) {
  for (const OptionId id : given.Ids()) {
    const OptionRow& row = RowOf(id);
    if (row.honoured_by == HonouredBy::kKexecLoad && options.call == Call::kFile) {
      if (row.vital) {
        return Fail(Errc::kUsage, "option '{}' needs kexec_load, but '--kexec-file-syscall' rules that out",
                    Spelled(row));
      }
      options.warnings.push_back(
          fmt::format("option '{}' is ignored: kexec_file_load cannot honour it", Spelled(row)));
    } else if (row.honoured_by == HonouredBy::kKexecLoad) {
      (row.vital ? options.needs_kexec_load : options.prefers_kexec_load).push_back(Spelled(row));
    } else if (row.honoured_by == HonouredBy::kKexecFileLoad && options.call == Call::kLoad) {
      options.warnings.push_back(
          fmt::format("option '{}' is ignored: kexec_load cannot honour it", Spelled(row)));
    }
  }
  return {};
}

bool MayNameKernel(Mode mode) { return LoadsKernel(mode) || mode == Mode::kEstimateCrash; }

// From a unified kernel image or in a boot menu: what is loaded besides the files named here.
void FillBundle(const GivenOptions& given, Options& options) {
  if (MayNameKernel(options.mode)) options.boot_entry = given.Last(kBootEntry);
  options.profile = given.Last(kProfile);
  const auto addons = given.All(kAddon);
  options.addons.assign(addons.begin(), addons.end());
  options.no_embedded = given.Has(kNoEmbedded);
  options.keep_embedded = given.Has(kKeepEmbedded);
}

Result<> CheckBundle(const Options& options) {
  if (options.no_embedded && options.keep_embedded) {
    return Fail(Errc::kUsage, "options '--no-embedded' and '--keep-embedded' contradict each other");
  }
  if (!options.boot_entry || options.kernel.empty()) return {};
  return Fail(Errc::kUsage,
              "option '--boot-entry' and the kernel '{}' contradict each other: the entry names its kernel",
              options.kernel.string());
}

void FillWhat(const GivenOptions& given, const std::vector<std::string>& operands, Options& options) {
  if (MayNameKernel(options.mode) && !operands.empty()) {
    options.kernel = operands.front();
    for (size_t i = 1; i < operands.size(); ++i) {
      options.warnings.push_back(
          fmt::format("argument '{}' is ignored: the kernel is '{}'", operands[i], operands.front()));
    }
  } else {
    for (const std::string& operand : operands) {
      options.warnings.push_back(
          fmt::format("argument '{}' is ignored: '{}' loads nothing", operand, ModeOption(options.mode)));
    }
  }
  const auto initrds = given.All(kInitrd);
  options.initrds.assign(initrds.begin(), initrds.end());
  options.append = given.Last(kAppend);
  options.reuse_cmdline = given.Has(kReuseCmdline);
  options.decompress = given.Has(kDecompress);
  options.decompress_initrd = given.Has(kDecompressInitrd);
  options.type = given.Last(kType);
  options.no_efi = given.Has(kNoEfi);
}

Result<> FillPlacement(const GivenOptions& given, Options& options) {
  const auto address = [&](OptionId id) -> std::optional<PhysAddr> {
    const auto number = given.Has(id) ? ParseCNumber(*given.Last(id)) : std::nullopt;
    return number ? std::optional(PhysAddr(*number)) : std::nullopt;
  };
  options.mem_min = address(kMemMin).value_or(options.mem_min);
  options.mem_max = address(kMemMax).value_or(options.mem_max);
  options.entry = address(kEntry);
  // All memory the new kernel may use is preserved, so it must be told how much that is.
  if (given.Has(kPreserveContext) && !given.Has(kMemMax)) {
    return Fail(
        Errc::kUsage,
        "option '--load-preserve-context' needs '--mem-max', the end of the memory the new kernel gets");
  }
  if (options.mem_min >= options.mem_max) {
    return Fail(Errc::kUsage, "option '--mem-min' ({:#x}) must be below '--mem-max' ({:#x})",
                options.mem_min.raw(), options.mem_max.raw());
  }
  return {};
}

Result<> FillPurgatory(const GivenOptions& given, Architecture machine, PurgatoryOptions& purgatory) {
  const auto digest = given.Last(kDigest);
  if (given.Has(kNoChecks) && digest && *digest != "none") {
    return Fail(Errc::kUsage, "options '--no-checks' and '--digest={}' contradict each other", *digest);
  }
  if (given.Has(kNoChecks) || digest == "none") purgatory.digest = DigestKind::kNone;
  if (digest == "sha256") purgatory.digest = DigestKind::kSha256;
  purgatory.console_serial = given.Has(kConsoleSerial);
  purgatory.console_vga = given.Has(kConsoleVga);
  purgatory.reset_vga = given.Has(kResetVga);
  const auto serial = given.Last(kSerial);
  if (serial && machine == Architecture::kX86) {
    purgatory.serial_port = ParseSerialPort(*serial).value_or(purgatory.serial_port);
  } else if (serial) {
    purgatory.serial_device = *serial;
  }
  if (const auto baud = given.Last(kSerialBaud)) purgatory.serial_baud = ParseBaud(*baud);
  return {};
}

void FillRare(const GivenOptions& given, RareOptions& rare) {
  rare.preserve_context = given.Has(kPreserveContext);
  rare.live_update = given.Has(kLoadLiveUpdate) || given.Has(kExecLiveUpdate);
  rare.reuse_initrd = given.Has(kReuseInitrd);
  rare.hotplug = given.Has(kHotplug);
  rare.no_cma = given.Has(kNoCma);
  rare.force_dtb = given.Has(kForceDtb);
  rare.real_mode = given.Has(kRealMode);
  rare.entry_32bit = given.Has(kEntry32bit);
  rare.pass_memmap_cmdline = given.Has(kPassMemmapCmdline);
  rare.reuse_video_type = given.Has(kReuseVideoType);
  const auto bits = given.LastOf(std::array{kElf32CoreHeaders, kElf64CoreHeaders});
  if (bits) rare.core_header_bits = *bits == kElf32CoreHeaders ? 32 : 64;
  const auto arguments = given.LastOf(std::array{kArgsElf, kArgsLinux, kArgsPvh, kArgsNone});
  if (arguments == kArgsElf) rare.elf_handover = ElfHandover::kElf;
  if (arguments == kArgsLinux) rare.elf_handover = ElfHandover::kLinux;
  if (arguments == kArgsPvh) rare.elf_handover = ElfHandover::kPvh;
  if (arguments == kArgsNone) rare.elf_handover = ElfHandover::kNone;
  rare.modules = given.All(kModule);
  if (const auto dtb = given.Last(kDtb)) rare.dtb = *dtb;
  const auto overlays = given.All(kDtbOverlay);
  rare.dtb_overlays.assign(overlays.begin(), overlays.end());
}

void WarnOfCoreHeaders(Options& options) {
  const bool crash = options.slot == LoadKind::kCrash;
  if (options.rare.core_header_bits == 32 && crash) {
    options.warnings.emplace_back(
        "option '--elf32-core-headers' is ignored: on this architecture core headers are always ELF64");
  }
  if (options.rare.hotplug && !crash) {
    options.warnings.emplace_back(
        "option '--hotplug' is ignored: only a crash kernel has core headers, and '--load-panic' is not "
        "given");
  }
}

void FillOutput(const GivenOptions& given, Options& options) {
  options.no_ifdown = given.Has(kNoIfdown);
  options.no_sync = given.Has(kNoSync);
  options.debug = given.Has(kDebug);
  options.quiet = given.Has(kQuiet);
  options.json = given.Has(kJson);
  const auto color = given.Last(kColor);
  if (color == "always") options.color = Color::kAlways;
  if (color == "never") options.color = Color::kNever;
  if (const auto root = given.Last(kRoot)) options.root = *root;
  if (options.mode == Mode::kCapture) options.capture = *given.Last(kCapture);
  options.redact = given.Has(kRedact);
  if (options.redact && !options.capture) {
    options.warnings.emplace_back("option '--redact' is ignored: only '--capture' records anything");
  }
  // A plan made from another machine's memory map must not reach this kernel.
  options.dry_run = given.Has(kDryRun) || options.root.has_value();
}

LoadKind SlotFrom(const GivenOptions& given, Mode mode) {
  const bool crash =
      given.Has(kLoadPanic) || mode == Mode::kEstimateCrash || (mode == Mode::kStatus && !given.Has(kLoad));
  return crash ? LoadKind::kCrash : LoadKind::kNormal;
}

}  // namespace

bool LoadsKernel(Mode mode) {
  return mode == Mode::kLoad || mode == Mode::kLoadAndExecute || mode == Mode::kLoadAndShutdown;
}

Result<Options> ParseArguments(std::span<const std::string_view> words, Architecture machine) {
  Options options;
  KEXEC_ASSIGN(CanonicalWords canonical, CanonicaliseWords(words, machine));
  if (canonical.help || canonical.version) {
    options.mode = canonical.help ? Mode::kHelp : Mode::kVersion;
    return options;
  }
  KEXEC_ASSIGN(GivenOptions given, ParseGiven(canonical.options, machine));
  DropZeroEntry(given);
  options.warnings = std::move(canonical.warnings);
  KEXEC_ASSIGN(options.mode, ResolveMode(given, canonical.operands, options.warnings));
  options.slot = SlotFrom(given, options.mode);
  options.call = CallFrom(given);
  DropForeign(machine, given, options.warnings);
  if (LoadsKernel(options.mode) || options.mode == Mode::kJumpBack) KEXEC_TRY(CheckCall(given, options));
  if (!LoadsKernel(options.mode)) KEXEC_TRY(CheckWithoutLoad(given, options));
  FillWhat(given, canonical.operands, options);
  FillBundle(given, options);
  KEXEC_TRY(CheckBundle(options));
  KEXEC_TRY(FillPlacement(given, options));
  KEXEC_TRY(FillPurgatory(given, machine, options.purgatory));
  FillRare(given, options.rare);
  if (LoadsKernel(options.mode)) WarnOfCoreHeaders(options);
  FillOutput(given, options);
  return options;
}

Result<Options> ParseArguments(int argc, const char* const* argv, Architecture machine) {
  std::vector<std::string_view> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  return ParseArguments(words, machine);
}

std::string UsageErrorText(const Error& error) {
  const bool unknown_option = error.code() == Errc::kNotRecognised;
  return fmt::format("kexec: {}\n{}Try 'kexec --help' for more information.\n", Printable(error.message()),
                     unknown_option ? UsageText() : "");
}

}  // namespace kexec
