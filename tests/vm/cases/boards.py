# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64 and riscv64: kernels hand over on QEMU's board 'virt', described by a device tree or by UEFI with ACPI.

Names: architecture/kernel/description/CPUs/call/memory, then what else is special about the machine.
"""

import base64
import gzip
import itertools
import json
import struct
from dataclasses import dataclass

from kexec_vm import crash, crash_check, handover, images, pe, recipe, rootfs
from kexec_vm.architecture import AARCH64, RISCV64
from kexec_vm.crash import Crash
from kexec_vm.handover import HandOver
from kexec_vm.machine import Machine
from kexec_vm.suite import case

from cases.board_trees import board_tree
from cases.tampered import tampered

FIRMWARE = {"dt": "bios", "acpi": "uefi"}
# Everything QEMU has, but: 52-bit addresses, with which 6.12 oopses in trans_pgd_create_copy whatever kexec_load is given;
# and the architected pointer authentication, whose emulation takes most of the time.
MAX = "max,lpa2=off,pauth-impdef=on"
# What else QEMU's board can be. EL2: the kernel is entered as a hypervisor; with VHE it stays there.
GIC3 = {"cpu": MAX, "board": "gic-version=3"}
MACHINES = {
    "max": {"cpu": MAX},
    "gic3": GIC3,
    "gic3-a72": {"cpu": "cortex-a72", "board": "gic-version=3"},
    "el2": {"cpu": "cortex-a57", "board": "virtualization=on"},
    "el2-vhe": {"cpu": MAX, "board": "virtualization=on,gic-version=3"},
}


def hand_over(bench, kernel, described, call, **more):
    before, after, _ = handover.run(bench, HandOver(kernel, call, firmware=FIRMWARE[described], vga="none",
                                                    **{"cpu": None, **more}))
    bench.equal(before["load"].err, "", "stderr of the load")
    for number, boot in enumerate((before, after), 1):
        bench.equal("acpi" in boot.results, described == "acpi", f"kernel {number} has ACPI tables")
    if call == "-c":
        check_plan(bench, before)


def check_plan(bench, boot):
    """The plan of kexec_load has its parts."""
    plan = json.loads(boot.out("plan"))["plan"]
    labels = sorted(segment["label"] for segment in plan["segments"])
    bench.equal(labels, ["device tree", "initrd", "kernel", "purgatory"], "segments of the plan")


def register(architecture, series, described, cpus, call, memory, special=None):
    words = [architecture.debian, series, described, f"{cpus}cpu", call[1:], memory] + ([special] if special else [])
    name = "/".join(words)

    @case(name, crossed=True)
    def run(bench):
        bench.programs(architecture)  # skips before a kernel is fetched or built
        hand_over(bench, bench.cache.kernel(series, architecture), described, call, cpus=cpus, memory=memory,
                  **MACHINES.get(special, {}))


def register_crash(architecture, series, described, cpus, call, memory, special=None, **more):
    words = [architecture.debian, "crash", series, described, f"{cpus}cpu", call[1:], memory]
    name = "/".join(words + ([special] if special else []))
    one = Crash(series, FIRMWARE[described], cpus, call, memory=memory, architecture=architecture,
                **{"reserve": "crashkernel=256M", **MACHINES.get(special, {}), **more})

    @case(name, crossed=True)
    def run(bench):
        bench.programs(architecture)
        crash_check.check(bench, crash.run(bench, one))


def reservations(boot):
    """The memory reservations of the tree a kernel was handed: pairs of address and size (Devicetree Specification, 5.3)."""
    tree = base64.b64decode(boot.out("tree"))
    (at,) = struct.unpack_from(">I", tree, 16)
    pairs = itertools.takewhile(any, struct.iter_unpack(">QQ", tree[at:at + (len(tree) - at) // 16 * 16]))
    return sorted(pairs)


def in_a_row(bench, architecture, series, *, reserved, **machine):
    """One kernel after the other: what each leaves in the tree and in memory is what the next begins with.

    reserved: ranges the tree of all but the first kernel reserves: the interrupt controller's, always the same ones.
    """
    kernels = [bench.cache.kernel(one, architecture) for one in series]
    look = "try tree sh -c 'head -c 4096 /sys/firmware/fdt | base64'\n"
    archive = bench.archive(architecture, look + "note reached last")
    for kernel in reversed(kernels[1:]):
        script = f"{look}try load kexec -c {recipe.load(architecture)}\nexecute kexec -e"
        archive = bench.archive(architecture, script, programs={"sbin/kexec": bench.programs(architecture).kexec},
                                files={"kernel": kernel.image.read_bytes(), "initrd": archive})
    transcript = bench.boot(Machine(kernels[0], memory="1G", **machine), archive, limit=300)
    boots = [transcript.boot(number) for number in range(1, len(kernels) + 1)]
    bench.equal([boot.release for boot in boots], [kernel.release for kernel in kernels], "releases in a row")
    for boot in boots[:-1]:
        recipe.expect_success(bench, boot, "load")
    bench.equal(boots[-1].out("reached"), "last", "marker of the last kernel")
    for number, boot in enumerate(boots[1:], 2):
        bench.equal(len(reservations(boot)), reserved, f"reservations in the tree of kernel {number}")
        bench.equal(reservations(boot), reservations(boots[1]), f"reservations in the tree of kernel {number}")


def big_initrd(bench, architecture, series, **machine):
    """256 MiB arrive as they were."""
    hand_over(bench, bench.cache.kernel(series, architecture), "dt", "-c", memory="2G",
              payload=rootfs.payload("big", 256 << 20), **machine)


def uimage(bench, architecture):
    """A kernel packed by gzip behind U-Boot's header."""
    kernel = bench.cache.kernel("6.12", architecture)
    packed = images.uimage(gzip.compress(kernel.image.read_bytes(), 1), architecture.name, gzipped=True)
    before, _, _ = handover.run(bench, HandOver(kernel, "-c -t uImage", image=packed, memory="1G", cpu=None, vga="none"))
    bench.equal(before["load"].err, "", "stderr of the load")


@dataclass(frozen=True)
class BoardMark:
    """A text in QEMU's tree of a board that no kernel minds being another one, and what says which board it is."""

    text: bytes
    mark: bytes
    path: str
    compatible: bytes
    pe_machine: int


MARKS = {
    "aarch64": BoardMark(b"GPIO Key Poweroff", b"GPIO Key Marked!!", "gpio-keys/poweroff/label", b"linux,dummy-virt\0",
                         pe.MACHINE_ARM64),
    "riscv64": BoardMark(b"riscv-virtio,qemu", b"riscv-virtio,mark", "model", b"riscv-virtio\0", pe.MACHINE_RISCV64),
}


def uki(bench, target):
    """A unified kernel image with trees for two boards: the one for this board, with a mark in it, reaches the kernel."""
    board = MARKS[target.name]
    kernel = bench.cache.kernel("6.12", target)
    tree = board_tree(target)
    marked = tree.replace(board.text, board.mark)
    bench.equal(tree.count(board.text), 1, "texts to mark in QEMU's tree")
    other = tree.replace(board.compatible, b"other" + board.compatible[5:])
    second = (f"note reached second\ntry mark head -c {len(board.mark)} /proc/device-tree/{board.path}\n"
              "try cmdline cat /proc/cmdline\n")
    image = pe.build([(".osrel", b"ID=test\n"), (".cmdline", f"{target.cmdline} from=uki".encode()), (".dtbauto", other),
                      (".dtbauto", marked), (".dtb", tree), (".initrd", bench.archive(target, second)),
                      (".linux", kernel.image.read_bytes())], board.pe_machine)
    transcript = recipe.boot(bench, """
        try load kexec -l /uki
        execute kexec -e""", architecture=target, series="6.12", files={"uki": image}, machine={"memory": "1G"})
    recipe.expect_success(bench, transcript.boot(1), "load")
    after = recipe.expect_second(bench, transcript, kernel.release)
    bench.equal(after.out("mark"), board.mark.decode(), "mark in the second kernel's tree")
    bench.equal(after.out("cmdline"), f"{target.cmdline} from=uki", "second kernel's command line")


def file_load(bench, architecture):
    """Debian's kernels have no kexec_file_load there: -s says so, and auto takes kexec_load."""
    transcript = recipe.boot(bench, f"""
        try load kexec -s {recipe.load(architecture)}
        try auto kexec -a {recipe.load(architecture)}
        execute kexec -e""", architecture=architecture, series="6.12", machine={"memory": "1G"})
    load = transcript.boot(1)["load"]
    bench.equal((load.status, load.err), (255, "kexec: kexec_file_load: Function not implemented: the running kernel is "
                                          "probably built without CONFIG_KEXEC_FILE; use kexec -c; nothing is loaded\n"),
                "status and stderr of -s")
    recipe.expect_success(bench, transcript.boot(1), "auto")
    recipe.expect_second(bench, transcript)


def register_arm64():
    # The CPU has SHA instructions: the second case is their proof.
    case("arm64/tampered/xxh128", crossed=True)(lambda bench: tampered(bench, "--digest=xxh128", architecture=AARCH64))
    case("arm64/tampered/sha256", crossed=True)(lambda bench: tampered(bench, "--digest=sha256", architecture=AARCH64))
    for series, described, cpus, call in itertools.product(("6.1", "6.12"), ("dt", "acpi"), (1, 2), ("-c", "-a")):
        register(AARCH64, series, described, cpus, call, "1G" if cpus == 1 else "5G")
    for series, described, special in itertools.product(("6.1", "6.12"), ("dt", "acpi"), MACHINES):
        register(AARCH64, series, described, 2, "-c", "1G", special)
    for series, described in itertools.product(("6.1", "6.12"), ("dt", "acpi")):
        register_crash(AARCH64, series, described, 1, "-c", "1G")
    for series, described in itertools.product(("6.1", "6.12"), ("dt", "acpi")):
        register_crash(AARCH64, series, described, 2, "-c", "1G", "gic3", panic="second-cpu")
    register_crash(AARCH64, "6.12", "dt", 2, "-c", "5G", reserve="crashkernel=256M,high")
    register_crash(AARCH64, "6.1", "dt", 2, "-c", "1G", "el2")
    register_crash(AARCH64, "6.12", "dt", 1, "-a", "1G")
    register(AARCH64, "6.12-16k", "dt", 2, "-c", "1G", "gic3")
    register(AARCH64, "6.12-16k", "acpi", 1, "-c", "5G", "max")
    case("arm64/uimage", crossed=True)(lambda bench: uimage(bench, AARCH64))
    case("arm64/uki", crossed=True)(lambda bench: uki(bench, AARCH64))
    case("arm64/file-load", crossed=True)(lambda bench: file_load(bench, AARCH64))
    case("arm64/in-a-row", crossed=True)(lambda bench: in_a_row(bench, AARCH64, ("6.1", "6.12", "6.1", "6.12"), reserved=0))
    case("arm64/in-a-row/gic3", crossed=True)(lambda bench: in_a_row(bench, AARCH64, ("6.12", "6.1", "6.12", "6.1"),
                                                                     reserved=2, **GIC3))
    case("arm64/big-initrd", crossed=True)(lambda bench: big_initrd(bench, AARCH64, "6.12"))
    case("arm64/big-initrd/gic3", crossed=True)(lambda bench: big_initrd(bench, AARCH64, "6.1", **GIC3))


def register_riscv64():
    case("riscv64/tampered/xxh128", crossed=True)(lambda bench: tampered(bench, "--digest=xxh128", architecture=RISCV64,
                                                                         series="6.12"))
    for cpus, call in itertools.product((1, 2), ("-c", "-a")):
        register(RISCV64, "6.12", "dt", cpus, call, "1G")
        register(RISCV64, "6.12", "dt", cpus, call, "5G")
    for cpus in (1, 2):
        register_crash(RISCV64, "6.12", "dt", cpus, "-c", "1G")
    case("riscv64/uimage", crossed=True)(lambda bench: uimage(bench, RISCV64))
    case("riscv64/uki", crossed=True)(lambda bench: uki(bench, RISCV64))
    case("riscv64/file-load", crossed=True)(lambda bench: file_load(bench, RISCV64))
    case("riscv64/in-a-row", crossed=True)(lambda bench: in_a_row(bench, RISCV64, ("6.12",) * 4, reserved=0))
    case("riscv64/big-initrd", crossed=True)(lambda bench: big_initrd(bench, RISCV64, "6.12"))


register_arm64()
register_riscv64()
