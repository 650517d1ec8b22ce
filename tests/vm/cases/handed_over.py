# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel with Kexec Handover preserves reaches the next one, or is lost with a warning. Debian's kernels have it
switched off: this one is built into the cache (scripts/board-kernel), so no case here is quick.

The kernel's own test (lib/test_kho.c) preserves memory in the first kernel, and looks for it in the second.
"""

import json

from kexec_vm import recipe
from kexec_vm.machine import CMDLINE
from kexec_vm.suite import case

SERIES = "7.3-kho"
LOAD = f'-l /kernel --initrd=/initrd --append="{CMDLINE} kho=1"'
SECOND = recipe.SECOND + """
try kho sh -c 'dmesg | grep -i kho'"""
LOST = ("the next kernel does not get the memory that Kexec Handover preserves: kexec_load loses it; leave out -c to hand it "
        "over")
WHY = "kexec_load would lose the memory that Kexec Handover preserves"
RESTORED, CHAIN = "KHO restore succeeded", "exec from: "


def boot(bench, script):
    """kho=ON is one of the spellings that auto did not know."""
    return recipe.boot(bench, script, series=SERIES, second=SECOND, limit=300,
                       machine={"memory": "1G", "append": "kho=ON liveupdate=T"})


@case("handed-over/auto")
def auto(bench):
    """auto takes kexec_file_load for it: comfort is dropped, what changes the start is refused, and memory arrives."""
    transcript = boot(bench, f"""
        mount -t debugfs none /sys/kernel/debug
        try shown ls /sys/kernel/debug/kho/out
        try device ls /dev/liveupdate
        try plan kexec {LOAD} --dry-run --json
        try refused kexec --noefi {LOAD}
        try unchanged loaded
        try record sh -c 'kexec --capture /tmp/record && kexec --root /tmp/record {LOAD} --dry-run --json'
        try load kexec -i --console-serial {LOAD} --initrd=/initrd
        execute kexec -e""")
    first = transcript.boot(1)
    bench.contains(first.out("shown"), "scratch_len", "debugfs of Kexec Handover")
    bench.equal(first.out("device"), "/dev/liveupdate", "device of live updates")
    for name in ("plan", "record"):
        call = json.loads(first.out(name))["call"]
        bench.equal((call["first"], call["fallback"], call["reason"]), ("kexec_file_load", None, WHY), f"call in the {name}")
    bench.equal((first["refused"].status, first.out("unchanged")), (1, "0"), "status of a refusal, and what is loaded")
    bench.contains(first["refused"].err, f"{WHY}, but --noefi needs kexec_load; use -c to lose it", "the refusal")
    bench.equal(first["load"].status, 0, f"status of the load, which said {first['load'].err!r}")
    for option in ("--no-checks", "--console-serial"):
        bench.contains(first["load"].err, f"option '{option}' is ignored: {WHY}", "stderr of the load")
    kho = recipe.expect_second(bench, transcript, first.release).out("kho")
    bench.contains(kho, RESTORED, "what the second kernel's test found")
    bench.contains(kho, f"{CHAIN}{first.release} (count 1)", "where the second kernel says it comes from")


@case("handed-over/lost")
def lost(bench):
    """-c loads, warns, and the memory is lost."""
    transcript = boot(bench, f"""
        try load kexec -c {LOAD}
        execute kexec -e""")
    first = transcript.boot(1)
    bench.equal(first["load"].status, 0, "status of the load")
    bench.contains(first["load"].err, LOST, "stderr of the load")
    kho = recipe.expect_second(bench, transcript, first.release).out("kho")
    bench.expect(RESTORED not in kho and CHAIN not in kho, f"the second kernel got something all the same: {kho!r}")
