# SPDX-License-Identifier: GPL-2.0-or-later
"""Every machine a kernel may be handed over on: kernel x firmware x CPUs x system call x memory."""

import itertools
import json

from kexec_vm import handover
from kexec_vm.handover import HandOver
from kexec_vm.suite import case

# One case of each value and most pairs, in a short time: run always.
QUICK = {("6.1", "bios", 1, "-c", "512M"), ("6.12", "bios", 2, "-c", "5G"), ("6.12", "uefi", 1, "-c", "512M"),
         ("6.1", "uefi", 2, "-s", "512M"), ("6.12", "bios", 1, "-s", "512M"), ("6.1", "uefi", 2, "-c", "5G")}


def hand_over(bench, series, firmware, cpus, call, memory, cpu="max"):
    before, _, cmdline = handover.run(bench, HandOver(bench.cache.kernel(series), call, firmware=firmware, cpus=cpus,
                                                      memory=memory, cpu=cpu))
    if call == "-c":
        check_plan(bench, before.out("plan"), cmdline, above_4g=memory == "5G")


def check_plan(bench, text, cmdline, above_4g):
    """The plan of kexec_load: JSON, with the command line as given and the initrd above 4 GiB where there is memory."""
    document = json.loads(text)
    bench.equal(document["command_line"]["text"], cmdline, "command line in the plan")
    segments = {segment["label"]: segment for segment in document["plan"]["segments"]}
    bench.expect("initrd" in segments, f"the plan has no segment 'initrd' but {sorted(segments)}")
    begin = int(segments["initrd"]["begin"], 16)
    bench.equal(begin >= 1 << 32, above_4g, f"initrd at {begin:#x}: above 4 GiB")


@case("entry-32bit", quick=True)
def entry_32bit(bench):
    """--entry-32bit: the decompressor is entered as on a 32-bit machine, so everything lies below 4 GiB."""
    before, _, _ = handover.run(bench, HandOver(bench.cache.kernel("6.1"), "-c --entry-32bit", memory="5G"))
    bench.equal(before["load"].err, "", "stderr of the load")
    plan = json.loads(before.out("plan"))["plan"]
    segments = {segment["label"]: segment for segment in plan["segments"]}
    bench.equal(sorted(segments), ["boot_params", "initrd", "kernel", "purgatory"], "segments of the plan")
    bench.equal(segments["kernel"]["begin"], "0x1000000", "the kernel's place, the lowest it asks for")
    for label, segment in segments.items():
        bench.expect(int(segment["end"], 16) <= 1 << 32, f"'{label}' ends at {segment['end']}, below 4 GiB")


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), (1, 2), ("-c", "-s"), ("512M", "5G")):
        series, firmware, cpus, call, memory = values
        name = f"matrix/{series}/{firmware}/{cpus}cpu/{call[1:]}/{memory}"
        case(name, quick=values in QUICK)(lambda bench, values=values: hand_over(bench, *values))
    for firmware, call in itertools.product(("bios", "uefi"), ("-c", "-s")):
        values = ("newest", firmware, 1, call, "5G")
        case(f"matrix/newest/{firmware}/1cpu/{call[1:]}/5G")(lambda bench, values=values: hand_over(bench, *values))
    for cpu in ("qemu64", "core2duo", "Nehalem", "max,la57=on"):
        case(f"cpu/{cpu}")(lambda bench, cpu=cpu: hand_over(bench, "6.12", "bios", 1, "-c", "512M", cpu))


register()
