# SPDX-License-Identifier: GPL-2.0-or-later
"""Random segment lists: what the kernel answers is what the rules say, and what it takes arrives whole."""

import recipe
from kexec_vm.suite import case


def _lists(seed, seconds, quick):
    @case(f"vectors/seed-{seed}", quick=quick)
    def lists(bench):
        script = f"""
            set -- $(sed -n 's/^ *\\([0-9a-f]*\\)-\\([0-9a-f]*\\) : Crash kernel$/\\1 \\2/p' /proc/iomem)
            try vectors vectors seed={seed} seconds={seconds} jump_every=8 crash_begin=0x$1 crash_end=$((0x$2 + 1))
            """
        transcript = recipe.boot(bench, script, memory="768M", append="crashkernel=128M", limit=120 + 10 * seconds)
        result = transcript.boot(1)["vectors"]
        bench.equal((result.status, result.err), (0, ""), f"status, stderr; {result.out}")
        found = recipe.values(result.out.splitlines()[-1])
        bench.equal(found["disagreed"], 0, f"answers that differ from the rules: {result.out}")
        bench.expect(min(found["taken"], found["refused"], found["jumped"]) > 0, f"a kind of list is missing: {found}")
        reports = recipe.payload_reports(transcript)
        bench.equal(len(reports), found["jumped"], "runs of the payload")
        bench.equal([report for report in reports if report["wrong"]], [], "images with wrong pages")


_lists(1, 20, True)
for extra_seed in range(2, 8):
    _lists(extra_seed, 90, False)
