# SPDX-License-Identifier: GPL-2.0-or-later
"""What both programs hand to the same kernel for the same files is the same, but for a list of differences with reasons."""

import pathlib
import struct
import tempfile

from kexec_vm import handed, rootfs
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.suite import case

# Bytes of boot_params that differ on purpose or must differ (docs/differences.md): first, behind the last, why.
ADDRESSES = [(0xC0, 0xCC, "ext_ramdisk_image, ext_ramdisk_size, ext_cmd_line_ptr: our own placement"),
             (0x218, 0x21C, "ramdisk_image: our own placement"), (0x228, 0x22C, "cmd_line_ptr: our own placement"),
             (0x250, 0x258, "setup_data: our own placement"), (0x214, 0x218, "code32_start: our own placement"),
             (0x1D0, 0x1D4, "efi_memmap: our own placement"), (0x1DC, 0x1E0, "efi_memmap_hi: our own placement")]
INTENDED = [(0x20, 0x24, "cl_magic, cl_offset of protocol 2.01 stand beside cmd_line_ptr"),
            (0x1E4, 0x1E6, "scratch, root_flags"), (0x1EF, 0x1F0, "sentinel"),
            (0x1E0, 0x1E4, "alt_mem_k: made from the memory map by kexec-tools"),
            (0x1F1, 0x1F4, "setup_sects, root_flags: as in the image"), (0x1FC, 0x200, "root_dev, boot_flag: as in the image"),
            (0x210, 0x212, "type_of_loader; LOADED_HIGH is kept"), (0x224, 0x228, "heap_end_ptr, ext_loader"),
            (0x1E8, 0x1E9, "e820_entries"), (0x2D0, 0xCD0, "e820_table: compared by itself"),
            (0x0, 0x40, "screen_info: as the running kernel has it"), (0x2, 0x4, "ext_mem_k"),
            (0x140, 0x1C0, "edid_info: as the running kernel has it"), (0x1EC, 0x1ED, "secure_boot: likewise"),
            (0x1E9, 0x1EB, "eddbuf_entries, edd_mbr_sig_buf_entries"), (0x290, 0x2D0, "edd_mbr_sig_buffer"),
            (0xD00, 0xEEC, "eddbuf: as the running kernel has it")]
# A vmlinux has no setup header. kexec-tools makes one of protocol 2.06; ours tells what is true of a kernel that is entered so.
NO_HEADER = [(0x206, 0x208, "version"), (0x22C, 0x230, "initrd_addr_max"),
             (0x230, 0x238, "kernel_alignment, relocatable_kernel, xloadflags"), (0x238, 0x23C, "cmdline_size"),
             (0x258, 0x264, "pref_address, init_size"), (0xEEC, 0x1000, "kexec-tools' command line")]
DISK_MIB = 160
LOAD = f'-c -l /kernel --initrd=/initrd --append="{CMDLINE} word"'
INITRD = rootfs.payload("differential", 1 << 20)


def linux(bench, series, image, options, firmware="bios"):
    """both() for the Linux in `image`, and an initrd."""
    return both(bench, series, f"{LOAD} {options}", {"kernel": image, "initrd": INITRD}, firmware=firmware)


def both(bench, series, arguments, files, **machine):
    """{"ours": Handed, "theirs": Handed} of one guest, which has `files`, for both programs with `arguments`."""
    kernel = bench.cache.kernel(series)
    script = "mkdir -p /tmp/handed/ours /tmp/handed/theirs\n" + "".join(
        f"try {name} handed /tmp/handed/{name} {program} {arguments}\n"
        for name, program in (("theirs", "kexec-tools"), ("ours", "kexec")))
    script += "try out sh -c 'tar cf - -C /tmp/handed ours theirs | dd of=/dev/vda bs=64k conv=fsync 2>/dev/null'\n"
    archive = rootfs.archive(script, files=files,
                             programs={"sbin/kexec": bench.kexec, "sbin/kexec-tools": bench.cache.kexec_tools(),
                                       "bin/handed": bench.helpers / "handed"},
                             modules=kernel.module_files("virtio_blk", "virtio_pci"))
    with tempfile.NamedTemporaryFile(prefix="kexec-vm-") as disk:
        disk.truncate(DISK_MIB << 20)
        machine = Machine(kernel, memory="1G", **machine, extra=("-drive", f"if=virtio,format=raw,file={disk.name}"))
        boot = bench.boot(machine, archive).boot(1)
        for name in ("ours", "theirs", "out"):
            if not bench.equal(boot[name].status, 0, f"status of '{name}', which said {boot[name].err!r}"):
                raise AssertionError("nothing to compare")
        return handed.parse(pathlib.Path(disk.name).read_bytes())


def check_linux(bench, found, more=()):
    """boot_params byte by byte, command line, initrd and memory map. Returns both boot_params."""
    ours, theirs = found["ours"], found["theirs"]
    params = {name: plan.boot_params()[1] for name, plan in found.items()}
    bench.equal(ours.flags & ~0xFFFF, theirs.flags & ~0xFFFF, "architecture in the flags")
    lines = [handed.command_line(found[name], params[name]) for name in ("ours", "theirs")]
    bench.equal(lines[0], lines[1], "command line")
    for name in ("ours", "theirs"):
        bench.expect(handed.initrd(found[name], params[name]) == INITRD, f"initrd of {name}")
    maps = [[entry for entry in handed.e820(params[name])] for name in ("ours", "theirs")]
    # kexec-tools takes the interrupt vectors from the first range.
    bench.equal([maps[0][0][1:]] + maps[0][1:], [maps[1][0][1:]] + maps[1][1:], "memory map")
    allowed = {at for begin, end, _ in [*ADDRESSES, *INTENDED, *more] for at in range(begin, end)}
    different = [at for at in range(4096) if params["ours"][at] != params["theirs"][at] and at not in allowed]
    told = [f"{at:#x}: {params['ours'][at]:#x}, kexec-tools {params['theirs'][at]:#x}" for at in different]
    bench.expect(not told, f"{len(told)} bytes of boot_params differ without a reason: {', '.join(told[:40])}")
    return params


def bzimage(bench, series, firmware):
    kernel = bench.cache.kernel(series)
    image = kernel.image.read_bytes()
    found = linux(bench, series, image, "", firmware)
    params = check_linux(bench, found)
    setup = (image[0x1F1] + 1) * 512
    size, = struct.unpack_from("<I", params["ours"], 0x260)
    for name, plan in found.items():
        places = [one for one in plan.segments if one.contents[:256] == image[setup:setup + 256]]
        if bench.equal(len(places), 1, f"segments of {name} that hold the kernel"):
            bench.expect(image[setup:].startswith(places[0].contents[:len(image) - setup].rstrip(b"\0")),
                         f"{name}: bytes of the kernel")
            bench.expect(places[0].size >= size, f"{name}: {places[0].size:#x} bytes for the kernel's {size:#x}")


def vmlinux(bench, series):
    kernel = bench.cache.kernel(series)
    image = bench.cache.vmlinux(kernel)
    found = linux(bench, series, image, "--args-linux")
    check_linux(bench, found, NO_HEADER)
    loads = program_headers(image)
    bench.equal(len(loads), 4, "PT_LOADs of the image")
    for offset, address, size in loads:
        for name, plan in found.items():
            bench.expect(plan.memory(address, size) == image[offset:offset + size],
                         f"{name}: the {size:#x} bytes at {address:#x}")


def program_headers(image):
    """(file offset, physical address, size) of each PT_LOAD of a 64-bit ELF file."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    found = [struct.unpack_from("<IIQQQQQQ", image, table + number * size) for number in range(count)]
    return [(offset, physical, length) for kind, _, offset, _, physical, length, _, _ in found if kind == 1]


def register():
    for series, firmware in (("6.1", "bios"), ("6.12", "uefi")):
        case(f"differential/bzImage/{series}/{firmware}")(
            lambda bench, series=series, firmware=firmware: bzimage(bench, series, firmware))
    for series in ("6.1", "6.12"):
        case(f"differential/vmlinux/{series}", quick=series == "6.1")(lambda bench, series=series: vmlinux(bench, series))


register()
