// SPDX-License-Identifier: GPL-2.0-or-later
// The command lines of programs that call kexec, as they write them. A row that changes breaks somebody's
// boot.
#include <gtest/gtest.h>

#include <string>

#include "cmd/kexec/help.h"
#include "cmd/kexec/options.h"
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

class Client : public ::testing::TestWithParam<Row> {};
TEST_P(Client, IsUnderstood) { EXPECT_EQ(Describe(Parse(GetParam().line)), GetParam().meaning); }
std::string RowName(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }

constexpr Row kCrashClients[] = {
    {"debian_kdump_load",
     "-p '--command-line=root=/dev/vda1 nr_cpus=1 irqpoll' --initrd=/var/lib/kdump/initrd.img "
     "/var/lib/kdump/vmlinuz",
     "load; crash; kernel /var/lib/kdump/vmlinuz; initrd /var/lib/kdump/initrd.img; "
     "append 'root=/dev/vda1 nr_cpus=1 irqpoll'"},
    {"debian_kdump_load_secure_boot_elf",
     "-p -s --args-linux --elf64-core-headers --command-line=x --initrd=I V",
     "load; crash; kexec_file_load; kernel V; initrd I; append 'x'; core headers 64; args linux"},
    {"debian_kdump_unload", "-p -u", "unload; crash"},
    {"debian_kdump_unload_secure_boot", "-s -p -u", "unload; crash; kexec_file_load"},
    {"fedora_kdumpctl",
     "-s -s -p '--command-line=root=x quiet' --initrd=/boot/initramfs-6.1kdump.img /boot/vmlinuz-6.1",
     "load; crash; kexec_file_load; kernel /boot/vmlinuz-6.1; initrd /boot/initramfs-6.1kdump.img; "
     "append 'root=x quiet'"},
    {"fedora_i386", "--elf32-core-headers -p --command-line=x --initrd=I K",
     "load; crash; kernel K; initrd I; append 'x'; core headers 32; "
     "! option '--elf32-core-headers' is ignored: on this architecture core headers are always ELF64"},
    {"fedora_ppc64_arguments_everywhere", "--dt-no-old-root -p --command-line=x --initrd=I K",
     "load; crash; kernel K; initrd I; append 'x'; "
     "! option '--dt-no-old-root' is ignored: it means nothing on this architecture"},
    {"fedora_uki", "-s -p --command-line=x --initrd=I /boot/efi/EFI/Linux/x.efi",
     "load; crash; kexec_file_load; kernel /boot/efi/EFI/Linux/x.efi; initrd I; append 'x'"},
    {"fedora_tests", "-s -l K --initrd=I --reuse-cmdline --append=rd.earlykdump",
     "load; kexec_file_load; kernel K; initrd I; append 'rd.earlykdump'; reuse cmdline"},
    {"suse_kdump", "-p /boot/kdump/kernel '--append=root=x \"quoted\"' --initrd=/var/lib/kdump/initrd -a",
     "load; crash; kernel /boot/kdump/kernel; initrd /var/lib/kdump/initrd; append 'root=x \"quoted\"'"},
    {"suse_kdump_unload", "-a -p -u", "unload; crash"},
    {"nixos_crash_dump", "-p K --initrd=I --reset-vga --console-vga --command-line=x",
     "load; crash; kernel K; initrd I; append 'x'; console vga; reset vga; prefers kexec_load: "
     "--console-vga; "
     "prefers kexec_load: --reset-vga"},
    {"bottlerocket", "-ps --reuse-cmdline --append 'a b' /boot/vmlinuz",
     "load; crash; kexec_file_load; kernel /boot/vmlinuz; append 'a b'; reuse cmdline"},
    {"openbmc", "--type uImage -d -p IMG --dtb=D --command-line=x --initrd=I",
     "load; crash; kernel IMG; initrd I; append 'x'; type uImage; dtb D; debug; needs kexec_load: --dtb"},
    {"lava_crash", "--load-panic K --initrd I", "load; crash; kernel K; initrd I"},
};
INSTANTIATE_TEST_SUITE_P(Crash, Client, ::testing::ValuesIn(kCrashClients), RowName);

constexpr Row kRebootClients[] = {
    {"debian_init_script", "-l /vmlinuz --initrd=/initrd.img '--append=root=/dev/sda1 ro'",
     "load; kernel /vmlinuz; initrd /initrd.img; append 'root=/dev/sda1 ro'"},
    {"debian_init_script_without_initrd", "-l /vmlinuz --append=", "load; kernel /vmlinuz; append ''"},
    {"suse_bootloader", "--kexec-syscall-auto --load /boot/vmlinuz --initrd=/boot/initrd '--append=root=x y'",
     "load; kernel /boot/vmlinuz; initrd /boot/initrd; append 'root=x y'"},
    {"transactional_update", "--kexec-syscall-auto -l K --initrd=I --reuse-cmdline",
     "load; kernel K; initrd I; reuse cmdline"},
    {"linuxrc", "-a -l K --initrd=I '--append=x kexec=0'", "load; kernel K; initrd I; append 'x kexec=0'"},
    {"yomi", "-l --initrd /mnt/boot/initrd --command-line=x /mnt/boot/vmlinuz",
     "load; kernel /mnt/boot/vmlinuz; initrd /mnt/boot/initrd; append 'x'"},
    {"kiwi", "--kexec-syscall-auto --load K --initrd I --command-line 'a b'",
     "load; kernel K; initrd I; append 'a b'"},
    {"kiwi_with_an_old_kexec", "'' --load K --initrd I --command-line 'a b'",
     "load; kernel K; initrd I; append 'a b'; ! an empty argument is ignored"},
    {"systemd", "--load K --append 'root=x' --initrd I", "load; kernel K; initrd I; append 'root=x'"},
    {"systemd_shutdown", "-e", "execute"},
    {"sonic_unload", "-u -a", "unload"},
    {"sonic_load", "-l K --initrd=I '--append=BOOT_IMAGE=x SONIC_BOOT_TYPE=warm' -a",
     "load; kernel K; initrd I; append 'BOOT_IMAGE=x SONIC_BOOT_TYPE=warm'"},
    {"sonic_load_secure_boot", "-l K --initrd=I --append=x -s",
     "load; kexec_file_load; kernel K; initrd I; append 'x'"},
    {"zfsbootmenu_load", "-a -l K --initrd=I '--command-line=root=zfs:x y'",
     "load; kernel K; initrd I; append 'root=zfs:x y'"},
    {"zfsbootmenu_execute", "-e -i", "execute; no digest"},
    {"heads",
     "-l K --module 'F a b' --module G --command-line 'no-real-mode reboot=no' --initrd=F --append=x",
     "load; kernel K; initrd F; append 'x'; module F a b; module G; needs kexec_load: --module"},
    {"petitboot", "-l --debug --initrd=F --dtb=D --append=A IMG",
     "load; kernel IMG; initrd F; append 'A'; dtb D; debug; needs kexec_load: --dtb"},
    {"petitboot_second_try", "-s --initrd=F --append=A IMG",
     "load and shutdown; kexec_file_load; kernel IMG; initrd F; append 'A'"},
    {"petitboot_last_resort", "-e -f", "execute"},
    {"synology_load", "-a -l Z --initrd R --command-line=x", "load; kernel Z; initrd R; append 'x'"},
    {"synology_execute", "-f -e", "execute"},
    {"archboot", "-c -f --mem-min=0xA0000000 K --initrd=I --reuse-cmdline",
     "load and execute; kexec_load; kernel K; initrd I; reuse cmdline; from 0xa0000000; needs kexec_load: "
     "--mem-min"},
    {"nixos_anywhere",
     "--load bzImage --kexec-syscall-auto --initrd=initrd --no-checks --command-line 'init=x'",
     "load; kernel bzImage; initrd initrd; append 'init=x'; no digest; prefers kexec_load: --no-checks"},
    {"nixos_anywhere_execute", "-e --kexec-syscall-auto", "execute"},
    {"nixos_prepare", "--load K --initrd=I '--append=a init=x'",
     "load; kernel K; initrd I; append 'a init=x'"},
    {"nixos_netboot", "--load --initrd=I --command-line=C -- K", "load; kernel K; initrd I; append 'C'"},
    {"nixos_probe", "-v", "version"},
    {"underhill", "-l /boot/bzImage --initrd=F --command-line=x --reset-vga",
     "load; kernel /boot/bzImage; initrd F; append 'x'; reset vga; prefers kexec_load: --reset-vga"},
    {"lava", "--load K --initrd I --append x", "load; kernel K; initrd I; append 'x'"},
    {"kernel_selftest_load", "--load --kexec-file-syscall K", "load; kexec_file_load; kernel K"},
    {"kernel_selftest_unload", "--unload --kexec-file-syscall", "unload; kexec_file_load"},
    {"kernel_liveupdate", "-l -s --reuse-cmdline K --initrd=I",
     "load; kexec_file_load; kernel K; initrd I; reuse cmdline"},
    {"lkp_load", "--noefi -l K --initrd=I", "load; kernel K; initrd I; no efi; needs kexec_load: --noefi"},
    {"lkp_bare", "--noefi K --initrd I --reuse-cmdline",
     "load and shutdown; kernel K; initrd I; reuse cmdline; no efi; needs kexec_load: --noefi"},
    {"arch_wiki", "-l /boot/vmlinuz-linux --initrd=/boot/initramfs-linux.img --reuse-cmdline",
     "load; kernel /boot/vmlinuz-linux; initrd /boot/initramfs-linux.img; reuse cmdline"},
    {"abbreviated", "-l K --reuse-cmd", "load; kernel K; reuse cmdline"},
};
INSTANTIATE_TEST_SUITE_P(Reboot, Client, ::testing::ValuesIn(kRebootClients), RowName);

}  // namespace
}  // namespace kexec
