#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program as it ships: hardened, self-contained, and small enough to be copied into initrds and boot firmware.

usage: program_test.py PROGRAM [BUILD_FOLDER]

BUILD_FOLDER: ninja's; each object it makes the program of must be compiled for CET (x86-64). The program itself is not
marked so where an archive it links is not, as those of Debian 12.
"""
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

MAX_BYTES = 2_000_000  # stripped
MAX_XZ_BYTES = 750_000
LIBRARIES = {"libc.so.6", "libm.so.6"}
# Names that only streams and locales of the standard library have: half a megabyte comes with the first of them.
STREAMS = re.compile(r"\b_ZNSt(?:8ios_base|6locale|13basic_ostream)")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True).stdout


def hardening(program):
    segments = readelf("-l", program)
    dynamic = readelf("-d", program)
    symbols = readelf("--dyn-syms", program)
    if not re.search(r"Type:\s+DYN", readelf("-h", program)):
        yield "is not position-independent"
    if "GNU_RELRO" not in segments:
        yield "has no RELRO segment"
    if not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic):
        yield "is bound lazily: BIND_NOW is not set"
    if not re.search(r"GNU_STACK\s.*\bRW\s", segments):
        yield "may execute its stack"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    if not re.search(r"__\w+_chk@", symbols):
        yield "has no fortified functions"


def linkage(program):
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", program)))
    other = {name for name in needed - LIBRARIES if not name.startswith("ld-linux")}
    if other:
        yield f"needs {', '.join(sorted(other))}: initrds would have to carry them"
    if STREAMS.search(readelf("-s", program)):
        yield "links the streams and locales of the standard library (half a megabyte)"


def stripped_and_packed(program):
    """The program's bytes without symbols, and those as xz."""
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "program"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        data = stripped.read_bytes()
    return len(data), len(lzma.compress(data, preset=6))


def size(program):
    stripped, packed = stripped_and_packed(program)
    print(f"stripped: {stripped} bytes (at most {MAX_BYTES}), as xz {packed} (at most {MAX_XZ_BYTES})")
    if stripped > MAX_BYTES:
        yield f"has {stripped} bytes stripped, more than {MAX_BYTES}"
    if packed > MAX_XZ_BYTES:
        yield f"has {packed} bytes as xz, more than {MAX_XZ_BYTES}"


def objects_without_cet(build):
    inputs = subprocess.run(["ninja", "-C", build, "-t", "inputs", "kexec"], check=True, capture_output=True, text=True)
    objects = [name for name in inputs.stdout.split() if name.endswith(".cc.o")]
    if not objects:
        yield f"is made of no objects in {build}"
    for name in objects:
        if not re.search(r"x86 feature:.*IBT.*SHSTK", readelf("-n", f"{build}/{name}")):
            yield f"is made of {name}, which is compiled without CET"


def self_test():
    """A program without any of this is found out."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder) / "x.c", pathlib.Path(folder) / "x"
        source.write_text("int main(void) { return 0; }\n", encoding="ascii")
        plain = ["-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy,-z,execstack"]
        subprocess.run(["gcc", *plain, "-o", program, source], check=True)
        assert len(list(hardening(program))) == 6, list(hardening(program))


def main():
    self_test()
    program = sys.argv[1]
    faults = [*hardening(program), *linkage(program), *size(program)]
    if len(sys.argv) > 2 and "X86-64" in readelf("-h", program):
        faults += objects_without_cet(sys.argv[2])
    for fault in faults:
        print(f"{program} {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
