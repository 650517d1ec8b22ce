# SPDX-License-Identifier: GPL-2.0-or-later
"""Unified kernel images of Debian's kernels: with two profiles and an add-on, by hand and from systemd's boot program."""

import itertools
import json

from kexec_vm import newc, pe, recipe, rootfs
from kexec_vm.machine import CMDLINE
from kexec_vm.suite import case

QUICK = {("6.1", "bios", "-c"), ("6.12", "uefi", "-a")}
SECOND = recipe.SECOND + """
try cmdline cat /proc/cmdline
try markers ls /marker"""


def marker(name):
    """An archive that leaves /marker/NAME in the root file system."""
    archive = newc.Archive()
    archive.file(f"marker/{name}", name.encode())
    return archive.bytes() + bytes(-len(archive.bytes()) % 512)


def sections(kernel):
    """What every image here has, up to its first profile."""
    return [(".osrel", b'ID=test\nPRETTY_NAME="Test OS"\n'), (".uname", kernel.release.encode()),
            (".cmdline", f"{CMDLINE} base=1\n".encode()), (".sbat", b"sbat,1"), (".initrd", rootfs.archive(SECOND)),
            (".ucode", marker("ucode")), (".linux", kernel.image.read_bytes())]


def with_profiles(kernel):
    return pe.build([*sections(kernel), (".profile", b"ID=regular\n"), (".profile", b"ID=other\nTITLE=Other\n"),
                     (".cmdline", f"{CMDLINE} other=1".encode())])


def check_second(bench, transcript, kernel, cmdline, markers):
    second = recipe.expect_second(bench, transcript, kernel.release)
    bench.equal(second.out("cmdline"), cmdline, "command line of the second kernel")
    bench.equal(second.out("markers").split(), markers, "initrds that the second kernel unpacked")


def whole(bench, series, firmware, call):
    """Profile 1, an add-on beside the image, one's own initrd and words: all of it arrives, in order, and /tmp stays empty."""
    kernel = bench.cache.kernel(series)
    addon = pe.build([(".cmdline", b"addon=1"), (".initrd", marker("addon")), (".uname", kernel.release.encode())])
    foreign = pe.build([(".cmdline", b"foreign=1"), (".uname", b"1.0")])
    load = '-l /linux.efi --profile=other --keep-embedded --initrd=/own --append="own=1"'
    transcript = recipe.boot(bench, f"""
        try plan kexec {call} {load} --dry-run --json
        try unknown kexec {call} -l /linux.efi --profile=unknown
        try unchanged loaded
        try load kexec {call} {load}
        try tmp list_folder /tmp
        execute kexec -e""", series=series, machine={"memory": "1G", "firmware": firmware},
        files={"linux.efi": with_profiles(kernel), "linux.efi.extra.d/a.addon.efi": addon,
               "linux.efi.extra.d/b.addon.efi": foreign, "own": marker("own")})
    boot = transcript.boot(1)
    plan = json.loads(boot.out("plan"))
    bench.equal(plan["kernel"]["embedded_in"]["profile"], "profile 1 ('other')", "profile in the plan")
    bench.equal(plan["kernel"]["version"].split()[0], kernel.release, "kernel in the plan")
    bench.equal([one["section"] for one in plan["initrds"]], [".ucode", ".initrd", ".initrd", None], "initrds in the plan")
    bench.equal(boot["unknown"].status, 1, "status with an unknown profile")
    bench.contains(boot["unknown"].err, "(there are: 0 'regular', 1 'other')", "unknown profile")
    bench.equal(boot.out("unchanged"), "0", "/sys/kernel/kexec_loaded before the load")
    bench.equal((boot["load"].status, boot["load"].out), (0, ""), "status and stdout of the load")
    bench.contains(boot["load"].err, "b.addon.efi' is for the kernel '1.0'", "stderr of the load")
    left = [name for name in boot.out("tmp").split() if not name.startswith("./.")]
    bench.equal(left, [], "files in /tmp after the load")
    check_second(bench, transcript, kernel, f"{CMDLINE} other=1 addon=1 own=1", ["addon", "own", "ucode"])


def from_stub(bench, packing):
    """The image that objcopy(1) makes of systemd's boot program, whole or compressed."""
    kernel = bench.cache.kernel("6.1")
    # The boot program brings its own .sbat, and objcopy adds no second one.
    added = [one for one in sections(kernel) if one[0] != ".sbat"]
    image = pe.add_by_objcopy(bench.cache.efi_stub().read_bytes(), added)
    pack = "gzip -1 /linux.efi && mv /linux.efi.gz /linux.efi" if packing else "true"
    transcript = recipe.boot(bench, f"""
        {pack}
        try load kexec -t uki -l /linux.efi
        execute kexec -e""", series="6.12", machine={"memory": "1G"}, files={"linux.efi": image})
    recipe.expect_success(bench, transcript.boot(1), "load")
    check_second(bench, transcript, kernel, f"{CMDLINE} base=1", ["ucode"])


@case("uki/kernel-alone")
def kernel_alone(bench):
    """--no-embedded takes the kernel and nothing else."""
    kernel = bench.cache.kernel("6.12")
    transcript = recipe.boot(bench, f"""
        try load kexec -l /linux.efi --no-embedded --initrd=/initrd --append="{CMDLINE} alone=1"
        execute kexec -e""", second=SECOND, machine={"memory": "1G"}, files={"linux.efi": with_profiles(kernel)})
    recipe.expect_success(bench, transcript.boot(1), "load")
    second = recipe.expect_second(bench, transcript, kernel.release)
    bench.equal(second.out("cmdline"), f"{CMDLINE} alone=1", "command line of the second kernel")
    bench.expect(second["markers"].status != 0, "an initrd of the image was unpacked")


@case("uki/given-instead")
def given_instead(bench):
    """A given initrd and command line stand for the image's own; microcode and an add-on stay."""
    kernel = bench.cache.kernel("6.12")
    image = pe.build([(".cmdline", b"own=1"), (".initrd", marker("own")), (".ucode", marker("ucode")),
                      (".linux", kernel.image.read_bytes())])
    addon = pe.build([(".cmdline", b"addon=1"), (".initrd", marker("addon"))])
    transcript = recipe.boot(bench, f"""
        try load kexec -d -l /linux.efi --initrd=/initrd --append="{CMDLINE} given=1"
        execute kexec -e""", second=SECOND, machine={"memory": "1G"},
        files={"linux.efi": image, "linux.efi.extra.d/a.addon.efi": addon})
    for section in (".initrd", ".cmdline"):
        bench.contains(transcript.boot(1)["load"].err, f"the image's own {section} is left out", "what -d says")
    check_second(bench, transcript, kernel, f"addon=1 {CMDLINE} given=1", ["addon", "ucode"])


@case("uki/file-call")
def file_call(bench):
    """By kexec_file_load the kernel inside goes in as a file in memory."""
    kernel = bench.cache.kernel("6.12")
    transcript = recipe.boot(bench, """
        try load kexec -s -l /linux.efi
        execute kexec -e""", machine={"memory": "1G"}, files={"linux.efi": with_profiles(kernel)})
    recipe.expect_success(bench, transcript.boot(1), "load")
    check_second(bench, transcript, kernel, f"{CMDLINE} base=1", ["ucode"])


def register():
    for values in itertools.product(("6.1", "6.12"), ("bios", "uefi"), ("-c", "-a")):
        series, firmware, call = values
        case(f"uki/{series}/{firmware}/{call[1:]}", quick=values in QUICK)(
            lambda bench, values=values: whole(bench, *values))
    for name, packing in (("stub", False), ("stub-gz", True)):
        case(f"uki/{name}")(lambda bench, packing=packing: from_stub(bench, packing))


register()
