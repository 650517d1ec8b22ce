// SPDX-License-Identifier: GPL-2.0-or-later
// What people read agrees with what the parser accepts: --help, kexec.8 and the completions of three shells.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "cmd/docs/render.h"
#include "cmd/kexec/help.h"
#include "cmd/kexec/option_table.h"

namespace kexec {
namespace {

const std::string kSource = KEXEC_SOURCE_DIR;

std::string ReadFile(const std::string& name) {
  std::ifstream file(kSource + "/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Outcome {
  int status;
  std::string output;  // standard output and standard error
};

Outcome RunShell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  return {pclose(pipe), output};
}

bool Installed(const std::string& program) { return RunShell("command -v " + program).status == 0; }

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What bash would offer for the last of `words`, one per line.
std::string BashOffers(const std::vector<std::string>& words) {
  std::string quoted;
  for (const std::string& word : words) quoted += fmt::format(" '{}'", word);
  return RunShell(fmt::format("cd '{}' && bash --norc -c \". completions/kexec.bash; COMP_WORDS=(kexec{}); "
                              "COMP_CWORD={}; _kexec; printf '%s\\n' \\\"\\${{COMPREPLY[@]}}\\\"\"",
                              kSource, quoted, words.size()))
      .output;
}

constexpr std::string_view kHint = "run scripts/generate-docs";

TEST(Docs, FilesAreThoseOfTheTable) {
  const std::string page = ReadFile("man/kexec.8");
  const auto rendered = RenderManPage(page);
  ASSERT_TRUE(rendered.has_value());
  EXPECT_EQ(page, *rendered) << kHint;
  EXPECT_EQ(ReadFile("completions/kexec.bash"), RenderBashCompletion()) << kHint;
  EXPECT_EQ(ReadFile("completions/_kexec"), RenderZshCompletion()) << kHint;
  EXPECT_EQ(ReadFile("completions/kexec.fish"), RenderFishCompletion()) << kHint;
}

TEST(Docs, APageWithoutMarksIsRefused) {
  const auto rendered = RenderManPage(".Sh OPTIONS\n");
  ASSERT_FALSE(rendered.has_value());
  EXPECT_EQ(rendered.error().message(), "the manual page has no marks around its generated part");
}

// By the names themselves, without the generator: nothing is lost on the way.
TEST(Docs, NameEveryOption) {
  const std::string help = HelpText();
  const std::string page = std::regex_replace(ReadFile("man/kexec.8"), std::regex(R"(\\-)"), "-");
  const std::string bash = ReadFile("completions/kexec.bash");
  const std::string zsh = ReadFile("completions/_kexec");
  const std::string fish = ReadFile("completions/kexec.fish");
  for (const OptionRow& row : OptionTable()) {
    for (const std::string_view name : {row.name, row.alias}) {
      if (name.empty()) continue;
      const std::regex whole(fmt::format("--{}[^a-z0-9-]", name));
      EXPECT_TRUE(std::regex_search(help, whole)) << name;
      const std::string item = fmt::format("Fl -{}", name);
      EXPECT_TRUE(page.contains(item + "\n") || page.contains(item + " ")) << name;
      const bool offered = row.group != Group::kCompatibility;
      EXPECT_EQ(std::regex_search(bash, whole), offered) << name;
      EXPECT_EQ(std::regex_search(zsh, whole), offered) << name;
      EXPECT_EQ(fish.contains(fmt::format(" -l {} ", name)), offered) << name;
    }
    if (row.letter == 0) continue;
    EXPECT_TRUE(help.contains(fmt::format("\n  -{}, --{}", row.letter, row.name))) << row.name;
    EXPECT_TRUE(page.contains(fmt::format("\n.It Fl {} , Fl -{}", row.letter, row.name))) << row.name;
    EXPECT_TRUE(fish.contains(fmt::format(" -l {} -s {} ", row.name, row.letter))) << row.name;
  }
}

TEST(Help, FitsATerminal) {
  const auto lines = Lines(HelpText());
  EXPECT_GT(lines.size(), 80u);
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), 79u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Help, HasTheWordImageBuildersLookFor) {
  EXPECT_TRUE(HelpText().contains("kexec-syscall-auto"));
  EXPECT_TRUE(HelpText().starts_with(UsageText()));
  EXPECT_TRUE(HelpText().ends_with("See kexec(8).\n"));
}

TEST(Version, IsFoundByScanners) {
  const std::string text(VersionText());
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match, std::regex("kexec-tools ([0-9]+\\.[0-9]+\\.[0-9]+)")));
  EXPECT_EQ(match[1], "2.0.32");
  EXPECT_TRUE(std::regex_match(text, std::regex("kexec-tools 2\\.0\\.32 \\(kexec-ng [0-9.]+\\)\n"))) << text;
}

TEST(ManPage, IsCleanMdoc) {
  if (!Installed("mandoc")) GTEST_SKIP() << "no mandoc";
  // Which other pages are installed here is no property of this one.
  std::string complaints;
  for (const std::string& line :
       Lines(RunShell("mandoc -T lint -W style '" + kSource + "/man/kexec.8'").output)) {
    if (!line.contains("outdated mandoc.db") && !line.contains("referenced manual not found"))
      complaints += line;
  }
  EXPECT_EQ(complaints, "");
}

TEST(ManPage, ShowsNamesThatCanBeCopied) {
  if (!Installed("mandoc")) GTEST_SKIP() << "no mandoc";
  const std::string text = RunShell("mandoc -T utf8 '" + kSource + "/man/kexec.8' | col -b").output;
  EXPECT_TRUE(text.contains("--initrd=FILE, --ramdisk=FILE")) << text;
  EXPECT_TRUE(text.contains("-S, --status"));
  EXPECT_TRUE(text.contains("EXIT STATUS"));
}

TEST(Completions, AreValidForTheirShells) {
  for (const auto& [shell, file] :
       {std::pair{"bash", "kexec.bash"}, std::pair{"zsh", "_kexec"}, std::pair{"fish", "kexec.fish"}}) {
    if (!Installed(shell)) continue;
    const Outcome outcome = RunShell(fmt::format("{} -n '{}/completions/{}'", shell, kSource, file));
    EXPECT_EQ(outcome.status, 0) << shell << ": " << outcome.output;
    EXPECT_EQ(outcome.output, "") << shell;
  }
}

TEST(BashCompletion, OffersWhatFits) {
  if (!Installed("bash")) GTEST_SKIP() << "no bash";
  EXPECT_EQ(BashOffers({"--dig"}), "--digest=\n");
  EXPECT_EQ(BashOffers({"-l", "--reuse"}), "--reuse-cmdline\n--reuseinitrd\n--reuse-video-type\n");
  EXPECT_EQ(BashOffers({"--digest", ""}), "xxh128\nsha256\nnone\n");
  // --digest=s, as bash splits it.
  EXPECT_EQ(BashOffers({"--digest", "=", "s"}), "sha256\n");
  EXPECT_EQ(BashOffers({"--digest", "="}), "xxh128\nsha256\nnone\n");
  EXPECT_EQ(BashOffers({"--initrd", "=", "completions/kexec.b"}), "completions/kexec.bash\n");
  EXPECT_EQ(BashOffers({"--root", "complet"}), "completions\n");
  EXPECT_EQ(BashOffers({"-l", "completions/_k"}), "completions/_kexec\n");
  EXPECT_EQ(BashOffers({"--append", ""}), "\n");
}

TEST(FishCompletion, OffersWhatFits) {
  if (!Installed("fish")) GTEST_SKIP() << "no fish";
  const auto offers = [](const std::string& line) {
    return RunShell(fmt::format("HOME=/nonexistent fish --no-config -c \"source '{}/completions/kexec.fish'; "
                                "complete -C '{}'\"",
                                kSource, line))
        .output;
  };
  EXPECT_TRUE(offers("kexec --dig").starts_with("--digest")) << offers("kexec --dig");
  EXPECT_TRUE(offers("kexec --digest=s").contains("sha256")) << offers("kexec --digest=s");
  for (const std::string option : {"--root=", "--capture=", "--root "}) {
    const std::string line = fmt::format("kexec {}{}/complet", option, kSource);
    const std::string directory =
        fmt::format("{}{}/completions/", option.ends_with('=') ? option : "", kSource);
    EXPECT_TRUE(offers(line).starts_with(directory)) << line << " offers " << offers(line);
  }
}

// With a program in front of all others that lists these entries.
class EntryCompletion : public ::testing::Test {
 protected:
  EntryCompletion() : folder_(::testing::TempDir() + "kexec-entries-" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/kexec") << "#!/bin/sh\ncat <<'EOF'\n"
                                         "     #  ID                 TITLE     KERNEL\n"
                                         "*    1  debian-6.1.conf    Debian 6  /boot/vmlinuz\n"
                                         "     2  a b                Two words /boot/x\n"
                                         "    13  $(touch injected)  Evil      /boot/x\n"
                                         "EOF\n";
    std::filesystem::permissions(folder_ + "/kexec", std::filesystem::perms::owner_all);
  }
  ~EntryCompletion() override {
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/injected"));
    std::filesystem::remove_all(folder_);
  }
  std::string Run(const std::string& command) const {
    return RunShell(fmt::format("cd '{0}' && PATH='{0}':\"$PATH\" && {1}", folder_, command)).output;
  }

  std::string folder_;
};

TEST_F(EntryCompletion, OfBash) {
  if (!Installed("bash")) GTEST_SKIP() << "no bash";
  const auto offers = [&](const std::string& begun) {
    return Run(
        fmt::format("bash --norc -c '. {}/completions/kexec.bash; COMP_WORDS=(kexec --boot-entry = \"{}\"); "
                    "COMP_CWORD=3; _kexec; printf \"%s\\n\" \"${{COMPREPLY[@]}}\"'",
                    kSource, begun));
  };
  EXPECT_EQ(offers(""), "default\ndebian-6.1.conf\na\\ b\n\\$\\(touch\\ injected\\)\n");
  EXPECT_EQ(offers("deb"), "debian-6.1.conf\n");
}

TEST_F(EntryCompletion, OfZsh) {
  if (!Installed("zsh")) GTEST_SKIP() << "no zsh";
  EXPECT_EQ(Run(fmt::format("zsh -f -c 'compadd() {{ print -rl -- ${{(P)2}} }}; _arguments() {{ }}; "
                            ". {}/completions/_kexec; _kexec_entries default'",
                            kSource)),
            "default\ndebian-6.1.conf\na b\n$(touch injected)\n");
}

TEST_F(EntryCompletion, OfFish) {
  if (!Installed("fish")) GTEST_SKIP() << "no fish";
  const std::string offers =
      Run(fmt::format("HOME=/nonexistent fish --no-config -c \"source '{}/completions/kexec.fish'; complete "
                      "-C 'kexec --boot-entry='\"",
                      kSource));
  for (const std::string name : {"default", "debian-6.1.conf", "a b", "$(touch injected)"}) {
    EXPECT_TRUE(offers.contains("--boot-entry=" + name + "\t")) << name << " in " << offers;
  }
}

}  // namespace
}  // namespace kexec
