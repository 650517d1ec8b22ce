# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine said before a kexec against what it says after."""

import re


def merged(ranges):
    """Half-open (start, end) pairs, sorted, touching ones joined."""
    out = []
    for start, end in sorted(ranges):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def without(ranges, holes):
    """The parts of sorted `ranges` that lie in none of `holes`, sorted."""
    out = list(ranges)
    for begin, end in holes:
        cut = [[(start, min(stop, begin)), (max(start, end), stop)] for start, stop in out]
        out = [(start, stop) for pair in cut for start, stop in pair if start < stop]
    return merged(out)


def system_ram(iomem):
    """The top-level System RAM of a /proc/iomem text, merged."""
    lines = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM$", iomem, re.MULTILINE)
    return merged((int(start, 16), int(end, 16) + 1) for start, end in lines)


def reserved(iomem):
    """What is reserved inside System RAM in a /proc/iomem text, merged."""
    lines = re.findall(r"^  ([0-9a-f]+)-([0-9a-f]+) : [Rr]eserved$", iomem, re.MULTILINE)
    return merged((int(start, 16), int(end, 16) + 1) for start, end in lines)


def firmware_memory(memmap):
    """{type: merged ranges} of 'start end type' lines (/sys/firmware/memmap)."""
    kinds = {}
    for line in memmap.splitlines():
        start, end, kind = line.split(" ", 2)
        kinds.setdefault(kind, []).append((int(start, 16), int(end, 16) + 1))
    return {kind: merged(ranges) for kind, ranges in kinds.items()}


def show(ranges):
    return ", ".join(f"[{start:#x}, {end:#x})" for start, end in ranges) or "nothing"


_TROUBLE = re.compile(r"ACPI (?:Error|BIOS Error|Exception|Warning)|ACPI: .*(?:invalid|not found)|efi: .*(?:fail|error|invalid)"
                      r"|\[Firmware Bug\]|Kernel panic|\bBUG:|\bWARNING:|\bOops:")


def trouble(dmesg):
    """Kernel messages that would tell a damaged hand-over, without their time stamps."""
    return [re.sub(r"^\[ *[0-9.]+\] ", "", line) for line in dmesg.splitlines() if _TROUBLE.search(line)]


def check_same_machine(bench, before, after, where="second kernel", reserved=()):
    """Every check that the machine survived: memory, tables, processors, EFI, framebuffer. Boots are report.Boot.

    reserved: (start, end) ranges the second kernel takes for reserved by itself.
    """
    ram = system_ram(before.out("iomem")), system_ram(after.out("iomem"))
    bench.expect(ram[0] == ram[1] and ram[0], f"{where}: System RAM is {show(ram[1])}, was {show(ram[0])}")
    if "memmap" in before.results:
        _check_firmware_memory(bench, before, after, where, reserved)
    if "acpi" in before.results:
        bench.equal(after.out("acpi"), before.out("acpi"), f"{where}: ACPI tables and their digests")
    bench.equal(after.out("cpus"), before.out("cpus"), f"{where}: number of CPUs")
    new = [line for line in trouble(after.out("dmesg")) if line not in trouble(before.out("dmesg"))]
    bench.expect(not new, f"{where}: new kernel messages: {new}")
    if "efivars" in before.results:
        _check_efi(bench, before, after, where)
    if "framebuffer" in before.results:
        bench.equal(after.out("framebuffer"), before.out("framebuffer"), f"{where}: framebuffer")
        console = [re.findall(r"Console: switching to colour frame buffer device \S+", boot.out("dmesg"))
                   for boot in (before, after)]
        bench.equal(console[1], console[0], f"{where}: framebuffer console")


def _check_firmware_memory(bench, before, after, where, reserved):
    maps = firmware_memory(before.out("memmap")), firmware_memory(after.out("memmap"))
    maps[0]["Reserved"] = merged([*maps[0].get("Reserved", []), *reserved])
    for kind in sorted(maps[0].keys() | maps[1].keys()):
        was, is_now = maps[0].get(kind, []), maps[1].get(kind, [])
        bench.expect(was == is_now, f"{where}: firmware memory '{kind}' is {show(is_now)}, was {show(was)}")


def _check_efi(bench, before, after, where):
    if "efi-runtime-regions" in before.results:
        bench.expect(int(before.out("efi-runtime-regions")) > 0, "first kernel: no EFI runtime map; the case proves nothing")
        bench.equal(after.out("efi-runtime-regions"), before.out("efi-runtime-regions"), f"{where}: EFI runtime regions")
    bench.expect(before.out("efivars"), "first kernel: no EFI variables; the case proves nothing")
    bench.equal(after.out("efivars"), before.out("efivars"), f"{where}: names of EFI variables")
    bench.equal(before["efivar-write"].status, 0, f"first kernel: writing an EFI variable, {before['efivar-write'].err!r}")
    bench.equal(after.out("efivar-value"), "kept-across", f"{where}: value of an EFI variable")
