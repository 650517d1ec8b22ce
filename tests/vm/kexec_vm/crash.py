# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that panics with a crash kernel loaded, and the proof that what the crash kernel sees is what was there.

Proof is taken on three sides: what the first kernel reported before it died, what the host read from the machine's
memory and console, and what programs in the capture kernel read from /proc/vmcore.
"""

import base64
import functools
import gzip
from dataclasses import dataclass

from kexec_vm import core
from kexec_vm.architecture import X86_64, Architecture
from kexec_vm.machine import Machine

SEED = 0x6B657865632D6E67
LOW_END = 0xA0000  # 640 KiB
MARKER = "kexec-vm: the last words of the first kernel"
# Where the usual command line has no early console.
_EARLY = {"x86_64": " earlyprintk=serial,ttyS0,115200"}


def load(architecture, more=""):
    """Arguments that load the crash kernel that lies there."""
    line = f"{architecture.cmdline}{_EARLY.get(architecture.name, '')} nr_cpus=1 reset_devices kexec_vm=capture{more}"
    return f'-p /kernel --initrd=/initrd --append="{line}"'


BARE_LOAD = load(X86_64)
# acpi_no_memhotplug: Debian's 6.12 (CONFIG_MHP_DEFAULT_ONLINE_TYPE_ONLINE_AUTO) would take a DIMM that was plugged into
# the first kernel for memory of its own, and overwrite what it is there to save. crash_hotplug.py shows it.
LOAD = load(X86_64, " acpi_no_memhotplug")
PANICS = {
    "sysrq": "sh -c 'echo c >/proc/sysrq-trigger'",
    "second-cpu": "taskset 2 sh -c 'echo c >/proc/sysrq-trigger'",
    "nmi": "ask nmi",
}
FIRST = """
try reserved kexec --print-ckr-size
try size cat /sys/kernel/kexec_crash_size
try status-before kexec -S
try load kexec {call} {load}
try status kexec -S
try normal-status kexec -S -l
{prepare}
try pattern pattern {seed}
try iomem cat /proc/iomem
try cma sh -c 'cat /sys/kernel/kexec/crash_cma_ranges 2>/dev/null || true'
echo '{marker}' >/dev/kmsg
{last}
execute {panic}
"""
_LAST = {"x86_64": "echo 1 >/proc/sys/kernel/unknown_nmi_panic\nask low-memory"}
CAPTURE = f"""
try cmdline cat /proc/cmdline
try iomem cat /proc/iomem
try headers sh -c 'dd if=/proc/vmcore bs=4096 count=64 2>/dev/null | gzip | base64'
try log vmcore-dmesg /proc/vmcore
try pattern coreread pattern /proc/vmcore {SEED}
"""
# makedumpfile stays out of the boards: its libraries are not the host's.
_CAPTURE_X86_64 = f"""
try low sh -c 'coreread bytes /proc/vmcore 0 {LOW_END} | gzip | base64'
try dump makedumpfile -l -d 31 /proc/vmcore /tmp/dump
try dump-log sh -c 'makedumpfile --dump-dmesg /tmp/dump /tmp/dump.log >&2 && cat /tmp/dump.log'
[ -e /dev/vda ] && try saved sh -c 'wc -c </tmp/dump && dd if=/tmp/dump of=/dev/vda bs=64k conv=fsync 2>/dev/null'
"""


@dataclass(frozen=True)
class Crash:
    """One way to die. `answer` is called with each Question the guest asks."""

    series: str = "6.1"
    firmware: str = "bios"
    cpus: int = 1
    call: str = "-s"
    panic: str = "sysrq"
    reserve: str = "crashkernel=192M"
    memory: str = "1G"
    architecture: Architecture = X86_64
    cpu: str | None = None  # the architecture's usual one
    board: str = ""  # more of -machine
    load: str | None = None  # arguments after the call; None: the usual ones
    image: bytes | None = None  # the crash kernel; None: the file of the one that runs
    prepare: str = ""  # more of the first guest's script, after the load
    answer: object = None
    disk: object = None  # path of a raw disk that gets what makedumpfile wrote
    added_cpus: int = 0  # by `answer`, while the first guest runs
    extra: tuple = ()  # more QEMU arguments

    @property
    def arguments(self):
        return self.load or (LOAD if self.architecture is X86_64 else load(self.architecture))

    @property
    def headers_by_kernel(self):
        """Whether the first kernel wrote the core headers: at the load, or when CPUs came."""
        return self.call in ("-s", "-a") or ("--hotplug" in self.arguments and self.added_cpus > 0)


@dataclass
class Evidence:
    """What a crash left behind."""

    crash: Crash
    kernel: object
    transcript: object
    low_memory: bytes  # physical [0, 640 KiB) right before the panic, of x86_64

    @property
    def first(self):
        return self.transcript.boot(1)

    @property
    def capture(self):
        return self.transcript.boot(2)

    @functools.cached_property
    def core(self):
        """The headers of the dump."""
        return core.parse(gzip.decompress(base64.b64decode(self.capture.out("headers"))))


def _capture_archive(bench, crash, kernel):
    """The archive of the capture kernel, with everything that reads dumps."""
    programs = bench.programs(crash.architecture)
    tools = {"bin/vmcore-dmesg": programs.vmcore_dmesg, "bin/coreread": programs.helpers / "coreread"}
    script, folders = CAPTURE, []
    if crash.architecture is X86_64:
        tools["bin/makedumpfile"], folders = bench.cache.makedumpfile()
        script += _CAPTURE_X86_64
    for tool in tools.values():
        if not tool.is_file():
            raise AssertionError(f"'{tool}' is missing: build it first")
    modules = kernel.module_files("virtio_blk", "virtio_pci") if crash.disk else ()
    return bench.archive(crash.architecture, script, programs=tools, library_folders=folders, modules=modules)


def _first_archive(bench, crash, kernel):
    """The archive of the first kernel: the crash kernel lies in /kernel, its archive in /initrd."""
    programs = bench.programs(crash.architecture)
    script = FIRST.format(call=crash.call, load=crash.arguments, prepare=crash.prepare, seed=SEED, marker=MARKER,
                          last=_LAST.get(crash.architecture.name, ""), panic=PANICS[crash.panic])
    files = {"kernel": crash.image or kernel.image.read_bytes(),
             "initrd": gzip.compress(_capture_archive(bench, crash, kernel), 1)}
    return bench.archive(crash.architecture, script, files=files,
                         programs={"sbin/kexec": programs.kexec, "bin/pattern": programs.helpers / "pattern"})


def run(bench, crash):
    """Boots, loads, panics; returns the Evidence once the capture kernel has ended."""
    kernel = bench.cache.kernel(crash.series, crash.architecture)
    low = []

    def answer(question):
        if question.name == "low-memory":
            low.append(question.monitor.physical_memory(0, LOW_END))
        elif question.name == "nmi":
            question.monitor.execute("inject-nmi")
        elif crash.answer:
            crash.answer(question)

    disk = ("-drive", f"if=virtio,format=raw,file={crash.disk}") if crash.disk else ()
    machine = Machine(kernel, crash.firmware, crash.cpus, crash.memory, crash.cpu, crash.board,
                      append=f"{crash.reserve} ignore_loglevel", extra=crash.extra + disk)
    transcript = bench.boot(machine, _first_archive(bench, crash, kernel), limit=400, answer=answer)
    bench.equal(len(low), int(crash.architecture is X86_64), "times the host read the low memory")
    return Evidence(crash, kernel, transcript, low[0] if low else b"")
