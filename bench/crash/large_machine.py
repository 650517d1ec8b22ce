# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines nobody has at hand: a recorded PC (tests/golden/machines) with any number of RAM ranges and CPUs added."""

import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECORDED = ROOT / "tests" / "golden" / "machines" / "bios-1g"
CPU_FOLDER = "sys/devices/system/cpu"

MIB = 1 << 20
# RAM that was plugged in: 2 MiB of each 4 MiB from 64 GiB on, which the recorded machine has nothing in.
FIRST, STRIDE, SIZE = 64 << 30, 4 * MIB, 2 * MIB
RECORDED_RANGES = 2
PAGE_OFFSET = 0xFF27580240000000
SYMBOLS = 122_000
KCORE_READ = 65536  # bytes of it kexec-tools reads, however short the headers are


def recorded_files():
    """{path: bytes} of what does not depend on the numbers, with a symbol table of usual length."""
    paths = (path for path in RECORDED.rglob("*") if path.is_file())
    files = {str(path.relative_to(RECORDED)): path.read_bytes() for path in paths}
    for path in [path for path in files if path.startswith(CPU_FOLDER) or path in ("proc/iomem", "proc/kcore")]:
        del files[path]
    files["proc/mounts"] = b"proc /proc proc rw 0 0\nsysfs /sys sysfs rw 0 0\n"
    files["proc/kallsyms"] = kallsyms()
    files["proc/cpuinfo"] = b"flags\t\t: fpu lm la57\n"
    files["sys/kernel/kexec_crash_loaded"] = files["sys/kernel/kexec_loaded"] = b"0\n"
    return files


def kallsyms():
    """In the kernel's order: per-CPU offsets, text, data, _end, modules. The recorded addresses of what is looked up."""
    text, end = 0xFFFFFFFF91200000, 0xFFFFFFFF93A30000
    lines = [f"{number * 64:016x} A percpu_{number}" for number in range(1000)]
    lines += [f"{text:016x} T _stext", f"{text:016x} T _text"]
    lines += [f"{text + 0x100 + number * 256:016x} t function_{number}" for number in range(SYMBOLS - 10_000)]
    lines += ["ffffffff92598480 D page_offset_base", f"{end:016x} B _end"]
    lines += [f"{0xFFFFFFFFC0000000 + number * 128:016x} t function_{number}\t[module]" for number in range(9000)]
    return "".join(line + "\n" for line in lines).encode()


def added(ranges):
    """(begin, size) of what the recorded machine lacks."""
    return [(FIRST + number * STRIDE, SIZE) for number in range(ranges - RECORDED_RANGES)]


def iomem(ranges):
    lines = (RECORDED / "proc/iomem").read_text(encoding="ascii").splitlines()
    lines = [line for line in lines if not line.startswith("100000000-")]  # a PCI window, up to 36 GiB
    last = lines.pop()  # at the end of what the CPU addresses
    lines += [f"{begin:x}-{begin + size - 1:x} : System RAM" for begin, size in added(ranges)]
    return "".join(line + "\n" for line in [*lines, last]).encode()


def kcore(ranges):
    """ELF and program headers: the kernel's text, vmalloc and modules, and one segment for each range of RAM.

    ranges of 0 stand for a kernel that shows all of RAM as one segment.
    """
    ram = [(0x1000, 0x9E000), (0x100000, 0x3FEDD000), *added(ranges)] if ranges else [(0x1000, 1 << 40)]
    loads = [(0xFFFFFFFF91200000, 0x21600000, 0x2830000), (0xFF410FAC40000000, (1 << 64) - 1, 0x31FFFFFFFFFFFF),
             (0xFFFFFFFFC0000000, (1 << 64) - 1, 0x3F000000), *((PAGE_OFFSET + phys, phys, size) for phys, size in ram)]
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56, len(loads), 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", 1, 7, KCORE_READ, virt, phys, size, size, 4096) for virt, phys, size in loads)
    return (head + table).ljust(KCORE_READ, b"\0")


def cpus(count):
    """{path below CPU_FOLDER: bytes}."""
    files = {"possible": f"0-{count - 1}\n".encode(), "present": f"0-{count - 1}\n".encode(), "online": f"0-{count - 1}\n".encode()}
    for number in range(count):
        files[f"cpu{number}/crash_notes"] = f"{0x3A239400 + number * 0x400:x}\n".encode()
        files[f"cpu{number}/crash_notes_size"] = b"368\n"
    return files


def write(folder, ranges, count):
    """The whole machine below `folder`, as --root takes it."""
    files = {**recorded_files(), "proc/iomem": iomem(ranges), "proc/kcore": kcore(ranges)}
    files.update({f"{CPU_FOLDER}/{path}": data for path, data in cpus(count).items()})
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
