// SPDX-License-Identifier: GPL-2.0-or-later
// Words become options and values as CLI11, a parser of its own, takes them.
#include "cmd/kexec/given.h"

#include <gtest/gtest.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>
#include <random>
#include <string_view>

namespace kexec {
namespace {

using Values = std::map<std::string, std::vector<std::string>>;

Values AsCli11Reads(const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  std::map<std::string, CLI::Option*> added;
  for (const OptionRow& row : OptionTable()) {
    const std::string name = "--" + std::string(row.name);
    added[name] =
        row.value == Value::kNone
            ? app.add_flag(name)
            : app.add_option(name)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // last first
  Values values;
  for (const auto& [name, option] : added) {
    if (option->count() == 0) continue;
    values[name] = option->get_expected_min() == 0 ? std::vector<std::string>{} : option->results();
  }
  return values;
}

Result<GivenOptions> Read(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  KEXEC_ASSIGN(const CanonicalWords canonical, CanonicaliseWords(views, Architecture::kX86));
  return ParseGiven(canonical.options, Architecture::kX86);
}

Values AsWeRead(const GivenOptions& given) {
  Values values;
  for (const OptionId id : given.Ids()) values["--" + std::string(RowOf(id).name)] = given.All(id);
  return values;
}

// A value that each kind of option takes.
std::string ValueFor(const OptionRow& row, std::mt19937& random) {
  switch (row.value) {
    case Value::kAddress:
      return std::to_string(random());
    case Value::kPort:
      return random() % 2 == 0 ? "ttyS1" : "0x2f8";
    case Value::kBaud:
      return random() % 2 == 0 ? "9600" : "115200";
    case Value::kChoice:
      return std::string(row.choices.substr(0, row.choices.find(' ')));
    default:
      return "v" + std::to_string(random() % 100);
  }
}

TEST(Given, ReadsWordsInFullAsCli11Does) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> words;
    for (uint64_t count = random() % 12; count != 0; --count) {
      const OptionRow& row = OptionTable()[random() % OptionTable().size()];
      if (row.id == OptionId::kHelp || row.id == OptionId::kVersion) continue;  // nothing behind them is read
      words.push_back("--" + std::string(row.name));
      if (row.value != Value::kNone) words.push_back(ValueFor(row, random));
    }
    const Result<GivenOptions> given = Read(words);
    ASSERT_TRUE(given.has_value()) << "seed " << seed << ": " << given.error().message();
    EXPECT_EQ(AsWeRead(*given), AsCli11Reads(words)) << "seed " << seed;
  }
}

TEST(Given, NamesTheOptionWhoseValueIsMissing) {
  const std::vector<std::string> words = {"--append"};
  const Result<GivenOptions> given = Read(words);
  ASSERT_FALSE(given.has_value());
  EXPECT_EQ(given.error().message(), "option '--append' requires an argument: TEXT");
}

TEST(Given, RemembersTheOrderOfSpellings) {
  const std::vector<std::string> words = {"--kexec-syscall", "--kexec-file-syscall", "--kexec-syscall"};
  const Result<GivenOptions> given = Read(words);
  ASSERT_TRUE(given.has_value());
  const OptionId calls[] = {OptionId::kSyscallLoad, OptionId::kSyscallFile};
  EXPECT_EQ(given->LastOf(calls), OptionId::kSyscallLoad);
}

}  // namespace
}  // namespace kexec
