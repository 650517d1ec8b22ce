# SPDX-License-Identifier: GPL-2.0-or-later
"""A Multiboot kernel of our own prints what it was given; all of it is checked against what the first kernel knew."""

import gzip
import hashlib
import pathlib
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field

from kexec_vm import recipe, rootfs
from kexec_vm.machine import Machine
from kexec_vm.suite import case

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "guest" / "multiboot"
COMPILER = ["gcc", "-m32", "-march=i686", "-O1", "-ffreestanding", "-fpie", "-fno-stack-protector",
            "-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-static",
            "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments", f"-Wl,-T,{SOURCES}/payload.ld"]
LINKED = 0x100000
MODULES = {"one": rootfs.payload(1, 70001), "two": b"second module\n"}
ARGS = ["one first second=2", "packed", "two"]
MEMORY_TYPES = {"System RAM": 1, "Reserved": 2, "ACPI Tables": 3, "ACPI Non-volatile Storage": 4}

# Tags of the information (Multiboot 2, 3.6).
COMMAND_LINE, LOADER, MODULE, BASIC, MEMORY, FRAMEBUFFER, EFI64, SMBIOS, ACPI1, ACPI2, BASE = (
    1, 2, 3, 4, 6, 8, 12, 13, 14, 15, 21)


def payload(*definitions, flat=False, elf64=False):
    """The program of guest/multiboot with one kind of header."""
    with tempfile.TemporaryDirectory(prefix="kexec-multiboot-") as folder:
        out = pathlib.Path(folder) / "payload"
        subprocess.run([*COMPILER, *(f"-D{one}" for one in definitions), "-o", out, SOURCES / "header.S",
                        SOURCES / "payload.c"], check=True)
        if flat:
            subprocess.run(["objcopy", "-O", "binary", out], check=True)
        if elf64:
            subprocess.run(["objcopy", "-I", "elf32-i386", "-O", "elf64-x86-64", out], check=True)
        return out.read_bytes()


@dataclass
class Told:
    """What the payload printed."""

    magic: int = 0
    information: int = 0
    base: int = 0
    bios: tuple = ()  # real-mode segment of the extended BIOS data area, KiB of low memory
    fields: dict = field(default_factory=dict)  # of multiboot 1: name -> bytes
    tags: list = field(default_factory=list)  # of multiboot 2: (type, bytes)
    modules: list = field(default_factory=list)  # (begin, end, sum)
    args: list = field(default_factory=list)  # of multiboot 1
    ended: bool = False

    def tag(self, type_):
        found = [value for one, value in self.tags if one == type_]
        if len(found) != 1:
            raise AssertionError(f"there are {len(found)} tags of type {type_}, expected one")
        return found[0]


def listen(bench, transcript):
    told = Told()
    for line in (line.text.strip() for line in transcript.console):
        if not line.startswith("mb "):
            continue
        what, *words = line.split(" ")[1:]
        if what == "loaded":
            told.magic, told.information = (int(word, 16) for word in words)
        elif what == "self":
            told.base, data, bss, cr0, flags = (int(word, 16) for word in words)
            bench.equal((data, bss), (0x600DDA7A, 0), "the payload's initialised and zeroed data")
            bench.equal(cr0 & 0x80000001, 1, "protected mode without paging")
            bench.equal(flags & 0x200, 0, "interrupts")
        elif what == "bios":
            told.bios = tuple(int(word, 16) for word in words)
        elif what == "tag":
            told.tags.append((int(words[0], 16), unhex(words[1])))
        elif what == "module":
            told.modules.append(tuple(int(word, 16) for word in words))
        elif what == "args":
            told.args.append(unhex(words[0]))
        elif what == "end":
            told.ended = True
        elif what != "info2":
            told.fields[what] = unhex(words[0])
    bench.expect(told.ended, f"the payload did not tell all; {transcript.ending()}")
    return told


def unhex(text):
    return b"" if text == "-" else bytes.fromhex(text)


def fnv(data):
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def check_modules(bench, told):
    contents = [MODULES["one"], MODULES["one"], MODULES["two"]]
    bench.equal([(end - begin, total) for begin, end, total in told.modules],
                [(len(data), fnv(data)) for data in contents], "modules: lengths and sums")
    for begin, end, _ in told.modules:
        bench.expect(begin % 4096 == 0 and LINKED <= begin < end < 1 << 32, f"module at [{begin:#x}, {end:#x})")


def known_memory(boot):
    """[(begin, length, type)] as the firmware gave it to the first kernel."""
    known = []
    for line in boot.out("memmap").splitlines():
        first, last, name = line.split(" ", 2)
        known.append((int(first, 16), int(last, 16) + 1 - int(first, 16), MEMORY_TYPES.get(name, 2)))
    return merged(known)


def merged(entries):
    """Sorted, with neighbours of one type joined."""
    joined = []
    for begin, length, type_ in sorted(entries):
        if joined and joined[-1][2] == type_ and joined[-1][0] + joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], joined[-1][1] + length, type_)
        else:
            joined.append((begin, length, type_))
    return joined


def check_memory(bench, boot, told, entries, lower, upper):
    known = known_memory(boot)
    if boot.out("firmware") == "uefi":  # kexec takes a page for what a BIOS would have left
        page = told.bios[0] << 4
        known = merged([(begin, min(length, page - begin) if begin == 0 else length, type_) for begin, length, type_ in known]
                       + [(page, 4096, 2)])
    bench.equal(merged(entries), known, "memory map")
    ram = {begin: length for begin, length, type_ in known if type_ == 1}
    bench.equal(lower, min(ram.get(0, 0), 640 << 10) >> 10, "KiB of lower memory")
    for begin, length in ram.items():
        if begin <= 1 << 20 < begin + length:
            bench.equal(upper, (begin + length - (1 << 20)) >> 10, "KiB of upper memory")


def screen_info(boot):
    return unhex(boot.out("screen").strip())


def check_screen(bench, boot, told_screen):
    """told_screen: (address, pitch, width, height, bits, type, colours)."""
    info = screen_info(boot)
    width, height, depth, base = struct.unpack_from("<HHHI", info, 0x12)
    (pitch,) = struct.unpack_from("<H", info, 0x24)
    red_size, red_pos, green_size, green_pos, blue_size, blue_pos = info[0x26:0x2C]
    colours = bytes([red_pos, red_size, green_pos, green_size, blue_pos, blue_size])
    bench.equal(told_screen, (base, pitch, width, height, depth, 1, colours), "frame buffer")


def boot_payload(bench, image, arguments="", **machine):
    """Loads it with three modules, the second of them compressed, from an unpacked and a compressed file."""
    modules = " ".join(f'--module="/{name}"' for name in ("one first second=2", "packed", "two"))
    files = {"payload": image, "payload.gz": gzip.compress(image), "one": MODULES["one"],
             "packed": gzip.compress(MODULES["one"]), "two": MODULES["two"]}
    transcript = recipe.boot(bench, f"""
        try memmap firmware_memory
        try firmware sh -c 'test -d /sys/firmware/efi && echo uefi || echo bios'
        try dmi cat /sys/firmware/dmi/tables/smbios_entry_point
        try dmi-sum sha256sum /sys/firmware/dmi/tables/DMI
        try rsdp sh -c 'dmesg | grep -o "ACPI: RSDP.*"'
        try rsdt sh -c 'dmesg | grep -oE "ACPI: [RX]SDT.*"'
        try screen sh -c 'dd if=/sys/kernel/boot_params/data bs=64 count=1 | od -An -v -tx1 | tr -d " \\n"'
        try initrd kexec -l /payload --initrd=/one
        try load kexec -l /payload.gz {arguments} --append="hello there" {modules}
        execute kexec -e""", files=files, machine=machine)
    boot = transcript.boot(1)
    bench.equal(boot["initrd"].status, 1, "status with --initrd")
    bench.contains(boot["initrd"].err, "is a multiboot kernel, which takes no initrd: give --module='/one'", "with --initrd")
    recipe.expect_success(bench, boot, "load")
    if boot["load"].status != 0:
        raise AssertionError("it was not loaded")
    return boot, listen(bench, transcript)


def check_first(bench, boot, told, screen=False):
    bench.equal(told.magic, 0x2BADB002, "%eax")
    info = told.fields["info1"]
    flags, lower, upper = struct.unpack_from("<III", info)
    bench.equal(flags, 0x24D | (0x1000 if screen else 0), "flags")
    bench.equal(told.fields["cmdline"], b"/payload.gz hello there", "command line")
    bench.expect(re.fullmatch(rb"kexec-ng [0-9.]+", told.fields["loader"]), f"loader {told.fields['loader']!r}")
    bench.equal(told.args, [b"/" + one.encode() for one in ARGS], "modules' arguments")
    check_modules(bench, told)
    entries = []
    for at in range(0, len(told.fields["mmap"]), 24):
        size, begin, length, type_ = struct.unpack_from("<IQQI", told.fields["mmap"], at)
        bench.equal(size, 20, "size of a memory map entry")
        entries.append((begin, length, type_))
    check_memory(bench, boot, told, entries, lower, upper)
    if screen:
        check_screen(bench, boot, struct.unpack_from("<QIIIBB6s", info, 88))


def check_acpi(bench, boot, told):
    """The root pointer's bytes against what the first kernel's log says of them."""
    # ACPI: RSDP 0x00000000000F52E0 000014 (v00 BOCHS )
    said = re.search(r"RSDP 0x[0-9A-F]+ ([0-9A-F]{6}) \(v([0-9A-F]{2}) (.{6})\)", boot.out("rsdp"))
    table = int(re.search(r"[RX]SDT 0x([0-9A-F]+)", boot.out("rsdt")).group(1), 16)
    second = int(said.group(2), 16) >= 2
    pointer = told.tag(ACPI2 if second else ACPI1)
    bench.equal(len(pointer), int(said.group(1), 16) if second else 20, "length of the ACPI root pointer")
    bench.equal(pointer[:8], b"RSD PTR ", "signature of the ACPI root pointer")
    bench.equal((pointer[9:15].decode(), pointer[15]), (said.group(3), int(said.group(2), 16)),
                "maker and revision of the ACPI root pointer")
    bench.equal((sum(pointer[:20]) & 255, sum(pointer) & 255), (0, 0), "checksums of the ACPI root pointer")
    bench.equal(struct.unpack_from("<Q", pointer, 24)[0] if second else struct.unpack_from("<I", pointer, 16)[0], table,
                "the table it names")
    return pointer


def check_bios(bench, told, pointer):
    """What a BIOS would have left after UEFI, which leaves nothing."""
    segment, low = told.bios
    bench.expect(0x8000 <= segment < 0xA000, f"segment {segment:#x} of the extended BIOS data area")
    bench.equal(low, segment // 64, "KiB of low memory")
    bench.equal(told.fields["ebda"][16:16 + len(pointer)], pointer, "the ACPI root pointer there")


def check_second(bench, boot, told, screen=False, uefi=False):
    bench.equal(told.magic, 0x36D76289, "%eax")
    bench.equal(told.tags[-1], (0, b""), "the last tag")
    bench.equal(told.tag(COMMAND_LINE), b"/payload.gz hello there\0", "command line")
    bench.expect(re.fullmatch(rb"kexec-ng [0-9.]+\0", told.tag(LOADER)), f"loader {told.tag(LOADER)!r}")
    modules = [value for type_, value in told.tags if type_ == MODULE]
    bench.equal([value[8:] for value in modules], [f"/{one}\0".encode() for one in ARGS], "modules' arguments")
    bench.equal([struct.unpack_from("<II", value) for value in modules], [one[:2] for one in told.modules], "modules' places")
    check_modules(bench, told)
    memory = told.tag(MEMORY)
    bench.equal(struct.unpack_from("<II", memory), (24, 0), "size and version of memory map entries")
    check_memory(bench, boot, told, [struct.unpack_from("<QQI", memory, at) for at in range(8, len(memory), 24)],
                 *struct.unpack("<II", told.tag(BASIC)))
    smbios = told.tag(SMBIOS)
    entry = boot["dmi"].out
    version = 7 if entry.startswith("_SM3_") else 6
    bench.equal(smbios[:2], entry[version:version + 2].encode(), "SMBIOS version")
    bench.equal(hashlib.sha256(smbios[8:]).hexdigest(), boot.out("dmi-sum").split()[0], "SMBIOS tables")
    pointer = check_acpi(bench, boot, told)
    if uefi:
        check_bios(bench, told, pointer)
    bench.equal(EFI64 in [type_ for type_, _ in told.tags], uefi, "EFI system table told")
    bench.equal(FRAMEBUFFER in [type_ for type_, _ in told.tags], screen, "frame buffer told")
    if screen:
        check_screen(bench, boot, struct.unpack("<QIIIBBxx6s", told.tag(FRAMEBUFFER)))


@case("multiboot/1/elf", quick=True)
def first_elf(bench):
    boot, told = boot_payload(bench, payload("MULTIBOOT1=3"))
    bench.equal(told.base, LINKED, "load address")
    check_first(bench, boot, told)


@case("multiboot/1/flat-uefi")
def first_flat(bench):
    boot, told = boot_payload(bench, payload("MULTIBOOT1=0x10007", "MULTIBOOT1_FLAT", flat=True), firmware="uefi", vga="std")
    bench.equal(told.base, LINKED, "load address")
    check_first(bench, boot, told, screen=True)


@case("multiboot/2/elf", quick=True)
def second_elf(bench):
    boot, told = boot_payload(bench, payload("MULTIBOOT2"))
    bench.equal(told.base, LINKED, "load address")
    check_second(bench, boot, told)


@case("multiboot/2/elf64-uefi")
def second_uefi(bench):
    boot, told = boot_payload(bench, payload("MULTIBOOT2", elf64=True), firmware="uefi", vga="std", memory="1G")
    bench.equal(told.base, LINKED, "load address")
    check_second(bench, boot, told, screen=True, uefi=True)


def relocated(bench, preference, arguments, allowed):
    boot, told = boot_payload(bench, payload(f"MULTIBOOT2_RELOCATABLE={preference}"), arguments)
    bench.expect(told.base % 0x200000 == 0 and allowed(told.base), f"load address {told.base:#x}")
    bench.equal(struct.unpack("<I", told.tag(BASE))[0], told.base, "the load base it is told")
    check_second(bench, boot, told)


def xen(bench, firmware, options):
    """Xen finds ACPI and its modules, and starts Linux, which reaches its init."""
    # "no-real-mode": calls of BIOS services would end in nothing after UEFI. For XEN_CPU see others.py.
    kernel = bench.cache.kernel("6.1")
    second = "note reached second\ntry acpi acpi_digests\n"
    # Xen finds the root pointer; its first domain, which sees no low memory, must be told.
    load = ('-l /xen.gz --append="com1=115200,8n1 console=com1 sync_console loglvl=all no-real-mode" '
            '--module="/dom0 console=hvc0 earlyprintk=xen panic=-1 $rsdp" --module=/initrd')
    archive = recipe.initrd(bench, f"""
        rsdp=$(sed -n s/^ACPI20=/acpi_rsdp=/p /sys/firmware/efi/systab)
        try acpi acpi_digests
        try load kexec {options} {load}
        execute kexec -e""",
                            kernel=kernel, second=second,
                            files={"xen.gz": bench.cache.xen().read_bytes(), "dom0": bench.cache.dom0_kernel().image.read_bytes()})
    transcript = bench.boot(Machine(kernel, firmware=firmware, memory="2G", cpu="max,-smap,-smep"), archive, limit=400)
    recipe.expect_success(bench, transcript.boot(1), "load")
    bench.contains(transcript.console_text(), "(XEN) ACPI: RSDP ", "console")
    booted = recipe.expect_second(bench, transcript)
    tables = [set(boot.out("acpi").splitlines()) for boot in (transcript.boot(1), booted)]
    # Xen hides the DMAR and the like and rewrites the MADT; what describes devices it leaves.
    bench.expect(any("/DSDT" in line for line in tables[0] & tables[1]), "the first domain has no DSDT of the firmware's")


def register():
    case("multiboot/xen/uefi")(lambda bench: xen(bench, "uefi", ""))
    case("multiboot/xen/version1")(lambda bench: xen(bench, "bios", "-t multiboot-x86"))
    rows = (("high", 2, "", lambda base: 0x10000000 <= base < 0x20000000),
            ("low", 1, "", lambda base: base == 0x200000),
            ("none", 0, "--mem-min=0x8000000", lambda base: base == 0x8000000))
    for name, preference, arguments, allowed in rows:
        case(f"multiboot/2/relocated-{name}")(
            lambda bench, row=(preference, arguments, allowed): relocated(bench, *row))


register()
