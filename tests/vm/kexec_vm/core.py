# SPDX-License-Identifier: GPL-2.0-or-later
"""The headers and notes of an ELF64 core of a whole machine (little endian), as /proc/vmcore begins.

Layouts: the ELF gABI, elf(5); struct elf_prstatus (include/linux/elfcore.h) with the registers of each architecture's
user_regs_struct (asm/user.h, asm/ptrace.h); vmcoreinfo as in Documentation/admin-guide/kdump/vmcoreinfo.rst.
"""

import re
import struct
from dataclasses import dataclass

PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS = 1
EM_X86_64, EM_AARCH64, EM_RISCV = 62, 183, 243
_KERNEL_MAP = 0xFFFFFFFF80000000  # __START_KERNEL_map, Documentation/arch/x86/x86_64/mm.rst
_PID, _REGISTERS = 32, 112  # offsets in struct elf_prstatus: pr_pid, pr_reg
_TEXT_DISTANCE = {EM_AARCH64: "NUMBER(kimage_voffset)", EM_RISCV: "NUMBER(va_kernel_pa_offset)"}
_PC = {EM_X86_64: 16 * 8, EM_AARCH64: 32 * 8, EM_RISCV: 0}  # of the instruction pointer in pr_reg


@dataclass(frozen=True)
class Load:
    """One PT_LOAD: bytes of physical memory [physical, end) at `offset`, which the kernel sees at `virtual`."""

    offset: int
    virtual: int
    physical: int
    size: int

    @property
    def end(self):
        return self.physical + self.size

    def is_inside(self, other):
        """Whether a larger one has all of its memory, too."""
        return other.physical <= self.physical and self.end <= other.end and self.size < other.size


@dataclass(frozen=True)
class Note:
    name: str
    kind: int
    data: bytes


@dataclass(frozen=True)
class Core:
    """What the first bytes of a core tell."""

    loads: list
    notes: list
    note_headers: int
    machine: int = EM_X86_64

    def memory(self):
        """The PT_LOADs of memory, in the file's order: all but the kernel's own text mapping."""
        text = self.kernel_text()
        return [load for load in self.loads if load not in text]

    def kernel_text(self):
        return [load for load in self.loads if any(map(load.is_inside, self.loads))]

    def text_physical(self, virtual):
        """Where the kernel text's address `virtual` lies, by vmcoreinfo. On x86_64 phys_base moves the mapping by as much
        as the kernel moved; elsewhere there is the text's virtual minus its physical address."""
        info = self.vmcoreinfo()
        if self.machine == EM_X86_64:
            return virtual - _KERNEL_MAP + int(info["NUMBER(phys_base)"])
        return (virtual - int(info[_TEXT_DISTANCE[self.machine]], 0)) % (1 << 64)

    def cpus(self):
        """(pid of the task, instruction pointer) of each NT_PRSTATUS, in order."""
        found = [note.data for note in self.notes if note.name == "CORE" and note.kind == NT_PRSTATUS]
        at = _REGISTERS + _PC[self.machine]
        return [(struct.unpack_from("<i", data, _PID)[0], struct.unpack_from("<Q", data, at)[0]) for data in found]

    def vmcoreinfo(self):
        """{key: value} of the VMCOREINFO note."""
        (text,) = (note.data for note in self.notes if note.name == "VMCOREINFO")
        return dict(re.findall(r"^([^=\n]+)=(.*)$", text.rstrip(b"\0").decode(), re.MULTILINE))

    def slice(self, memory, begin, end):
        """{physical page: its bytes} from `memory`: the dumped bytes of [begin, end) one PT_LOAD after the other."""
        pages, at = {}, 0
        for load in self.loads:
            here, stop = max(load.physical, begin), min(load.end, end)
            while here < stop:
                size = min(stop, (here | 0xFFF) + 1) - here
                pages[here] = memory[at:at + size]
                here, at = here + size, at + size
        return pages


def parse(data):
    """The Core that begins with `data`; ValueError if that is none."""
    ident, kind, machine, _, _, offset, _, _, _, entry_size, count = struct.unpack_from("<16sHHIQQQIHHH", data)
    if ident[:6] != b"\x7fELF\x02\x01" or kind != 4 or machine not in _PC:
        raise ValueError(f"no ELF64 core of a machine that is known: {data[:20].hex()}")
    loads, notes, note_headers = [], [], 0
    for number in range(count):
        what, _, at, virtual, physical, size, _, _ = struct.unpack_from("<IIQQQQQQ", data, offset + number * entry_size)
        if what == PT_LOAD:
            loads.append(Load(at, virtual, physical, size))
        elif what == PT_NOTE:
            note_headers += 1
            notes += _notes(data[at:at + size])
    return Core(loads, notes, note_headers, machine)


def _notes(data):
    """The notes of one PT_NOTE: sizes, type, name and data, each padded to 4 bytes; all zero ends them."""
    found, at = [], 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        if name_size == 0:
            break
        name = data[at + 12:at + 12 + name_size].rstrip(b"\0").decode()
        at += 12 + (name_size + 3) // 4 * 4
        found.append(Note(name, kind, data[at:at + size]))
        at += (size + 3) // 4 * 4
    return found
