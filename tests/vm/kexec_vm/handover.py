# SPDX-License-Identifier: GPL-2.0-or-later
"""One kernel starts another, and everything that must arrive is compared: the machine, the command line, the initrd."""

from dataclasses import dataclass

from kexec_vm import compare, rootfs
from kexec_vm.kernels import Kernel
from kexec_vm.machine import Machine

PAYLOAD = rootfs.payload("matrix", 1 << 20)
_FIRST = """
[ -d /sys/firmware/efi ] && try efivar-write efivar_write kept-across
machine
try plan kexec {options} -l /kernel --initrd=/initrd --append="{cmdline}" --dry-run --json
try unchanged loaded
try load kexec {options} -l /kernel --initrd=/initrd --append="{cmdline}"
try loaded loaded
execute kexec -e
"""
_SECOND = """
machine
try payload sha256sum /payload
"""


@dataclass(frozen=True)
class HandOver:
    """What is loaded, and where."""

    kernel: Kernel  # runs first, and second unless `release` says otherwise
    options: str  # of kexec: "-c", "-a --decompress"
    image: bytes | None = None  # what is loaded; None: the kernel's own file
    release: str | None = None  # of `image`
    firmware: str = "bios"
    cpus: int = 1
    memory: str = "512M"
    cpu: str | None = "max"  # None: the architecture's usual one
    board: str = ""  # more of -machine
    vga: str = "std"
    first_append: str = ""  # more of the first kernel's command line
    second_append: str = ""  # more of the second one's
    second_script: str = ""  # more to try there
    payload: bytes = PAYLOAD  # a file of the initrd
    reserved: tuple = ()  # ranges (start, end) the second kernel takes for reserved by itself


def run(bench, case):
    """Hands over, checks, and returns the two Boots and the command line the second was to see."""
    target = case.kernel.architecture
    cmdline = f"{target.cmdline} kexec_vm={bench.name} quote=\\\"a,b\\\" {case.second_append}".strip()
    expected = cmdline.replace("\\", "")
    modules = case.kernel.module_files("efivarfs")
    second = bench.archive(target, _SECOND + case.second_script, files={"payload": case.payload},
                           modules=() if case.release else modules)
    image = case.kernel.image.read_bytes() if case.image is None else case.image
    first = bench.archive(target, _FIRST.format(options=case.options, cmdline=cmdline),
                          programs={"sbin/kexec": bench.programs(target).kexec}, modules=modules,
                          files={"kernel": image, "initrd": second})
    machine = Machine(case.kernel, case.firmware, case.cpus, case.memory, case.cpu, case.board, case.vga,
                      case.first_append)
    transcript = bench.boot(machine, first, limit=300)
    before = transcript.boot(1)
    bench.equal(before["plan"].status, 0, f"status of --dry-run, which said {before['plan'].err!r}")
    bench.equal(before.out("unchanged"), "0", "/sys/kernel/kexec_loaded after --dry-run")
    bench.equal(before["load"].status, 0, f"status of the load, which said {before['load'].err!r}")
    bench.equal(before["load"].out, "", "stdout of the load")
    bench.equal(before.out("loaded"), "1", "/sys/kernel/kexec_loaded")
    after = transcript.boot(2)
    bench.equal(after.release, case.release or case.kernel.release, "second kernel's release")
    bench.equal(after.out("cmdline"), expected, "second kernel's command line")
    bench.equal(after.out("payload").split()[0], rootfs.sha256(case.payload), "payload in the second kernel")
    compare.check_same_machine(bench, before, after, reserved=case.reserved)
    bench.expect(after.ended, "second kernel: its init did not come to the end")
    bench.equal(transcript.exit_status, 0, "QEMU's status")
    return before, after, expected
