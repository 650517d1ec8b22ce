# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests of the kernel series: the kernel that was built, the programs of guest/, and what the payload says."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kexec_vm import rootfs, suite
from kexec_vm.kernels import Kernel
from kexec_vm.machine import Machine

GUEST = Path(__file__).resolve().parent / "guest"
MIB = 1 << 20
# The payload's place: below it lies what a PC's firmware uses, above it the kernel and everything else.
PAYLOAD = 8 * MIB
# nokaslr: the same memory is free in every run, so that destinations can be chosen. KUnit has a case of its own.
APPEND = "nokaslr kunit.enable=0"
BEGIN = "mount -t debugfs debugfs /sys/kernel/debug\nmount -t tracefs tracefs /sys/kernel/tracing\n"
# A kernel without ACPI cannot switch the machine off; a reset ends QEMU.
END = '\necho "@end-of-stage" >&3\nflush\nreboot -f\n'
_C = ("cc", "-O2", "-std=gnu2x", "-Wall", "-Wextra", "-Werror")
_FREESTANDING = ("-ffreestanding", "-fno-builtin", "-fpie", "-mgeneral-regs-only", "-mno-red-zone", "-fno-stack-protector",
                 "-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-fno-jump-tables", "-nostdlib", "-static")
_SHARED = ("image.c", "memory.c", "rules.c")


@dataclass
class KernelBench(suite.Bench):
    """A case's bench with the kernel that is tested."""

    kernel: Kernel | None = None
    source: Path | None = None  # of the kernel


def built_kernel(image):
    """The kernel in the file `image`; its release is in the boot protocol's header (kernel_version, offset 0x20e)."""
    data = image.read_bytes()[:0x8000]
    at = int.from_bytes(data[0x20e:0x210], "little") + 0x200
    return Kernel("built", data[at:].split(b"\0")[0].split()[0].decode(), image, image.parent)


def build_programs(folder):
    """The programs of guest/ in `folder`: those that run under the tested kernel, static, and the payload."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(GUEST.glob("*.c")):
        if source.name == "payload.c":
            command = (*_C, *_FREESTANDING, f"-Wl,-T,{GUEST}/payload.lds,--build-id=none", source)
        elif source.name in _SHARED:
            continue
        else:
            command = (*_C, "-D_GNU_SOURCE", "-static", source, *(GUEST / name for name in _SHARED))
        subprocess.run([*command, "-o", folder / source.stem], check=True)
    return folder


def archive(helpers, script, *, files=None, programs=None, end=END):
    """The first guest's archive: `script` runs with every program of guest/ in /bin."""
    binaries = {f"bin/{path.name}": path for path in helpers.iterdir() if path.name != "payload"}
    content = {"guest/payload": (helpers / "payload").read_bytes(), **(files or {})}
    return rootfs.archive(BEGIN + script + end, files=content, programs={**binaries, **(programs or {})})


def boot(bench, script, *, memory="512M", cpus=1, append="", limit=300, extra=(), **parts):
    """Boots the tested kernel and returns the Transcript."""
    machine = Machine(bench.kernel, memory=memory, cpus=cpus, append=f"{APPEND} {append}".strip(), extra=extra)
    return bench.boot(machine, archive(bench.helpers, script, **parts), limit=limit)


def values(text):
    """{name: value} of the words NAME=VALUE in a program's output; numbers are numbers."""
    pairs = re.findall(r"(\w+)=(\S+)", text)
    return {name: int(value) if re.fullmatch(r"-?\d+", value) else value for name, value in pairs}


def payload_reports(transcript):
    """What each run of the payload said on the console."""
    return [values(line) for line in re.findall(r"payload: (.*) end", transcript.console_text())]


def expect_payload(bench, transcript, pages, what, runs=1):
    """The payload ran `runs` times, each time found `pages` pages and every one of them right."""
    reports = payload_reports(transcript)
    if not bench.equal(len(reports), runs, f"{what}: runs of the payload; {transcript.ending()}"):
        return
    for number, report in enumerate(reports, 1):
        bench.equal(report["pages"], pages, f"{what}: pages the payload looked at")
        bench.equal((report["wrong"], report["entered"]), (0, number), f"{what}: wrong pages, times entered; {report}")
