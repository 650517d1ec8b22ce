# SPDX-License-Identifier: GPL-2.0-or-later
"""The crash kernel's slot without a panic: load, status, unload, and refusals that say what is loaded."""

import json
import re

from kexec_vm import recipe, rootfs
from kexec_vm.architecture import AARCH64, RISCV64, X86_64
from kexec_vm.crash import LOAD
from kexec_vm.suite import case

STATE = "cat /sys/kernel/kexec_loaded /sys/kernel/kexec_crash_loaded"
# What is no crash kernel: name -> (arguments, word of the sentence).
BAD = {
    "passwd": ("-p /etc/passwd", "Cannot determine the file type of /etc/passwd"),
    "missing": ("-p /nowhere/vmlinuz", "No such file or directory"),
    "truncated": ("-p /tmp/half-kernel", "/tmp/half-kernel"),
    "empty-initrd": ("-p /kernel --initrd=/tmp/empty", "/tmp/empty"),
    "missing-initrd": ("-p /kernel --initrd=/nowhere/initrd", "No such file or directory"),
    "long-cmdline": ("-p /kernel --append=$long", "{limit}"),
}
# The longest command line, of kernels and so of files.
LONGEST = {"x86_64": 2047, "aarch64": 2047, "riscv64": 1023}


def load_crash(architecture):
    """Arguments that load the kernel and the initrd that lie there as crash kernel."""
    return LOAD if architecture is X86_64 else recipe.load(architecture).replace("-l", "-p", 1)


def slots(bench, boot, name, expected):
    """kexec_loaded and kexec_crash_loaded, as "01"."""
    bench.equal(boot.out(name).replace("\n", ""), expected, f"'{name}': kexec_loaded, kexec_crash_loaded")


def verbs(bench, call, series, architecture=X86_64):
    """Both slots are filled and emptied without touching the other; -S answers for the crash slot unless -l is given."""
    normal, crash = recipe.load(architecture), load_crash(architecture)
    transcript = recipe.boot(bench, f"""
        try empty kexec -S
        try empty-unload kexec -p -u
        try size kexec --print-ckr-size
        try kernel-size cat /sys/kernel/kexec_crash_size
        try normal kexec -c {normal}
        try crash kexec {call} {crash}
        try both {STATE}
        try status kexec -S
        try status-normal kexec -l -S
        try status-json kexec --status --json
        try status-unprivileged launch --uid=1000 -- kexec -S
        try unload-normal kexec -u
        try only-crash {STATE}
        try unload kexec -p -u
        try none {STATE}
        try again kexec {call} {crash}
        try replaced kexec {call} {crash}
        try normal-again kexec -c {normal}
        try unload-other-order kexec -u -p
        try only-normal {STATE}
        try status-after kexec -S
        """, series=series, architecture=architecture, machine={"append": "crashkernel=192M", "memory": "1G"})
    boot = transcript.boot(1)
    bench.equal(boot.out("size"), str(192 << 20), "--print-ckr-size")
    bench.equal(boot.out("kernel-size"), boot.out("size"), "/sys/kernel/kexec_crash_size")
    for name in ("empty-unload", "normal", "crash", "unload-normal", "unload", "again", "replaced", "normal-again",
                 "unload-other-order"):
        recipe.expect_success(bench, boot, name)
    for name, expected in (("both", "11"), ("only-crash", "01"), ("none", "00"), ("only-normal", "10")):
        slots(bench, boot, name, expected)
    statuses = {"empty": 0, "status": 1, "status-normal": 1, "status-unprivileged": 1, "status-after": 0}
    bench.equal({name: boot[name].status for name in statuses}, statuses, "-S")
    told = json.loads(boot.out("status-json"))
    bench.equal((told["loaded"], told["crash_loaded"]), (True, True), "--status --json")


def wrong_files(bench, call, series, architecture=X86_64):
    """What is wrong with a file is found before the kernel is asked: the crash kernel loaded before stays."""
    script = f"""
        head -c 5000000 /kernel >/tmp/half-kernel; : >/tmp/empty
        long=$(head -c 2048 /dev/zero | tr '\\0' x)
        try before kexec {call} {load_crash(architecture)}
        """
    for name, (arguments, _) in BAD.items():
        script += f"try {name} kexec {call} {arguments}\ntry {name}-slots {STATE}\n"
    transcript = recipe.boot(bench, script, series=series, architecture=architecture,
                             files={"etc/passwd": "root:x:0:0::/:/bin/sh\n"},
                             machine={"append": "crashkernel=192M", "memory": "1G"})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for name, (arguments, word) in BAD.items():
        result = boot[name]
        bench.expect(result.status in (1, 255) and not result.out, f"kexec {call} {arguments}: {result}")
        bench.contains(result.err, word.format(limit=LONGEST[architecture.name]), f"kexec {call} {arguments}")
        bench.contains(result.err, "the kernel loaded before is still in place", f"kexec {call} {arguments}")
        slots(bench, boot, f"{name}-slots", "01")


@case("crash/slot/no-region", quick=True)
def no_region(bench):
    """Without crashkernel= there is no memory to load into: a sentence with the remedy, from every call."""
    transcript = recipe.boot(bench, "".join(f"try load{call} kexec {call} {LOAD}\n" for call in ("-c", "-s", "-a"))
                             + f"try size kexec --print-ckr-size\ntry slots {STATE}\ntry unload kexec -p -u\n")
    boot = transcript.boot(1)
    for call in ("-c", "-s", "-a"):
        result = boot[f"load{call}"]
        bench.equal((result.status, result.out), (1, ""), f"kexec {call} -p: status, stdout")
        bench.contains(result.err, "Memory for crashkernel is not reserved", f"kexec {call} -p")
        bench.contains(result.err, "crashkernel=", f"kexec {call} -p: the remedy")
        bench.equal(len(result.err.splitlines()), 1, f"lines of {result.err!r}")
    bench.equal(boot.out("size"), "0", "--print-ckr-size")
    slots(bench, boot, "slots", "00")
    recipe.expect_success(bench, boot, "unload")


def small_region(bench, series):
    """An initrd that does not fit the reserved 160 MiB: the sentence has both sizes, and the old crash kernel stays."""
    calls = ("-c", "-s", "-a")
    big = rootfs.archive("", files={"ballast": rootfs.payload("ballast", 200 << 20)})
    script = f"try before kexec {LOAD}\n" + "".join(f"""
        try load{call} kexec {call} -p /kernel --initrd=/big --append=x
        try slots{call} {STATE}
        """ for call in calls)
    transcript = recipe.boot(bench, script, series=series, files={"big": big},
                             machine={"append": "crashkernel=160M", "memory": "1G"})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for call in calls:
        result = boot[f"load{call}"]
        bench.expect(result.status in (1, 255) and not result.out, f"kexec {call} -p: {result}")
        for word in ("crashkernel=", "160 MiB", "the kernel loaded before is still in place"):
            bench.contains(result.err, word, f"kexec {call} -p")
        needs = [int(number) for number in re.findall(r"(\d+) MiB", result.err)]
        bench.expect(max(needs, default=0) > 200, f"kexec {call} -p: what it needs is not told: {result.err!r}")
        slots(bench, boot, f"slots{call}", "01")


@case("crash/slot/6.12/load-limit")
def load_limit(bench):
    """kernel.kexec_load_limit_panic counts down (since 6.3): one load is allowed here, the next is refused and harmless."""
    transcript = recipe.boot(bench, f"""
        echo 1 >/proc/sys/kernel/kexec_load_limit_panic
        try first kexec -c {LOAD}
        try load kexec -c {LOAD}
        try file kexec -s {LOAD}
        try slots {STATE}
        """, series="6.12", machine={"append": "crashkernel=192M", "memory": "1G"})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "first", "the one load that is allowed (probing by loading would use it up)")
    for name in ("load", "file"):
        bench.equal((boot[name].status, boot[name].out), (255, ""), f"'{name}': status, stdout")
        for word in ("Operation not permitted", "kexec_load_limit_panic", "the kernel loaded before is still in place"):
            bench.contains(boot[name].err, word, f"'{name}'")
    slots(bench, boot, "slots", "01")


@case("crash/slot/6.1/lockdown")
def lockdown(bench):
    """lockdown=integrity: no call loads a kernel whose signature the running one does not trust, and each says so."""
    transcript = recipe.boot(bench, f"""
        try load kexec -c {LOAD}
        try auto kexec {LOAD}
        try slots {STATE}
        try unload kexec -p -u
        """, machine={"append": "crashkernel=192M lockdown=integrity", "memory": "1G"})
    boot = transcript.boot(1)
    for name in ("load", "auto"):
        bench.equal((boot[name].status, boot[name].out), (255, ""), f"'{name}': status, stdout")
        for word in ("Operation not permitted", "lockdown", "integrity", "nothing is loaded"):
            bench.contains(boot[name].err, word, f"'{name}'")
    slots(bench, boot, "slots", "00")
    recipe.expect_success(bench, boot, "unload")


def register():
    for series in ("6.1", "6.12"):
        case(f"crash/slot/{series}/small-region", quick=series == "6.1")(
            lambda bench, series=series: small_region(bench, series))
        for call in ("-c", "-s"):
            case(f"crash/slot/{series}/{call[1:]}/verbs")(lambda bench, call=call, series=series: verbs(bench, call, series))
            case(f"crash/slot/{series}/{call[1:]}/wrong-files")(
                lambda bench, call=call, series=series: wrong_files(bench, call, series))


def register_board(architecture, series):
    name = f"{architecture.debian}/slot"
    case(f"{name}/verbs", crossed=True)(lambda bench: verbs(bench, "-c", series, architecture))
    case(f"{name}/wrong-files", crossed=True)(lambda bench: wrong_files(bench, "-c", series, architecture))


register()
register_board(AARCH64, "6.1")
register_board(RISCV64, "6.12")
