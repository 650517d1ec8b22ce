# SPDX-License-Identifier: GPL-2.0-or-later
"""The crash kernel, proved by reading the dump back: kernel x firmware x CPUs x system call x way to panic."""

import itertools

from kexec_vm import compare, crash, crash_check
from kexec_vm.crash import Crash
from kexec_vm.suite import case

BOTH_KERNELS, BOTH_FIRMWARES, BOTH_CALLS = ("6.1", "6.12"), ("bios", "uefi"), ("-c", "-s")
# A case of each value and most pairs, in a short time: run always.
QUICK = {"crash/6.1/bios/2cpu/c/sysrq", "crash/6.12/uefi/1cpu/s/sysrq", "crash/6.12/bios/1cpu/c/nmi",
         "crash/6.1/bios/2cpu/s/second-cpu", "crash/6.12/bios/2cpu/c/high"}
CMA_SIZE = 128 << 20
HIGH = {"panic": "second-cpu", "reserve": "crashkernel=256M,high", "memory": "5G"}


def name(one, last):
    return f"crash/{one.series}/{one.firmware}/{one.cpus}cpu/{one.call[1:]}/{last}"


def everything_holds(bench, one):
    crash_check.check(bench, crash.run(bench, one))


def high_region(bench, one):
    """256 MiB above 4 GiB, and the low part the kernel reserves with it for DMA: both stay out of the dump."""
    evidence = crash.run(bench, one)
    crash_check.check(bench, evidence)
    regions = crash_check.crash_regions(evidence.first.out("iomem"))
    bench.expect(len(regions) == 2 and regions[0][1] <= 1 << 32 <= regions[1][0], f"crash regions: {compare.show(regions)}")
    bench.equal(evidence.first.out("reserved"), str(256 << 20), "--print-ckr-size")


def lent_memory(bench, one):
    """crashkernel=...,cma: memory lent to the running kernel until it panics is the capture kernel's, and in no dump."""
    evidence = crash.run(bench, one)
    crash_check.check(bench, evidence)
    lent = crash_check.cma_ranges(evidence.first.out("cma"))
    bench.equal(sum(end - begin for begin, end in lent), CMA_SIZE, f"bytes lent, {compare.show(lent)}")
    bench.equal(compare.without(lent, compare.system_ram(evidence.capture.out("iomem"))), [],
                "what is lent, but no RAM of the capture kernel")


def memmap_on_line(bench, one):
    """--pass-memmap-cmdline: the capture kernel has its memory from memmap= parameters."""
    evidence = crash.run(bench, one)
    crash_check.check(bench, evidence)
    bench.contains(evidence.capture.out("cmdline"), " memmap=exactmap memmap=", "command line of the capture kernel")


def register(one, last, function=everything_holds):
    case(name(one, last), quick=name(one, last) in QUICK)(lambda bench: function(bench, one))


def register_all():
    for series, firmware, call in itertools.product(BOTH_KERNELS, BOTH_FIRMWARES, BOTH_CALLS):
        for cpus, panic in ((1, "sysrq"), (1, "nmi"), (2, "sysrq"), (2, "nmi"), (2, "second-cpu")):
            register(Crash(series, firmware, cpus, call, panic), panic)
        register(Crash(series, firmware, 2, call, **HIGH), "high", high_region)
        register(Crash(series, firmware, 2, call, memory="2G"), "2G")
    # On one CPU: while Linux 7 patches its own code at boot, another one of QEMU 7.2 may run into the breakpoint.
    for firmware, call in itertools.product(BOTH_FIRMWARES, BOTH_CALLS):
        register(Crash("newest", firmware, 1, call), "sysrq")
        register(Crash("newest", firmware, 1, call, reserve="crashkernel=192M crashkernel=128M,cma", memory="2G"), "cma",
                 lent_memory)
    for series, firmware in itertools.product(BOTH_KERNELS, BOTH_FIRMWARES):
        register(Crash(series, firmware, call="-a"), "sysrq")
        by_line = Crash(series, firmware, call="-c", load=f"--pass-memmap-cmdline {crash.LOAD}")
        register(by_line, "memmap-cmdline", memmap_on_line)


register_all()
