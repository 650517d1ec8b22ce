// SPDX-License-Identifier: GPL-2.0-or-later
// Menus in the shape grub-mkconfig gives them on three distributions, and what else decides what is booted.
#include "loaders/boot_entries/grub_menu.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace kexec {
namespace {

std::string Described(const std::vector<GrubMenuEntry>& entries, int depth = 0) {
  std::string out;
  for (const GrubMenuEntry& entry : entries) {
    out += std::string(static_cast<size_t>(depth) * 2, ' ');
    if (entry.kind == GrubMenuEntry::Kind::kBlsEntries) {
      out += "BLS\n";
      continue;
    }
    out += fmt::format("'{}'", entry.title);
    if (!entry.id.empty()) out += fmt::format(" id '{}'", entry.id);
    if (!entry.kernel.empty()) {
      out += fmt::format(" {} '{}' options '{}'", entry.multiboot ? "multiboot" : "kernel", entry.kernel,
                         entry.options);
    }
    for (const std::string& initrd : entry.initrds) out += fmt::format(" initrd '{}'", initrd);
    for (const GrubModule& module : entry.modules) {
      out += fmt::format(" module '{}' '{}'", module.file, module.arguments);
    }
    if (!entry.other.empty()) out += fmt::format(" other '{}'", entry.other);
    out += "\n" + Described(entry.children, depth + 1);
  }
  return out;
}

std::string Menu(std::string_view text, const GrubSurroundings& surroundings = {}) {
  const auto menu = ReadGrubMenu(text, surroundings);
  if (!menu.has_value()) return "error: " + menu.error().message();
  const auto wanted = menu->variables.find("default");
  return Described(menu->entries) +
         fmt::format("default '{}'\n", wanted == menu->variables.end() ? "" : wanted->second);
}

// The beginning every grub-mkconfig writes, in our words.
constexpr std::string_view kHeader = R"(
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="0"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
    save_env saved_entry
  fi
}
function load_video {
  if [ x$feature_all_video_module = xy ]; then
    insmod all_video
  else
    insmod efi_gop
  fi
}
)";

TEST(GrubMenu, OfDebian) {
  const std::string text = std::string(kHeader) + R"(
if loadfont unicode ; then
  set gfxmode=auto
fi
menuentry 'Debian GNU/Linux' --class debian --class gnu-linux $menuentry_id_option 'gnulinux-simple-1234' {
	load_video
	insmod gzio
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	set root='hd0,gpt2'
	if [ x$feature_platform_search_hint = xy ]; then
	  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2  1234
	else
	  search --no-floppy --fs-uuid --set=root 1234
	fi
	echo	'Loading Linux 6.1.0-49-amd64 ...'
	linux	/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1234 ro  quiet
	echo	'Loading initial ramdisk ...'
	initrd	/boot/initrd.img-6.1.0-49-amd64
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-1234' {
	menuentry 'Debian GNU/Linux, with Linux 6.1.0-49-amd64' --class debian $menuentry_id_option 'gnulinux-6.1.0-49-amd64-advanced-1234' {
		linux	/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1234 ro  quiet
		initrd	/boot/initrd.img-6.1.0-49-amd64
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0-49-amd64 (recovery mode)' --class debian $menuentry_id_option 'gnulinux-6.1.0-49-amd64-recovery-1234' {
		linux	/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1234 ro single
		initrd	/boot/initrd.img-6.1.0-49-amd64
	}
}
if [ "$grub_platform" = "efi" ]; then
	fwsetup --is-supported
	if [ "$?" = 0 ]; then
		menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {
			fwsetup
		}
	fi
fi
menuentry 'Windows Boot Manager' { chainloader /EFI/Microsoft/Boot/bootmgfw.efi }
if [ -f  ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
fi
)";
  EXPECT_EQ(Menu(text),
            "'Debian GNU/Linux' id 'gnulinux-simple-1234' kernel '/boot/vmlinuz-6.1.0-49-amd64' "
            "options 'root=UUID=1234 ro quiet' initrd '/boot/initrd.img-6.1.0-49-amd64'\n"
            "'Advanced options for Debian GNU/Linux' id 'gnulinux-advanced-1234'\n"
            "  'Debian GNU/Linux, with Linux 6.1.0-49-amd64' id 'gnulinux-6.1.0-49-amd64-advanced-1234' "
            "kernel '/boot/vmlinuz-6.1.0-49-amd64' options 'root=UUID=1234 ro quiet' "
            "initrd '/boot/initrd.img-6.1.0-49-amd64'\n"
            "  'Debian GNU/Linux, with Linux 6.1.0-49-amd64 (recovery mode)' "
            "id 'gnulinux-6.1.0-49-amd64-recovery-1234' kernel '/boot/vmlinuz-6.1.0-49-amd64' "
            "options 'root=UUID=1234 ro single' initrd '/boot/initrd.img-6.1.0-49-amd64'\n"
            "'Windows Boot Manager' other 'chainloader'\n"
            "default '0'\n");
  GrubSurroundings next{.environment = {{"next_entry", "1>0"}}, .has_environment = true};
  EXPECT_TRUE(Menu(text, next).ends_with("default '1>0'\n"));
}

TEST(GrubMenu, OfUbuntuWithXen) {
  EXPECT_EQ(Menu(std::string(kHeader) + R"(
if [ "${recordfail}" = 1 ] ; then
  set timeout=30
fi
gfxmode $linux_gfx_mode
export linux_gfx_mode
menuentry 'Ubuntu' --class ubuntu $menuentry_id_option 'gnulinux-simple-5678' {
	recordfail
	gfxmode $linux_gfx_mode
	if [ "${initrdfail}" = 1 ]; then
	  linux	/vmlinuz-6.8.0-31-generic root=PARTUUID=5678 ro panic=-1
	else
	  linux	/vmlinuz-6.8.0-31-generic root=UUID=5678 ro  quiet splash $vt_handoff
	  initrd	/microcode.cpio /initrd.img-6.8.0-31-generic
	fi
	initrdfail
}
menuentry 'Ubuntu, with Xen hypervisor' --class xen $menuentry_id_option 'xen-gnulinux-simple-5678' {
	if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
	    xen_rm_opts=
	else
	    xen_rm_opts="no-real-mode edd=off"
	fi
	multiboot2	/xen-4.17-amd64.gz placeholder dom0_mem=1G ${xen_rm_opts}
	module2	/vmlinuz-6.8.0-31-generic placeholder root=UUID=5678 ro  quiet
	module2	--nounzip   /initrd.img-6.8.0-31-generic
}
)",
                 {.efi = true}),
            "'Ubuntu' id 'gnulinux-simple-5678' kernel '/vmlinuz-6.8.0-31-generic' "
            "options 'root=UUID=5678 ro quiet splash' initrd '/microcode.cpio' "
            "initrd '/initrd.img-6.8.0-31-generic'\n"
            "'Ubuntu, with Xen hypervisor' id 'xen-gnulinux-simple-5678' multiboot '/xen-4.17-amd64.gz' "
            "options 'dom0_mem=1G no-real-mode edd=off' "
            "module '/vmlinuz-6.8.0-31-generic' 'root=UUID=5678 ro quiet' "
            "module '/initrd.img-6.8.0-31-generic' ''\n"
            "default '0'\n");
}

TEST(GrubMenu, OfFedora) {
  const GrubSurroundings surroundings{
      .environment = ParseGrubEnvironment("# GRUB Environment Block\n"
                                          "saved_entry=abc-6.8.9-300.fc40.x86_64\n"
                                          "kernelopts=root=/dev/vda3 ro rhgb quiet \n"
                                          "##########"),
      .has_environment = true};
  const std::string text = R"(
set pager=1
if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="${saved_entry}"
fi
if [ -z "${kernelopts}" ]; then
  set kernelopts="root=UUID=9 ro"
fi
insmod blscfg
blscfg
if [ "$grub_platform" = "efi" ]; then
	menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' { fwsetup }
fi
)";
  EXPECT_EQ(Menu(text, surroundings), "BLS\ndefault 'abc-6.8.9-300.fc40.x86_64'\n");
  const auto menu = ReadGrubMenu(text, surroundings);
  ASSERT_TRUE(menu.has_value());
  EXPECT_EQ(ExpandGrubVariables("$kernelopts x${kernelopts}$none $ \"$pager\"", menu->variables),
            "root=/dev/vda3 ro rhgb quiet  xroot=/dev/vda3 ro rhgb quiet  $ \"1\"");
}

TEST(GrubMenu, AnExpandedValueHasALimit) {
  const GrubVariables variables = {{"big", std::string(size_t{3} << 20, 'x')}, {"small", "y"}};
  EXPECT_EQ(ExpandGrubVariables("$big$big$small", variables), std::string(size_t{3} << 20, 'x') + "y");
}

struct Row {
  const char* text;
  const char* menu;
};

constexpr Row kRows[] = {
    {"menuentry a { linux (hd0,gpt1)/v x; initrd ($root)/i }",
     "'a' kernel '/v' options 'x' initrd '/i'\ndefault ''\n"},
    {"menuentry a { linuxefi /v; initrdefi /i /j }",
     "'a' kernel '/v' options '' initrd '/i' initrd '/j'\ndefault ''\n"},
    {"menuentry a { linux16 /v 'two words' \"q\\\"\" b\\\\ ; initrd16 /i }",
     "'a' kernel '/v' options '\"two words\" q\\\" b\\\\' initrd '/i'\ndefault ''\n"},
    {"menuentry a --id=x --unrestricted 'no title' { multiboot /m a; module /n b }",
     "'a' id 'x' multiboot '/m' options 'a' module '/n' 'b'\ndefault ''\n"},
    // What an entry does is decided when it is chosen, and stays its own.
    {"menuentry a { set v=1; linux /$v$w }\nmenuentry b { linux /$v$w }\nw=2",
     "'a' kernel '/12' options ''\n'b' kernel '/2' options ''\ndefault ''\n"},
    {"t='a b'; menuentry $t { linux /v }\nmenuentry \"$t\" { linux $t }",
     "'a' kernel '/v' options ''\n'a b' kernel 'a' options 'b'\ndefault ''\n"},
    {"if [ ! -e /x -a 3 -gt 2 ]; then set default=1; else set default=2; fi", "default '1'\n"},
    {"if test -n \"$x\" -o a != a; then set default=1; elif true; then set default=2; fi", "default '2'\n"},
    {"if unknown; then set default=1; fi; unset default; linux /v", "default ''\n"},
    {"set default=x; unset default", "default ''\n"},
    {"fi", "error: line 1: unexpected 'fi'"},
};

TEST(GrubMenu, CarriesOutWhatDecides) {
  for (const Row& row : kRows) EXPECT_EQ(Menu(row.text), row.menu) << row.text;
}

TEST(GrubMenu, BoundsWhatVariablesExpandTo) {
  std::string text = "a=xxxxxxxxxxxxxxxx\n";
  for (int i = 0; i < 40; ++i) text += "a=$a$a\n";
  EXPECT_EQ(Menu(text), "error: its variables expand to more than 0x400000 bytes");
}

TEST(GrubEnvironment, IsRead) {
  const GrubVariables expected = {{"saved_entry", "a>b"}, {"kernelopts", "x=\"1\" \\ y\nz"}, {"empty", ""}};
  EXPECT_EQ(ParseGrubEnvironment("# GRUB Environment Block\nsaved_entry=a>b\nkernelopts=x=\"1\" \\\\ y\\\nz\n"
                                 "empty=\n=x\nrubbish\n####"),
            expected);
}

TEST(FindGrubEntry, KnowsNumbersTitlesAndIds) {
  const auto menu = ReadGrubMenu(
      "menuentry A --id a { true }\n"
      "submenu S --id s { menuentry B --id b { true }\n menuentry C { true }\n submenu E { true } }\n"
      "menuentry 'D>1' { true }\n",
      {});
  ASSERT_TRUE(menu.has_value());
  const auto found = [&](std::string_view wanted) {
    const auto position = FindGrubEntry(menu->entries, wanted);
    if (!position) return std::string("none");
    std::string text;
    for (const size_t index : *position) text += fmt::format("{}{}", text.empty() ? "" : ">", index);
    return text;
  };
  const std::pair<const char*, const char*> rows[] = {
      {"0", "0"},      {"A", "0"},      {"a", "0"},     {"1", "1>0"},      {"1>1", "1>1"}, {"S>C", "1>1"},
      {"s>b", "1>0"},  {"S>1", "1>1"},  {"D>1", "2"},   {"3", "none"},     {"", "none"},   {"b", "none"},
      {"1>7", "none"}, {"0>0", "none"}, {"s>E", "1>2"}, {"s>E>0", "none"},
  };
  for (const auto& [wanted, position] : rows) EXPECT_EQ(found(wanted), position) << wanted;
}

}  // namespace
}  // namespace kexec
