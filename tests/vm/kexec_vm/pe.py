# SPDX-License-Identifier: GPL-2.0-or-later
"""Unified kernel images and PE add-ons, built by hand ("PE Format") or by objcopy(1) from systemd's boot program."""

import pathlib
import struct
import subprocess
import tempfile

_SIGNATURE, _OPTIONAL_BYTES, _SECTION_BYTES = 0x80, 240, 40
MACHINE_X86_64, MACHINE_ARM64, MACHINE_RISCV64 = 0x8664, 0xAA64, 0x5064
_PE32_PLUS, _EFI_APPLICATION = 0x020B, 10
_FILE_ALIGNMENT, _SECTION_ALIGNMENT = 512, 4096


def _up(value, alignment):
    return -(-value // alignment) * alignment


def build(sections, machine=MACHINE_X86_64):
    """A PE32+ file for `machine` with `sections`, (name, bytes) pairs in their order; a name may occur more than once."""
    table = _SIGNATURE + 24 + _OPTIONAL_BYTES
    file = bytearray(_up(table + len(sections) * _SECTION_BYTES, _FILE_ALIGNMENT))
    file[:2] = b"MZ"
    struct.pack_into("<I", file, 0x3C, _SIGNATURE)
    struct.pack_into("<4sHH", file, _SIGNATURE, b"PE\0\0", machine, len(sections))
    struct.pack_into("<HH", file, _SIGNATURE + 20, _OPTIONAL_BYTES, 0x0206)
    struct.pack_into("<H", file, _SIGNATURE + 24, _PE32_PLUS)
    struct.pack_into("<II", file, _SIGNATURE + 24 + 32, _SECTION_ALIGNMENT, _FILE_ALIGNMENT)
    struct.pack_into("<H", file, _SIGNATURE + 24 + 68, _EFI_APPLICATION)
    address = _SECTION_ALIGNMENT
    for number, (name, data) in enumerate(sections):
        size = _up(len(data), _FILE_ALIGNMENT)
        struct.pack_into("<8sIIII", file, table + number * _SECTION_BYTES, name.encode(), len(data), address, size, len(file))
        struct.pack_into("<I", file, table + number * _SECTION_BYTES + 36, 0x40000040)
        file += data + bytes(size - len(data))
        address += _up(len(data), _SECTION_ALIGNMENT)
    return bytes(file)


def _end_of_sections(stub):
    """The first free address behind the sections of the PE file `stub`."""
    signature = struct.unpack_from("<I", stub, 0x3C)[0]
    count, optional = struct.unpack_from("<H12xH", stub, signature + 6)
    base = struct.unpack_from("<Q", stub, signature + 24 + 24)[0]  # ImageBase, which objcopy counts in
    headers = (struct.unpack_from("<II", stub, signature + 24 + optional + i * _SECTION_BYTES + 8) for i in range(count))
    return base + max(address + size for size, address in headers)


def add_by_objcopy(stub, sections):
    """The PE file `stub` with `sections` added, each with another name, as systemd-stub(7) shows it."""
    address = _end_of_sections(stub)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "stub").write_bytes(stub)
        command = ["objcopy"]
        for number, (name, data) in enumerate(sections):
            (folder / str(number)).write_bytes(data)
            address = _up(address, _SECTION_ALIGNMENT)
            command += ["--add-section", f"{name}={folder / str(number)}", "--change-section-vma", f"{name}={address:#x}"]
            address += len(data)
        subprocess.run([*command, folder / "stub", folder / "image"], check=True)
        return (folder / "image").read_bytes()
