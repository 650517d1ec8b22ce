# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel images that are made from Debian's: the ELF file a bzImage packs, and what tools make of files.

Header fields: Documentation/arch/x86/boot.rst, "Details of Header Fields".
"""

import struct
import subprocess
import zlib

_SETUP_SECTS, _SYSSIZE, _MAGIC_AT, _PAYLOAD = 0x1F1, 0x1F4, 0x202, 0x248
# First bytes of a payload: what unpacks it. Legacy lz4 frames are read by lz4(1) only.
_UNPACKERS = {
    b"\x02\x21\x4c\x18": ["lz4", "-dc"],
    b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"],
    b"\xfd7zX": ["xz", "-dc", "--single-stream"],
    b"\x1f\x8b": ["gzip", "-dc"],
}
# Suffix: what packs a file so.
PACKERS = {
    "gz": ["gzip", "-1", "-c"],
    "zst": ["zstd", "-q", "-1", "-c"],
    "xz": ["xz", "-0", "-c"],
    "lz4": ["lz4", "-q", "-l", "-c"],
}


def payload(bzimage):
    """The half-open range of file offsets of what `bzimage` unpacks when it starts."""
    if bzimage[_MAGIC_AT:_MAGIC_AT + 4] != b"HdrS":
        raise ValueError("no bzImage: no 'HdrS' at 0x202")
    offset, length = struct.unpack_from("<II", bzimage, _PAYLOAD)
    begin = ((bzimage[_SETUP_SECTS] or 4) + 1) * 512 + offset
    return begin, begin + length


def unpack(bzimage):
    """The vmlinux in `bzimage`, with the relocations that may stand behind it."""
    begin, end = payload(bzimage)
    data, size = bzimage[begin:end - 4], struct.unpack_from("<I", bzimage, end - 4)[0]
    command = next(command for magic, command in _UNPACKERS.items() if data.startswith(magic))
    unpacked = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    if len(unpacked) != size or not unpacked.startswith(b"\x7fELF"):
        raise ValueError(f"the payload unpacks to {len(unpacked)} bytes, {size} were announced, and begins with "
                         f"{unpacked[:4]!r}")
    return unpacked


def pack(data, suffix):
    return subprocess.run(PACKERS[suffix], input=data, stdout=subprocess.PIPE, check=True).stdout


# U-Boot's numbers (include/image.h): IH_ARCH_*.
_UIMAGE_MACHINES = {"aarch64": 22, "riscv64": 26}
# ELF's: EM_AARCH64, EM_RISCV.
_ELF_MACHINES = {"aarch64": 183, "riscv64": 243}


def uimage(data, machine, *, gzipped):
    """`data` behind a legacy uImage header that says it is a Linux kernel for `machine`."""
    def header(checksum):
        return struct.pack(">7I4B32s", 0x27051956, checksum, 0, len(data), 0, 0, zlib.crc32(data), 5,
                           _UIMAGE_MACHINES[machine], 2, int(gzipped), b"Linux")
    return header(zlib.crc32(header(0))) + data


def zboot(packed, compression, size):
    """`packed`, by what its header calls `compression`, behind the start of an EFI zboot kernel; unpacked it is `size` long.

    The program itself is missing: no firmware would start this. Header: drivers/firmware/efi/libstub/zboot-header.S. Behind
    gzip's data nothing follows, it ends with its size; behind all other kinds the size stands (Makefile.zboot).
    """
    start = 0x1000
    header = struct.pack("<4s4sII8x32sI", b"MZ", b"zimg", start, len(packed), compression.encode(), 0x818223CD)
    return header.ljust(start, b"\0") + packed + (b"" if compression == "gzip" else struct.pack("<I", size))


def vmlinux(image, machine, address):
    """An Image in ELF clothing: ET_EXEC linked to `address`, one PT_LOAD, entered at its first byte, as vmlinux is."""
    # Documentation/arch/arm64/booting.rst, arch/riscv/boot-image-header.rst: image_size at 16.
    (memory,) = struct.unpack_from("<Q", image, 16)
    start = 0x10000
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, _ELF_MACHINES[machine], 1, address, 64, 0, 0, 64, 56,
                         1, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, start, address, address, len(image), max(memory, len(image)), start)
    return (header + load).ljust(start, b"\0") + image


def without_payload(bzimage):
    """`bzimage` unsigned, with a header that names no payload and a checksum that holds; it starts as before."""
    # What syssize covers ends with a CRC-32 of all before it (boot.rst, "The image checksum"); a signature stands behind.
    end = ((bzimage[_SETUP_SECTS] or 4) + 1) * 512 + struct.unpack_from("<I", bzimage, _SYSSIZE)[0] * 16
    changed = bytearray(bzimage[:end])
    struct.pack_into("<II", changed, _PAYLOAD, 0, 0)
    # PE format, "Optional Header": CheckSum, and the directory entry of the certificate table in a PE32+ file.
    optional = struct.unpack_from("<I", bzimage, 0x3C)[0] + 24
    struct.pack_into("<I", changed, optional + 64, 0)
    struct.pack_into("<II", changed, optional + 144, 0, 0)
    struct.pack_into("<I", changed, end - 4, zlib.crc32(changed[:end - 4]) ^ 0xFFFFFFFF)
    return bytes(changed)
