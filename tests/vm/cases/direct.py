# SPDX-License-Identifier: GPL-2.0-or-later
"""--decompress: the kernel that a bzImage packs is unpacked before the jump and entered directly."""

import gzip
import itertools
import json
import re

from kexec_vm import handover, images, recipe, rootfs
from kexec_vm.handover import HandOver
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.suite import case

LINKED_VIRTUAL, LINKED_PHYSICAL = 0xFFFFFFFF81000000, 0x1000000  # of both kernels: CONFIG_PHYSICAL_START
QUICK = {("6.1", "bios", 2, "512M"), ("6.12", "uefi", 1, "512M")}
# Where the kernel runs: virtual and physical address of its first byte.
WHERE = """
try symbol grep -w _text /proc/kallsyms
try code grep 'Kernel code' /proc/iomem
"""


def place(boot):
    """(virtual, physical) address the kernel of `boot`, which tried WHERE, runs at."""
    return int(boot.out("symbol").split()[0], 16), int(re.match(r" *([0-9a-f]+)-", boot.out("code")).group(1), 16)


def hand_over(bench, series, firmware, cpus, memory):
    kernel = bench.cache.kernel(series)
    before, after, _ = handover.run(bench, HandOver(kernel, "--decompress", firmware=firmware, cpus=cpus, memory=memory,
                                                    second_script=WHERE))
    check_direct(bench, before)
    check_place(bench, place(after))


def check_direct(bench, boot):
    """The load went the way that was asked for, without a word."""
    bench.equal(boot["load"].err, "", "stderr of the load: it went another way")
    plan = json.loads(boot.out("plan"))
    bench.equal(plan["call"]["first"], "kexec_load", "call in the plan")


def check_place(bench, where):
    virtual, physical = where
    bench.equal(virtual % (1 << 21) + physical % (1 << 21), 0, f"alignment of {virtual:#x} and {physical:#x}")
    bench.expect(LINKED_VIRTUAL <= virtual < LINKED_VIRTUAL + (1 << 30), f"virtual address {virtual:#x}")


@case("direct/three-in-a-row", quick=True)
def three_in_a_row(bench):
    """6.1 to 6.12 to 6.1 to 6.12, each at places of its own (once in some 100,000 runs two would share both)."""
    kernels = [bench.cache.kernel(series) for series in ("6.1", "6.12", "6.1", "6.12")]
    archive = rootfs.archive(WHERE + "note reached last")
    for kernel in reversed(kernels[1:]):
        script = (f'{WHERE}\ntry load kexec --decompress -l /kernel --initrd=/initrd --append="{CMDLINE}"\n'
                  "execute kexec -e")
        archive = rootfs.archive(script, programs={"sbin/kexec": bench.kexec},
                                 files={"kernel": kernel.image.read_bytes(), "initrd": archive})
    transcript = bench.boot(Machine(kernels[0], memory="1G"), archive)
    for number, kernel in enumerate(kernels, 1):
        bench.equal(transcript.boot(number).release, kernel.release, f"release of kernel {number}")
        if number < len(kernels):
            recipe.expect_success(bench, transcript.boot(number), "load", f"load in kernel {number}")
    bench.equal(transcript.boot(4).out("reached"), "last", "marker of the last kernel")
    places = [place(transcript.boot(number)) for number in (2, 3, 4)]
    for where in places:
        check_place(bench, where)
    bench.equal(len(set(places)), 3, f"different places among {places}")
    bench.expect(len({virtual for virtual, _ in places}) > 1, f"virtual addresses of {places}")
    bench.expect(len({physical for _, physical in places}) > 1, f"physical addresses of {places}")


@case("direct/nokaslr")
def nokaslr(bench):
    """The word on the command line that forbids it is heeded: the kernel runs where it was linked."""
    before, after, _ = handover.run(bench, HandOver(bench.cache.kernel("6.1"), "--decompress", second_append="nokaslr",
                                                    second_script=WHERE))
    check_direct(bench, before)
    bench.equal(place(after), (LINKED_VIRTUAL, LINKED_PHYSICAL), "where the second kernel runs")


@case("direct/initrd")
def unpacked_initrd(bench):
    """--decompress-initrd: what is loaded is the archive that was compressed."""
    kernel = bench.cache.kernel("6.12")
    inner = rootfs.archive("note reached second\ntry payload sha256sum /payload\n", files={"payload": handover.PAYLOAD})
    load = f'--decompress --decompress-initrd -l /kernel --initrd=/packed --append="{CMDLINE}"'
    transcript = recipe.boot(bench, f"""
        try plan kexec {load} --dry-run --json
        try load kexec {load}
        execute kexec -e""", kernel=kernel, files={"packed": gzip.compress(inner, 1)})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "load")
    segments = {one["label"]: one for one in json.loads(boot.out("plan"))["plan"]["segments"]}
    bench.equal(segments["initrd"]["file_bytes"], len(inner), "bytes of the initrd in the plan")
    second = recipe.expect_second(bench, transcript, kernel.release)
    bench.equal(second.out("payload").split()[0], rootfs.sha256(handover.PAYLOAD), "payload in the second kernel")


@case("direct/falls-back", quick=True)
def falls_back(bench):
    """A bzImage that names no payload is loaded as always, with one line that says why."""
    kernel = bench.cache.kernel("6.1")
    transcript = recipe.boot(bench, f"""
        try load kexec --decompress -l /nothing --initrd=/initrd --append="{CMDLINE}"
        execute kexec -e""", files={"nothing": images.without_payload(kernel.image.read_bytes())})
    boot = transcript.boot(1)
    bench.equal((boot["load"].status, boot["load"].out), (0, ""), f"status and stdout; stderr {boot['load'].err!r}")
    bench.equal(len(boot["load"].err.splitlines()), 1, f"lines of stderr ({boot['load'].err!r})")
    bench.contains(boot["load"].err, "--decompress: its header does not say where", "stderr")
    recipe.expect_second(bench, transcript, kernel.release)


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), (1, 2), ("512M", "5G")):
        series, firmware, cpus, memory = values
        case(f"direct/{series}/{firmware}/{cpus}cpu/{memory}", quick=values in QUICK)(
            lambda bench, values=values: hand_over(bench, *values))


register()
