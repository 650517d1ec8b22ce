# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel images that are made from Debian's: the ELF file a bzImage packs, and what tools make of files.

Header fields: Documentation/arch/x86/boot.rst, "Details of Header Fields".
"""

import struct
import subprocess

_SETUP_SECTS, _MAGIC_AT, _PAYLOAD = 0x1F1, 0x202, 0x248
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
