// SPDX-License-Identifier: GPL-2.0-or-later
// What --list-boot-entries and -t help print.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cmd/kexec/option_table.h"
#include "loaders/types.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using testing::CmdWorld;

void AddMenu(CmdWorld& world) {
  world.machine.File("boot/vmlinuz", "x")
      .File("boot/initrd", "x")
      .File("boot/grub/grub.cfg",
            "menuentry 'Old' --id old { linux /gone }\n"
            "menuentry 'Linux\x1b[0m' --id new { linux /vmlinuz ro quiet; initrd /initrd }\nset default=1\n");
}

TEST(ListBootEntries, MarksTheDefault) {
  CmdWorld world;
  AddMenu(world);
  EXPECT_EQ(world.Run({"--list-boot-entries"}), 0);
  const std::string root = world.machine.path().string();
  EXPECT_EQ(world.out,
            "  #  ID   TITLE         KERNEL\n"
            "  1  old  Old           cannot be loaded: there is no file '/gone' below '" +
                root + "/boot' or '" + root +
                "'\n"
                "* 2  new  Linux\\x1b[0m  " +
                root + "/boot/vmlinuz\n");
}

TEST(ListBootEntries, AsJson) {
  CmdWorld world;
  AddMenu(world);
  EXPECT_EQ(world.Run({"--list-boot-entries", "--json"}), 0);
  const std::string root = world.machine.path().string();
  const auto json = nlohmann::json::parse(world.out);
  EXPECT_EQ(json["schema"], "kexec-boot-entries/1");
  ASSERT_EQ(json["entries"].size(), 2u);
  EXPECT_EQ(json["entries"][0]["problem"],
            fmt::format("there is no file '/gone' below '{0}/boot' or '{0}'", root));
  EXPECT_EQ(json["entries"][0]["kernel"], nullptr);
  const nlohmann::json expected = {{"number", 2},
                                   {"id", "new"},
                                   {"default", true},
                                   {"title", "Linux\x1b[0m"},
                                   {"version", ""},
                                   {"source", root + "/boot/grub/grub.cfg"},
                                   {"kernel", root + "/boot/vmlinuz"},
                                   {"uki", false},
                                   {"profile", nullptr},
                                   {"initrds", {root + "/boot/initrd"}},
                                   {"modules", nlohmann::json::array()},
                                   {"options", "ro quiet"},
                                   {"problem", nullptr}};
  EXPECT_EQ(json["entries"][1], expected);
}

TEST(ListBootEntries, OfNoMenuIsEmpty) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"--list-boot-entries"}), 0);
  EXPECT_EQ(world.out, "");
  EXPECT_EQ(world.diagnostics.TakeWarnings().size(), 1u);
  EXPECT_EQ(world.Run({"--list-boot-entries", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(world.out)["entries"].size(), 0u);
}

TEST(ListTypes, HasALineForEachTypeThatCompletes) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-t", "help"}), 0);
  std::string choices;
  std::string names;
  for (const ImageType& type : ImageTypes()) {
    choices += std::string(type.name) + " ";
    names += world.out.contains(fmt::format("\n{} ", type.name)) ||
                     world.out.starts_with(fmt::format("{} ", type.name))
                 ? std::string(type.name) + " "
                 : "";
  }
  EXPECT_EQ(names, choices);
  EXPECT_EQ(RowOf(OptionId::kType).choices, choices + "help");
}

}  // namespace
}  // namespace kexec
