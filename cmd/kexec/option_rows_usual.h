// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of option_table.h that people use: modes, what to load, by which call, where, with which checks.
// Included by option_table.cc only.
#pragma once

#include "cmd/kexec/option_table.h"

namespace kexec {

inline constexpr OptionRow kUsualRows[] = {
    {.id = OptionId::kLoad,
     .name = "load",
     .letter = 'l',
     .group = Group::kMode,
     .help = "load KERNEL; -e or a reboot runs it later",
     .man = "Load the kernel and stop. It runs when --exec is called, or when the system reboots through "
            "kexec. The option takes no argument: the kernel is the first word that is no option."},
    {.id = OptionId::kLoadPanic,
     .name = "load-panic",
     .letter = 'p',
     .group = Group::kMode,
     .help = "load KERNEL to run when this one panics",
     .man = "Load the kernel into the memory reserved with `crashkernel=`; it runs when the running kernel "
            "panics. Next to --unload and --status it names that kernel instead of the one for a reboot. "
            "What is loaded and what it will need when it runs is compared with that memory first: see CRASH "
            "DUMPS."},
    {.id = OptionId::kForce,
     .name = "force",
     .letter = 'f',
     .group = Group::kMode,
     .help = "load KERNEL and run it at once, without shutdown",
     .man = "Load the kernel, write out file systems, take network interfaces down and run it, without "
            "stopping any service. Together with --exec and without a kernel it is --exec."},
    {.id = OptionId::kExec,
     .name = "exec",
     .letter = 'e',
     .group = Group::kMode,
     .help = "run the kernel that is loaded, without shutdown",
     .man = "Write out file systems, take network interfaces down and run the kernel that was loaded before. "
            "Services are not stopped: a clean way is the reboot command of the init system."},
    {.id = OptionId::kUnload,
     .name = "unload",
     .letter = 'u',
     .group = Group::kMode,
     .help = "unload the kernel; with -p the one for a panic",
     .man = "Drop the kernel that is loaded; with --load-panic the one for a panic. Success if none is "
            "loaded. Beside it every other mode and a kernel are ignored, with a warning."},
    {.id = OptionId::kStatus,
     .name = "status",
     .letter = 'S',
     .group = Group::kMode,
     .help = "exit 1 if a kernel for a panic is loaded, 0 if not; with -l the one for a reboot",
     .man = "Tell by the exit status whether a kernel is loaded: 1 if it is, 0 if not, 255 if that cannot be "
            "found out. The kernel for a panic is meant, or with --load the one for a reboot. Needs no "
            "privilege."},
    {.id = OptionId::kPrintCkrSize,
     .name = "print-ckr-size",
     .group = Group::kMode,
     .help = "print the size of the memory reserved for a crash kernel, in bytes",
     .man = "Print the size of the memory reserved for a crash kernel in bytes, 0 if there is none."},
    {.id = OptionId::kEstimateCrashkernel,
     .name = "estimate-crashkernel",
     .ours = true,
     .group = Group::kMode,
     .help = "recommend a crashkernel= value for KERNEL, or for the running kernel",
     .man = "Print what a crash kernel needs of memory, term by term, what is reserved now, and as the last "
            "line the `crashkernel=` value to boot the running kernel with. Of KERNEL with --initrd and "
            "--append as --load-panic would load them; without KERNEL of the running kernel's own files, "
            "which are named. Without --append and --reuse-cmdline the command line is taken to be "
            "that of the running kernel. Needs no privilege but to read the files. Status 0 whether or not "
            "that much is reserved."},
    {.id = OptionId::kListBootEntries,
     .name = "list-boot-entries",
     .ours = true,
     .group = Group::kMode,
     .help = "list what --boot-entry can name; the default is marked",
     .man =
         "Print the entries of the boot menus of this system, the default one marked: see BOOT ENTRIES. An "
         "entry that cannot be used says why."},
    {.id = OptionId::kCapture,
     .name = "capture",
     .value = Value::kDirectory,
     .argument = "DIR",
     .ours = true,
     .group = Group::kMode,
     .help = "record what is known about this machine in DIR",
     .man =
         "Copy every file of /proc and /sys that a plan is made from to the directory, for --root on any "
         "computer, for example in a bug report. The directory is made, or must be an empty one of the "
         "caller's to which nobody else can write. A record tells the command line with the secrets in it, "
         "addresses of the running kernel, which defeat KASLR, and serial numbers and MAC addresses of a "
         "device tree; memory, logs, random seeds and DMI tables are never in it. Nothing is loaded."},
    {.id = OptionId::kRedact,
     .name = "redact",
     .ours = true,
     .group = Group::kMode,
     .help = "with --capture: leave out secrets and serial numbers",
     .man =
         "Leave out of the record of --capture what no plan depends on: the values of words of the command "
         "line whose names contain `pass`, `key`, `token`, `secret` or `cred`, begin like `rd.luks.*` or "
         "`luks.*`, or tell a MAC address; serial numbers and MAC addresses of device trees; what firmware "
         "said of the display and handed on in setup_data. Addresses stay, as plans are made of them."},
    {.id = OptionId::kNoIfdown,
     .name = "no-ifdown",
     .letter = 'x',
     .group = Group::kMode,
     .help = "leave network interfaces up before the new kernel runs",
     .man = "Do not take network interfaces down before the new kernel runs."},
    {.id = OptionId::kNoSync,
     .name = "no-sync",
     .letter = 'y',
     .group = Group::kMode,
     .help = "do not write out file systems first",
     .man = "Do not call `sync` before. Data that is not on disk yet may be lost."},
    {.id = OptionId::kHelp,
     .name = "help",
     .letter = 'h',
     .group = Group::kMode,
     .help = "print this text and exit",
     .man = "Print a summary of the options and exit at once."},
    {.id = OptionId::kVersion,
     .name = "version",
     .letter = 'v',
     .group = Group::kMode,
     .help = "print the version and exit",
     .man = "Print the version of the kexec-tools command line this program implements and its own, and exit "
            "at once."},

    {.id = OptionId::kInitrd,
     .name = "initrd",
     .alias = "ramdisk",
     .value = Value::kFile,
     .argument = "FILE",
     .collects = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "initial ramdisk; may be repeated, in order",
     .man = "Pass the file to the kernel as initial ramdisk. If it is given several times the kernel unpacks "
            "the archives in that order. Without it the kernel gets none, unless a unified kernel image or a "
            "boot entry brings one: see --no-embedded and --keep-embedded."},
    {.id = OptionId::kAppend,
     .name = "append",
     .alias = "command-line",
     .value = Value::kText,
     .argument = "TEXT",
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "command line of the kernel; with --reuse-cmdline added to it",
     .man =
         "The command line for the kernel. With --reuse-cmdline the text is added at its end. It replaces "
         "the own one of a unified kernel image, see --no-embedded and --keep-embedded, and is added to that "
         "of a boot entry. The last one counts."},
    {.id = OptionId::kReuseCmdline,
     .name = "reuse-cmdline",
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "take the command line of the running kernel",
     .man = "Take the command line from /proc/cmdline, without `BOOT_IMAGE=` and what only a running crash "
            "kernel is told (`elfcorehdr=`, `dmcryptkeys=`), and for a crash kernel without `crashkernel=`."},
    {.id = OptionId::kBootEntry,
     .name = "boot-entry",
     .value = Value::kName,
     .argument = "ID",
     .choices = "default",
     .ours = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "load what this entry of the boot menu names, instead of KERNEL",
     .man =
         "Load the kernel, the initial ramdisks and the command line that this entry of a boot menu names, "
         "instead of a KERNEL: `default`, an ID or a number of --list-boot-entries, or a title. See BOOT "
         "ENTRIES."},
    {.id = OptionId::kProfile,
     .name = "profile",
     .value = Value::kName,
     .argument = "ID",
     .ours = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "profile of a unified kernel image, by ID or number",
     .man = "Of a unified kernel image with several profiles take this one, by its ID or its number; the "
            "first is 0, and the default."},
    {.id = OptionId::kAddon,
     .name = "addon",
     .value = Value::kFile,
     .argument = "FILE",
     .ours = true,
     .collects = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "PE add-on for a unified kernel image; may be repeated, in order",
     .man = "Take the command line and the initial ramdisks of a PE add-on besides those of the unified "
            "kernel image. May be repeated; the order counts."},
    {.id = OptionId::kNoEmbedded,
     .name = "no-embedded",
     .ours = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "take the kernel alone, not what comes with it",
     .man =
         "Take the kernel alone from a unified kernel image or a boot entry, without the initial ramdisks "
         "and the command line that come with it. Without this option --initrd and --append add to those of "
         "a boot entry, and --reuse-cmdline replaces its command line; of an image named as KERNEL --initrd "
         "and --reuseinitrd replace its own initial ramdisk, --append and --reuse-cmdline its own command "
         "line, while its microcode and its add-ons stay."},
    {.id = OptionId::kKeepEmbedded,
     .name = "keep-embedded",
     .ours = true,
     .group = Group::kWhat,
     .without_load = WithoutLoad::kRefuse,
     .help = "unified kernel image: add to what it brings, replace nothing",
     .man = "Of a unified kernel image keep its own initial ramdisk and command line, although others are "
            "given: the image's come first. Initial ramdisks are unpacked in that order."},
    {.id = OptionId::kType,
     .name = "type",
     .letter = 't',
     .value = Value::kName,
     .argument = "TYPE",
     .choices = "bzImage64 bzImage multiboot2-x86 multiboot-x86 elf-x86_64 elf-x86 Image vmlinux "
                "image-riscv elf-riscv uki uImage vmlinuz vmlinuz-riscv beoboot-x86 nbi-x86 help",
     .group = Group::kWhat,
     .without_load = WithoutLoad::kWarn,
     .help = "insist on a format, e.g. bzImage64; help: list them",
     .man = "Refuse the file unless it has this format, and take it for that one if several would do. `help` "
            "prints the formats, a line each, and does nothing else."},

    {.id = OptionId::kSyscallAuto,
     .name = "kexec-syscall-auto",
     .letter = 'a',
     .group = Group::kCall,
     .help = "the call that can do what was asked (default)",
     .man =
         "The default: choose the system call that can do what was asked. Where both can, a kernel for a "
         "reboot goes to kexec_load, because its jump is faster, unless lockdown forbids that, or it would "
         "lose measurements of IMA or memory preserved by Kexec Handover. Those are kept: what only "
         "kexec_load can do is refused then, or dropped with a warning where it is only comfort. A kernel "
         "for a panic goes to kexec_file_load first, on arm64 and riscv64 to kexec_load. Where one call "
         "fails for a reason that need not concern the other, that one is tried. Of --kexec-syscall-auto, "
         "--kexec-file-syscall and --kexec-syscall the last one counts."},
    {.id = OptionId::kSyscallFile,
     .name = "kexec-file-syscall",
     .letter = 's',
     .group = Group::kCall,
     .help = "kexec_file_load only: the kernel checks the signature and makes the plan",
     .man = "Use kexec_file_load and nothing else. Options only kexec_load can honour are refused if the "
            "kernel would start differently without them, and ignored with a warning otherwise."},
    {.id = OptionId::kSyscallLoad,
     .name = "kexec-syscall",
     .letter = 'c',
     .group = Group::kCall,
     .help = "kexec_load only: kexec makes the plan",
     .man = "Use kexec_load and nothing else, with a warning if that loses something which kexec_file_load "
            "hands to the next kernel."},

    {.id = OptionId::kMemMin,
     .name = "mem-min",
     .value = Value::kAddress,
     .argument = "ADDR",
     .group = Group::kPlacement,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kWarn,
     .help = "lowest physical address to load to",
     .man = "Place nothing below this physical address, given in decimal, hexadecimal (0x) or octal (0)."},
    {.id = OptionId::kMemMax,
     .name = "mem-max",
     .value = Value::kAddress,
     .argument = "ADDR",
     .group = Group::kPlacement,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kWarn,
     .help = "highest physical address to load to",
     .man = "Place nothing above this physical address."},
    {.id = OptionId::kEntry,
     .name = "entry",
     .value = Value::kAddress,
     .argument = "ADDR",
     .group = Group::kPlacement,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kWarn,
     .help = "jump to this address instead of the kernel's own entry",
     .man = "Jump to this physical address instead of the kernel's own entry, or with "
            "--load-jump-back-helper back to it. 0 is as if not given."},
    {.id = OptionId::kEntry32bit,
     .name = "entry-32bit",
     .group = Group::kPlacement,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kRefuse,
     .help = "enter a bzImage in 32-bit mode",
     .man = "Enter a bzImage in 32-bit mode, below 4 GiB, although it has a 64-bit entry."},
    {.id = OptionId::kNoEfi,
     .name = "noefi",
     .group = Group::kPlacement,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kRefuse,
     .help = "do not pass EFI to the kernel",
     .man = "Do not tell the kernel about EFI; it starts as on a machine with a BIOS."},
    {.id = OptionId::kDecompress,
     .name = "decompress",
     .ours = true,
     .group = Group::kPlacement,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .without_load = WithoutLoad::kRefuse,
     .help = "unpack the kernel of a bzImage now, not after the jump",
     .man = "Unpack the kernel that a bzImage packs while it is loaded, and enter it directly: the next "
            "kernel starts sooner. Its address is random where the kernel's own choice would be. Where "
            "that cannot be done the bzImage is loaded as usual, with a warning that says why; so it is "
            "where kexec_load is locked down."},
    {.id = OptionId::kDecompressInitrd,
     .name = "decompress-initrd",
     .ours = true,
     .group = Group::kPlacement,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .without_load = WithoutLoad::kRefuse,
     .help = "unpack the initial ramdisks now, not after the jump",
     .man = "Unpack the initial ramdisks while they are loaded, so that the next kernel need not. They take "
            "more memory until it has read them."},

    {.id = OptionId::kDigest,
     .name = "digest",
     .value = Value::kChoice,
     .argument = "KIND",
     .choices = "xxh128 sha256 none",
     .ours = true,
     .group = Group::kPurgatory,
     .honoured_by = HonouredBy::kKexecLoad,
     .vital = true,
     .without_load = WithoutLoad::kRefuse,
     .help = "check before the jump: xxh128 (default), sha256 or none",
     .man = "How the code that runs between the two kernels, purgatory, finds out whether the loaded bytes "
            "are intact. `xxh128` is the fastest and guards against corruption; `sha256` is a cryptographic "
            "digest; `none` is --no-checks."},
    {.id = OptionId::kNoChecks,
     .name = "no-checks",
     .letter = 'i',
     .group = Group::kPurgatory,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "jump without a check: --digest=none",
     .man = "Jump without checking the loaded bytes. Saves the time for the digest. A kernel file whose own "
            "checksum does not match is loaded, too."},
    {.id = OptionId::kConsoleSerial,
     .name = "console-serial",
     .group = Group::kPurgatory,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "purgatory reports on the serial port",
     .man = "Let purgatory report on the serial port chosen with --serial."},
    {.id = OptionId::kSerial,
     .name = "serial",
     .value = Value::kPort,
     .argument = "PORT",
     .choices = "ttyS0 ttyS1 ttyS2 ttyS3",
     .group = Group::kPurgatory,
     .machines = Architecture::kX86 | Architecture::kArm64 | Architecture::kRiscv,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "its port: ttyS0 (default) to ttyS3, or 0x...; arm64, riscv: ttyAMA0 ...",
     .man =
         "The serial port of purgatory: `ttyS0` to `ttyS3`, or the number of an I/O port below 0x10000. "
         "The default is `ttyS0`. On arm64 and riscv64 the name of a serial device whose registers "
         "/sys/class/tty shows, like `ttyAMA0` or `ttyS0`, without a default; there this option alone lets "
         "purgatory report."},
    {.id = OptionId::kSerialBaud,
     .name = "serial-baud",
     .value = Value::kBaud,
     .argument = "RATE",
     .choices = "9600 19200 38400 57600 115200",
     .group = Group::kPurgatory,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "its speed, 9600 to 115200; not given: left as it is",
     .man = "Set the speed of that serial port: a number from 9600 to 115200 that divides 115200. If it is "
            "not given the port is left as it is."},
    {.id = OptionId::kConsoleVga,
     .name = "console-vga",
     .group = Group::kPurgatory,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "purgatory reports on the VGA text screen",
     .man = "Let purgatory report on the VGA text screen."},
    {.id = OptionId::kResetVga,
     .name = "reset-vga",
     .group = Group::kPurgatory,
     .machines = Architecture::kX86,
     .honoured_by = HonouredBy::kKexecLoad,
     .help = "purgatory switches the VGA to text mode",
     .man = "Let purgatory switch a VGA back to text mode 3."},
};

}  // namespace kexec
