# SPDX-License-Identifier: GPL-2.0-or-later
"""riscv64 with Zknh, the SHA-256 instructions: purgatory uses them where the tree says that every CPU has them.

Which way it is to take is a bit of its parameters, which the host reads in the guest's memory after the load. That it takes
that way shows where the host sets the bit on a CPU without Zknh: the first of these instructions is its end.
"""

import mmap
import struct

from kexec_vm import handover, recipe
from kexec_vm.architecture import RISCV64
from kexec_vm.handover import HandOver
from kexec_vm.suite import case

from cases.board_built import SERIES, built
from cases.tampered import LAST_WORDS, tampered

ZKNH_CPU = "rv64,zknh=on"
# arch/riscv64/purgatory/params.h, lib/freestanding/digest.h.
MAGIC = b"PURGATRY"
VERSION, PARAMS_SIZE = 1, 368
FLAGS_AT = 52
SHA256, ZKNH = 2, 2


def parameters(memory):
    """(offset, digest_kind, digest_flags) of purgatories of riscv64 that were filled in, in the guest's memory."""
    at = memory.find(MAGIC)
    while at >= 0:
        version, size = struct.unpack_from("<II", memory, at + 8)
        entry, _, kind, flags = struct.unpack_from("<QQII", memory, at + 32)
        if (version, size) == (VERSION, PARAMS_SIZE) and entry:
            yield at, kind, flags
        at = memory.find(MAGIC, at + len(MAGIC))


def set_flag(path):
    """Sets the bit in every purgatory; returns how many there were."""
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        found = list(parameters(memory))
        for at, _, flags in found:
            struct.pack_into("<I", memory, at + FLAGS_AT, flags | ZKNH)
        return len(found)


def expect_way(bench, path, flags):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        found = {(kind, flags) for _, kind, flags in parameters(memory)}
    bench.equal(found, {(SHA256, flags)}, "digest_kind and digest_flags of purgatory in the guest's memory")


def refused(bench, cpu, flags):
    built(bench, RISCV64)
    tampered(bench, "--digest=sha256", architecture=RISCV64, series=SERIES["riscv64"], cpu=cpu,
             look=lambda path: expect_way(bench, path, flags))


@case("riscv64/tampered/sha256", crossed=True)
def without_zknh(bench):
    refused(bench, None, 0)


@case("riscv64/tampered/sha256/zknh", crossed=True)
def with_zknh(bench):
    refused(bench, ZKNH_CPU, ZKNH)


@case("riscv64/zknh", crossed=True)
def hand_over(bench):
    """The right digest is found by these instructions."""
    handover.run(bench, HandOver(built(bench, RISCV64), "-c --digest=sha256", cpus=2, memory="1G", cpu=ZKNH_CPU, vga="none"))


@case("riscv64/zknh/not-there", crossed=True)
def not_there(bench):
    """The counter-proof: told to use them on a CPU without, purgatory reports an illegal instruction (scause 2) and resets."""
    changed = []
    built(bench, RISCV64)
    transcript = recipe.boot(bench, f"""
        try load kexec -c --digest=sha256 --serial={RISCV64.console_port} {recipe.load(RISCV64)}
        ask zknh
        execute kexec -e""", machine={"host_sees_memory": True}, architecture=RISCV64, series=SERIES["riscv64"],
        answer=lambda question: changed.append(set_flag(question.memory)))
    recipe.expect_success(bench, transcript.boot(1), "load")
    bench.expect(changed and changed[0] > 0, "no purgatory in the guest's memory; the case proves nothing")
    bench.equal(len(transcript.boots), 1, "kernels that reached init")
    after = transcript.console_text().split(LAST_WORDS["riscv64"])[-1]
    bench.contains(after, "exception during the check: scause 0x0000000000000002 ", "console after the jump")
    bench.equal(transcript.exit_status, 0, "QEMU's status: purgatory resets the machine, which ends QEMU")
