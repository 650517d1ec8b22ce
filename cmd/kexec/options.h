// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of kexec(8) as one value, parsed once. The modes are resolved here, independently of the
// order of the options, so that main.cc is one switch over Options::mode.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/machine.h"
#include "cmd/kexec/option_table.h"
#include "kexec/error.h"
#include "kexec/phys.h"
#include "kexec/plan.h"

namespace kexec {

// What this run of the program does. Strongest first: where several are asked for, the upper one wins, or
// ParseArguments refuses the combination.
enum class Mode {
  kHelp,            // -h, -?, --help: print HelpText()
  kVersion,         // -v: print VersionText()
  kStatus,          // -S: exit 1 if a kernel is loaded in `slot`, 0 if not
  kPrintCrashSize,  // --print-ckr-size
  kEstimateCrash,   // --estimate-crashkernel
  kListTypes,       // --type=help: print the formats
  kListEntries,     // --list-boot-entries
  kCapture,         // --capture DIR
  kUnload,          // -u: unload `slot`
  kExecute,         // -e, or -f without a kernel next to it: run the kernel that is loaded
  kJumpBack,        // --load-jump-back-helper
  kLoad,            // -l, -p, --load-preserve-context, --load-live-update
  kLoadAndExecute,  // -f KERNEL: load, then run it without shutting down
  kLoadAndShutdown  // KERNEL alone: load, then run shutdown -r now
};

// Which system call loads (or unloads).
enum class Call {
  kAuto,  // -a, the default: kexec_file_load if it can do what was asked, else kexec_load
  kLoad,  // -c: kexec_load only
  kFile   // -s: kexec_file_load only
};

enum class Color { kAuto, kAlways, kNever };

// Requests that are understood but belong to features of their own; whoever executes says if it cannot do
// them.
struct RareOptions {
  bool preserve_context = false;     // --load-preserve-context
  bool live_update = false;          // --load-live-update or --exec-live-update (Xen)
  bool reuse_initrd = false;         // --reuseinitrd
  bool hotplug = false;              // --hotplug
  bool no_cma = false;               // --no-cma (kexec_file_load)
  bool force_dtb = false;            // --force-dtb (kexec_file_load)
  bool real_mode = false;            // --real-mode
  bool entry_32bit = false;          // --entry-32bit
  bool pass_memmap_cmdline = false;  // --pass-memmap-cmdline
  bool reuse_video_type = false;     // --reuse-video-type
  int core_header_bits = 0;          // --elf32-core-headers, --elf64-core-headers: 32 or 64; 0: not given
  ElfHandover elf_handover = ElfHandover::kByImage;  // --args-elf, -linux, -pvh, -none
  std::vector<std::string> modules;                  // --module, each "FILE arguments", in order
  std::optional<std::filesystem::path> dtb;          // --dtb
  std::vector<std::filesystem::path> dtb_overlays;   // --dtb-overlay, in order

  bool operator==(const RareOptions&) const = default;
};

struct Options {
  Mode mode = Mode::kHelp;
  // Which of the kernel's two images is meant. For kStatus it is kCrash unless -l was given without -p, for
  // kEstimateCrash always.
  LoadKind slot = LoadKind::kNormal;
  Call call = Call::kAuto;

  // The kernel; "-" is standard input. For the three loading modes either this or `boot_entry` is there, for
  // kEstimateCrash one of them or none, for all others neither.
  std::filesystem::path kernel;
  std::vector<std::filesystem::path> initrds;  // each --initrd, in order
  std::optional<std::string> append;           // --append; "" if given empty
  bool reuse_cmdline = false;
  std::optional<std::string> type;  // --type, as given: a name of the loaders' registry

  // The kernel of a boot menu entry instead of `kernel`, which is empty then: --boot-entry, as given.
  std::optional<std::string> boot_entry;
  std::optional<std::string> profile;         // --profile: of a unified kernel image, by ID or number
  std::vector<std::filesystem::path> addons;  // --addon: PE add-ons of a unified kernel image, in order
  // --no-embedded: take the kernel alone from a unified kernel image or a boot entry, not its initrds and
  // command line. Without it --initrd and --append add to a boot entry's, and --reuse-cmdline replaces the
  // latter; an image's own initrd and command line are replaced by them, unless --keep-embedded is given.
  bool no_embedded = false;
  bool keep_embedded = false;
  bool decompress = false;         // --decompress: enter the kernel a bzImage packs directly
  bool decompress_initrd = false;  // --decompress-initrd

  PhysAddr mem_min{0};            // --mem-min: lowest address of any segment
  PhysAddr mem_max{UINT64_MAX};   // --mem-max: highest address any segment may reach
  std::optional<PhysAddr> entry;  // --entry
  bool no_efi = false;            // --noefi
  PurgatoryOptions purgatory;     // --digest, -i (digest kNone), --console-*, --serial*, --reset-vga

  bool no_ifdown = false;  // -x
  bool no_sync = false;    // -y
  bool debug = false;      // -d
  bool quiet = false;      // -q: errors only, no warnings and no line about a fallback

  // Nothing may be handed to the kernel and nothing executed, whatever the mode. Always true with a root.
  bool dry_run = false;
  bool json = false;
  Color color = Color::kAuto;
  std::optional<std::filesystem::path> root;  // --root: plan for the machine recorded there
  std::optional<std::filesystem::path>
      capture;          // --capture: record this machine there; set for kCapture only
  bool redact = false;  // --redact: without what no plan depends on

  RareOptions rare;

  // The options that were given and that only kexec_load can honour, as "--entry", in the order of the option
  // table: reasons for auto to choose kexec_load, and the words to say so. (Several initrds are another
  // reason.) `needs`: without them something else would start than was asked for. `prefers`: they only cost
  // comfort (-i,
  // --console-serial, ...), so where kexec_load is locked down auto may drop them, with a warning.
  std::vector<std::string> needs_kexec_load;
  std::vector<std::string> prefers_kexec_load;
  // One sentence each, in the style of Error::message(): options of other machines, words that are ignored.
  std::vector<std::string> warnings;

  bool operator==(const Options&) const = default;
};

// kLoad, kLoadAndExecute or kLoadAndShutdown.
bool LoadsKernel(Mode mode);

// `words` is argv without the program's name; it may be empty, and each word is taken literally. Errors:
// kNotRecognised for an option nobody knows (upstream prints its whole usage then), kUsage for everything
// else; the message names the option and the value. The exit status is 1 for both. -h and -v take effect at
// once: words after them are not looked at. `machine` is whose options they are: those of others are dropped
// with a warning.
Result<Options> ParseArguments(std::span<const std::string_view> words,
                               Architecture machine = kThisArchitecture);
Result<Options> ParseArguments(int argc, const char* const* argv, Architecture machine = kThisArchitecture);

// What main prints on stderr for an error of ParseArguments: "kexec: MESSAGE", the way to --help, and for
// kNotRecognised the usage. Ends with a newline.
std::string UsageErrorText(const Error& error);

}  // namespace kexec
