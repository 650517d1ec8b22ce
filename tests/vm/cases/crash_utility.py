# SPDX-License-Identifier: GPL-2.0-or-later
"""crash(8), which most people read dumps with, opens what the capture kernel saved: task, backtrace, log.

Of 6.1 only: Debian 12's crash (8.0.2, of 2022) does not know 6.12: it takes no notice of KASLR there, and with --kaslr=auto
it loses its way in the kernel's structures (seen with kexec_file_load, whose headers are the kernel's own).
"""

import os
import pathlib
import re
import subprocess
import tempfile

from kexec_vm import crash, crash_check
from kexec_vm.suite import case

COMMANDS = "sys\nbt\nlog\nquit\n"


def session(bench, kernel, dump):
    """What crash(8) says to COMMANDS about the file `dump`."""
    program, folders = bench.cache.crash_utility()
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, folders)), "TERM": "dumb", "HOME": str(dump.parent)}
    run = subprocess.run([program, "-s", bench.cache.debug_image(kernel), dump], input=COMMANDS, text=True, env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    bench.equal(run.returncode, 0, f"status of crash, which said {run.stdout[-500:]!r}")
    return run.stdout


def crash_reads(bench, series, call):
    with tempfile.TemporaryDirectory(prefix="kexec-vm-dump-") as folder:
        dump = pathlib.Path(folder) / "dump"
        with open(dump, "wb") as disk:
            disk.truncate(512 << 20)
        evidence = crash.run(bench, crash.Crash(series, cpus=2, call=call, panic="second-cpu", disk=dump))
        crash_check.check(bench, evidence)
        bench.equal(evidence.capture["saved"].status, 0, "writing the dump to the disk")
        os.truncate(dump, int(evidence.capture.out("saved")))
        text = session(bench, evidence.kernel, dump)
    pid = evidence.core.cpus()[1][0]
    bench.contains(text, "sysrq triggered crash", "crash: sys")
    bench.expect(re.search(rf'^PID: {pid} .*CPU: 1 +COMMAND: "sh"$', text, re.MULTILINE), f"crash does not show task {pid}")
    bench.contains(text, "sysrq_handle_crash", "crash: bt")
    bench.contains(text, crash.MARKER, "crash: log")


for call_ in ("-c", "-s"):
    case(f"crash/utility/6.1/{call_[1:]}")(lambda bench, call=call_: crash_reads(bench, "6.1", call))
