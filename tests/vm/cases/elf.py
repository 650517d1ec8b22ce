# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel as an ELF file: vmlinux, packed or not, by either hand-over, and as a crash kernel."""

import itertools
import json

from kexec_vm import crash, crash_check, handover, images, recipe
from kexec_vm.crash import Crash
from kexec_vm.handover import HandOver
from kexec_vm.machine import CMDLINE
from kexec_vm.suite import case

# What Linux does when it is entered so (arch/x86/platform/pvh/enlighten.c): reserves video memory and option ROMs, and
# gives its boot loader a number.
ISA, PVH_LOADER = (0xA0000, 0x100000), 0xB0
NO_LA57 = "max,la57=off"
QUICK = {("6.12", "bios", "-a"), ("6.1", "bios", "-c")}


def hand_over(bench, series, firmware, call):
    """Linux by its notes: it is told what a bzImage is told."""
    kernel = bench.cache.kernel(series)
    vmlinux = bench.cache.vmlinux(kernel)
    before, _, _ = handover.run(bench, HandOver(kernel, call, vmlinux, firmware=firmware, memory="1G"))
    plan = json.loads(before.out("plan"))
    bench.equal(plan["kernel"]["type"], "elf-x86_64", "type in the plan")
    bench.equal(plan["call"]["first"], "kexec_load", "call in the plan")
    bench.equal(before["load"].err, "", "stderr of the load")


def pvh(bench):
    """--args-pvh: the same file at its other entry, told by struct hvm_start_info."""
    kernel = bench.cache.kernel("6.12")
    _, after, _ = handover.run(bench, HandOver(kernel, "-c --args-pvh", bench.cache.vmlinux(kernel), memory="5G",
                                               second_script="try loader cat /proc/sys/kernel/bootloader_type\n",
                                               reserved=(ISA,)))
    bench.equal(after.out("loader"), str(PVH_LOADER), "boot loader's number in the second kernel")


def packed(bench, suffix):
    """From 6.1 to a packed vmlinux of 6.12, by itself and cut in half."""
    kernel = bench.cache.kernel("6.12")
    data = images.pack(bench.cache.vmlinux(kernel), suffix)
    load = f'-l /packed --initrd=/initrd --append="{CMDLINE}"'
    transcript = recipe.boot(bench, f"""
        head -c {len(data) // 2} /packed >/tmp/half
        try half kexec -l /tmp/half
        try unchanged loaded
        try load kexec {load}
        execute kexec -e""", files={"packed": data}, machine={"memory": "1G", "cpu": NO_LA57})
    boot = transcript.boot(1)
    bench.equal(boot["half"].status, 255, "status of half the file")
    bench.contains(boot["half"].err, "data: cut short", "half the file")
    bench.equal(boot.out("unchanged"), "0", "/sys/kernel/kexec_loaded before the load")
    recipe.expect_success(bench, boot, "load")
    recipe.expect_second(bench, transcript, kernel.release)


@case("elf/crash")
def elf_crash(bench):
    """A vmlinux in the memory reserved for it, which is not where it was linked."""
    vmlinux = bench.cache.vmlinux(bench.cache.kernel("6.1"))
    one = Crash(call="-c", image=vmlinux, reserve="crashkernel=256M", memory="2G", cpu=NO_LA57)
    crash_check.check(bench, crash.run(bench, one))


@case("elf/unknown-styles")
def unknown_styles(bench):
    """What cannot hold for a vmlinux is refused, and told."""
    kernel = bench.cache.kernel("6.1")
    transcript = recipe.boot(bench, """
        try none kexec -c --args-none -l /vmlinux --initrd=/initrd
        try file kexec -s -l /vmlinux --initrd=/initrd
        try module kexec -c -l /vmlinux --module=/initrd
        try loaded loaded
        """, files={"vmlinux": bench.cache.vmlinux(kernel)}, machine={"memory": "1G"})
    boot = transcript.boot(1)
    for name, cause in (("none", "initrd"), ("file", "kexec_file_load"), ("module", "module")):
        bench.expect(boot[name].status in (1, 255), f"'{name}': status {boot[name].status}, stderr {boot[name].err!r}")
        bench.contains(boot[name].err, cause, f"'{name}': stderr")
    bench.equal(boot.out("loaded"), "0", "/sys/kernel/kexec_loaded after the refusals")


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), ("-a", "-c")):
        series, firmware, call = values
        case(f"elf/{series}/{firmware}/{call[1:]}", quick=values in QUICK)(
            lambda bench, values=values: hand_over(bench, *values))
    for suffix in ("gz", "zst"):
        case(f"elf/packed/{suffix}")(lambda bench, suffix=suffix: packed(bench, suffix))
    case("elf/pvh", quick=True)(pvh)


register()
