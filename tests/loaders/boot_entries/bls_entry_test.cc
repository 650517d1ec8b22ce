// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/boot_entries/bls_entry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kexec {
namespace {

TEST(ParseBlsEntry, ReadsEveryKey) {
  const BlsEntry entry = ParseBlsEntry(
      "# written by an installer\n"
      "title        Debian GNU/Linux 12 (bookworm)\n"
      "version\t6.1.0-49-amd64\n"
      "machine-id   0123456789abcdef0123456789abcdef\n"
      "sort-key     debian\n"
      "\n"
      "   options   root=UUID=x ro\r\n"
      "options      quiet  splash\n"
      "linux        /debian/6.1.0-49-amd64/linux\n"
      "initrd       /microcode.cpio\n"
      "initrd       /debian/6.1.0-49-amd64/initrd.img\n"
      "devicetree   /x.dtb\n"
      "architecture x64\n"
      "efi          /shell.efi\n"
      "uki          /EFI/Linux/x.efi\n"
      "uki-url      http://host.example/x.efi\n"
      "profile      1\n"
      "grub_users   $grub_users\n"
      "lonely");
  const BlsEntry expected = {.title = "Debian GNU/Linux 12 (bookworm)",
                             .version = "6.1.0-49-amd64",
                             .machine_id = "0123456789abcdef0123456789abcdef",
                             .sort_key = "debian",
                             .kernel = "/debian/6.1.0-49-amd64/linux",
                             .initrds = {"/microcode.cpio", "/debian/6.1.0-49-amd64/initrd.img"},
                             .efi = "/shell.efi",
                             .uki = "/EFI/Linux/x.efi",
                             .uki_url = "http://host.example/x.efi",
                             .profile = "1",
                             .options = "root=UUID=x ro quiet  splash",
                             .devicetree = "/x.dtb",
                             .architecture = "x64"};
  EXPECT_TRUE(entry == expected) << entry.options << entry.title;
  EXPECT_EQ(ParseBlsEntry(""), BlsEntry());
  EXPECT_EQ(ParseBlsEntry("title one\ntitle two\n").title, "two");
}

struct NameRow {
  const char* file;
  const char* suffix;
  const char* meaning;
};

constexpr NameRow kNames[] = {
    {"debian-6.1.conf", ".conf", "debian-6.1.conf"},
    {"debian-6.1+3.conf", ".conf", "debian-6.1.conf left 3 done 0"},
    {"debian-6.1+2-1.conf", ".conf", "debian-6.1.conf left 2 done 1"},
    {"debian-6.1+0-3.conf", ".conf", "debian-6.1.conf left 0 done 3 bad"},
    {"debian-6-1.conf", ".conf", "debian-6-1.conf"},
    {"a+b-5.conf", ".conf", "a+b-5.conf"},
    {"a+.conf", ".conf", "a+.conf"},
    {"+3.conf", ".conf", "+3.conf"},
    {"a+99999999999999999999999.conf", ".conf", "a+99999999999999999999999.conf"},
    {"LINUX.EFI", ".efi", "LINUX.EFI"},
    {"linux+1.efi", ".efi", "linux.efi left 1 done 0"},
    {".conf", ".conf", "none"},
    {"x.conf.rpmsave", ".conf", "none"},
    {"conf", ".conf", "none"},
};

TEST(ParseEntryName, TakesTheBootCountingOff) {
  for (const NameRow& row : kNames) {
    const auto name = ParseEntryName(row.file, row.suffix);
    std::string meaning = name ? name->id : "none";
    if (name && name->tries_left) {
      meaning +=
          fmt::format(" left {} done {}{}", *name->tries_left, name->tries_done, name->bad() ? " bad" : "");
    }
    EXPECT_EQ(meaning, row.meaning) << row.file;
  }
}

TEST(RanksAbove, SortsAMenu) {
  // As they should stand.
  const std::vector<EntryRank> menu = {
      {.sort_key = "arch", .machine_id = "b", .version = "1", .id = "z"},
      {.sort_key = "debian", .version = "6.9", .id = "none-is-lower"},
      {.sort_key = "debian", .machine_id = "a", .version = "6.12", .id = "a"},
      {.sort_key = "debian", .machine_id = "a", .version = "6.9", .id = "b"},
      {.sort_key = "debian", .machine_id = "b", .version = "7", .id = "c"},
      {.id = "x-6.10"},
      {.version = "99", .id = "x-6.9"},
      {.id = "a"},
      {.bad = true, .sort_key = "arch", .id = "q"},
      {.bad = true, .id = "zz"},
  };
  std::vector<EntryRank> sorted(menu.rbegin(), menu.rend());
  std::ranges::sort(sorted, RanksAbove);
  std::string ids;
  std::string expected;
  for (const EntryRank& rank : sorted) ids += rank.id + " ";
  for (const EntryRank& rank : menu) expected += rank.id + " ";
  EXPECT_EQ(ids, expected);
}

TEST(DefaultPattern, IsTheLastOne) {
  EXPECT_EQ(DefaultPattern("timeout 3\n#default no\ndefault debian-*\ndefault\t arch-*.conf \n"),
            "arch-*.conf");
  EXPECT_EQ(DefaultPattern("timeout 3\ndefault\n"), "");
}

}  // namespace
}  // namespace kexec
