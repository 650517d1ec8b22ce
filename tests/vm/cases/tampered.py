# SPDX-License-Identifier: GPL-2.0-or-later
"""A byte that changes between load and jump: purgatory must refuse, say so with both digests, and reset the machine.

The guest's memory is a file the host maps. After the load the guest waits; the host finds every copy of a marker that
lies in the initrd and flips one bit in each: no hook in the tested program is needed.
"""

import mmap

from kexec_vm import recipe, rootfs
from kexec_vm.architecture import X86_64
from kexec_vm.suite import case

# Of the kernel that hands over.
LAST_WORDS = {"x86_64": "kexec_core: Starting new kernel", "aarch64": "Bye!", "riscv64": "Bye..."}
MARKER = rootfs.payload("marker in the initrd", 64)


def flip_every_copy(path, marker):
    """Flips the lowest bit of the middle byte of each copy; returns how many there were."""
    count = 0
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        at = memory.find(marker)
        while at >= 0:
            memory[at + len(marker) // 2] ^= 1
            count += 1
            at = memory.find(marker, at + len(marker))
    return count


def tampered(bench, options, marker=MARKER, architecture=X86_64, cpu=None, look=None, **parts):
    """Loads with `options`, flips a bit of every copy of `marker`, and expects that purgatory finds it.

    look: called before with the path of the file that is the guest's memory.
    """
    flipped = []

    def answer(question):
        if look:
            look(question.memory)
        flipped.append(flip_every_copy(question.memory, marker))

    transcript = recipe.boot(bench, f"""
        try load kexec -c {options} --serial={architecture.console_port} {recipe.load(architecture)}
        ask tamper
        execute kexec -e""", second_files={"marker": MARKER}, machine={"host_sees_memory": True, "cpu": cpu},
        architecture=architecture, answer=answer, **parts)
    recipe.expect_success(bench, transcript.boot(1), "load")
    bench.expect(flipped and flipped[0] > 0, "the marker was nowhere in the guest's memory; the case proves nothing")
    bench.equal(len(transcript.boots), 1, "kernels that reached init: the damaged one must not run")
    after = transcript.console_text().split(LAST_WORDS[architecture.name])[-1]
    bench.contains(after.lower(), "mismatch", "console after the jump")
    digests = [word for word in after.replace(",", " ").split() if len(word) >= 32 and set(word.lower()) <= set("0123456789abcdef")]
    bench.equal(len(set(digests)), 2, f"digests told on the console ({after!r})")
    bench.equal(transcript.exit_status, 0, "QEMU's status: purgatory resets the machine, which ends QEMU")


@case("tampered/xxh128", quick=True)
def tampered_xxh128(bench):
    tampered(bench, "--console-serial --digest=xxh128")


@case("tampered/sha256")
def tampered_sha256(bench):
    tampered(bench, "--console-serial --digest=sha256")


@case("tampered/unpacked-kernel")
def tampered_unpacked(bench):
    """--decompress: the kernel itself is covered. Its banner lies in memory only where it was unpacked to."""
    kernel = bench.cache.kernel("6.12")
    vmlinux = bench.cache.vmlinux(kernel)
    banner = vmlinux.index(f"Linux version {kernel.release} (".encode())
    assert banner % 4096 <= 4096 - 64, "the marker would be cut by a page's end"
    tampered(bench, "--console-serial --decompress", vmlinux[banner:banner + 64], kernel=kernel)


@case("tampered/unchecked")
def tampered_unchecked(bench):
    """The counter-proof: without a check the same damage goes through, so the other cases do damage something."""
    flipped = []
    transcript = recipe.boot(bench, f"""
        try load kexec -c -i {recipe.LOAD}
        ask tamper
        execute kexec -e""", second="note reached second\ntry marker sha256sum /marker\n", second_files={"marker": MARKER},
        machine={"host_sees_memory": True}, answer=lambda question: flipped.append(flip_every_copy(question.memory, MARKER)))
    second = recipe.expect_second(bench, transcript)
    bench.expect(second.out("marker").split()[0] != rootfs.sha256(MARKER), "the marker arrived unchanged")
