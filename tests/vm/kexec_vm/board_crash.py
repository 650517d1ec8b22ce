# SPDX-License-Identifier: GPL-2.0-or-later
"""A crash kernel on arm64 or riscv64: the machine panics, the capture kernel reads the dump back.

What crash.py has for x86 is used where it is the same; makedumpfile stays out, its libraries are not the host's.
"""

import gzip
import re
from dataclasses import dataclass

from kexec_vm import compare, crash
from kexec_vm.architecture import Architecture
from kexec_vm.crash import Evidence
from kexec_vm.machine import Machine

# The kernel's text in vmcoreinfo: its virtual minus its physical addresses (kdump/vmcoreinfo.rst).
_TEXT_DISTANCE = {"aarch64": "NUMBER(kimage_voffset)", "riscv64": "NUMBER(va_kernel_pa_offset)"}
_FIRST = """
try reserved kexec --print-ckr-size
try size cat /sys/kernel/kexec_crash_size
try status-before kexec -S
try load kexec {call} -p /kernel --initrd=/initrd --append="{line} nr_cpus=1 reset_devices kexec_vm=capture"
try status kexec -S
try normal-status kexec -S -l
try pattern pattern {seed}
try iomem cat /proc/iomem
echo '{marker}' >/dev/kmsg
execute {panic}
"""
_CAPTURE = f"""
try cmdline cat /proc/cmdline
try headers sh -c 'dd if=/proc/vmcore bs=4096 count=64 2>/dev/null | gzip | base64'
try log vmcore-dmesg /proc/vmcore
try pattern coreread pattern /proc/vmcore {crash.SEED}
"""


@dataclass(frozen=True)
class BoardCrash:
    """One way to die. The fields that crash.check_notes and crash.check_log read are called as those of Crash."""

    architecture: Architecture
    series: str
    firmware: str = "bios"
    cpus: int = 1
    call: str = "-c"
    panic: str = "sysrq"
    reserve: str = "crashkernel=256M"
    memory: str = "1G"
    cpu: str | None = None
    board: str = ""
    added_cpus: int = 0


def run(bench, one):
    """Boots, loads, panics; returns the Evidence once the capture kernel has ended."""
    kernel = bench.cache.kernel(one.series, one.architecture)
    programs = bench.programs(one.architecture)
    tools = {"bin/vmcore-dmesg": programs.vmcore_dmesg, "bin/coreread": programs.helpers / "coreread"}
    capture = bench.archive(one.architecture, _CAPTURE, programs=tools)
    script = _FIRST.format(call=one.call, line=one.architecture.cmdline, seed=crash.SEED, marker=crash.MARKER,
                           panic=crash.PANICS[one.panic])
    first = bench.archive(one.architecture, script,
                          programs={"sbin/kexec": programs.kexec, "bin/pattern": programs.helpers / "pattern"},
                          files={"kernel": kernel.image.read_bytes(), "initrd": gzip.compress(capture, 1)})
    machine = Machine(kernel, one.firmware, one.cpus, one.memory, one.cpu, one.board,
                      append=f"{one.reserve} ignore_loglevel")
    return Evidence(one, kernel, bench.boot(machine, first, limit=400), b"")


def check(bench, evidence):
    """Everything that must hold after any crash."""
    crash.check_load(bench, evidence.first)
    capture = evidence.capture
    bench.contains(capture.out("cmdline"), "kexec_vm=capture", "command line of the capture kernel")
    bench.expect("crashkernel=" not in capture.out("cmdline"), "the capture kernel was told to reserve a crash kernel")
    crash.check_notes(bench, evidence)
    _check_memory_headers(bench, evidence)
    crash.check_pattern(bench, evidence)
    crash.check_log(bench, evidence)
    bench.expect(capture.ended, f"the capture kernel's init did not come to the end; {evidence.transcript.ending()}")


def split(loads):
    """(PT_LOADs of memory, PT_LOADs of the kernel's text): the text lies in memory that a larger one has, too."""
    def is_inside(load, other):
        return other.physical <= load.physical and load.end <= other.end and load.size < other.size
    text = [load for load in loads if any(is_inside(load, other) for other in loads)]
    return [load for load in loads if load not in text], text


def _firmware_memory(console):
    """What machine-mode firmware keeps to itself on riscv64, from the kernel's log: reading it faults."""
    found = re.findall(r"reserved mem: 0x([0-9a-f]+)\.\.0x([0-9a-f]+) .* mmode_resv", console)
    return compare.merged((int(begin, 16), int(end, 16) + 1) for begin, end in found)


def _check_memory_headers(bench, evidence):
    """PT_LOADs: one direct mapping of all RAM but the crash regions, and the kernel's text where vmcoreinfo says."""
    memory, texts = split(evidence.core.loads)
    info = evidence.core.vmcoreinfo()
    bench.equal(len({load.virtual - load.physical for load in memory}), 1, "distances of the PT_LOADs' virtual addresses")
    bench.equal(len(texts), 1, "PT_LOADs of the kernel's text")
    distance = int(info[_TEXT_DISTANCE[evidence.crash.architecture.name]], 0)
    for text in texts:
        bench.equal((text.virtual - text.physical) % (1 << 64), distance % (1 << 64), "the text's virtual minus physical address")
        stext = int(info["SYMBOL(_stext)"], 16)
        bench.expect(text.virtual <= stext < text.virtual + text.size, f"_stext {stext:#x} is not in the text's PT_LOAD")
    found = compare.merged((load.physical, load.end) for load in memory)
    iomem = evidence.first.out("iomem")
    holes = crash.crash_regions(iomem) + _firmware_memory(evidence.transcript.console_text())
    ram = compare.without(compare.system_ram(iomem), holes)
    bench.equal(compare.show(found), compare.show(ram), "memory in the dump")
