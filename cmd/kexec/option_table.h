// SPDX-License-Identifier: GPL-2.0-or-later
// The one table of all options of kexec(8). Everything that names an option is made from it: the pre-pass
// (argv.h), the parser (options.h), --help, OPTIONS in kexec.8 and the completions of bash, zsh and fish. A
// new option is one row here and one line in options.cc that uses it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kexec {

// One per row, in the order of the rows: a row's index is its id.
enum class OptionId : uint8_t {
  kLoad,
  kLoadPanic,
  kForce,
  kExec,
  kUnload,
  kStatus,
  kPrintCkrSize,
  kEstimateCrashkernel,
  kListBootEntries,
  kCapture,
  kRedact,
  kNoIfdown,
  kNoSync,
  kHelp,
  kVersion,
  kInitrd,
  kAppend,
  kReuseCmdline,
  kBootEntry,
  kProfile,
  kAddon,
  kNoEmbedded,
  kKeepEmbedded,
  kType,
  kSyscallAuto,
  kSyscallFile,
  kSyscallLoad,
  kMemMin,
  kMemMax,
  kEntry,
  kEntry32bit,
  kNoEfi,
  kDecompress,
  kDecompressInitrd,
  kDigest,
  kNoChecks,
  kConsoleSerial,
  kSerial,
  kSerialBaud,
  kConsoleVga,
  kResetVga,
  kDryRun,
  kJson,
  kRoot,
  kDebug,
  kQuiet,
  kColor,
  kModule,
  kArgsElf,
  kArgsLinux,
  kArgsPvh,
  kArgsNone,
  kRealMode,
  kDtb,
  kDtbOverlay,
  kReuseInitrd,
  kReuseVideoType,
  kPreserveContext,
  kJumpBackHelper,
  kLoadLiveUpdate,
  kExecLiveUpdate,
  kHotplug,
  kElf32CoreHeaders,
  kElf64CoreHeaders,
  kPassMemmapCmdline,
  kNoCma,
  kForceDtb,
  kDtNoOldRoot,
  kAtags,
  kImageSize,
  kPageOffset,
  kGamecube,
  kReuseNode,
  kBootinfo,
  kNoIo,
  kVmm,
  kEmptyZero,
  kHowto,
  kMiniroot,
};

// Headings of --help and of the man page, in this order.
enum class Group : uint8_t { kMode, kWhat, kCall, kPlacement, kPurgatory, kOutput, kRare, kCompatibility };

// What an option's argument is: decides the check at parse time and what a shell completes.
enum class Value : uint8_t {
  kNone,       // the option is a flag
  kText,       // anything, also nothing; `choices` are suggestions
  kName,       // not empty; `choices` are suggestions
  kFile,       // not empty; files are completed
  kDirectory,  // not empty; directories are completed
  kAddress,    // 0 .. 2^64-1: decimal, 0x hexadecimal or 0 octal
  kPort,       // x86: ttyS0 .. ttyS3 or an I/O port below 0x10000; elsewhere a serial device's name
  kBaud,       // 9600 .. 115200, dividing 115200
  kChoice      // one of `choices`
};

// Architectures of kexec-tools, as a set.
enum class Architecture : uint16_t {
  kX86 = 1 << 0,
  kArm = 1 << 1,
  kArm64 = 1 << 2,
  kRiscv = 1 << 3,
  kLoongarch = 1 << 4,
  kPpc = 1 << 5,
  kPpc64 = 1 << 6,
  kS390 = 1 << 7,
  kMips = 1 << 8,
  kM68k = 1 << 9,
  kHppa = 1 << 10,
  kIa64 = 1 << 11,
  kSh = 1 << 12,
  kEvery = 0xffff,
};
constexpr Architecture operator|(Architecture a, Architecture b) {
  return static_cast<Architecture>(static_cast<uint16_t>(a) | static_cast<uint16_t>(b));
}
constexpr bool Includes(Architecture set, Architecture one) {
  return (static_cast<uint16_t>(set) & static_cast<uint16_t>(one)) != 0;
}
// The architecture this program is built for.
#if defined(__aarch64__)
inline constexpr Architecture kThisArchitecture = Architecture::kArm64;
#elif defined(__riscv)
inline constexpr Architecture kThisArchitecture = Architecture::kRiscv;
#else
inline constexpr Architecture kThisArchitecture = Architecture::kX86;
#endif

// Which of the two system calls can do what the option asks.
enum class HonouredBy : uint8_t { kBothCalls, kKexecLoad, kKexecFileLoad };

// What happens to the option next to -e, -u or -S, which load nothing. kexec-tools refuses its loader options
// there.
enum class WithoutLoad : uint8_t { kFine, kWarn, kRefuse };

struct OptionRow {
  OptionId id;
  std::string_view name;        // without "--"
  std::string_view alias = {};  // a second long name; empty: none
  // Where kexec-tools has that name: elsewhere an abbreviation means another option if it can.
  Architecture alias_machines = Architecture::kEvery;
  char letter = 0;  // 0: none
  Value value = Value::kNone;
  std::string_view argument = {};  // its name in texts; empty exactly for flags
  std::string_view choices = {};   // separated by blanks
  bool ours = false;               // kexec-tools has no such option: abbreviations of its names stay its own
  bool collects = false;           // each occurrence counts; otherwise the last one does
  Group group;
  Architecture machines = Architecture::kEvery;  // elsewhere: accepted, with a warning
  HonouredBy honoured_by =
      HonouredBy::kBothCalls;  // with -s or -c, the other one: an error if `vital`, else a warning
  bool vital = false;          // without it something else would boot than was asked for
  WithoutLoad without_load = WithoutLoad::kFine;
  bool later = false;     // parsed, but the feature is not there yet; --help says so
  std::string_view help;  // one phrase
  std::string_view man;   // sentences for kexec.8; "--name", /paths and `literals` are marked up there
};

std::span<const OptionRow> OptionTable();
const OptionRow& RowOf(OptionId id);

// By long name or alias, whole; nullptr if there is none.
const OptionRow* FindLongOption(std::string_view name);
// By letter; '?' is --help. nullptr if there is none.
const OptionRow* FindShortOption(char letter);

// The heading of a group, e.g. "Modes".
std::string_view GroupTitle(Group group);

}  // namespace kexec
