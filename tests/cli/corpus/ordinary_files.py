# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are no kernels: some of this machine's, and made ones of every kind people mistake for a kernel."""
import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile

FOLDERS = ("/etc", "/usr/bin", "/usr/sbin", "/usr/lib/python3", "/usr/share/doc", "/usr/share/man",
           "/usr/lib/x86_64-linux-gnu")
LARGEST = 512 * 1024
PER_FOLDER = 60


def of_this_machine():
    """At most PER_FOLDER readable files of each folder, spread over it, in the same order each time."""
    for folder in FOLDERS:
        found = []
        for parent, folders, names in os.walk(folder):
            folders.sort()
            found += [os.path.join(parent, name) for name in sorted(names)]
            if len(found) > 4000:
                break
        usable = [path for path in found if is_usable(path)]
        step = max(1, len(usable) // PER_FOLDER)
        yield from usable[::step][:PER_FOLDER]


def is_usable(path):
    try:
        mode = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(mode.st_mode) and mode.st_size <= LARGEST and os.access(path, os.R_OK)


def elf(machine=62, kind=2, file_class=2, interpreter=True):
    """An ELF file of two program headers, for a program or library."""
    ident = b"\x7fELF" + bytes([file_class, 1, 1]) + bytes(9)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x200, 0x200, 0x1000)
    other = struct.pack("<IIQQQQQQ", 3 if interpreter else 0x6474E551, 4, 0x100, 0, 0, 16, 16, 1)
    header = ident + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0x400080, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    return (header + segment + other).ljust(0x100, b"\0") + b"/lib64/ld.so\0".ljust(0x100, b"\0")


def archives(text):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        entry = tarfile.TarInfo("notes.txt")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    yield "tar", tar.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("notes.txt"), text)
    yield "zip", packed.getvalue()
    for name, contents in (("txt", text), ("tar", tar.getvalue())):
        yield name + ".gz", gzip.compress(contents, mtime=0)
        yield name + ".bz2", bz2.compress(contents)
        yield name + ".xz", lzma.compress(contents)
        yield name + ".lzma", lzma.compress(contents, format=lzma.FORMAT_ALONE)
    yield "gz.cut", gzip.compress(text, mtime=0)[:-5]
    yield "gz.gz", gzip.compress(gzip.compress(text, mtime=0), mtime=0)


def starts_like(generator):
    """The first bytes of formats, and noise behind them."""
    magics = (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n", b"RIFF", b"OggS", b"SQLite format 3\0",
              b"\xca\xfe\xba\xbe", b"!<arch>\n", b"\xed\xab\xee\xdb", b"070701", b"hsqs", b"\xd0\x0d\xfe\xed",
              b"\x27\x05\x19\x56", b"KDUMP   ", b"makedumpfile\0\0\0\0", b"MZ", b"\xeb\x3c\x90mkfs.fat",
              b"\x55\xaa", b"#!/bin/sh\n", b"-----BEGIN CERTIFICATE-----\n", b"\x5d\0\0", b"QFI\xfb", b"LUKS\xba\xbe")
    for magic in magics:
        for size in (len(magic), 60, 600, 6000):
            yield (magic + generator.randbytes(max(0, size - len(magic))))[:max(size, len(magic))]


def boot_sector(generator):
    sector = bytearray(generator.randbytes(1024))
    sector[0x1FE:0x200] = b"\x55\xaa"
    sector[0x202:0x206] = b"none"
    return bytes(sector)


def made():
    """(name, contents), the same each time."""
    generator = random.Random(1)
    text = "\n".join(f"line {i} of an ordinary text" for i in range(300)).encode()
    yield from ((f"archive.{name}", contents) for name, contents in archives(text))
    for number, contents in enumerate(starts_like(generator)):
        yield f"magic-{number}", contents
    for size in (0, 1, 2, 3, 4, 5, 16, 63, 64, 511, 512, 513, 4096):
        yield f"zeros-{size}", bytes(size)
        yield f"ones-{size}", b"\xff" * size
        yield f"text-{size}", (text * 2)[:size]
        yield f"noise-{size}", b"\x07" * min(size, 1) + generator.randbytes(max(0, size - 1))
    for machine in (2, 8, 20, 21, 22, 40, 43, 62, 183, 243, 258):
        for kind in (1, 3, 4):
            yield f"elf-{machine}-{kind}", elf(machine, kind)
    for size in range(4, 64, 4):
        yield f"elf-cut-{size}", elf(183)[:size]
    yield from ((f"sector-{i}", boot_sector(generator)) for i in range(10))
    for number in range(600):
        yield f"more-{number}", b"\x01" + generator.randbytes(generator.randrange(3000))
