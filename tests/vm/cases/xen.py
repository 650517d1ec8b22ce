# SPDX-License-Identifier: GPL-2.0-or-later
"""kexec in Xen's first domain: every load, status and jump is Xen's own."""

import base64
import gzip
import json

from kexec_vm import recipe
from kexec_vm.crash import SEED
from kexec_vm.machine import Hypervisor, Machine
from kexec_vm.suite import case

# QEMU's newer CPUs have what makes dom0 die early (see XEN_CPU in others.py).
CPU = "Nehalem"
XEN_LINE = "com1=115200,8n1 console=com1 sync_console dom0_mem=700M crashkernel=192M"
# Xen keeps the first serial line; messages of its first domain go through it.
DOM0_LINE = "console=hvc0 earlyprintk=xen panic=-1"
MODULES = ("xen_privcmd", "xenfs")
BOTH = "sh -c 'kexec -S -l; echo $?; kexec -S; echo $?'"


def boot(bench, script, *, cpus=1, **parts):
    """Xen, and in its first domain a usual guest with /kernel and /initrd to load."""
    dom0 = bench.cache.dom0_kernel()
    archive = recipe.initrd(bench, script, kernel=bench.cache.kernel("6.1"), modules=dom0.module_files(*MODULES), **parts)
    machine = Machine(dom0, memory="1400M", cpu=CPU, cpus=cpus, append=DOM0_LINE,
                      hypervisor=Hypervisor(bench.cache.xen_elf(), XEN_LINE))
    return bench.boot(machine, archive, limit=300)


@case("xen/dom0/normal", quick=True)
def normal(bench):
    """Loaded, told, unloaded, loaded again by each call and started."""
    transcript = boot(bench, f"""
        try type cat /sys/hypervisor/guest_type
        try empty {BOTH}
        try unload-empty kexec -u
        try load kexec {recipe.LOAD}
        try loaded {BOTH}
        try json kexec -S --json
        try plain-file cat /sys/kernel/kexec_loaded
        try unload kexec -u
        try unloaded {BOTH}
        try file-call kexec -s {recipe.LOAD}
        try record kexec --capture /tmp/record
        try recorded cat /tmp/record/dev/xen/iomem
        try plan kexec --root /tmp/record --dry-run {recipe.LOAD}
        try live-update kexec --load-live-update /xen.gz --module="/kernel console=hvc0"
        try live-update-run kexec -x -y --exec-live-update
        try again kexec -c {recipe.LOAD}
        execute kexec -e""", second="note reached second\ntry hypervisor ls /sys/hypervisor\ntry iomem cat /proc/iomem",
                      files={"xen.gz": bench.cache.xen().read_bytes()})
    first = transcript.boot(1)
    bench.equal(first.out("type"), "PV", "guest_type")
    for name in ("unload-empty", "load", "unload", "file-call", "again"):
        recipe.expect_success(bench, first, name)
    for name, expected in (("empty", "0 0"), ("loaded", "1 0"), ("unloaded", "0 0")):
        bench.equal(first.out(name).split(), expected.split(), f"'{name}': status of the normal, of the crash kernel")
    bench.equal(first.out("plain-file"), "0", "kexec_loaded of a kernel that was never asked")
    told = json.loads(first.out("json"))
    bench.equal((told["loaded"], told["crash_loaded"], told["crash_bytes"]), (True, False, 192 << 20), "--status --json")
    bench.equal(first["record"].status, 0, f"--capture: {first['record']}")
    bench.equal(first["plan"].status, 0, f"a plan for the recorded machine: {first['plan']}")
    for line in (" : System RAM", " : Crash kernel", " : Xen\n", " : Xen CPU notes", " : Xen vmcoreinfo"):
        bench.contains(first["recorded"].out, line, "what Xen tells, as recorded")
    for name, status, sentence in (("live-update", 1, "this Xen cannot be updated live: it keeps no memory for its successor"),
                                   ("live-update-run", 255, "Xen's kexec: Invalid argument: this Xen knows no such image")):
        bench.equal(first[name].status, status, f"'{name}': status")
        bench.contains(first[name].err, sentence, f"'{name}'")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("hypervisor"), "", "/sys/hypervisor of the second kernel")
    bench.contains(second.out("iomem"), "System RAM", "memory of the second kernel")


@case("xen/dom0/xen")
def another_xen(bench):
    """From one Xen with its first domain to another."""
    load = (f'-l /xen.gz --append="{XEN_LINE} xen-word" --module="/dom0 {DOM0_LINE} dom0-word" --module=/initrd')
    second = "note reached second\ntry cmdline cat /proc/cmdline\ntry type cat /sys/hypervisor/guest_type\n"
    transcript = boot(bench, f"try load kexec {load}\nexecute kexec -e", second=second,
                      files={"xen.gz": bench.cache.xen().read_bytes(), "dom0": bench.cache.dom0_kernel().image.read_bytes()})
    recipe.expect_success(bench, transcript.boot(1), "load")
    lines = [line.text for line in transcript.console if "(XEN) Command line:" in line.text]
    bench.equal([line.partition("Command line: ")[2] for line in lines], [XEN_LINE, f"{XEN_LINE} xen-word"],
                "command lines of both")
    reached = recipe.expect_second(bench, transcript)
    bench.equal(reached.out("type"), "PV", "guest_type of the second first domain")
    bench.contains(reached.out("cmdline"), "dom0-word", "command line of the second first domain")


CRASH_LOAD = ('-p /kernel --initrd=/initrd --append="console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 panic=-1 nr_cpus=1 '
              'reset_devices kexec_vm=capture"')


@case("xen/dom0/crash")
def crash(bench):
    """dom0's kernel panics, Xen starts the crash kernel, and the dump has the machine's memory and both vmcoreinfos."""
    capture = f"""
        note reached second
        try cmdline cat /proc/cmdline
        try headers sh -c 'dd if=/proc/vmcore bs=4096 count=16 2>/dev/null | gzip | base64'
        try pattern coreread pattern /proc/vmcore {SEED}"""
    tools = bench.helpers
    transcript = boot(bench, f"""
        mount -t xenfs xenfs /proc/xen
        try capabilities cat /proc/xen/capabilities
        try none {BOTH}
        try load kexec {CRASH_LOAD}
        try loaded {BOTH}
        try unload kexec -p -u
        try unloaded {BOTH}
        try again kexec -s {CRASH_LOAD}
        try size kexec --print-ckr-size
        try vmcoreinfo cat /sys/kernel/vmcoreinfo
        try pattern pattern {SEED}
        execute sh -c 'echo c >/proc/sysrq-trigger'""", cpus=2, second=capture,
                      second_files={"bin/coreread": (tools / "coreread").read_bytes()},
                      files={"bin/pattern": (tools / "pattern").read_bytes()})
    first = transcript.boot(1)
    bench.contains(first.out("capabilities"), "control_d", "/proc/xen/capabilities")
    for name in ("load", "unload", "again"):
        recipe.expect_success(bench, first, name)
    for name, expected in (("none", "0 0"), ("loaded", "0 1"), ("unloaded", "0 0")):
        bench.equal(first.out(name).split(), expected.split(), f"'{name}': status of the normal, of the crash kernel")
    bench.equal(first.out("size"), str(192 << 20), "--print-ckr-size")
    second = recipe.expect_second(bench, transcript)
    bench.contains(second.out("cmdline"), "elfcorehdr=", "command line of the capture kernel")
    dump = gzip.decompress(base64.b64decode(second.out("headers")))
    bench.contains(dump, b"VMCOREINFO_XEN\0", "the dump's notes")
    bench.contains(dump, b"VMCOREINFO\0", "the dump's notes")
    bench.contains(dump, b"OSRELEASE=" + first.release.encode() + b"\n", "the dump's notes: vmcoreinfo of dom0's kernel")
    pages = [sum(int(line.split()[2]) for line in boot_.out("pattern").splitlines()) for boot_ in (first, second)]
    bench.equal(pages[1], pages[0], "pages of the pattern in the dump")
