// SPDX-License-Identifier: GPL-2.0-or-later
// What command lines mean: every mode, every contradiction, and that the order of options plays no part.
#include "cmd/kexec/options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "cmd/kexec/given.h"
#include "cmd/kexec/help.h"
#include "cmd/kexec/option_table.h"
#include "tests/cmd/describe_options.h"

namespace kexec {
namespace {

using testing::Describe;
using testing::Parse;

struct Row {
  const char* name;
  const char* line;
  const char* meaning;
};

class CommandLine : public ::testing::TestWithParam<Row> {};
TEST_P(CommandLine, Means) { EXPECT_EQ(Describe(Parse(GetParam().line)), GetParam().meaning); }
std::string RowName(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }

constexpr Row kModes[] = {
    {"help", "-h", "help"},
    {"help_before_a_mistake", "--help --nonsense", "help"},
    {"version", "-v", "version"},
    {"kernel_alone", "K", "load and shutdown; kernel K"},
    {"load", "-l K", "load; kernel K"},
    {"load_from_standard_input", "-l -", "load; kernel -"},
    {"force", "-f K", "load and execute; kernel K"},
    {"load_and_force", "-l -f K", "load and execute; kernel K"},
    {"force_then_load", "-f K -l", "load and execute; kernel K"},
    {"crash_load", "-p K", "load; crash; kernel K"},
    {"load_and_crash_load", "-l -p K", "load; crash; kernel K"},
    {"execute", "-e", "execute"},
    {"execute_then_force", "-e -f", "execute"},
    {"force_then_execute", "-f -e", "execute"},
    {"force_and_execute_with_a_kernel", "-f -e K", "load and execute; kernel K"},
    {"execute_and_force_with_a_kernel", "-e -f K", "load and execute; kernel K"},
    {"execute_without_checks", "-e -i", "execute; no digest"},
    {"execute_with_a_kernel", "-e K", "execute; ! argument 'K' is ignored: '--exec' loads nothing"},
    {"unload", "-u", "unload"},
    {"unload_crash", "-p -u", "unload; crash"},
    {"unload_crash_in_the_other_order", "-u -p", "unload; crash"},
    {"unload_with_load_and_kernel", "-l -u K", "unload; ! argument 'K' is ignored: '--unload' loads nothing"},
    {"unload_then_load", "-u -l K", "unload; ! argument 'K' is ignored: '--unload' loads nothing"},
    {"unload_and_execute", "-e -u", "unload; ! option '--exec' is ignored next to '--unload'"},
    {"status", "-S", "status; crash"},
    {"status_of_the_normal_slot", "-S -l", "status"},
    {"status_of_the_normal_slot_in_the_other_order", "-l -S", "status"},
    {"status_with_debug_asks_for_the_crash_slot", "-d -S", "status; crash; debug"},
    {"status_crash_named", "-p -S", "status; crash"},
    {"status_crash_named_with_load", "-l -p -S", "status; crash"},
    {"status_wins", "-S -e -u",
     "status; crash; ! option '--unload' is ignored next to '--status'; "
     "! option '--exec' is ignored next to '--status'"},
    {"status_as_json", "-S -l --json", "status; json"},
    {"crash_size", "--print-ckr-size", "print crash size"},
    {"estimate_crashkernel", "--estimate-crashkernel", "estimate crash; crash"},
    {"estimate_crashkernel_of_files", "--estimate-crashkernel K --initrd I --append x --json",
     "estimate crash; crash; kernel K; initrd I; append 'x'; json"},
    {"estimate_crashkernel_loads_nothing", "--estimate-crashkernel -p -c K L",
     "estimate crash; crash; kexec_load; kernel K; ! argument 'L' is ignored: the kernel is 'K'"},
    {"elf32_core_headers", "-p K --elf32-core-headers",
     "load; crash; kernel K; core headers 32; "
     "! option '--elf32-core-headers' is ignored: on this architecture core headers are always ELF64"},
    {"elf32_core_headers_without_a_crash_kernel", "-l K --elf32-core-headers",
     "load; kernel K; core headers 32"},
    {"hotplug_is_no_reason_for_kexec_load", "-p K --hotplug", "load; crash; kernel K; hotplug"},
    {"list_types", "-t help", "list types; type help"},
    {"list_types_wins", "-l -p K --type=help",
     "list types; crash; type help; ! argument 'K' is ignored: '--type=help' loads nothing"},
    {"list_types_next_to_capture", "-t help --capture D", "list types; type help"},
    {"list_types_next_to_a_boot_entry", "-t help -l --boot-entry=x", "list types; type help"},
    {"list_boot_entries", "--list-boot-entries --json --root R", "list boot entries; dry run; json; root R"},
    {"list_boot_entries_wins", "--list-boot-entries -e",
     "list boot entries; ! option '--exec' is ignored next to '--list-boot-entries'"},
    {"boot_entry", "-l --boot-entry=default", "load; boot entry default"},
    {"boot_entry_alone", "--boot-entry 1", "load and shutdown; boot entry 1"},
    {"boot_entry_at_once", "-fe --boot-entry=x", "load and execute; boot entry x"},
    {"boot_entry_for_a_panic", "-p --boot-entry=x --append=nr_cpus=1",
     "load; crash; append 'nr_cpus=1'; boot entry x"},
    {"boot_entry_of_an_estimate", "--estimate-crashkernel --boot-entry=x",
     "estimate crash; crash; boot entry x"},
    {"capture", "--capture /tmp/x", "capture; capture /tmp/x"},
    {"capture_and_redact", "--redact --capture /tmp/x", "capture; capture /tmp/x; redact"},
    {"redact_alone", "--redact -S",
     "status; crash; redact; ! option '--redact' is ignored: only '--capture' records anything"},
    {"dry_run_of_a_load", "--dry-run -l K", "load; kernel K; dry run"},
    {"dry_run_of_an_execution", "-e --dry-run", "execute; dry run"},
    {"recorded_machine_is_never_loaded_to", "-l K --root R", "load; kernel K; dry run; root R"},
    {"preserve_context", "--load-preserve-context --mem-max=0x1000000 K",
     "load; kernel K; to 0x1000000; preserve context; needs kexec_load: --mem-max; "
     "needs kexec_load: --load-preserve-context"},
    {"jump_back", "--load-jump-back-helper --entry=0x100000",
     "jump back; entry 0x100000; needs kexec_load: --entry; needs kexec_load: --load-jump-back-helper"},
    {"jump_back_where_the_command_line_says", "--load-jump-back-helper --entry=0",
     "jump back; needs kexec_load: --load-jump-back-helper"},
    {"entry_zero_is_none", "-l K --entry=0x0", "load; kernel K"},
    {"live_update_load", "--load-live-update K", "load; kernel K; live update"},
    {"live_update_execute", "--exec-live-update", "execute; live update"},
};
INSTANTIATE_TEST_SUITE_P(Modes, CommandLine, ::testing::ValuesIn(kModes), RowName);

constexpr Row kContradictions[] = {
    {"nothing", "", "error: no kernel specified, and nothing else to do"},
    {"load_nothing", "-l", "error: no kernel specified: '--load' needs the file to load"},
    {"load_an_empty_word", "-l ''", "error: no kernel specified: '--load' needs the file to load"},
    {"force_nothing", "-f", "error: no kernel specified: '--force' needs the file to load"},
    {"execute_and_load", "-e -l K",
     "error: options '--load' and '--exec' contradict each other: load first and execute then, or use "
     "--force for "
     "both"},
    {"load_and_execute", "-l -e K",
     "error: options '--load' and '--exec' contradict each other: load first and execute then, or use "
     "--force for "
     "both"},
    {"execute_and_crash_load", "-p -e K",
     "error: options '--load-panic' and '--exec' contradict each other: load first and execute then, or use "
     "--force "
     "for both"},
    {"force_and_crash_load", "-f -p K",
     "error: options '--load-panic' and '--force' contradict each other: --force executes at once"},
    {"preserve_context_without_an_end", "-l --load-preserve-context K",
     "error: option '--load-preserve-context' needs '--mem-max', the end of the memory the new kernel gets"},
    {"preserve_context_of_a_panic", "-p --load-preserve-context --mem-max=0x1000000 K",
     "error: options '--load-preserve-context' and '--load-panic' contradict each other: a kernel that "
     "panicked "
     "is not returned to"},
    {"preserve_context_with_the_file_call", "-s --load-preserve-context K",
     "error: option '--load-preserve-context' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"jump_back_with_the_file_call", "-s --load-jump-back-helper",
     "error: option '--load-jump-back-helper' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"capture_and_load", "--capture D -l K",
     "error: options '--capture' and '--load' contradict each other: --capture only records"},
    {"loader_option_without_load", "-e --append=x",
     "error: option '--append' has no meaning with '--exec': nothing is loaded"},
    {"loader_option_with_unload", "-u --initrd=x",
     "error: option '--initrd' has no meaning with '--unload': nothing is loaded"},
    {"placement_with_an_estimate", "--estimate-crashkernel --noefi",
     "error: option '--noefi' has no meaning with '--estimate-crashkernel': nothing is loaded"},
    {"loader_option_with_status", "-S --noefi",
     "error: option '--noefi' has no meaning with '--status': nothing is loaded"},
    {"boot_entry_and_a_kernel", "-l K --boot-entry=default",
     "error: option '--boot-entry' and the kernel 'K' contradict each other: the entry names its kernel"},
    {"boot_entry_with_execute", "-e --boot-entry=x",
     "error: option '--boot-entry' has no meaning with '--exec': nothing is loaded"},
    {"modules_with_the_file_call", "-s -l K --module=x",
     "error: option '--module' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"elf_arguments_with_the_file_call", "-s -l K --args-pvh",
     "error: option '--args-pvh' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"digest_and_no_checks", "-l K -i --digest=sha256",
     "error: options '--no-checks' and '--digest=sha256' contradict each other"},
    {"window_upside_down", "-l K --mem-min=0x2000 --mem-max=0x1000",
     "error: option '--mem-min' (0x2000) must be below '--mem-max' (0x1000)"},
    {"entry_with_the_file_call", "-s -l K --entry=0x100000",
     "error: option '--entry' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"window_with_the_file_call", "-l K --mem-min=4096 -s",
     "error: option '--mem-min' needs kexec_load, but '--kexec-file-syscall' rules that out"},
    {"real_mode_with_the_file_call", "-s --real-mode -l K",
     "error: option '--real-mode' needs kexec_load, but '--kexec-file-syscall' rules that out"},
};
INSTANTIATE_TEST_SUITE_P(Contradictions, CommandLine, ::testing::ValuesIn(kContradictions), RowName);

constexpr Row kValues[] = {
    {"append_empty", "-l K --append=", "load; kernel K; append ''"},
    {"append_last_wins", "-l K --append=1 --append=2", "load; kernel K; append '2'"},
    {"append_and_command_line_are_one", "-l K --append=1 --command-line=2", "load; kernel K; append '2'"},
    {"append_with_everything_that_parsers_read_into", "-l K --append '[a,b] {} %% \"q\" --x=-y, # \\n'",
     "load; kernel K; append '[a,b] {} %% \"q\" --x=-y, # \\n'"},
    {"append_brackets", "-l K --append=[]", "load; kernel K; append '[]'"},
    {"append_that_is_an_option", "-l K --append --load", "load; kernel K; append '--load'"},
    {"append_terminator", "-l K --append -- ", "load; kernel K; append '--'"},
    {"append_plus_signs", "-l K --append ++", "load; kernel K; append '++'"},
    {"reuse_and_append", "-l K --reuse-cmdline --append=x", "load; kernel K; append 'x'; reuse cmdline"},
    {"initrds_collect", "-l K --initrd=a --ramdisk=b --initrd c",
     "load; kernel K; initrd a; initrd b; initrd c"},
    {"initrd_in_brackets", "-l K --initrd=[a,b]", "load; kernel K; initrd [a,b]"},
    {"initrd_empty", "-l K --initrd=", "error: option '--initrd': the path is empty"},
    {"type", "-l K -tbzImage", "load; kernel K; type bzImage"},
    {"type_empty", "-l K -t ''", "error: option '--type': the name is empty"},
    {"window_hexadecimal", "-l K --mem-min=0x100000 --mem-max=0XFFFFffff",
     "load; kernel K; from 0x100000; to 0xffffffff; needs kexec_load: --mem-min; needs kexec_load: "
     "--mem-max"},
    {"window_octal", "-l K --mem-min=0100", "load; kernel K; from 0x40; needs kexec_load: --mem-min"},
    {"window_whole", "-l K --mem-min=0 --mem-max=18446744073709551615",
     "load; kernel K; needs kexec_load: --mem-min; needs kexec_load: --mem-max"},
    {"address_too_large", "-l K --mem-max=18446744073709551616",
     "error: option '--mem-max': '18446744073709551616' is not an address (a number below 2^64; hexadecimal "
     "with 0x)"},
    {"address_empty", "-l K --entry=",
     "error: option '--entry': '' is not an address (a number below 2^64; hexadecimal with 0x)"},
    {"address_negative", "-l K --mem-min -1",
     "error: option '--mem-min': '-1' is not an address (a number below 2^64; hexadecimal with 0x)"},
    {"address_with_rubbish", "-l K --mem-min 0x10zz",
     "error: option '--mem-min': '0x10zz' is not an address (a number below 2^64; hexadecimal with 0x)"},
    {"address_just_a_prefix", "-l K --mem-min 0x",
     "error: option '--mem-min': '0x' is not an address (a number below 2^64; hexadecimal with 0x)"},
    {"each_occurrence_is_checked", "-l K --mem-min 0x --mem-min 1",
     "error: option '--mem-min': '0x' is not an address (a number below 2^64; hexadecimal with 0x)"},
    {"serial_baud_zero", "-l K --serial-baud=0",
     "error: option '--serial-baud': '0' is not a speed (a number from 9600 to 115200 that divides 115200)"},
    {"serial_baud_that_divides_nothing", "-l K --serial-baud=9601",
     "error: option '--serial-baud': '9601' is not a speed (a number from 9600 to 115200 that divides "
     "115200)"},
    {"serial_line", "-l K --console-serial --serial=ttyS1 --serial-baud=38400",
     "load; kernel K; console serial; port 0x2f8; baud 38400; prefers kexec_load: --console-serial; "
     "prefers kexec_load: --serial; prefers kexec_load: --serial-baud"},
    {"serial_port_number", "-l K --serial=0x2e8", "load; kernel K; port 0x2e8; prefers kexec_load: --serial"},
    {"serial_port_too_large", "-l K --serial=0x10000",
     "error: option '--serial': '0x10000' is not a serial port (ttyS0 to ttyS3, or an I/O port from 0x1 to "
     "0xffff)"},
    {"serial_port_unknown", "-l K --serial=ttyUSB0",
     "error: option '--serial': 'ttyUSB0' is not a serial port (ttyS0 to ttyS3, or an I/O port from 0x1 to "
     "0xffff)"},
    {"digest_sha256", "-l K --digest=sha256", "load; kernel K; sha256; needs kexec_load: --digest"},
    {"digest_none_next_to_no_checks", "-l K -i --digest=none",
     "load; kernel K; no digest; needs kexec_load: --digest; prefers kexec_load: --no-checks"},
    {"digest_unknown", "-l K --digest=md5",
     "error: option '--digest': 'md5' is not one of: xxh128 sha256 none"},
    {"digest_empty", "-l K --digest=", "error: option '--digest': '' is not one of: xxh128 sha256 none"},
    {"digest_two_choices", "-l K '--digest=sha256 none'",
     "error: option '--digest': 'sha256 none' is not one of: xxh128 sha256 none"},
    {"color", "--color never -S", "status; crash; color never"},
    {"modules_collect", "-l K '--module=m1 a b' --module m2",
     "load; kernel K; module m1 a b; module m2; needs kexec_load: --module"},
    {"call_last_wins", "-s -c -l K", "load; kexec_load; kernel K"},
    {"call_last_wins_auto", "-s -l K -a", "load; kernel K"},
    {"args_last_wins", "-l K --args-elf --args-linux",
     "load; kernel K; args linux; needs kexec_load: --args-elf"},
    {"args_pvh", "-l K --args-pvh", "load; kernel K; args pvh; needs kexec_load: --args-pvh"},
    {"args_none", "-l K --args-none", "load; kernel K; args none; needs kexec_load: --args-none"},
    {"decompress", "-l K --decompress --decompress-initrd",
     "load; kernel K; decompress; decompress initrd; prefers kexec_load: --decompress; "
     "prefers kexec_load: --decompress-initrd"},
    {"decompress_with_the_file_call", "-s -l K --decompress",
     "load; kexec_file_load; kernel K; decompress; "
     "! option '--decompress' is ignored: kexec_file_load cannot honour it"},
    {"unified_kernel_image", "-l K --profile=x --addon=a --addon b --no-embedded",
     "load; kernel K; profile x; addon a; addon b; no embedded"},
    {"unified_kernel_image_and_more", "-l K --keep-embedded --initrd=I",
     "load; kernel K; initrd I; keep embedded"},
    {"embedded_parts_kept_and_not", "-l K --keep-embedded --no-embedded",
     "error: options '--no-embedded' and '--keep-embedded' contradict each other"},
    {"profile_empty", "-l K --profile=", "error: option '--profile': the name is empty"},
    {"boot_entry_empty", "-l --boot-entry=", "error: option '--boot-entry': the name is empty"},
    {"quiet_without_sync", "-fxyq K", "load and execute; kernel K; no ifdown; no sync; quiet"},
    {"extra_words", "-l K more", "load; kernel K; ! argument 'more' is ignored: the kernel is 'K'"},
    {"empty_first_word", "'' -l K", "load; kernel K; ! an empty argument is ignored"},
    {"no_checks_with_the_file_call", "-s -i -l K",
     "load; kexec_file_load; kernel K; no digest; ! option '--no-checks' is ignored: kexec_file_load cannot "
     "honour it"},
    {"no_cma_with_the_other_call", "-c --no-cma -l K", "load; kexec_load; kernel K; no cma"},
    {"hotplug_without_a_crash_kernel", "-l K --hotplug",
     "load; kernel K; hotplug; ! option '--hotplug' is ignored: only a crash kernel has core headers, and "
     "'--load-panic' is not given"},
    {"type_with_execute", "-e -t bzImage",
     "execute; type bzImage; ! option '--type' has no meaning with '--exec'"},
    {"dtb_on_x86", "-l K --dtb=D", "load; kernel K; dtb D; needs kexec_load: --dtb"},
    {"foreign_flag", "-p K --dt-no-old-root",
     "load; crash; kernel K; ! option '--dt-no-old-root' is ignored: it means nothing on this architecture"},
};
INSTANTIATE_TEST_SUITE_P(Values, CommandLine, ::testing::ValuesIn(kValues), RowName);

TEST(ParseArguments, TellsUnknownOptionsFromOtherMistakes) {
  const auto unknown = Parse("-l K --nonsense");
  const auto other = Parse("-l K --mem-min=x");
  ASSERT_FALSE(unknown.has_value());
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(unknown.error().code(), Errc::kNotRecognised);
  EXPECT_EQ(UsageErrorText(unknown.error()), "kexec: unrecognized option '--nonsense'\n" + UsageText() +
                                                 "Try 'kexec --help' for more information.\n");
  EXPECT_EQ(other.error().code(), Errc::kUsage);
  EXPECT_EQ(UsageErrorText(other.error()),
            "kexec: option '--mem-min': 'x' is not an address (a number below 2^64; hexadecimal with 0x)\n"
            "Try 'kexec --help' for more information.\n");
}

TEST(ParseArguments, LeavesTheProgramNameOut) {
  const char* argv[] = {"-u", "-l", "K", nullptr};
  EXPECT_EQ(Describe(ParseArguments(3, argv)), "load; kernel K");
  EXPECT_EQ(Describe(ParseArguments(0, argv)), "error: no kernel specified, and nothing else to do");
}

// Each option of the table can be given once, with a value its own check accepts: it is honoured, refused for
// a stated reason, or warned about, but never unknown to the parser.
TEST(ParseArguments, KnowsEveryRow) {
  for (const OptionRow& row : OptionTable()) {
    std::vector<std::string> words = {"-l", "--" + std::string(row.name)};
    if (row.id != OptionId::kBootEntry) words.insert(words.begin() + 1, "K");
    if (row.value == Value::kAddress || row.value == Value::kPort) words.emplace_back("0x1000");
    if (row.value == Value::kBaud) words.emplace_back("9600");
    if (row.value == Value::kChoice) words.emplace_back(row.choices.substr(0, row.choices.find(' ')));
    if (row.value == Value::kText || row.value == Value::kName || row.value == Value::kFile ||
        row.value == Value::kDirectory) {
      words.emplace_back("x");
    }
    if (row.id == OptionId::kPreserveContext) words.emplace_back("--mem-max=0x1000000");
    const auto result = Parse(words);
    const bool contradicts =
        row.id == OptionId::kExec || row.id == OptionId::kExecLiveUpdate || row.id == OptionId::kCapture;
    EXPECT_EQ(result.has_value(), !contradicts) << row.name << ": " << Describe(result);
    if (!result.has_value()) continue;
    const bool foreign = !Includes(row.machines, kThisArchitecture);
    const std::string warning =
        fmt::format("option '--{}' is ignored: it means nothing on this architecture", row.name);
    EXPECT_EQ(std::ranges::count(result->warnings, warning), foreign ? 1 : 0)
        << row.name << ": " << Describe(result);
  }
}

Result<Options> ParseForArm64(std::initializer_list<std::string_view> words) {
  return ParseArguments(std::span(words.begin(), words.size()), Architecture::kArm64);
}

TEST(ParseArguments, TakesAnArm64MachinesOptions) {
  EXPECT_EQ(Describe(ParseForArm64({"-l", "K", "--dtb=D", "--dtb-overlay=A", "--dtb-overlay=B",
                                    "--serial=ttyAMA0", "--dt-no-old-root"})),
            "load; kernel K; device ttyAMA0; dtb D; overlay A; overlay B; needs kexec_load: --dtb; "
            "needs kexec_load: --dtb-overlay; prefers kexec_load: --serial");
  EXPECT_EQ(Describe(ParseForArm64({"-l", "K", "--module=M", "--console-vga"})),
            "load; kernel K; ! option '--console-vga' is ignored: it means nothing on this architecture; "
            "! option '--module' is ignored: it means nothing on this architecture");
}

// One option with its argument: the unit that is shuffled.
using Unit = std::vector<std::string>;

const std::vector<std::vector<Unit>> kModeUnits = {{},
                                                   {{"-l"}},
                                                   {{"-p"}},
                                                   {{"-l"}, {"-p"}},
                                                   {{"-f"}},
                                                   {{"-f"}, {"-l"}},
                                                   {{"-e"}},
                                                   {{"-e"}, {"-f"}},
                                                   {{"-e"}, {"-l"}},
                                                   {{"-u"}},
                                                   {{"-u"}, {"-p"}},
                                                   {{"-u"}, {"-l"}, {"-e"}},
                                                   {{"-S"}},
                                                   {{"-S"}, {"-l"}},
                                                   {{"-S"}, {"-p"}, {"-u"}}};

const std::vector<Unit> kSettingUnits = {{"-d"},
                                         {"-i"},
                                         {"-x"},
                                         {"-y"},
                                         {"-q"},
                                         {"-s"},
                                         {"--json"},
                                         {"--dry-run"},
                                         {"--root=R"},
                                         {"--noefi"},
                                         {"--append", ""},
                                         {"--append=-l"},
                                         {"--initrd", "-e"},
                                         {"-tbzImage"},
                                         {"--mem-min=1"},
                                         {"--entry", "7"},
                                         {"--dtb", "d"},
                                         {"--reset-vga"},
                                         {"--hotplug"},
                                         {"--digest=none"},
                                         {"--reuse-cmd"},
                                         {"--atags"},
                                         {"--no-cma"},
                                         {"--boot-entry=x"},
                                         {"--decompress"}};

const std::vector<std::vector<std::string>> kOperands = {{}, {"K"}, {"K", "extra"}, {"", "K"}};

std::vector<std::string> Flatten(const std::vector<Unit>& units, const std::vector<std::string>& operands,
                                 size_t operands_at) {
  std::vector<std::string> words;
  for (size_t i = 0; i <= units.size(); ++i) {
    if (i == operands_at) words.insert(words.end(), operands.begin(), operands.end());
    if (i < units.size()) words.insert(words.end(), units[i].begin(), units[i].end());
  }
  return words;
}

// Distinct options only: of a repeated one the last counts, on purpose.
TEST(ParseArguments, GivesEqualOptionsInAnyOrder) {
  const bool holds = rc::check("shuffled options mean the same", [] {
    auto units = *rc::gen::container<std::vector<Unit>>(rc::gen::elementOf(kSettingUnits));
    const auto modes = *rc::gen::elementOf(kModeUnits);
    units.insert(units.end(), modes.begin(), modes.end());
    std::ranges::sort(units);
    const auto same_option = [](const Unit& a, const Unit& b) {
      return a[0].substr(0, a[0].find('=')) == b[0].substr(0, b[0].find('='));
    };
    units.erase(std::unique(units.begin(), units.end(), same_option), units.end());
    const auto operands = *rc::gen::elementOf(kOperands);
    auto shuffled = units;
    for (size_t i = shuffled.size(); i > 1; --i) {
      std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<size_t>(0, i)]);
    }
    const auto at = *rc::gen::inRange<size_t>(0, units.size() + 1);
    const auto first = Parse(Flatten(units, operands, 0));
    const auto second = Parse(Flatten(shuffled, operands, at));
    RC_CLASSIFY(first.has_value());
    RC_ASSERT(Describe(first) == Describe(second));
    RC_ASSERT(first.has_value() == second.has_value());
    if (first.has_value()) RC_ASSERT(*first == *second);
  });
  EXPECT_TRUE(holds);
}

TEST(ParseCNumber, ReadsWholeNumbersOnly) {
  EXPECT_EQ(ParseCNumber("0"), 0u);
  EXPECT_EQ(ParseCNumber("010"), 8u);
  EXPECT_EQ(ParseCNumber("0xffffffffffffffff"), UINT64_MAX);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "0x", "08", "1k", "0x10000000000000000", "0x-1"}) {
    EXPECT_EQ(ParseCNumber(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace kexec
