// SPDX-License-Identifier: GPL-2.0-or-later
// What is given besides a unified kernel image stands for the image's own, or adds to it: every combination,
// for both kinds of load and by both calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/pe_builder.h"

namespace kexec {
namespace {

using testing::AsText;
using testing::CmdWorld;
using testing::PeBuilder;

using Marks = std::vector<std::string>;

constexpr size_t kArchive = 512;

// An archive whose first file is named so.
std::string Initrd(std::string_view mark) {
  return AsText(testing::CpioBuilder().File(mark, mark).Trailer().Pad(kArchive).Build());
}

// The name of an archive's first file: it stands behind a header of 110 bytes (buffer-format.rst).
std::string MarkOf(std::string_view archive) { return std::string(archive.substr(110).data()); }

struct Given {
  const char* name;
  std::vector<std::string_view> words;  // "own" stands for the path of an initrd
  Marks initrds;                        // as the kernel finds them
  std::string command_line;             // `R` stands for the running kernel's, `C` for crashkernel=1M
  Marks left_out;                       // sections that notes say are
};

const std::vector<Given> kGiven = {
    {"Nothing", {}, {"+ucode", "ucode", "inside", "+initrd"}, "own=1 C add=1", {}},
    {"AnInitrd", {"--initrd", "own"}, {"+ucode", "ucode", "+initrd", "own"}, "own=1 C add=1", {".initrd"}},
    {"ACommandLine", {"--append=x"}, {"+ucode", "ucode", "inside", "+initrd"}, "add=1 x", {".cmdline"}},
    {"AnEmptyCommandLine", {"--append="}, {"+ucode", "ucode", "inside", "+initrd"}, "add=1", {".cmdline"}},
    {"TheRunningCommandLine",
     {"--reuse-cmdline"},
     {"+ucode", "ucode", "inside", "+initrd"},
     "add=1 R",
     {".cmdline"}},
    {"Both",
     {"--initrd", "own", "--command-line=x"},
     {"+ucode", "ucode", "+initrd", "own"},
     "add=1 x",
     {".initrd", ".cmdline"}},
    {"BothWithTheRunningCommandLine",
     {"--initrd", "own", "--reuse-cmdline", "--append=x"},
     {"+ucode", "ucode", "+initrd", "own"},
     "add=1 R x",
     {".initrd", ".cmdline"}},
    {"BothKeepingTheImages",
     {"--keep-embedded", "--initrd", "own", "--append=x"},
     {"+ucode", "ucode", "inside", "+initrd", "own"},
     "own=1 C add=1 x",
     {}},
    {"TheRunningCommandLineKeepingTheImages",
     {"--keep-embedded", "--reuse-cmdline", "--append=x"},
     {"+ucode", "ucode", "inside", "+initrd"},
     "own=1 C add=1 R x",
     {}},
    {"NothingKeepingTheImages",
     {"--keep-embedded"},
     {"+ucode", "ucode", "inside", "+initrd"},
     "own=1 C add=1",
     {}},
    {"NothingAndTheKernelAlone", {"--no-embedded"}, {}, "", {}},
    {"BothAndTheKernelAlone", {"--no-embedded", "--initrd", "own", "--append=x"}, {"own"}, "x", {}},
};

std::string Replaced(std::string text, std::string_view word, std::string_view by) {
  const size_t at = text.find(word);
  if (at == std::string::npos) return text;
  // A word that goes takes the blank behind it along, or that before it.
  size_t length = word.size();
  if (by.empty() && at + length < text.size()) ++length;
  return text.replace(at, length, by);
}

class UkiAndGiven : public ::testing::TestWithParam<std::tuple<Given, const char*, const char*>> {
 protected:
  UkiAndGiven() {
    PeBuilder image;
    image.Section(".cmdline", "own=1 crashkernel=1M")
        .Section(".initrd", Initrd("inside"))
        .Section(".ucode", Initrd("ucode"))
        .Section(".linux", AsText(CmdWorld::SmallKernel().BuildBytes()));
    PeBuilder addon;
    addon.Section(".cmdline", "add=1")
        .Section(".ucode", Initrd("+ucode"))
        .Section(".initrd", Initrd("+initrd"));
    file_ = world_.Write("linux.efi", AsText(image.Build()));
    world_.Write("linux.efi.extra.d/a.addon.efi", AsText(addon.Build()));
    own_ = world_.Write("own.img", Initrd("own"));
  }

  const Given& given() const { return std::get<0>(GetParam()); }
  bool crash() const { return std::string_view(std::get<1>(GetParam())) == "-p"; }
  bool by_file() const { return std::string_view(std::get<2>(GetParam())) == "-s"; }

  void Run(std::vector<std::string_view> words) {
    words.insert(words.end(), {std::get<1>(GetParam()), std::get<2>(GetParam()), file_});
    for (const std::string_view word : given().words) words.push_back(word == "own" ? own_ : word);
    ASSERT_EQ(world_.Run(words), kExitOk) << world_.message;
  }

  // Of the call that was made.
  Marks InitrdsLoaded() {
    Marks marks;
    if (by_file()) {
      std::string_view archives = world_.kernel.file_loads().at(0).initrd;
      for (; archives.size() >= kArchive; archives.remove_prefix(kArchive)) marks.push_back(MarkOf(archives));
      return marks;
    }
    if (!crash()) {
      EXPECT_TRUE(world_.kernel.Boot().has_value());
    }
    for (const RawSegment& segment : world_.kernel.loads().at(0).segments) {
      const std::string bytes = AsText(world_.kernel.memory().Read(PhysAddr(segment.mem), segment.bufsz));
      std::string_view archives = bytes;
      for (; archives.starts_with("070701"); archives.remove_prefix(kArchive))
        marks.push_back(MarkOf(archives));
    }
    return marks;
  }

  Marks LeftOut() const {
    Marks sections;
    for (const std::string& note : world_.diagnostics.notes()) {
      for (const char* section : {".initrd", ".cmdline"}) {
        if (note.starts_with(std::string("the image's own ") + section + " is left out"))
          sections.emplace_back(section);
      }
    }
    return sections;
  }

  CmdWorld world_;
  std::string file_;
  std::string own_;
};

TEST_P(UkiAndGiven, ReachTheKernel) {
  Run({"-d"});
  EXPECT_EQ(InitrdsLoaded(), given().initrds);
  EXPECT_EQ(LeftOut(), given().left_out);
}

TEST_P(UkiAndGiven, AreInThePlanInOrder) {
  Run({"--dry-run", "--json"});
  const auto plan = nlohmann::json::parse(world_.out);
  std::string expected = Replaced(given().command_line, "C", crash() ? "" : "crashkernel=1M");
  expected = Replaced(expected, "R",
                      crash() ? "root=/dev/vda1 ro quiet" : "root=/dev/vda1 ro crashkernel=128M quiet");
  EXPECT_EQ(plan["command_line"]["text"], expected);
  ASSERT_EQ(plan["initrds"].size(), given().initrds.size());
  for (size_t i = 0; i < given().initrds.size(); ++i) {
    const std::string& mark = given().initrds[i];
    const std::string section = mark.ends_with("ucode") ? ".ucode" : ".initrd";
    EXPECT_EQ(plan["initrds"][i]["section"], mark == "own" ? nlohmann::json() : nlohmann::json(section))
        << mark;
  }
}

INSTANTIATE_TEST_SUITE_P(, UkiAndGiven,
                         ::testing::Combine(::testing::ValuesIn(kGiven), ::testing::Values("-l", "-p"),
                                            ::testing::Values("-s", "-c")),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) + (std::get<1>(row.param) + 1) +
                                  (std::get<2>(row.param) + 1);
                         });

TEST(UkiAndReusedInitrd, LeaveTheImagesOwnOut) {
  CmdWorld world;
  world.machine.File("sys/firmware/initrd", Initrd("running"));
  const std::string image =
      world.Write("linux.efi", AsText(PeBuilder()
                                          .Section(".linux", AsText(CmdWorld::SmallKernel().BuildBytes()))
                                          .Section(".initrd", Initrd("inside"))
                                          .Build()));
  ASSERT_EQ(world.Run({"-l", "-s", image, "--reuseinitrd"}), kExitOk) << world.message;
  EXPECT_EQ(world.kernel.file_loads().at(0).initrd, Initrd("running"));
}

TEST(UkiAndGivenNotes, SayHowToKeepTheRest) {
  CmdWorld world;
  const std::string image =
      world.Write("linux.efi", AsText(PeBuilder()
                                          .Section(".linux", AsText(CmdWorld::SmallKernel().BuildBytes()))
                                          .Section(".cmdline", "own=1")
                                          .Build()));
  ASSERT_EQ(world.Run({"-d", "-l", "-s", image, "--append=x"}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.notes(),
              ::testing::Contains("the image's own .cmdline is left out, as a command line is given: "
                                  "--keep-embedded would keep it, too"));
}

}  // namespace
}  // namespace kexec
