# SPDX-License-Identifier: GPL-2.0-or-later
"""Every word of every page of an image is looked at after the jump, whatever memory was free when it was loaded."""

import recipe
from kexec_vm.suite import case
from recipe import MIB, PAYLOAD

# (name, release= of the loader, MiB, parts, percent with content, quick)
SHAPES = (
    ("plentiful", None, 64, 1, 100, True),
    ("plentiful-16-segments", None, 96, 15, 60, False),
    ("destination-free", "inside", 96, 1, 100, True),
    ("destination-free-16-segments", "inside", 96, 15, 75, False),
    ("destination-occupied", "outside", 96, 3, 90, False),
    ("mixed", "mixed", 96, 15, 80, True),
)


def loader(then, *, at, mib, parts=1, filled=100, release=None, options=""):
    shape = f" release={release}" if release else ""
    return f"loader payload={PAYLOAD:#x} at={at:#x} kib={mib * 1024} parts={parts} filled={filled}{shape} {options} {then}"


def _executes(name, release, mib, parts, filled, quick):
    @case(f"payload/{name}", quick=quick)
    def executes(bench):
        command = loader("execute", at=128 * MIB, mib=mib, parts=parts, filled=filled, release=release)
        transcript = recipe.boot(bench, f"{command} >/tmp/out 2>&1\ntry failed cat /tmp/out")
        recipe.expect_payload(bench, transcript, mib * 256, name)


def _jumps(name, release, mib, parts, filled, quick):
    @case(f"jump/{name}", quick=quick)
    def jumps(bench):
        """CONFIG_KEXEC_JUMP there and back, three times: the image keeps its memory, and so does this process."""
        command = loader("jump", at=128 * MIB, mib=mib, parts=parts, filled=filled, release=release, options="jumps=3")
        transcript = recipe.boot(bench, f"try jump {command}\ntry after sh -c 'echo alive'")
        first = transcript.boot(1)
        bench.equal((first["jump"].status, first["jump"].err), (0, ""), "the loader: status, stderr")
        trips = [recipe.values(line) for line in first.out("jump").splitlines() if line.startswith("jump=")]
        bench.equal([(trip["error"], trip["damaged"]) for trip in trips], [(0, 0)] * 3, "errors and damaged pages of each jump")
        bench.equal(first.out("after"), "alive", "the guest after the jumps")
        recipe.expect_payload(bench, transcript, mib * 256, name, runs=3)


for shape in SHAPES:
    _executes(*shape)
for shape in SHAPES:
    _jumps(*shape)


@case("payload/panic", quick=True)
def panics(bench):
    """An image in the reserved region is entered by a panic, and is whole."""
    script = """
        at=$(sed -n 's/^ *\\([0-9a-f]*\\)-.* : Crash kernel$/0x\\1/p' /proc/iomem)
        try load loader payload=$at at=$((at + 0x100000)) kib=49152 parts=15 filled=70 panic
        execute sh -c 'echo c >/proc/sysrq-trigger'
        """
    transcript = recipe.boot(bench, script, append="crashkernel=64M")
    loaded = recipe.values(transcript.boot(1).out("load"))
    bench.equal((loaded["error"], loaded["loaded"]), (0, 1), "error, /sys/kernel/kexec_crash_loaded")
    recipe.expect_payload(bench, transcript, 48 * 256, "crash image")
    bench.contains(transcript.console_text(), "sysrq: Trigger a crash", "console")
