// SPDX-License-Identifier: GPL-2.0-or-later
// Menus of a size nobody has: the list of boot entries costs in proportion to them, and bounds met are told.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cmd/kexec/boot_entries.h"
#include "loaders/boot_entries/grub_menu.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"
#include "tests/support/work.h"

namespace kexec {
namespace {

using ::testing::ElementsAre;
using testing::ExpectLinear;
using testing::MeasureWork;
using testing::MessageOf;
using testing::RecordingDiagnostics;
using testing::ScratchRoot;
using testing::Work;

std::string Repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

Work CostOfList(const ScratchRoot& machine) {
  RecordingDiagnostics diagnostics;
  return MeasureWork([&] { return ListBootEntries(machine.root(), diagnostics); });
}

Work CostOfMenu(const std::string& menu) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", menu);
  return CostOfList(machine);
}

TEST(HostileBootEntries, EntriesOfOneNameCostNoMoreThanOthers) {
  for (const std::string entry :
       {"menuentry a { linux /v; }\n", "menuentry a --id b { linux /v; }\n",
        "submenu a { menuentry b { linux /v; }; }\n", "menuentry a#2 { linux /v; }\n"}) {
    SCOPED_TRACE(entry);
    ExpectLinear(CostOfMenu(Repeated(entry, 500)), CostOfMenu(Repeated(entry, 1000)));
  }
}

TEST(HostileBootEntries, OneNameIsNumbered) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", "menuentry a#3 { true; }\n" + Repeated("menuentry a { true; }\n", 4));
  RecordingDiagnostics diagnostics;
  std::vector<std::string> ids;
  for (const BootEntry& entry : ListBootEntries(machine.root(), diagnostics)) ids.push_back(entry.id);
  EXPECT_THAT(ids, ElementsAre("a#3", "a", "a#2", "a#4", "a#5"));
}

TEST(HostileBootEntries, EntryFilesCostInProportion) {
  const auto cost = [](int files, const std::string& menu) {
    ScratchRoot machine;
    if (!menu.empty()) machine.File("boot/grub/grub.cfg", menu);
    for (int i = 0; i < files; ++i) {
      machine.File(fmt::format("boot/loader/entries/{}.conf", i), "linux /v\ntitle x\n");
    }
    return CostOfList(machine);
  };
  ExpectLinear(cost(400, ""), cost(800, ""));
  ExpectLinear(cost(400, "blscfg\n"), cost(800, "blscfg\n"));
  ExpectLinear(cost(400, "menuentry a { true; }\n"), cost(800, "menuentry a { true; }\n"));
}

TEST(HostileBootEntries, MoreThanAListHoldsAreToldAndLeftOut) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", Repeated("menuentry a { true; }\n", kMaxMenuEntries + 1));
  for (size_t i = 0; i <= kMaxMenuEntries; ++i) {
    machine.File(fmt::format("boot/loader/entries/{:04}.conf", i), "linux /v\n");
  }
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(ListBootEntries(machine.root(), diagnostics).size(), 2 * kMaxMenuEntries);
  const std::string boot = (machine.path() / "boot").string();
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(
          fmt::format("'{}/grub/grub.cfg' has more than 4096 entries: the rest is left out", boot),
          fmt::format(
              "boot entries from '{}/loader/entries/4096.conf' on are left out: there are more than 4096",
              boot)));
}

TEST(HostileBootEntries, NamesThatRepeatLongTitlesAreBounded) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", "submenu '" + std::string(100000, 'x') + "' {\n" +
                                         Repeated("menuentry b { true; }\n", 1000) + "}\n");
  RecordingDiagnostics diagnostics;
  const Work work = MeasureWork([&] { return ListBootEntries(machine.root(), diagnostics); });
  EXPECT_LE(work.peak, uint64_t{48} << 20);
  const std::string menu = (machine.path() / "boot/grub/grub.cfg").string();
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(fmt::format("the names in '{}' take more than 16777216 bytes: the entries behind the "
                              "first 55 are left out",
                              menu)));
}

TEST(HostileBootEntries, WhatVariablesMakeOfEntryFilesIsBounded) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", "set x='" + std::string(60000, 'x') + "'\nblscfg\n");
  for (int i = 0; i < 300; ++i) {
    machine.File(fmt::format("boot/loader/entries/{:03}.conf", i), "linux /v\noptions $x\n");
  }
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(ListBootEntries(machine.root(), diagnostics).size(), 279);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(fmt::format("boot entries from '{}/279.conf' on are left out: their variables expand to "
                              "more than 16777216 bytes",
                              (machine.path() / "boot/loader/entries").string())));
}

std::string ProblemOf(std::string_view menu) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", menu).File("boot/v", "x");
  RecordingDiagnostics diagnostics;
  return ListBootEntries(machine.root(), diagnostics).back().problem;
}

TEST(HostileBootEntries, PathsAndTheirNumberAreBounded) {
  EXPECT_EQ(ProblemOf("menuentry a { linux /" + std::string(5000, 'x') + "; }\n"),
            "its path of 5001 bytes is longer than Linux takes (at most 4095)");
  const std::string many = "menuentry a { linux /v; initrd" + Repeated(" /v", 20000) + "; }\n";
  EXPECT_EQ(ProblemOf(many), "");
  EXPECT_EQ(ProblemOf(many + many), "the boot menus name more files than are looked for");
}

TEST(HostileBootEntries, AMessageNamesTheFirstOnly) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", Repeated("menuentry a { true; }\n", 40));
  RecordingDiagnostics diagnostics;
  const std::string message = MessageOf(FindBootEntry(machine.root(), "none", diagnostics));
  EXPECT_TRUE(message.starts_with("there is no boot entry 'none'; there are 'a', 'a#2', 'a#3', ")) << message;
  EXPECT_TRUE(message.ends_with(", 'a#31', 'a#32', and 8 more (see --list-boot-entries)")) << message;
}

// It is compared with each entry.
TEST(HostileBootEntries, ALongPatternForTheDefaultIsNotRead) {
  ScratchRoot machine;
  machine.File("boot/loader/loader.conf", "default " + std::string(100000, '*') + "\n")
      .File("boot/loader/entries/a.conf", "linux /v\n")
      .File("boot/loader/entries/b.conf", "linux /v\n")
      .File("boot/v", "x");
  RecordingDiagnostics diagnostics;
  const auto entries = ListBootEntries(machine.root(), diagnostics);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_TRUE(entries[0].is_default);
  EXPECT_EQ(entries[0].id, "b.conf");
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format(
                  "the default of the menu is not known: '{}' is 100009 bytes, a boot menu at most "
                  "65536",
                  (machine.path() / "boot/loader/loader.conf").string())));
}

TEST(HostileBootEntries, AnEntryFileHasABoundedSize) {
  ScratchRoot machine;
  machine.File("boot/loader/entries/a.conf", "linux /v\n" + std::string(size_t{64} << 10, '#'));
  RecordingDiagnostics diagnostics;
  EXPECT_TRUE(ListBootEntries(machine.root(), diagnostics).empty());
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(fmt::format("the boot entry 'a.conf' is left out: '{}' is 65545 bytes, a boot menu at "
                              "most 65536",
                              (machine.path() / "boot/loader/entries/a.conf").string())));
}

}  // namespace
}  // namespace kexec
