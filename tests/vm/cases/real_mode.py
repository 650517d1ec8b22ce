# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that only real-mode code starts, and a bzImage entered so: what runs after the jump calls the BIOS."""

import pathlib
import subprocess
import tempfile

from cases.others import ScreenWatch
from cases.refusals import expect_refusal
from kexec_vm import recipe
from kexec_vm.suite import case

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "guest" / "real_mode"
ONLY = "only real-mode code can start this kernel: "
LOADFLAGS, CAN_USE_HEAP = 0x211, 0x80  # Documentation/arch/x86/boot.rst


def built(name):
    """The flat image of guest/real_mode/NAME.S."""
    with tempfile.TemporaryDirectory(prefix="kexec-real-mode-") as folder:
        out = pathlib.Path(folder) / name
        subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-Ttext=0", "-Wl,-e,_start",
                        "-Wl,--no-warn-rwx-segments", "-o", out, SOURCES / f"{name}.S"], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", out], check=True)
        return out.read_bytes()


@case("real-mode/ipxe", quick=True)
def ipxe(bench):
    """iPXE shows its banner and carries out its command line."""
    watch = ScreenWatch("a word for iPXE", patience=90)
    transcript = recipe.boot(bench, """
        try plan kexec --dry-run -l /ipxe --append="echo a word for iPXE"
        try load kexec -l /ipxe --append="echo a word for iPXE"
        ask watch
        execute kexec -e""", files={"ipxe": bench.cache.ipxe()}, machine={"vga": "std"}, answer=watch.answer)
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "load")
    bench.contains(boot.out("plan"), f"entered in real mode because {ONLY}its code32_start is 0", "plan")
    bench.contains(watch.seen, "Open Source Network Boot Firmware", "screen: the banner")
    bench.contains(watch.seen, "a word for iPXE", "screen: its command line was carried out")


@case("real-mode/memdisk", quick=True)
def memdisk(bench):
    """memdisk boots a floppy: the BIOS's disk, screen and clock work."""
    transcript = recipe.boot(bench, """
        try long kexec -l /memdisk --initrd=/floppy --append="$(printf %497s)"
        try load kexec -l /memdisk --initrd=/floppy --append=floppy
        execute kexec -e""", files={"memdisk": bench.cache.memdisk(), "floppy": built("floppy")})
    boot = transcript.boot(1)
    expect_refusal(bench, boot, "long", "the command line is 497 bytes long, and this kernel takes 496")
    recipe.expect_success(bench, boot, "load")
    console = transcript.console_text()
    bench.contains(console, "the second sector speaks", "console")
    bench.contains(console, "the clock ticks", "console")
    bench.equal(transcript.exit_status, 0, "QEMU's status after the boot sector's reset")


@case("real-mode/zimage")
def zimage(bench):
    transcript = recipe.boot(bench, """
        try load kexec -l /zimage --append="a line for the zImage"
        execute kexec -e""", files={"zimage": built("zimage")})
    recipe.expect_success(bench, transcript.boot(1), "load")
    bench.contains(transcript.console_text(), "the zImage at 64 KiB: a line for the zImage", "console")


@case("real-mode/linux")
def linux(bench):
    """Debian's kernel by --real-mode asks the BIOS for its memory map, and finds the same."""
    second = f"{recipe.SECOND}\nmachine\ntry flags od -An -tx1 -j {LOADFLAGS} -N 1 /sys/kernel/boot_params/data\n"
    transcript = recipe.boot(bench, f"machine\ntry load kexec --real-mode {recipe.LOAD}\nexecute kexec -e", second=second)
    first = transcript.boot(1)
    recipe.expect_success(bench, first, "load")
    boot = recipe.expect_second(bench, transcript)
    bench.equal(boot.out("memmap"), first.out("memmap"), "memory map the BIOS tells")
    flags = int(boot.out("flags"), 16)
    bench.expect(flags & CAN_USE_HEAP, f"loadflags {flags:#x}: its setup code was not told of a heap, so it did not run")


@case("real-mode/no-bios")
def no_bios(bench):
    """After UEFI, and by the call that cannot."""
    transcript = recipe.boot(bench, f"""
        try memdisk kexec -l /memdisk
        try linux kexec --real-mode {recipe.LOAD}
        try file kexec -s -l /memdisk""", files={"memdisk": bench.cache.memdisk()}, machine={"firmware": "uefi"})
    boot = transcript.boot(1)
    uefi = "; that code calls the BIOS, and this machine was started by UEFI, which leaves none"
    expect_refusal(bench, boot, "memdisk", f"{ONLY}it is syslinux' memdisk{uefi}", status=1)
    expect_refusal(bench, boot, "linux", f"--real-mode was given{uefi}", status=1)
    expect_refusal(bench, boot, "file", "kexec_file_load cannot enter it so: leave out '--kexec-file-syscall'", status=1)


@case("real-mode/wild-vector")
def wild_vector(bench):
    """A vector that leads nowhere is told by the load, and by purgatory where it went astray after that."""
    transcript = recipe.boot(bench, """
        try load kexec -l /memdisk --initrd=/floppy
        printf '\\000\\000\\000\\000' | dd of=/dev/mem bs=4 seek=19 conv=notrunc 2>/dev/null
        try again kexec -l /memdisk --initrd=/floppy
        execute kexec -e""", files={"memdisk": bench.cache.memdisk(), "floppy": built("floppy")})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "load")
    expect_refusal(bench, boot, "again", "that code calls the BIOS, and interrupt vector 0x13 leads to 0x0, where none is",
                   status=1)
    bench.contains(transcript.console_text(),
                   "kexec: real mode needs a BIOS, and interrupt vector 0x13 leads to 0x0000000000000000, where none is",
                   "console: purgatory's words")
