# SPDX-License-Identifier: GPL-2.0-or-later
"""Every machine a kernel may be handed over on: kernel x firmware x CPUs x system call x memory."""

import itertools
import json

from kexec_vm import compare, rootfs
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.suite import case

PAYLOAD = rootfs.payload("matrix", 1 << 20)
FIRST = """
[ -d /sys/firmware/efi ] && try efivar-write efivar_write kept-across
machine
try plan kexec {call} -l /kernel --initrd=/initrd --append="{cmdline}" --dry-run --json
try unchanged loaded
try load kexec {call} -l /kernel --initrd=/initrd --append="{cmdline}"
try loaded loaded
execute kexec -e
"""
SECOND = """
machine
try payload sha256sum /payload
"""
# One case of each value and most pairs, in a short time: run always.
QUICK = {("6.1", "bios", 1, "-c", "512M"), ("6.12", "bios", 2, "-c", "5G"), ("6.12", "uefi", 1, "-c", "512M"),
         ("6.1", "uefi", 2, "-s", "512M"), ("6.12", "bios", 1, "-s", "512M"), ("6.1", "uefi", 2, "-c", "5G")}


def archives(bench, kernel, call, cmdline):
    """The first kernel's initrd, with the second kernel and its own initrd inside."""
    modules = kernel.module_files("efivarfs")
    second = rootfs.archive(SECOND, files={"payload": PAYLOAD}, modules=modules)
    return rootfs.archive(FIRST.format(call=call, cmdline=cmdline), programs={"sbin/kexec": bench.kexec}, modules=modules,
                          files={"kernel": kernel.image.read_bytes(), "initrd": second})


def hand_over(bench, series, firmware, cpus, call, memory, cpu="max"):
    kernel = bench.cache.kernel(series)
    cmdline = f"{CMDLINE} kexec_vm={bench.name} quote=\\\"a,b\\\""
    expected = cmdline.replace("\\", "")
    machine = Machine(kernel, firmware, cpus, memory, cpu, vga="std")
    transcript = bench.boot(machine, archives(bench, kernel, call, cmdline), limit=300)
    before = transcript.boot(1)
    bench.equal(before["plan"].status, 0, f"status of --dry-run, which said {before['plan'].err!r}")
    bench.equal(before.out("unchanged"), "0", "/sys/kernel/kexec_loaded after --dry-run")
    if call == "-c":
        check_plan(bench, before.out("plan"), expected, above_4g=memory == "5G")
    bench.equal(before["load"].status, 0, f"status of the load, which said {before['load'].err!r}")
    bench.equal(before["load"].out, "", "stdout of the load")
    bench.equal(before.out("loaded"), "1", "/sys/kernel/kexec_loaded")
    after = transcript.boot(2)
    bench.equal(after.release, kernel.release, "second kernel's release")
    bench.equal(after.out("cmdline"), expected, "second kernel's command line")
    bench.equal(after.out("payload").split()[0], rootfs.sha256(PAYLOAD), "payload in the second kernel")
    compare.check_same_machine(bench, before, after)
    bench.expect(after.ended, "second kernel: its init did not come to the end")
    bench.equal(transcript.exit_status, 0, "QEMU's status")


def check_plan(bench, text, cmdline, above_4g):
    """The plan of kexec_load: JSON, with the command line as given and the initrd above 4 GiB where there is memory."""
    document = json.loads(text)
    bench.equal(document["command_line"]["text"], cmdline, "command line in the plan")
    segments = {segment["label"]: segment for segment in document["plan"]["segments"]}
    bench.expect("initrd" in segments, f"the plan has no segment 'initrd' but {sorted(segments)}")
    begin = int(segments["initrd"]["begin"], 16)
    bench.equal(begin >= 1 << 32, above_4g, f"initrd at {begin:#x}: above 4 GiB")


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), (1, 2), ("-c", "-s"), ("512M", "5G")):
        series, firmware, cpus, call, memory = values
        name = f"matrix/{series}/{firmware}/{cpus}cpu/{call[1:]}/{memory}"
        case(name, quick=values in QUICK)(lambda bench, values=values: hand_over(bench, *values))
    for cpu in ("qemu64", "core2duo", "Nehalem", "max,la57=on"):
        case(f"cpu/{cpu}")(lambda bench, cpu=cpu: hand_over(bench, "6.12", "bios", 1, "-c", "512M", cpu))


register()
