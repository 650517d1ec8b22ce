# SPDX-License-Identifier: GPL-2.0-or-later
"""What is handed over arrives whole: initrds of every size, several of them, the longest command line, any digest."""

import pathlib
import tempfile

from kexec_vm import fdt, newc, recipe, rootfs
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.suite import case

MIB = 1 << 20
CHECK = "note reached second\ntry cmdline cat /proc/cmdline\ntry one sha256sum /one\ntry two sha256sum /two\n"


def one_file_archive(name, size, *, total=False):
    """A cpio archive with one file of `size` bytes, or of `size` bytes in all; returns (archive, sha256 of the file)."""
    if total:
        size -= len(newc.header(name, 0o100644, 0)) + len(newc.Archive().bytes())
    data = rootfs.payload(name, size)
    out = newc.Archive()
    out.file(name, data)
    return out.bytes(), rootfs.sha256(data)


@case("initrd/two", quick=True)
def two_initrds(bench):
    """The second one has exactly 1 KiB, the first a length that is no multiple of a page; both are unpacked, in order."""
    small, small_digest = one_file_archive("two", 1024, total=True)
    bench.equal(len(small), 1024, "size of the small initrd")
    big = rootfs.payload("one", 3 * MIB + 5)
    transcript = recipe.boot(bench, f"""
        try load kexec -l /kernel --initrd=/initrd --initrd=/small --append="{CMDLINE}"
        execute kexec -e""", files={"small": small}, second=CHECK, second_files={"one": big, "two": "replaced by the second"})
    recipe.expect_success(bench, transcript.boot(1), "load")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("one").split()[0], rootfs.sha256(big), "file of the first initrd")
    bench.equal(second.out("two").split()[0], small_digest, "file of the second initrd")


@case("initrd/1KiB", quick=True)
def tiny_initrd(bench):
    """An initrd of 1 KiB alone: the kernel finds its file and panics for want of an init, which is proof enough here."""
    archive = newc.Archive()
    archive.file("init", b"#!/kexec-vm-no-such-interpreter\n", 0o755)
    content = archive.bytes()
    content += bytes(1024 - len(content))
    for call in ("-c", "-s"):
        transcript = recipe.boot(bench, f"""
            try load kexec {call} -l /kernel --initrd=/tiny --append="{CMDLINE}"
            execute kexec -e""", files={"tiny": content}, series="6.12")
        recipe.expect_success(bench, transcript.boot(1), "load")
        bench.contains(transcript.console_text(), "Run /init as init process", f"console ({call})")
        bench.contains(transcript.console_text(), "Failed to execute /init", f"console ({call})")


def from_disk(bench, size, call, *, series="6.12", memory="4G"):
    """The initrd lies on a disk the guest copies it from: base archive, then a file of `size` bytes."""
    kernel = bench.cache.kernel(series)
    big, digest = one_file_archive("one", size)
    base = rootfs.archive("note reached second\ntry one sha256sum /one\n")
    content = base + bytes(-len(base) % 512) + big
    blocks = -(-len(content) // 512)
    script = f"""
        dd if=/dev/vda bs=512 count={blocks} 2>/dev/null | head -c {len(content)} >/tmp/initrd
        try before sha256sum /tmp/initrd
        try load kexec {call} -l /kernel --initrd=/tmp/initrd --append="{CMDLINE}"
        execute kexec -e"""
    archive = rootfs.archive(script, programs={"sbin/kexec": bench.kexec}, modules=kernel.module_files("virtio_blk", "virtio_pci"),
                             files={"kernel": kernel.image.read_bytes()})
    with tempfile.NamedTemporaryFile(prefix="kexec-vm-disk-") as disk:
        disk.write(content + bytes(-len(content) % 512))
        disk.flush()
        transcript = bench.boot(Machine(kernel, memory=memory, disk=pathlib.Path(disk.name)), archive, limit=400)
    bench.equal(transcript.boot(1).out("before").split()[0], rootfs.sha256(content), "the initrd in the first kernel")
    recipe.expect_success(bench, transcript.boot(1), "load")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("one").split()[0], digest, f"{size} bytes in the second kernel")


@case("initrd/600MiB/c")
def large_initrd_load(bench):
    from_disk(bench, 600 * MIB, "-c")


@case("initrd/600MiB/s")
def large_initrd_file(bench):
    from_disk(bench, 600 * MIB, "-s")


@case("cmdline/longest", quick=True)
def longest_command_line(bench):
    """x86's COMMAND_LINE_SIZE is 2048 with the NUL: 2047 characters arrive, 2048 are refused with both numbers.

    kexec_file_load counts the NUL and keeps 30 characters free for a crash kernel's elfcorehdr=, whatever it loads
    (arch/x86/kernel/kexec-bzimage64.c): 2016 is its longest.
    """
    for call, length in (("-c", 2047), ("-a", 2047), ("-s", 2016)):
        line = f"{CMDLINE} filler="
        line += "".join(chr(ord("a") + i % 26) for i in range(length - len(line)))
        transcript = recipe.boot(bench, f"""
            try long kexec {call} -l /kernel --initrd=/initrd --append="{line + 'x' * (2048 - length)}"
            try load kexec {call} -l /kernel --initrd=/initrd --append="{line}"
            execute kexec -e""", second="note reached second\ntry cmdline cat /proc/cmdline\n")
        boot = transcript.boot(1)
        bench.expect(boot["long"].status in (1, 255), f"status of 2048 characters ({call}): {boot['long']}")
        bench.contains(boot["long"].err, "2048", f"2048 characters ({call})")
        bench.contains(boot["long"].err, "2047", f"2048 characters ({call})")
        bench.equal(boot["load"].status, 0, f"status of {length} characters ({call}), stderr {boot['load'].err!r}")
        bench.equal(recipe.expect_second(bench, transcript).out("cmdline"), line, f"command line of {length} characters ({call})")


@case("cmdline/reuse", quick=True)
def reuse_command_line(bench):
    """--reuse-cmdline takes the running line without BOOT_IMAGE= (whole words only) and puts --append behind it."""
    running = 'BOOT_IMAGE=/vmlinuz NOT_BOOT_IMAGE=kept crashkernel=64M quoted="a b"'
    transcript = recipe.boot(bench, """
        try load kexec -c -l /kernel --initrd=/initrd --reuse-cmdline --append="added=1 last"
        execute kexec -e""", second="note reached second\ntry cmdline cat /proc/cmdline\n", machine={"append": running})
    recipe.expect_success(bench, transcript.boot(1), "load")
    expected = f"{CMDLINE} {running.removeprefix('BOOT_IMAGE=/vmlinuz ')} added=1 last"
    bench.equal(recipe.expect_second(bench, transcript).out("cmdline"), expected, "command line")


@case("device-tree/x86", quick=True)
def device_tree(bench):
    """A PC's kernel is handed the tree of --dtb as setup_data, and hands it on to the next one by itself."""
    tree = fdt.build({"model": "from the guest test"})
    show = """
        for node in /sys/kernel/boot_params/setup_data/*; do
            [ "$(cat $node/type)" = 0x2 ] && try tree sha256sum $node/data
        done"""
    transcript = recipe.boot(bench, f"""
        try none kexec -c -l /kernel --initrd=/initrd --dtb=/init --append="{CMDLINE}"
        try load kexec -l /kernel --initrd=/initrd --dtb=/tree --append="{CMDLINE}"
        execute kexec -e""", second=recipe.SECOND + show, files={"tree": tree})
    first = transcript.boot(1)
    bench.equal((first["none"].status, first["none"].out), (255, ""), "status and output of a script as --dtb")
    bench.contains(first["none"].err, "device tree '/init': ", "a script as --dtb")
    recipe.expect_success(bench, first, "load")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("tree").split()[0], rootfs.sha256(tree), "the tree in the second kernel")


def digest_case(kind):
    def run(bench):
        transcript = recipe.boot(bench, f"try load kexec -c --digest={kind} {recipe.LOAD}\nexecute kexec -e")
        recipe.expect_success(bench, transcript.boot(1), "load")
        recipe.expect_second(bench, transcript)

    case(f"digest/{kind}")(run)


for digest_kind in ("xxh128", "sha256", "none"):
    digest_case(digest_kind)
