# SPDX-License-Identifier: GPL-2.0-or-later
"""What both programs hand to the same Multiboot kernel is the same, but for a list of differences with reasons.

Multiboot Specification 0.6.96 (3.3) and 2.0 (3.6): the information. docs/differences.md: the list.
"""

import re
import struct

from cases import multiboot
from cases.differential import both
from kexec_vm import rootfs
from kexec_vm.suite import case

MODULES = {"one": rootfs.payload("differential", 70001), "two": b"second module\n"}
ARGUMENTS = '-c -l /payload --append="hello there" --module="/one first second=2" --module=/two'
LOADED = {1: 0x2BADB002, 2: 0x36D76289}  # %eax at the entry
LOADERS = {"ours": rb"kexec-ng [0-9.]+", "theirs": rb"kexec [0-9.]+"}
# What may differ, and nothing else; of these, memory and loader are compared by themselves.
DIFFERENT = {"loader", "memory sizes", "memory map", "module places", "information's place", "stack", "tags"}
# Offsets in the information of Multiboot 1 of what is compared by itself: sizes of memory, pointers to the command line, the
# modules, the memory map and the loader's name.
BY_ITSELF = ((4, 12), (16, 20), (24, 28), (48, 52), (64, 68))


def registers(name, plan, magic):
    """What the kernel is entered with, as it stands in the program's purgatory."""
    code = next(one for one in plan.segments if one.address <= plan.entry < one.address + one.size).contents
    places = [at for at in range(0, len(code) - 128, 4) if code[at:at + 4] == struct.pack("<I", magic)]
    if len(places) != 1:
        raise AssertionError(f"{name}: %eax stands {len(places)} times in purgatory")
    if name == "ours":  # arch/x86_64/purgatory/params.h; the stack is purgatory's
        entry, eax, ebx, ecx, edx, esi, edi, ebp = struct.unpack_from("<Q8x7Q", code, places[0] - 16)
        esp = None
    else:
        eax, ebx, ecx, edx, esi, edi, esp, ebp, entry = struct.unpack_from("<9I", code, places[0])
    return {"eax": eax, "information's place": ebx, "ecx": ecx, "edx": edx, "esi": esi, "edi": edi, "ebp": ebp,
            "stack": esp, "entry": entry}


def first_version(plan, at):
    """The facts in the information of Multiboot 1 at address `at`."""
    info = plan.memory(at, 88)
    flags, lower, upper = struct.unpack_from("<III", info)
    line, count, modules = struct.unpack_from("<III", info, 16)
    map_size, map_at = struct.unpack_from("<II", info, 44)
    loader, = struct.unpack_from("<I", info, 64)
    others = bytearray(info)
    for begin, end in BY_ITSELF:
        others[begin:end] = bytes(end - begin)
    entries = [struct.unpack("<IQQI", plan.memory(map_at + number, 24)) for number in range(0, map_size, 24)]
    table = [struct.unpack("<IIII", plan.memory(modules + 16 * number, 16)) for number in range(count)]
    return {"flags": flags, "memory sizes": (lower, upper), "command line": plan.text(line), "loader": plan.text(loader),
            "other fields": bytes(others), "entry sizes": {entry[0] for entry in entries},
            "memory map": [entry[1:] for entry in entries], "module places": [one[:2] for one in table],
            "reserved fields": [one[3] for one in table],
            "modules": [(plan.memory(begin, end - begin), plan.text(text)) for begin, end, text, _ in table]}


def tags(plan, at):
    """(type, value) of each tag, but the last, of the information of Multiboot 2 at address `at`."""
    found, at = [], at + 8
    while True:
        kind, size = struct.unpack("<II", plan.memory(at, 8))
        if kind == 0:
            return found
        found.append((kind, plan.memory(at + 8, size - 8)))
        at += (size + 7) & ~7


def second_version(plan, at):
    """The facts in the information of Multiboot 2 at address `at`; under "tags" the values that are compared as they are."""
    found = tags(plan, at)
    modules = [(*struct.unpack_from("<II", value), value[8:].split(b"\0", 1)[0])
               for kind, value in found if kind == multiboot.MODULE]
    rest = {kind: value for kind, value in found if kind != multiboot.MODULE}
    memory = rest.pop(multiboot.MEMORY)
    return {"memory sizes": struct.unpack("<II", rest.pop(multiboot.BASIC)), "map format": struct.unpack_from("<II", memory),
            "command line": rest.pop(multiboot.COMMAND_LINE).split(b"\0", 1)[0],
            "loader": rest.pop(multiboot.LOADER).split(b"\0", 1)[0],
            "memory map": [struct.unpack_from("<QQI", memory, entry) for entry in range(8, len(memory), 24)],
            "module places": [one[:2] for one in modules],
            "modules": [(plan.memory(begin, end - begin), text) for begin, end, text in modules], "tags": rest}


def kernel_arrives(plan, image, moved_by):
    """Whether the plan has the segments of the 32-bit ELF file `image` in memory, `moved_by` higher than linked."""
    table, = struct.unpack_from("<I", image, 28)
    size, count = struct.unpack_from("<HH", image, 42)
    loads = [struct.unpack_from("<6I", image, table + number * size) for number in range(count)]
    return all(plan.memory(address + moved_by, in_memory) == image[offset:offset + in_file].ljust(in_memory, b"\0")
               for kind, offset, _, address, in_file, in_memory in loads if kind == 1)


def compare(bench, version, definition, *, added=(), otherwise=(), base=multiboot.LINKED, **machine):
    """Both programs with one payload, which is to lie at `base`.

    added: kinds of tags that kexec-tools does not tell; otherwise: (kind, function that makes kexec-tools' value of ours).
    """
    image = multiboot.payload(definition)
    found = both(bench, "6.1", ARGUMENTS, {"payload": image, **MODULES}, **machine)
    facts = {}
    for name, plan in found.items():
        facts[name] = registers(name, plan, LOADED[version])
        information = facts[name]["information's place"]
        facts[name].update((first_version if version == 1 else second_version)(plan, information))
        bench.expect(kernel_arrives(plan, image, base - multiboot.LINKED), f"{name}: bytes of the kernel at {base:#x}")
        bench.expect(re.fullmatch(LOADERS[name], facts[name]["loader"]), f"{name}: loader {facts[name]['loader']!r}")
        bench.equal(facts[name]["modules"], [(MODULES["one"], b"/one first second=2"), (MODULES["two"], b"/two")],
                    f"{name}: modules")
    ours, theirs = facts["ours"], facts["theirs"]
    bench.equal(ours["command line"], b"/payload hello there", "command line")
    bench.equal(set(ours), set(theirs), "what is told")
    for what in set(ours) - DIFFERENT:
        bench.equal(ours[what], theirs[what], what)
    check_memory(bench, ours, theirs, bios_data="firmware" in machine)
    if version == 2:
        check_tags(bench, ours["tags"], theirs["tags"], added, otherwise)


def check_memory(bench, ours, theirs, bios_data):
    """bios_data: kexec-ng takes a page for what a BIOS would have left. No other entry differs but the first."""
    (begin, length, kind), *rest = ours["memory map"]
    lower, upper = ours["memory sizes"]
    if bios_data:
        bench.equal(rest.pop(0), (begin + length, 4096, 2), "page with BIOS data")
        length, lower = length + 4096, lower + 4
    # kexec-tools takes the interrupt vectors from the first range, and counts KiB to a range's last byte, not its end.
    bench.equal(theirs["memory map"], [(begin + 0x400, length - 0x400, kind), *rest], "memory map")
    bench.equal(theirs["memory sizes"], (lower - 1, upper - 1), "KiB of memory")


def check_tags(bench, ours, theirs, added, otherwise):
    bench.equal(set(ours) - set(theirs), set(added), "kinds of tags that kexec-tools does not tell")
    expected = {kind: value for kind, value in ours.items() if kind not in added}
    for kind, change in otherwise:
        expected[kind] = change(expected[kind])
    bench.equal(theirs, expected, "other tags")


def register():
    added = (multiboot.SMBIOS, multiboot.ACPI1)
    case("differential/multiboot/1", quick=True)(lambda bench: compare(bench, 1, "MULTIBOOT1=3"))
    case("differential/multiboot/2", quick=True)(lambda bench: compare(bench, 2, "MULTIBOOT2", added=added))
    # Moved to 2 MiB, the kernel is told by kexec-tools that it lies where kexec-tools' own code does.
    case("differential/multiboot/2-moved")(
        lambda bench: compare(bench, 2, "MULTIBOOT2_RELOCATABLE=1", added=added, base=0x200000,
                              otherwise=[(multiboot.BASE, lambda _: struct.pack("<I", 0x1000))]))
    # kexec-tools counts the padding behind the colours.
    case("differential/multiboot/2-uefi")(
        lambda bench: compare(bench, 2, "MULTIBOOT2", added=(multiboot.SMBIOS, multiboot.ACPI2, multiboot.EFI64),
                              otherwise=[(multiboot.FRAMEBUFFER, lambda value: value + b"\0\0")],
                              firmware="uefi", vga="std"))


register()
