# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64 and riscv64 kernels as Debian has none (tests/vm/kernels): with kexec_file_load, on arm64 with pages of 64 KiB.

kexec_file_load of arm64 takes an Image; that of riscv64 takes a vmlinux, and in Linux 6.12 nothing else.
"""

import itertools
import json
import re
import struct

from kexec_vm import compare, crash_check, handover, recipe
from kexec_vm.architecture import AARCH64, RISCV64
from kexec_vm.handover import HandOver
from kexec_vm.suite import case

from cases.boards import register, register_crash
from cases.refusals import expect_refusal

SERIES = {"aarch64": "6.12-64k", "riscv64": "6.12-file"}
PAGES = {"aarch64": "64 kB", "riscv64": "4 kB"}
NO_FORMAT = ("Exec format error: the running kernel knows no image format that fits the file; use kexec -c",
             "the kernel loaded before is still in place")
NOT_TAKEN = ("Invalid argument: the kernel does not take this image", "use kexec -c",
             "the kernel loaded before is still in place")
# kexec_load comes first on both; why, where something else than its speed speaks for it.
UNCHECKED = "kexec_file_load of arm64 checks nothing before the jump"
FIRMWARE_IN_DUMP = "kexec_file_load of riscv64 puts memory of the firmware into the dump, where reading it faults"
FASTER = "its jump is faster, and nothing here asks for a signature"


def built(bench, architecture):
    """The kernel, built if it is not there; Skip before that if the programs are not."""
    bench.programs(architecture)
    return bench.cache.kernel(SERIES[architecture.name], architecture)


def for_file_load(kernel):
    """The file of `kernel` that kexec_file_load takes, as bytes."""
    return (kernel.vmlinux if kernel.architecture is RISCV64 else kernel.image).read_bytes()


def boot(bench, architecture, script, **parts):
    return recipe.boot(bench, script, architecture=architecture, series=SERIES[architecture.name], **parts)


def hand_over_vmlinux(bench, call, cpus):
    """riscv64: the vmlinux by `call`."""
    kernel = built(bench, RISCV64)
    before, _, _ = handover.run(bench, HandOver(kernel, call, image=for_file_load(kernel), cpus=cpus, memory="1G",
                                                cpu=None, vga="none"))
    bench.equal(before["load"].err, "", "stderr of the load")
    bench.equal(json.loads(before.out("plan"))["kernel"]["type"], "elf-riscv", "type of the kernel in the plan")


def reused_command_line(bench, architecture):
    """--reuse-cmdline and --append arrive by kexec_file_load; crashkernel= stays, what boot loaders add goes."""
    transcript = boot(bench, architecture, """
        try load kexec -s -l /file --initrd=/initrd --reuse-cmdline --append="added='b c' last"
        execute kexec -e""", files={"file": for_file_load(built(bench, architecture))},
        second=f"{recipe.SECOND}\ntry cmdline cat /proc/cmdline\n",
        machine={"memory": "1G", "append": "BOOT_IMAGE=/first crashkernel=128M from=first"})
    recipe.expect_success(bench, transcript.boot(1), "load")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("cmdline"), f"{architecture.cmdline} crashkernel=128M from=first added='b c' last",
                "second kernel's command line")


def expect_calls(bench, boot_, name, reason):
    """The plan `name` asks kexec_load first, for `reason`."""
    if bench.equal(boot_[name].status, 0, f"status of '{name}', which said {boot_[name].err!r}"):
        call = json.loads(boot_.out(name))["call"]
        found = {key: call[key] for key in ("asked", "first", "fallback", "reason")}
        bench.equal(found, {"asked": "auto", "first": "kexec_load", "fallback": "kexec_file_load", "reason": reason},
                    f"call of '{name}'")


def calls(bench, architecture, reason, crash_reason):
    """-a, -S, -u with both calls there: what comes first and why; each slot is filled and emptied by itself."""
    kernel = built(bench, architecture)
    line = f'/file --initrd=/initrd --append="{architecture.cmdline}"'
    transcript = boot(bench, architecture, f"""
        try pages grep -m1 KernelPageSize /proc/self/smaps
        try plan kexec -a -l {line} --dry-run --json
        try crash-plan kexec -a -p {line} --dry-run --json
        try none kexec -S -l
        try auto kexec -a -l {line}
        try unload-auto kexec -u
        try load kexec -s -l {line}
        try one kexec -S -l
        try crash-none kexec -S -p
        try crash kexec -s -p {line}
        try crash-one kexec -S -p
        try unload kexec -u
        try crash-kept kexec -S -p
        try unload-crash kexec -u -p
        try nothing sh -c 'cat /sys/kernel/kexec_loaded /sys/kernel/kexec_crash_loaded'
        try again kexec -u""", files={"file": for_file_load(kernel)},
        machine={"memory": "1G", "append": "crashkernel=256M"})
    first = transcript.boot(1)
    bench.equal(first.out("pages").split(None, 1)[1], PAGES[architecture.name], "the kernel's page size")
    expect_calls(bench, first, "plan", reason)
    expect_calls(bench, first, "crash-plan", crash_reason)
    for name in ("auto", "unload-auto", "load", "crash", "unload", "unload-crash", "again"):
        recipe.expect_success(bench, first, name)
    found = [first[name].status for name in ("none", "one", "crash-none", "crash-one", "crash-kept")]
    bench.equal(found, [0, 1, 0, 1, 1], "statuses of -S before and after each load, and after -u of the other slot")
    bench.equal(first.out("nothing"), "0\n0", "kexec_loaded and kexec_crash_loaded at the end")


def refusals_arm64(bench):
    """kexec_file_load of arm64 answers EINVAL to what it does not take, not ENOEXEC; it is not asked about what is no kernel."""
    kernel = built(bench, AARCH64)
    image = kernel.image.read_bytes()
    files = {"vmlinux": kernel.vmlinux.read_bytes(),
             "sizeless": image[:16] + bytes(8) + image[24:],  # as before Linux 3.17: image_size is 0
             "foreign": riscv_image(), "garbage": b"no kernel" * 1000, "cut": image[:len(image) // 2]}
    tries = "".join(f"try {name} kexec -s -l /{name} --initrd=/initrd\n" for name in files)
    transcript = boot(bench, AARCH64, f"""
        try load kexec -s {recipe.load(AARCH64)}
        {tries}
        try loaded loaded
        execute kexec -e""", files=files, machine={"memory": "1G"})
    first = transcript.boot(1)
    recipe.expect_success(bench, first, "load")
    for name in ("vmlinux", "sizeless"):
        expect_refusal(bench, first, name, "kexec_file_load: ", *NOT_TAKEN)
    expect_refusal(bench, first, "foreign", "this is a kernel for riscv64", NOT_TAKEN[-1], status=1)
    expect_refusal(bench, first, "garbage", "Cannot determine the file type of /garbage", NOT_TAKEN[-1])
    expect_refusal(bench, first, "cut", "cannot load '/cut'", NOT_TAKEN[-1])
    bench.equal(first.out("loaded"), "1", "kexec_loaded after the refusals")
    recipe.expect_second(bench, transcript, kernel.release)


def riscv_image():
    """A RISC-V Image (Documentation/arch/riscv/boot-image-header.rst) of one page."""
    header = struct.pack("<IIQQQIIQ8s4sI", 0x6F, 0, 0x200000, 4096, 0, 2, 0, 0, b"RISCV\0\0\0", b"RSC\x05", 0)
    return header + bytes(4096 - len(header))


def refusals_riscv64(bench):
    """-s with an Image: that kernel has no loader for it (ENOEXEC); the vmlinux loaded before stays, and starts."""
    kernel = built(bench, RISCV64)
    transcript = boot(bench, RISCV64, f"""
        try load kexec -s -l /vmlinux --initrd=/initrd --append="{RISCV64.cmdline}"
        try image kexec -s {recipe.load(RISCV64)}
        try loaded loaded
        execute kexec -e""", files={"vmlinux": kernel.vmlinux.read_bytes()}, machine={"memory": "1G"})
    first = transcript.boot(1)
    recipe.expect_success(bench, first, "load")
    expect_refusal(bench, first, "image", "kexec_file_load: ", *NO_FORMAT)
    bench.equal(first.out("loaded"), "1", "kexec_loaded after the refusal")
    recipe.expect_second(bench, transcript, kernel.release)


def firmware_in_dump(bench):
    """Why kexec_load comes first for a crash kernel on riscv64: core headers of the kernel's own name OpenSBI's memory."""
    kernel = built(bench, RISCV64)
    transcript = boot(bench, RISCV64, f"""
        try load kexec -d -s -p /vmlinux --initrd=/initrd --append="{RISCV64.cmdline}"
        try headers sh -c 'dmesg | grep "Crash PT_LOAD"'""", files={"vmlinux": kernel.vmlinux.read_bytes()},
        machine={"memory": "1G", "append": "crashkernel=256M"})
    first = transcript.boot(1)
    bench.equal(first["load"].status, 0, f"status of the load, which said {first['load'].err!r}")
    found = re.findall(r"paddr=0x([0-9a-f]+), sz=0x([0-9a-f]+)", first.out("headers"))
    dumped = compare.merged((int(at, 16), int(at, 16) + int(size, 16)) for at, size in found)
    firmware = crash_check.firmware_memory(transcript.console_text())
    bench.expect(firmware, "the kernel's log names no memory of the firmware")
    bench.equal(compare.without(firmware, dumped), [], f"firmware memory that is not in the dump, {compare.show(dumped)}")


def register_arm64():
    for described, cpus, call in itertools.product(("dt", "acpi"), (1, 2), ("-c", "-s")):
        register(AARCH64, "6.12-64k", described, cpus, call, "1G" if cpus == 1 else "5G")
    register(AARCH64, "6.12-64k", "dt", 1, "-a", "1G")
    register(AARCH64, "6.12-64k", "dt", 2, "-c", "1G", "max")  # with virtual addresses of 52 bits
    register(AARCH64, "6.12-64k", "acpi", 2, "-s", "1G", "gic3")
    register(AARCH64, "6.12-64k", "dt", 2, "-c", "1G", "el2-vhe")
    for call in ("-c", "-s"):
        register_crash(AARCH64, "6.12-64k", "dt", 1, call, "1G")
    register_crash(AARCH64, "6.12-64k", "dt", 1, "-c", "1G", "max")
    register_crash(AARCH64, "6.12-64k", "acpi", 2, "-c", "1G", "gic3", panic="second-cpu")
    register_crash(AARCH64, "6.12-64k", "acpi", 2, "-s", "1G", panic="second-cpu")
    case("arm64/file-load/command-line", crossed=True)(lambda bench: reused_command_line(bench, AARCH64))
    case("arm64/file-load/calls", crossed=True)(lambda bench: calls(bench, AARCH64, UNCHECKED, UNCHECKED))
    case("arm64/file-load/refusals", crossed=True)(refusals_arm64)


def register_riscv64():
    for cpus, call in itertools.product((1, 2), ("-c", "-s", "-a")):
        case(f"riscv64/6.12-file/vmlinux/{cpus}cpu/{call[1:]}", crossed=True)(
            lambda bench, call=call, cpus=cpus: hand_over_vmlinux(bench, call, cpus))
    register(RISCV64, "6.12-file", "dt", 2, "-a", "1G")
    register_crash(RISCV64, "6.12-file", "dt", 2, "-c", "1G")
    case("riscv64/file-load/command-line", crossed=True)(lambda bench: reused_command_line(bench, RISCV64))
    case("riscv64/file-load/calls", crossed=True)(lambda bench: calls(bench, RISCV64, FASTER, FIRMWARE_IN_DUMP))
    case("riscv64/file-load/refusals", crossed=True)(refusals_riscv64)
    case("riscv64/file-load/firmware-in-dump", crossed=True)(firmware_in_dump)


register_arm64()
register_riscv64()
