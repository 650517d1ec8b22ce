# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program hands to kexec_load (guest/handed.c keeps it), as a memory that can be read.

struct boot_params: Documentation/arch/x86/zero-page.rst and boot.rst.
"""

import io
import struct
import tarfile
from dataclasses import dataclass

_PAGE = 4096
_E820_COUNT, _E820_TABLE = 0x1E8, 0x2D0


@dataclass(frozen=True)
class Segment:
    address: int
    size: int  # in memory; zeros follow the contents
    contents: bytes


@dataclass(frozen=True)
class Handed:
    entry: int
    flags: int
    segments: list

    def memory(self, address, size):
        """`size` bytes from physical `address`; ValueError if they are not all in one segment."""
        for one in self.segments:
            if one.address <= address and address + size <= one.address + one.size:
                at = address - one.address
                return one.contents[at:at + size].ljust(size, b"\0")
        raise ValueError(f"[{address:#x}, {address + size:#x}) is in no segment of {self.table()}")

    def text(self, address):
        """The string that ends with a zero at `address`."""
        one = next(one for one in self.segments if one.address <= address < one.address + one.size)
        return one.contents[address - one.address:].split(b"\0", 1)[0]

    def boot_params(self):
        """Where struct boot_params lies, and its 4096 bytes: the page whose header is Linux's, but no kernel's beginning."""
        for one in self.segments:
            for at in range(0, min(len(one.contents), 16 * _PAGE) - 0x206, _PAGE):
                if one.contents[at + 0x202:at + 0x206] == b"HdrS":
                    return one.address + at, one.contents[at:at + _PAGE].ljust(_PAGE, b"\0")
        raise ValueError(f"no boot_params in {self.table()}")

    def table(self):
        return ", ".join(f"[{one.address:#x}, {one.address + one.size:#x}): {len(one.contents):#x} bytes"
                         for one in self.segments)


def parse(archive):
    """{folder: Handed} of a tar archive that begins with `archive`, as handed.c fills the folders."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isfile():
                folder, _, name = member.name.rpartition("/")
                files.setdefault(folder, {})[name] = tar.extractfile(member).read()
    return {folder: _handed(content) for folder, content in files.items()}


def _handed(content):
    first, *rest = ([int(word, 16) for word in line.split()] for line in content["table"].decode().splitlines())
    return Handed(*first, [Segment(address, size, content[str(number)]) for number, (address, size, _) in enumerate(rest)])


def e820(params):
    """(begin, end, type) of each entry of the memory map in the 4096 bytes `params`."""
    entries = [struct.unpack_from("<QQI", params, _E820_TABLE + 20 * number) for number in range(params[_E820_COUNT])]
    return [(begin, begin + size, kind) for begin, size, kind in entries]


def wide(params, low, high):
    """The 64-bit number whose halves stand at two offsets."""
    return struct.unpack_from("<I", params, low)[0] | struct.unpack_from("<I", params, high)[0] << 32


def command_line(handed, params):
    return handed.text(wide(params, 0x228, 0xC8))


def initrd(handed, params):
    return handed.memory(wide(params, 0x218, 0xC0), wide(params, 0x21C, 0xC4))
