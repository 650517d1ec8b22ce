// SPDX-License-Identifier: GPL-2.0-or-later
// Every way getopt_long(3) lets people write an option ends in one form.
#include "cmd/kexec/argv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <getopt.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cmd/describe_options.h"

namespace kexec {
namespace {

std::string Canonical(const std::vector<std::string>& words, Architecture machine = kThisArchitecture) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  const auto result = CanonicaliseWords(views, machine);
  if (!result.has_value()) return "error: " + result.error().message();
  std::string text;
  for (const CanonicalOption& option : result->options) {
    text += fmt::format("<--{}>", option.row->name);
    if (option.value) text += fmt::format("<{}>", *option.value);
  }
  if (!result->operands.empty()) text += fmt::format(" | {}", fmt::join(result->operands, " "));
  if (result->help) text += " help";
  if (result->version) text += " version";
  for (const std::string& warning : result->warnings) text += fmt::format(" ! {}", warning);
  return text;
}

std::string Canonical(std::string_view line) { return Canonical(testing::SplitWords(line)); }

struct Row {
  const char* name;
  const char* line;
  const char* canonical;
};

class Spelling : public ::testing::TestWithParam<Row> {};

TEST_P(Spelling, HasOneForm) { EXPECT_EQ(Canonical(GetParam().line), GetParam().canonical); }

constexpr Row kSpellings[] = {
    {"nothing", "", ""},
    {"long_flag", "--load", "<--load>"},
    {"short_flag", "-l", "<--load>"},
    {"cluster", "-ps", "<--load-panic><--kexec-file-syscall>"},
    {"cluster_al", "-al", "<--kexec-syscall-auto><--load>"},
    {"cluster_fix", "-fix K", "<--force><--no-checks><--no-ifdown> | K"},
    {"cluster_dl", "-dl", "<--debug><--load>"},
    {"cluster_that_ends_in_a_glued_value", "-ltbzImage K", "<--load><--type><bzImage> | K"},
    {"cluster_whose_value_is_the_next_word", "-lt bzImage K", "<--load><--type><bzImage> | K"},
    {"equals_after_a_letter_belongs_to_the_value", "-t=elf", "<--type><=elf>"},
    {"glued_letters_behind_a_value_option_are_its_value", "-tl", "<--type><l>"},
    {"value_with_equals", "--append=a=b", "<--append><a=b>"},
    {"value_in_the_next_word", "--append a=b", "<--append><a=b>"},
    {"empty_value_with_equals", "--append= -l K", "<--append><><--load> | K"},
    {"empty_value_as_a_word", "--append '' -l K", "<--append><><--load> | K"},
    {"value_that_looks_like_an_option", "--append --load", "<--append><--load>"},
    {"value_that_is_the_terminator", "--append -- K", "<--append><--> | K"},
    {"alias_becomes_the_first_name", "--command-line=x --ramdisk=y", "<--append><x><--initrd><y>"},
    {"devicetreeblob", "--devicetreeblob=d", "<--dtb><d>"},
    {"abbreviation", "--reuse-cmd --appe=x", "<--reuse-cmdline><--append><x>"},
    {"abbreviation_of_an_alias", "--com=x --ram y", "<--append><x><--initrd><y>"},
    {"name_that_begins_another_name", "--load --exec --unload", "<--load><--exec><--unload>"},
    {"abbreviation_that_fits_here_and_elsewhere", "--i=F", "<--initrd><F>"},
    {"abbreviation_of_a_foreign_option_only", "--dt-no", "<--dt-no-old-root>"},
    {"options_behind_the_kernel", "K --load --append x", "<--load><--append><x> | K"},
    {"terminator", "--load -- --append K", "<--load> | --append K"},
    {"terminator_behind_the_kernel", "K -- -l", " | K -l"},
    {"lone_dash_is_a_word", "-l -", "<--load> | -"},
    {"repeats_are_kept", "-s -s --initrd=a --initrd=b",
     "<--kexec-file-syscall><--kexec-file-syscall><--initrd><a><--initrd><b>"},
    {"empty_word", "'' -l K", "<--load> | K ! an empty argument is ignored"},
    {"question_mark", "-?", "<--help> help"},
    {"help_stops", "-l --help --nonsense", "<--load><--help> help"},
    {"version_stops_inside_a_cluster", "-vZ", "<--version> version"},
    {"version_as_a_value", "--append -v", "<--append><-v>"},
};
INSTANTIATE_TEST_SUITE_P(Argv, Spelling, ::testing::ValuesIn(kSpellings),
                         [](const auto& row) { return std::string(row.param.name); });

class Mistake : public ::testing::TestWithParam<Row> {};

TEST_P(Mistake, IsNamed) { EXPECT_EQ(Canonical(GetParam().line), GetParam().canonical); }

constexpr Row kMistakes[] = {
    {"unknown_long", "-l --nonsense K", "error: unrecognized option '--nonsense'"},
    {"unknown_long_with_value", "--nonsense=7", "error: unrecognized option '--nonsense'"},
    {"unknown_letter", "-lZ", "error: invalid option '-Z'"},
    {"bytes_above_127", "-\xc3", "error: invalid option '-\xc3'"},
    {"no_name_before_the_value", "--=x", "error: unrecognized option '--' with a value but no name"},
    {"three_dashes", "---load", "error: unrecognized option '---load'"},
    {"ambiguous", "--mem=1", "error: option '--mem' is ambiguous; possibilities: '--mem-min' '--mem-max'"},
    {"ambiguous_reuse", "--reuse",
     "error: option '--reuse' is ambiguous; possibilities: '--reuse-cmdline' '--reuseinitrd' "
     "'--reuse-video-type'"},
    {"missing_argument", "-l --append", "error: option '--append' requires an argument: TEXT"},
    {"missing_argument_of_a_letter", "-lt", "error: option '-t' requires an argument: TYPE"},
    {"argument_for_a_flag", "--load=K", "error: option '--load' takes no argument, but 'K' was given"},
    {"empty_argument_for_a_flag", "--load=", "error: option '--load' takes no argument, but '' was given"},
};
INSTANTIATE_TEST_SUITE_P(Argv, Mistake, ::testing::ValuesIn(kMistakes),
                         [](const auto& row) { return std::string(row.param.name); });

// The long options kexec-tools 2.0.32 has on x86: what was an unambiguous abbreviation there must mean the
// same here, although the table has options of ours and of other architectures besides.
constexpr struct option kUpstream[] = {
    {"help", 0, nullptr, 0},
    {"version", 0, nullptr, 0},
    {"force", 0, nullptr, 0},
    {"no-checks", 0, nullptr, 0},
    {"no-ifdown", 0, nullptr, 0},
    {"no-sync", 0, nullptr, 0},
    {"load", 0, nullptr, 0},
    {"unload", 0, nullptr, 0},
    {"exec", 0, nullptr, 0},
    {"exec-live-update", 0, nullptr, 0},
    {"load-preserve-context", 0, nullptr, 0},
    {"load-jump-back-helper", 0, nullptr, 0},
    {"load-live-update", 0, nullptr, 0},
    {"entry", 1, nullptr, 0},
    {"type", 1, nullptr, 0},
    {"load-panic", 0, nullptr, 0},
    {"mem-min", 1, nullptr, 0},
    {"mem-max", 1, nullptr, 0},
    {"reuseinitrd", 0, nullptr, 0},
    {"kexec-file-syscall", 0, nullptr, 0},
    {"kexec-syscall", 0, nullptr, 0},
    {"kexec-syscall-auto", 0, nullptr, 0},
    {"debug", 0, nullptr, 0},
    {"status", 0, nullptr, 0},
    {"print-ckr-size", 0, nullptr, 0},
    {"hotplug", 0, nullptr, 0},
    {"no-cma", 0, nullptr, 0},
    {"force-dtb", 0, nullptr, 0},
    {"reset-vga", 0, nullptr, 0},
    {"serial", 1, nullptr, 0},
    {"serial-baud", 1, nullptr, 0},
    {"console-vga", 0, nullptr, 0},
    {"console-serial", 0, nullptr, 0},
    {"elf32-core-headers", 0, nullptr, 0},
    {"elf64-core-headers", 0, nullptr, 0},
    {"pass-memmap-cmdline", 0, nullptr, 0},
    {"noefi", 0, nullptr, 0},
    {"reuse-video-type", 0, nullptr, 0},
    {"command-line", 1, nullptr, 0},
    {"append", 1, nullptr, 0},
    {"reuse-cmdline", 0, nullptr, 0},
    {"initrd", 1, nullptr, 0},
    {"ramdisk", 1, nullptr, 0},
    {"args-elf", 0, nullptr, 0},
    {"args-linux", 0, nullptr, 0},
    {"args-none", 0, nullptr, 0},
    {"module", 1, nullptr, 0},
    {"real-mode", 0, nullptr, 0},
    {"entry-32bit", 0, nullptr, 0},
    {"dtb", 1, nullptr, 0},
};

// The name getopt_long takes `word` for; empty if it refuses it.
std::string GetoptMeaning(std::string word) {
  std::vector<struct option> options;
  for (struct option one : kUpstream) {
    one.val = static_cast<int>(options.size()) + 1000;
    options.push_back(one);
  }
  options.push_back({});
  std::string program = "kexec";
  std::string value = "7";
  char* argv[] = {program.data(), word.data(), value.data(), nullptr};
  optind = 0;
  opterr = 0;
  const int found = getopt_long(3, argv, "", options.data(), nullptr);
  return found < 1000 ? std::string() : options[static_cast<size_t>(found - 1000)].name;
}

TEST(Abbreviation, MeansWhatItMeantToGetopt) {
  size_t compared = 0;
  for (const struct option& one : kUpstream) {
    const std::string name = one.name;
    for (size_t length = 1; length <= name.size(); ++length) {
      const std::string word = "--" + name.substr(0, length);
      const std::string meaning = GetoptMeaning(word);
      if (meaning.empty()) continue;
      const OptionRow* row = FindLongOption(meaning);
      ASSERT_NE(row, nullptr) << meaning;
      const std::string canonical = Canonical(std::vector<std::string>{word, "7"});
      EXPECT_TRUE(canonical.starts_with(fmt::format("<--{}>", row->name))) << word << " is " << canonical;
      ++compared;
    }
  }
  EXPECT_GT(compared, 200u);
}

TEST(OptionTable, HasEveryOptionOfKexecToolsWithTheSameArity) {
  for (const struct option& one : kUpstream) {
    const OptionRow* row = FindLongOption(one.name);
    ASSERT_NE(row, nullptr) << one.name;
    EXPECT_EQ(row->value != Value::kNone, one.has_arg == 1) << one.name;
  }
  // Its short options, as getopt(3) writes them.
  const std::string_view letters = "h?vdfixyluet:pscaS";
  for (size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] == ':') continue;
    const OptionRow* row = FindShortOption(letters[i]);
    ASSERT_NE(row, nullptr) << letters[i];
    EXPECT_EQ(row->value != Value::kNone, i + 1 < letters.size() && letters[i + 1] == ':') << letters[i];
  }
}

TEST(OptionTable, HasNoNameOrLetterTwice) {
  for (const OptionRow& row : OptionTable()) {
    EXPECT_EQ(FindLongOption(row.name), &row) << row.name;
    EXPECT_EQ(FindLongOption(row.alias), row.alias.empty() ? nullptr : &row) << row.alias;
    EXPECT_EQ(FindShortOption(row.letter), row.letter == 0 ? nullptr : &row) << row.name;
  }
  EXPECT_EQ(FindLongOption(""), nullptr);
  EXPECT_EQ(FindShortOption('\0'), nullptr);
}

}  // namespace
}  // namespace kexec
