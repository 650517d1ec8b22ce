# SPDX-License-Identifier: GPL-2.0-or-later
"""UEFI Secure Boot: the running kernel locks itself down, and takes what is signed with a key of the firmware."""

import dataclasses
import pathlib
import tempfile

from kexec_vm import images, pe, recipe, secure_boot
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.suite import case

ARGUMENTS = f'--initrd=/initrd --append="{CMDLINE}"'
# Name: file, options, what the warning says.
TRUSTED = {"signed": ("signed", "", None), "file-call": ("signed", "-s", None),
           "packed": ("signed.zst", "", "a signature or IMA label of the zstd file itself does not count"),
           "inside": ("signed.efi", "", "a signature or IMA label of the image itself does not count"),
           "decompress": ("signed", "--decompress", "option '--decompress' is ignored: kernel lockdown")}
KEY = ("kexec_file_load", "Required key not available", "not in the kernel's keyrings", "mokutil --import")
# Name: file, options, status, words of the sentence.
REFUSED = {"foreign-key": ("kernel", "", 255, KEY), "foreign-inside": ("foreign.efi", "", 255, KEY),
           "load-call": ("signed", "-c", 255, ("kexec_load", "Permission denied", "allows only images it can verify", "kexec -s")),
           "vmlinux": ("vmlinux", "", 1, ("lockdown",))}


def script():
    lines = ["try state cat /sys/kernel/security/lockdown"]
    for name, (file, options, _) in TRUSTED.items():
        lines += [f"try {name} kexec -l {options} /{file} {ARGUMENTS}", f"try {name}-loaded loaded", f"try {name}-unload kexec -u"]
    lines.append(f"try last kexec -l /signed {ARGUMENTS}")
    for name, (file, options, _, _) in REFUSED.items():
        lines += [f"try {name} kexec -l {options} /{file} {ARGUMENTS}", f"try {name}-loaded loaded"]
    return "\n".join([*lines, "execute kexec -e"])


def files(bench, kernel, signed):
    """What is loaded, besides /kernel: that is signed by Debian, whose key this firmware does not have."""
    return {"signed": signed, "signed.zst": images.pack(signed, "zst"), "signed.efi": pe.build([(".linux", signed)]),
            "foreign.efi": pe.build([(".linux", kernel.image.read_bytes())]), "vmlinux": bench.cache.vmlinux(kernel)}


def secure_boot_guest(bench, series):
    """Whatever holds the signed kernel is loaded by the call that checks its signature, and starts; the rest is refused
    with the reason, and what was loaded stays."""
    kernel = bench.cache.kernel(series)
    signed = secure_boot.sign(kernel.image.read_bytes())
    first = recipe.initrd(bench, script(), kernel=kernel, files=files(bench, kernel, signed))
    with tempfile.TemporaryDirectory() as folder:
        image = pathlib.Path(folder) / "vmlinuz"
        image.write_bytes(signed)
        machine = Machine(dataclasses.replace(kernel, image=image), "secure-boot", memory="2G")
        transcript = bench.boot(machine, first, limit=300)
    boot = transcript.boot(1)
    bench.contains(boot.out("state"), "[integrity]", "lockdown state of the guest, which nothing but the firmware asks for")
    check_trusted(bench, boot)
    check_refused(bench, boot)
    recipe.expect_second(bench, transcript, kernel.release)


def check_trusted(bench, boot):
    for name, (_, _, warning) in TRUSTED.items():
        result = boot[name]
        bench.equal((result.status, result.out), (0, ""), f"'{name}': status and stdout; stderr {result.err!r}")
        bench.equal(boot.out(f"{name}-loaded"), "1", f"/sys/kernel/kexec_loaded after '{name}'")
        recipe.expect_success(bench, boot, f"{name}-unload")
        if warning is None:
            bench.equal(result.err, "", f"'{name}': stderr")
        else:
            bench.contains(result.err, warning, f"'{name}': stderr")


def check_refused(bench, boot):
    recipe.expect_success(bench, boot, "last")
    for name, (_, _, status, words) in REFUSED.items():
        result = boot[name]
        bench.equal((result.status, result.out), (status, ""), f"'{name}': status and stdout; stderr {result.err!r}")
        for word in words:
            bench.contains(result.err, word, f"'{name}': stderr")
        bench.contains(result.err, "the kernel loaded before is still in place", f"'{name}': stderr")
        bench.equal(boot.out(f"{name}-loaded"), "1", f"/sys/kernel/kexec_loaded after '{name}'")


for _series in ("6.1", "6.12"):
    case(f"secure-boot/{_series}", quick=_series == "6.12")(lambda bench, series=_series: secure_boot_guest(bench, series))
