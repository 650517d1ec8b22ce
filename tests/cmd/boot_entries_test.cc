// SPDX-License-Identifier: GPL-2.0-or-later
// Boot menus in every layout that distributions use, in made-up machines: what is listed, in which order,
// what is the default, and what --boot-entry finds.
#include "cmd/kexec/boot_entries.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/support/pe_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

using testing::MessageOf;
using testing::PeBuilder;
using testing::RecordingDiagnostics;
using testing::ScratchRoot;

constexpr std::string_view kVariables = "sys/firmware/efi/efivars/";
constexpr std::string_view kVendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

// A variable as efivarfs shows it.
void SetVariable(ScratchRoot& machine, std::string_view name, std::string_view value) {
  std::string data("\x06\0\0\0", 4);
  for (const char c : value) data += std::string{c, '\0'};
  data += std::string(2, '\0');
  machine.File(fmt::format("{}{}{}", kVariables, name, kVendor), data);
}

// Without the machine's own path, which is another one each time.
std::string Local(const ScratchRoot& machine, std::string text) {
  const std::string prefix = machine.path().string();
  for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

std::string Described(const BootEntry& entry) {
  std::string out = fmt::format("{}{} '{}'", entry.is_default ? "* " : "  ", entry.id, entry.title);
  if (!entry.version.empty()) out += " version " + entry.version;
  if (!entry.kernel.empty()) out += (entry.is_uki ? " uki " : " kernel ") + entry.kernel.string();
  if (entry.profile) out += " profile " + *entry.profile;
  for (const auto& initrd : entry.initrds) out += " initrd " + initrd.string();
  for (const std::string& module : entry.modules) out += fmt::format(" module '{}'", module);
  if (!entry.options.empty()) out += fmt::format(" options '{}'", entry.options);
  if (!entry.problem.empty()) out += " problem: " + entry.problem;
  return out + "\n";
}

std::string Listed(const ScratchRoot& machine) {
  RecordingDiagnostics diagnostics;
  std::string out;
  for (const BootEntry& entry : ListBootEntries(machine.root(), diagnostics)) out += Described(entry);
  return Local(machine, out);
}

// The ID found, or why not.
std::string Found(const ScratchRoot& machine, std::string_view id) {
  RecordingDiagnostics diagnostics;
  const auto entry = FindBootEntry(machine.root(), id, diagnostics);
  return entry.has_value() ? entry->id : "error: " + Local(machine, MessageOf(entry));
}

std::string Default(const ScratchRoot& machine) { return Found(machine, "default"); }

TEST(BootEntries, OfSystemdBoot) {
  ScratchRoot machine;
  machine.File("efi/loader/loader.conf", "timeout 3\n")
      .File("efi/loader/entries/arch-lts.conf",
            "title Arch LTS\nsort-key arch\nversion 6.6\nlinux /vmlinuz-lts\ninitrd ucode.img\n"
            "initrd /initrd-lts\noptions root=/dev/sda2\noptions rw $kept\n")
      .File("efi/loader/entries/arch-new+3-1.conf",
            "sort-key arch\nversion 6.12\nlinux /vmlinuz-new\narchitecture X64\n")
      .File("efi/loader/entries/broken+0-3.conf", "title Bad\nlinux /vmlinuz-new\n")
      .File("efi/loader/entries/other.conf", "title Arm\nlinux /vmlinuz-new\narchitecture aa64\n")
      .File("efi/loader/entries/notes.txt", "title no entry\n")
      .File("efi/loader/entries/shell.conf", "title Shell\nefi /shellx64.efi\n")
      .File("efi/loader/entries/net.conf", "title Net\nuki-url http://host.example/x.efi\n")
      .File("efi/loader/entries/empty.conf", "title Empty\n")
      .File("efi/shellx64.efi", "MZ")
      .File("efi/vmlinuz-lts", "x")
      .File("efi/vmlinuz-new", "x")
      .File("efi/ucode.img", "x")
      .File("efi/initrd-lts", "x");
  EXPECT_EQ(Listed(machine),
            "* arch-new.conf 'arch-new.conf' version 6.12 kernel /efi/vmlinuz-new\n"
            "  arch-lts.conf 'Arch LTS' version 6.6 kernel /efi/vmlinuz-lts initrd /efi/ucode.img "
            "initrd /efi/initrd-lts options 'root=/dev/sda2 rw $kept'\n"
            "  shell.conf 'Shell' problem: it starts the EFI program '/efi/shellx64.efi', no kernel\n"
            "  net.conf 'Net' problem: its image would be fetched from 'http://host.example/x.efi'\n"
            "  empty.conf 'Empty' problem: it names no kernel\n"
            "  broken.conf 'Bad' kernel /efi/vmlinuz-new\n");
}

TEST(BootEntries, AreRegularFiles) {
  ScratchRoot machine;
  machine.File("boot/loader/entries/a.conf", "linux /vmlinuz\n").File("boot/vmlinuz", "x");
  machine.Folder("boot/EFI/Linux").Folder("boot/grub");
  for (const char* name : {"boot/loader/entries/z.conf", "boot/loader/loader.conf", "boot/EFI/Linux/z.efi",
                           "boot/grub/grub.cfg", "boot/grub/grubenv"}) {
    ASSERT_EQ(mkfifo((machine.path() / name).c_str(), 0600), 0);
  }
  RecordingDiagnostics diagnostics;
  const auto entries = ListBootEntries(machine.root(), diagnostics);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].id, "a.conf");
  std::string told;
  for (const std::string& warning : diagnostics.TakeWarnings()) told += Local(machine, warning) + "\n";
  EXPECT_EQ(
      told,
      "'/boot/grub/grub.cfg' is left out: '/boot/grub/grub.cfg' is a FIFO, not a regular file\n"
      "the boot entry 'z.conf' is left out: '/boot/loader/entries/z.conf' is a FIFO, not a regular file\n"
      "the boot entry 'z.efi' is left out: there is no file 'EFI/Linux/z.efi' below '/boot' or ''\n"
      "the default of the menu is not known: '/boot/loader/loader.conf' is a FIFO, not a regular file\n");
}

TEST(BootEntries, DefaultOfSystemdBoot) {
  ScratchRoot machine;
  for (const char* name : {"a", "b", "c"}) {
    machine.File(fmt::format("boot/loader/entries/{}.conf", name), "linux /vmlinuz\n");
  }
  machine.File("boot/vmlinuz", "x");
  EXPECT_EQ(Default(machine), "c.conf");
  machine.File("boot/loader/loader.conf", "default A*\n");
  EXPECT_EQ(Default(machine), "a.conf");
  machine.File("boot/loader/loader.conf", "default @saved\n");
  SetVariable(machine, "LoaderEntryLastBooted", "b.conf");
  EXPECT_EQ(Default(machine), "b.conf");
  SetVariable(machine, "LoaderEntryDefault", "a.conf");
  EXPECT_EQ(Default(machine), "a.conf");
  // The kernel leaves this in it on a reboot, which is no entry.
  SetVariable(machine, "LoaderEntryOneShot", "kexec reboot");
  EXPECT_EQ(Default(machine), "a.conf");
  SetVariable(machine, "LoaderEntryOneShot", "c.conf");
  EXPECT_EQ(Default(machine), "c.conf");
}

// systemd-boot shows no entry whose kernel is gone, as packages leave them behind; what it cannot tell it
// shows.
TEST(BootEntries, AStaleOneIsListedAndNeverTheDefault) {
  ScratchRoot machine;
  machine.File("boot/loader/entries/a.conf", "sort-key a\nlinux /gone\n")
      .File("boot/loader/entries/b.conf", "sort-key b\nuki /gone.efi\n")
      .File("boot/loader/entries/c.conf", "sort-key c\ntitle nothing\n")
      .File("boot/loader/entries/d.conf", "sort-key d\nlinux /v\ninitrd /gone\n")
      .File("boot/loader/entries/e.conf", "sort-key e\nlinux /v\n")
      .File("boot/v", "x");
  // That one systemd-boot would start, and fail.
  const std::string refused =
      "error: the boot entry 'd.conf' cannot be loaded: there is no file '/gone' below '/boot' or ''";
  EXPECT_EQ(Default(machine), refused);
  EXPECT_TRUE(Listed(machine).starts_with("  a.conf 'a.conf' problem: there is no file '/gone' below "))
      << Listed(machine);
  machine.File("boot/loader/loader.conf", "default a*\n");
  EXPECT_EQ(Default(machine), refused);
  machine.File("boot/loader/loader.conf", "default e*\n");
  EXPECT_EQ(Default(machine), "e.conf");
}

// The machine that the root tells of, not the one this program is built for.
TEST(BootEntries, OfOtherMachinesAreLeftOut) {
  const std::pair<const char*, const char*> rows[] = {{"x86_64", "all.conf x64.conf "},
                                                      {"aarch64", "aa64.conf all.conf "},
                                                      {"riscv64", "all.conf riscv64.conf "}};
  for (const auto& [machine_name, expected] : rows) {
    ScratchRoot machine;
    machine.File("proc/sys/kernel/arch", fmt::format("{}\n", machine_name)).File("boot/v", "x");
    machine.File("boot/loader/entries/all.conf", "linux /v\nsort-key all\n");
    for (const char* architecture : {"x64", "aa64", "riscv64", "x6"}) {
      machine.File(fmt::format("boot/loader/entries/{}.conf", architecture),
                   fmt::format("linux /v\nsort-key {0}\narchitecture {0}\n", architecture));
    }
    RecordingDiagnostics diagnostics;
    std::string ids;
    for (const BootEntry& entry : ListBootEntries(machine.root(), diagnostics)) ids += entry.id + " ";
    EXPECT_EQ(ids, expected);
  }
}

PeBuilder Image() { return PeBuilder().Section(".linux", "kernel").Section(".cmdline", "ro"); }

TEST(BootEntries, OfUnifiedKernelImages) {
  ScratchRoot machine;
  machine
      .File("boot/EFI/Linux/debian.efi",
            Image().Section(".osrel", "ID=debian\nPRETTY_NAME=\"Debian 12\"\nVERSION_ID=12\n").Build())
      .File("boot/EFI/Linux/plain+2.efi", Image().Build())
      .File("boot/EFI/Linux/many.efi", Image()
                                           .Section(".osrel", "ID=zoo\nVERSION_ID=1\n")
                                           .Section(".profile", "ID=main\n")
                                           .Section(".profile", "ID=debug\nTITLE=with a shell\n")
                                           .Section(".profile", "")
                                           .Build())
      .File("boot/EFI/Linux/damaged.efi", "MZ")
      .File("boot/loader/entries/named.conf", "title Named\nsort-key a\nuki /EFI/Linux/many.efi\nprofile 1\n")
      .File("boot/loader/entries/older.conf", "title Older\nsort-key b\nefi /EFI/Linux/plain+2.efi\n");
  const std::string listed = Listed(machine);
  const size_t problem = listed.find("problem: ");
  ASSERT_NE(problem, std::string::npos) << listed;
  EXPECT_EQ(listed.substr(0, problem),
            "* named.conf 'Named' uki /boot/EFI/Linux/many.efi profile 1\n"
            "  older.conf 'Older' uki /boot/EFI/Linux/plain+2.efi\n"
            "  debian.efi 'Debian 12' version 12 uki /boot/EFI/Linux/debian.efi\n"
            "  many.efi 'zoo' version 1 uki /boot/EFI/Linux/many.efi profile 0\n"
            "  many.efi@debug 'zoo (with a shell)' version 1 uki /boot/EFI/Linux/many.efi profile 1\n"
            "  many.efi@2 'zoo (2)' version 1 uki /boot/EFI/Linux/many.efi profile 2\n"
            "  plain.efi 'plain.efi' uki /boot/EFI/Linux/plain+2.efi\n"
            "  damaged.efi 'damaged.efi' uki /boot/EFI/Linux/damaged.efi ");
  EXPECT_EQ(Found(machine, "debian"), "debian.efi");
  EXPECT_TRUE(
      Found(machine, "damaged.efi").starts_with("error: the boot entry 'damaged.efi' cannot be loaded: "));
}

constexpr std::string_view kGrubMenu =
    "if [ -s $prefix/grubenv ]; then load_env; fi\n"
    "if [ \"${next_entry}\" ]; then set default=\"${next_entry}\"; else set default=\"${saved_entry}\"; fi\n"
    "menuentry 'Debian' --id simple { linux /boot/vmlinuz-6.1 root=/dev/vda1 ro; initrd /boot/initrd-6.1 }\n"
    "submenu 'Advanced' --id advanced {\n"
    "  menuentry 'Debian, with Linux 6.1' --id 6.1 { linux /boot/vmlinuz-6.1 ro }\n"
    "  menuentry 'Debian, with Linux 5.10' { linux /boot/vmlinuz-5.10 ro }\n"
    "}\n"
    "menuentry 'Xen' { multiboot2 /boot/xen.gz placeholder dom0_mem=1G\n"
    "  module2 /boot/vmlinuz-6.1 placeholder root=/dev/vda1\n  module2 --nounzip /boot/initrd-6.1\n}\n"
    "menuentry 'Windows' { chainloader /bootmgfw.efi }\n"
    "menuentry 'Nothing' { true }\n"
    "menuentry 'Nothing' { true }\n";

ScratchRoot& AddKernels(ScratchRoot& machine) {
  return machine.File("boot/vmlinuz-6.1", "x").File("boot/initrd-6.1", "x").File("boot/xen.gz", "x");
}

TEST(BootEntries, OfGrub) {
  ScratchRoot machine;
  AddKernels(machine).File("boot/grub/grub.cfg", kGrubMenu);
  EXPECT_EQ(Listed(machine),
            "* simple 'Debian' version 6.1 kernel /boot/vmlinuz-6.1 initrd /boot/initrd-6.1 "
            "options 'root=/dev/vda1 ro'\n"
            "  6.1 'Debian, with Linux 6.1' version 6.1 kernel /boot/vmlinuz-6.1 options 'ro'\n"
            "  advanced>Debian, with Linux 5.10 'Debian, with Linux 5.10' options 'ro' "
            "problem: there is no file '/boot/vmlinuz-5.10' below '/boot' or ''\n"
            "  Xen 'Xen' kernel /boot/xen.gz module '/boot/vmlinuz-6.1 root=/dev/vda1' "
            "module '/boot/initrd-6.1' options 'dom0_mem=1G'\n"
            "  Windows 'Windows' problem: it starts no kernel, but uses 'chainloader'\n"
            "  Nothing 'Nothing' problem: it starts no kernel\n"
            "  Nothing#2 'Nothing' problem: it starts no kernel\n");
}

TEST(BootEntries, DefaultOfGrub) {
  const std::pair<const char*, const char*> rows[] = {
      {"saved_entry=\n", "simple"},
      {"saved_entry=2\n", "Xen"},
      {"saved_entry=1>0\n", "6.1"},
      {"saved_entry=1\n", "6.1"},
      {"saved_entry=advanced>6.1\n", "6.1"},
      {"saved_entry=Advanced>Debian, with Linux 6.1\n", "6.1"},
      {"saved_entry=Xen\nnext_entry=simple\n", "simple"},
      {"saved_entry=no such entry\n", "simple"},
      {"saved_entry=99\n", "simple"},
  };
  for (const auto& [environment, id] : rows) {
    ScratchRoot machine;
    AddKernels(machine).File("boot/grub/grub.cfg", kGrubMenu).File("boot/grub/grubenv", environment);
    EXPECT_EQ(Default(machine), id) << environment;
  }
}

TEST(BootEntries, OfFedora) {
  ScratchRoot machine;
  machine
      .File("boot/grub2/grub.cfg",
            "load_env\nset default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n"
            "menuentry 'UEFI Firmware Settings' { fwsetup }\n")
      .File("boot/grub2/grubenv", "saved_entry=abc-6.8\nkernelopts=root=/dev/vda3 ro\ntuned_initrd=\n")
      .File("boot/loader/entries/abc-6.8.conf",
            "title Fedora (6.8)\nversion 6.8\nlinux /vmlinuz-6.8\ninitrd /initramfs-6.8.img $tuned_initrd\n"
            "options $kernelopts quiet\ngrub_users $grub_users\n")
      .File("boot/loader/entries/abc-6.10.conf", "title Fedora (6.10)\nversion 6.10\nlinux /vmlinuz-6.8\n")
      .File("boot/loader/entries/abc-0-rescue.conf", "title Rescue\nlinux /vmlinuz-6.8\n")
      .File("boot/vmlinuz-6.8", "x")
      .File("boot/initramfs-6.8.img", "x");
  EXPECT_EQ(Listed(machine),
            "  abc-6.10.conf 'Fedora (6.10)' version 6.10 kernel /boot/vmlinuz-6.8\n"
            "* abc-6.8.conf 'Fedora (6.8)' version 6.8 kernel /boot/vmlinuz-6.8 "
            "initrd /boot/initramfs-6.8.img options 'root=/dev/vda3 ro quiet'\n"
            "  abc-0-rescue.conf 'Rescue' kernel /boot/vmlinuz-6.8\n"
            "  UEFI Firmware Settings 'UEFI Firmware Settings' "
            "problem: it starts no kernel, but uses 'fwsetup'\n");
  machine.File("boot/grub2/grubenv", "saved_entry=0\n");
  EXPECT_EQ(Default(machine), "abc-6.10.conf");
}

// The loader that started the machine says so; its menu comes first and has the default.
TEST(BootEntries, OfTwoBootLoaders) {
  ScratchRoot machine;
  AddKernels(machine)
      .File("boot/grub/grub.cfg", "menuentry 'x.conf' { linux /boot/vmlinuz-6.1 }\n")
      .File("boot/loader/entries/x.conf", "title X\nlinux /vmlinuz-6.1\n");
  EXPECT_EQ(Listed(machine),
            "* x.conf 'x.conf' version 6.1 kernel /boot/vmlinuz-6.1\n"
            "  x.conf:x.conf 'X' kernel /boot/vmlinuz-6.1\n");
  SetVariable(machine, "LoaderInfo", "systemd-boot 257.4");
  EXPECT_EQ(Listed(machine),
            "* x.conf 'X' kernel /boot/vmlinuz-6.1\n"
            "  grub.cfg:x.conf 'x.conf' version 6.1 kernel /boot/vmlinuz-6.1\n");
  SetVariable(machine, "LoaderInfo", "GRUB 2.12");
  EXPECT_TRUE(Listed(machine).starts_with("* x.conf 'x.conf'"));
}

TEST(BootEntries, AreFoundByManyNames) {
  ScratchRoot machine;
  AddKernels(machine).File("boot/grub/grub.cfg", kGrubMenu);
  const std::pair<const char*, const char*> rows[] = {
      {"simple", "simple"},
      {"1", "simple"},
      {"2", "6.1"},
      {"6.1", "6.1"},
      {"1>0", "6.1"},
      {"advanced>6.1", "6.1"},
      {"Advanced>Debian, with Linux 6.1", "6.1"},
      {"Debian", "simple"},
      {"Debian, with Linux 6", "6.1"},
      {"Xe", "Xen"},
      {"De", "error: 'De' means several boot entries: 'simple', '6.1', 'advanced>Debian, with Linux 5.10'"},
      {"3",
       "error: the boot entry 'advanced>Debian, with Linux 5.10' cannot be loaded: "
       "there is no file '/boot/vmlinuz-5.10' below '/boot' or ''"},
      {"Windows",
       "error: the boot entry 'Windows' cannot be loaded: it starts no kernel, but uses 'chainloader'"},
      {"0",
       "error: there is no boot entry '0'; there are 'simple', '6.1', 'advanced>Debian, with Linux 5.10', "
       "'Xen', 'Windows', 'Nothing', 'Nothing#2'"},
      {"a\nb",
       "error: there is no boot entry 'a\\x0ab'; there are 'simple', '6.1', "
       "'advanced>Debian, with Linux 5.10', 'Xen', 'Windows', 'Nothing', 'Nothing#2'"},
  };
  for (const auto& [id, found] : rows) EXPECT_EQ(Found(machine, id), found) << id;
}

TEST(BootEntries, OfNoMenu) {
  ScratchRoot machine;
  EXPECT_EQ(Listed(machine), "");
  EXPECT_EQ(Default(machine),
            "error: there is no boot entry 'default': '/boot', '/efi', '/boot/efi' have no loader/entries, "
            "EFI/Linux or grub/grub.cfg");
}

TEST(BootEntries, ADamagedMenuIsToldAndLeftOut) {
  ScratchRoot machine;
  machine.File("boot/grub/grub.cfg", "menuentry x {\n")
      .File("boot/grub2/grub.cfg", std::string((4 << 20) + 1, '#'))
      .File("boot/loader/entries/a.conf", "linux /vmlinuz\n")
      .File("boot/vmlinuz", "x");
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(ListBootEntries(machine.root(), diagnostics).size(), 1u);
  const auto warnings = diagnostics.TakeWarnings();
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(Local(machine, warnings[0]),
            "'/boot/grub/grub.cfg' is left out: '}' is missing for what begins in line 1");
  EXPECT_EQ(Local(machine, warnings[1]),
            "'/boot/grub2/grub.cfg' is left out: '/boot/grub2/grub.cfg' is "
            "4194305 bytes, a boot menu at most 4194304");
}

// What a recorded machine's links point to is its own, never this machine's.
TEST(BootEntries, StayInTheirRoot) {
  namespace fs = std::filesystem;
  ScratchRoot machine;
  machine.File("boot/loader/entries/link.conf", "title Link\nlinux /absolute\n")
      .File("boot/loader/entries/outside.conf", "title Outside\nlinux /outside\n")
      .File("boot/loader/entries/climb.conf", "title Climb\nlinux /x/../../vmlinuz\n")
      .File("boot/loader/entries/loop.conf", "title Loop\nlinux /loop\n")
      .File("boot/loader/entries/folder.conf", "title Folder\nlinux /loader\n")
      .File("boot/loader/entries/subvolume.conf", "title Subvolume\nlinux /@/boot/vmlinuz\n")
      .File("boot/vmlinuz", "x")
      .File("srv/here", "x");
  fs::create_symlink("/srv/here", machine.path() / "boot/absolute");
  fs::create_symlink("/etc/hostname", machine.path() / "boot/outside");
  fs::create_symlink("loop", machine.path() / "boot/loop");
  fs::create_symlink("/etc", machine.path() / "boot/grub");
  fs::create_symlink("../../../../../../boot", machine.path() / "efi");
  EXPECT_EQ(Listed(machine),
            "* subvolume.conf 'Subvolume' kernel /boot/vmlinuz\n"
            "  outside.conf 'Outside' problem: there is no file '/outside' below '/boot' or ''\n"
            "  loop.conf 'Loop' problem: there is no file '/loop' below '/boot' or ''\n"
            "  link.conf 'Link' kernel /srv/here\n"
            "  folder.conf 'Folder' problem: there is no file '/loader' below '/boot' or ''\n"
            "  climb.conf 'Climb' problem: '/x/../../vmlinuz' leads out of its file system\n");
}

}  // namespace
}  // namespace kexec
