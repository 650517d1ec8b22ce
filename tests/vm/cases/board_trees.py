# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64 and riscv64: the device tree the kernel gets, as the command line wants it: from a file, and with overlays."""

import json
import pathlib
import subprocess
import tempfile

from kexec_vm import compare, fdt, recipe
from kexec_vm.architecture import AARCH64, RISCV64
from kexec_vm.machine import Machine
from kexec_vm.suite import case

RAM = {"aarch64": 0x40000000, "riscv64": 0x80000000}  # where it begins on QEMU's boards
# With 300 in its tree Linux 6.12 for riscv64 dies before its first word, also without any kexec: until it has page tables its
# lists of memory have room for 128 (INIT_MEMBLOCK_REGIONS, mm/memblock.c).
RESERVED = {"aarch64": 300, "riscv64": 100}


def text_of(path):
    """The command that prints a property of the running kernel's tree without the zero at its end."""
    return f"sh -c 'cat /proc/device-tree/{path} | tr -d \\\\0'"


def overlays(bench, architecture, series):
    """Two overlays, the second over the first; a third that fits nowhere is refused, and so is what is none."""
    files = {
        "one": fdt.overlay(("/chosen", {"kexec-vm,mark": "first"}), ("/", {"kexec-vm": {"order": "first", "kept": "yes"}})),
        "two": fdt.overlay(("/kexec-vm", {"order": "second"})),
        "astray": fdt.overlay(("/nowhere", {"mark": "x"})),
        "damaged": fdt.overlay(("/chosen", {"mark": "x"}))[:100],
    }
    line = recipe.load(architecture)
    transcript = recipe.boot(bench, f"""
        try astray kexec -c {line} --dtb-overlay=/astray
        try damaged kexec -c {line} --dtb-overlay=/damaged
        try unchanged loaded
        try load kexec -c {line} --dtb-overlay=/one --dtb-overlay=/two
        execute kexec -e""", architecture=architecture, series=series, files=files, machine={"memory": "1G"},
        second=f"{recipe.SECOND}\n" + "".join(f"try {name} {text_of(path)}\n" for name, path in (
            ("mark", "chosen/kexec-vm,mark"), ("order", "kexec-vm/order"), ("kept", "kexec-vm/kept"))))
    first = transcript.boot(1)
    for name in ("astray", "damaged"):
        bench.expect(first[name].status in (1, 255) and not first[name].out, f"overlay '{name}': {first[name]}")
        bench.contains(first[name].err, f"overlay '/{name}'", f"stderr of overlay '{name}'")
    bench.contains(first["astray"].err, "/nowhere", "stderr of the overlay that fits nowhere")
    bench.equal(first.out("unchanged"), "0", "kexec_loaded after overlays that were refused")
    recipe.expect_success(bench, first, "load")
    second = recipe.expect_second(bench, transcript)
    found = {name: second.out(name) for name in ("mark", "order", "kept")}
    bench.equal(found, {"mark": "first", "order": "second", "kept": "yes"}, "properties in the second kernel's tree")


def board_tree(architecture):
    """The tree QEMU makes for the board with 1 GiB."""
    with tempfile.TemporaryDirectory(prefix="kexec-vm-") as folder:
        dump = pathlib.Path(folder) / "tree"
        subprocess.run([architecture.qemu, "-machine", f"{architecture.board},dumpdtb={dump}", "-cpu", architecture.cpu,
                        "-m", "1G"], check=True, stderr=subprocess.DEVNULL)
        return dump.read_bytes()


def tree_of_file(bench, architecture, series, option, more, tree):
    """The second kernel runs on the tree of the file /tree; tree None: it is the first kernel's own."""
    copy = "cat /sys/firmware/fdt >/tree\n" if tree is None else ""
    transcript = recipe.boot(bench, f"""{copy}
        try iomem cat /proc/iomem
        try load kexec -c {recipe.load(architecture)} {option}/tree {more}
        execute kexec -e""", architecture=architecture, series=series, files={"tree": tree} if tree else {},
        second=f"{recipe.SECOND}\ntry iomem cat /proc/iomem\ntry cmdline cat /proc/cmdline\n"
               f"try memory {text_of('memory@*/device_type')}\n",
        machine={"memory": "1G"})
    first = transcript.boot(1)
    recipe.expect_success(bench, first, "load")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("cmdline"), architecture.cmdline, "second kernel's command line")
    bench.equal(compare.show(compare.system_ram(second.out("iomem"))), compare.show(compare.system_ram(first.out("iomem"))),
                "System RAM")
    bench.equal(second.out("memory"), "memory", "device_type of the memory nodes")


def own_tree(bench, architecture, series):
    """--dtb names the tree the running kernel has; --dt-no-old-root changes nothing where no root is ever taken."""
    tree_of_file(bench, architecture, series, "--dtb=", "--dt-no-old-root", None)


def tree_without_memory(bench, architecture, series):
    """A board's tree that names no memory, as vendors ship it: the machine's own memory is put in."""
    tree, count = fdt.without_nodes(board_tree(architecture), "memory@")
    bench.equal(count, 1, "memory nodes in QEMU's tree")
    tree_of_file(bench, architecture, series, "--devicetreeblob=", "", tree)


def many_reserved(bench, architecture, series):
    """Many ranges that the tree reserves, with 1.4 MiB between each two: no segment lies in one, and the next but one kernel
    still keeps them. Every third is memory that no kernel may map."""
    begin = RAM[architecture.name] + 0x8000000
    ranges = [(begin + number * 0x180000, 0x10000) for number in range(RESERVED[architecture.name])]
    tree = fdt.overlay(("/", fdt.reserved_memory(ranges, ranges[::3])))
    kernel = bench.cache.kernel(series, architecture)
    files, programs = {"kernel": kernel.image.read_bytes()}, {"sbin/kexec": bench.programs(architecture).kexec}
    line = recipe.load(architecture)
    look = "try iomem cat /proc/iomem\n"
    archive = bench.archive(architecture, look + "note reached last")
    second = f"{look}try plan kexec -c {line} --dry-run --json\ntry load kexec -c {line}\nexecute kexec -e"
    archive = bench.archive(architecture, second, programs=programs, files={**files, "initrd": archive})
    first = f"try load kexec -c {line} --dtb-overlay=/tree\nexecute kexec -e"
    archive = bench.archive(architecture, first, programs=programs, files={**files, "initrd": archive, "tree": tree})
    transcript = bench.boot(Machine(kernel, memory="1G"), archive, limit=300)
    for number in (1, 2):
        recipe.expect_success(bench, transcript.boot(number), "load")
    kept = [(address, address + size) for address, size in ranges]
    check_kept(bench, transcript.boot(2).out("iomem"), kept, "second")
    segments = json.loads(transcript.boot(2).out("plan"))["plan"]["segments"]
    places = [(int(one["begin"], 16), int(one["end"], 16)) for one in segments]
    bench.equal(compare.without(compare.merged(places), kept), compare.merged(places), "segments, without what is reserved")
    check_kept(bench, transcript.boot(3).out("iomem"), kept, "third")
    bench.equal(transcript.boot(3).out("reached"), "last", "marker of the third kernel")


def check_kept(bench, iomem, kept, which):
    """No kernel takes reserved memory for free: it is no System RAM, or reserved inside it."""
    free = compare.without(compare.system_ram(iomem), compare.reserved(iomem))
    bench.expect(free, f"{which} kernel: no free memory in /proc/iomem")
    bench.equal(compare.show(compare.without(free, kept)), compare.show(free), f"{which} kernel: memory that is free")


case("arm64/overlay", crossed=True)(lambda bench: overlays(bench, AARCH64, "6.1"))
case("riscv64/overlay", crossed=True)(lambda bench: overlays(bench, RISCV64, "6.12"))
case("arm64/reserved", crossed=True)(lambda bench: many_reserved(bench, AARCH64, "6.12"))
case("riscv64/reserved", crossed=True)(lambda bench: many_reserved(bench, RISCV64, "6.12"))
case("arm64/dtb/own", crossed=True)(lambda bench: own_tree(bench, AARCH64, "6.1"))
case("arm64/dtb/no-memory", crossed=True)(lambda bench: tree_without_memory(bench, AARCH64, "6.12"))
case("riscv64/dtb/own", crossed=True)(lambda bench: own_tree(bench, RISCV64, "6.12"))
case("riscv64/dtb/no-memory", crossed=True)(lambda bench: tree_without_memory(bench, RISCV64, "6.12"))
