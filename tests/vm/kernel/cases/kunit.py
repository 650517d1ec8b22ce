# SPDX-License-Identifier: GPL-2.0-or-later
"""The series' KUnit suites run when the kernel boots; their results are on the console, in KTAP (Documentation/dev-tools/ktap.rst)."""

import re

import recipe
from kexec_vm.suite import case

# Every suite the series adds; one that is not there is a failure.
SUITES = ("kexec",)


@case("kunit", quick=True)
def kunit(bench):
    transcript = recipe.boot(bench, "note up yes", append="kunit.enable=1")
    bench.equal(transcript.boot(1).out("up"), "yes", "the guest after the tests")
    lines = [re.sub(r"^\[[ 0-9.]+\] ", "", line) for line in transcript.console_text().splitlines()]
    for suite in SUITES:
        verdicts = [line for line in lines if re.fullmatch(rf"(not )?ok \d+ {suite}\b.*", line)]
        bench.expect(verdicts and verdicts[0].startswith("ok"), f"KUnit suite {suite}: {verdicts or 'did not run'}")
    failures = [line.strip() for line in lines if re.match(r"\s*not ok \d+ ", line)]
    bench.equal(failures, [], "KUnit tests that failed")
    passed = [line for line in lines if re.match(r"    ok \d+ ", line) and "SKIP" not in line]
    bench.expect(len(passed) >= 3, f"only {len(passed)} KUnit tests passed")
