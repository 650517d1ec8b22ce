# SPDX-License-Identifier: GPL-2.0-or-later
"""The crash kernel, proved by reading the dump back: kernel x firmware x CPUs x system call x way to panic."""

import itertools

from kexec_vm import crash
from kexec_vm.suite import case

QUICK = set()


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), (1, 2), ("-s",), ("sysrq", "nmi", "second-cpu")):
        series, firmware, cpus, call, panic = values
        if panic == "second-cpu" and cpus == 1:
            continue
        one = crash.Crash(series, firmware, cpus, call, panic)
        name = f"crash/{series}/{firmware}/{cpus}cpu/{call[1:]}/{panic}"
        case(name, quick=values in QUICK)(lambda bench, one=one: crash.check(bench, crash.run(bench, one)))


register()
