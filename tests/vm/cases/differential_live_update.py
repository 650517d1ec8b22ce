# SPDX-License-Identifier: GPL-2.0-or-later
"""A live update of Xen: what both programs hand to it is the same, but for what each brings of its own.

No Xen of Debian's can be updated live, so guest/liveupdate.c answers these hypercalls instead of Xen, which all others reach.
"""

import io
import pathlib
import tarfile
import tempfile
from dataclasses import dataclass

from cases import xen
from kexec_vm import recipe, rootfs
from kexec_vm.machine import Hypervisor, Machine
from kexec_vm.suite import case

AREA_BEGIN, AREA_SIZE = 0x30000000, 0x4000000
WORDS = f"{xen.XEN_LINE} update-word"
MODULE = rootfs.payload("live update", 1 << 20)
MODULE_WORDS = "console=hvc0 module-word"
LOAD = f'--load-live-update /xen --append="{WORDS}" --module="/module {MODULE_WORDS}"'
PROGRAMS = {"theirs": "kexec-tools", "ours": "kexec"}
FIRST_MIB = 1 << 20


@dataclass(frozen=True)
class Segment:
    address: int
    size: int
    contents: bytes | None  # None: without a buffer

    @property
    def end(self):
        return self.address + self.size


@dataclass(frozen=True)
class Update:
    type: int
    machine: int
    entry: int
    segments: list
    executed: bool

    def holding(self, content):
        """The one segment that has `content`."""
        (found,) = [one for one in self.segments if content in (one.contents or b"")]
        return found


def parse(archive, name):
    """What liveupdate.c kept in the folder `name`."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    first, *rest = (line.split() for line in files[f"{name}/table"].decode().splitlines())
    segments = [Segment(int(address, 16), int(size, 16), None if kept == "-" else files[f"{name}/{number}"])
                for number, (address, size, kept) in enumerate(rest)]
    return Update(*(int(word, 16) for word in first), segments, f"{name}/executed" in files)


def both(bench):
    """{"ours": Update, "theirs": Update} of one guest."""
    dom0 = bench.cache.dom0_kernel()
    script = "mkdir -p /tmp/kept/ours /tmp/kept/theirs\nrm -f /dev/xen/hypercall\nmount -t xenfs xenfs /proc/xen\n" + "".join(
        f"try {name} liveupdate /tmp/kept/{name} {AREA_BEGIN:x} {AREA_SIZE:x} {program} {LOAD}\n"
        f"try run-{name} liveupdate /tmp/kept/{name} {AREA_BEGIN:x} {AREA_SIZE:x} {program} --exec-live-update -x -y\n"
        for name, program in PROGRAMS.items())
    script += "try out sh -c 'tar cf - -C /tmp/kept ours theirs | dd of=/dev/vda bs=64k conv=fsync 2>/dev/null'\n"
    archive = rootfs.archive(script, files={"xen": bench.cache.xen_elf().read_bytes(), "module": MODULE},
                             programs={"sbin/kexec": bench.kexec, "sbin/kexec-tools": bench.cache.kexec_tools(),
                                       "bin/liveupdate": bench.helpers / "liveupdate"},
                             modules=dom0.module_files(*xen.MODULES, "virtio_blk", "virtio_pci"))
    with tempfile.NamedTemporaryFile(prefix="kexec-vm-") as disk:
        disk.truncate(64 << 20)
        machine = Machine(dom0, memory="1400M", cpu=xen.CPU, append=xen.DOM0_LINE,
                          hypervisor=Hypervisor(bench.cache.xen_elf(), xen.XEN_LINE),
                          extra=("-drive", f"if=virtio,format=raw,file={disk.name}"))
        boot = bench.boot(machine, archive, limit=300).boot(1)
        for name in (*PROGRAMS, *(f"run-{name}" for name in PROGRAMS), "out"):
            if not bench.equal(boot[name].status, 0, f"status of '{name}', which said {boot[name].err!r}"):
                raise AssertionError("nothing to compare")
        kept = pathlib.Path(disk.name).read_bytes()
        return {name: parse(kept, name) for name in PROGRAMS}


@case("differential/live-update")
def live_update(bench):
    """Type, machine, the new Xen and its place, the command line with the area, the module's bytes and words, the first MiB."""
    found = both(bench)
    ours, theirs = found["ours"], found["theirs"]
    bench.equal((ours.type, ours.machine, ours.executed), (theirs.type, theirs.machine, theirs.executed), "call")
    bench.equal((ours.type, ours.executed), (2, True), "image and whether it is run")
    kernels = [max(update.segments, key=lambda one: one.address) for update in (ours, theirs)]
    bench.equal(kernels[0].address, kernels[1].address, "place of the new Xen")
    bench.expect(kernels[0].contents.rstrip(b"\0") == kernels[1].contents.rstrip(b"\0"), "bytes of the new Xen")
    line = f" {WORDS} liveupdate={AREA_SIZE >> 20}M@{AREA_BEGIN:#x}".encode() + b"\0"
    for name, update, kernel in zip(("ours", "theirs"), (ours, theirs), kernels):
        bench.equal([(one.address, one.size) for one in update.segments if one.contents is None], [(0, FIRST_MIB)],
                    f"{name}: mapped and without a buffer")
        rest = [one for one in update.segments if one.contents is not None and one is not kernel]
        bench.expect(all(AREA_BEGIN + 4096 <= one.address and one.end <= AREA_BEGIN + AREA_SIZE for one in rest),
                     f"{name}: not everything else lies in the area: {[(hex(one.address), hex(one.end)) for one in rest]}")
        bench.expect(any(one.address <= update.entry < one.end for one in rest), f"{name}: entry {update.entry:#x}")
        bench.expect(update.holding(line) is not None, f"{name}: command line")
        bench.expect(update.holding(MODULE) is not None, f"{name}: the module")
        bench.expect(update.holding(MODULE_WORDS.encode() + b"\0") is not None, f"{name}: the module's words")
