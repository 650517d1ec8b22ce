# SPDX-License-Identifier: GPL-2.0-or-later
"""kexec (ours, and Debian's kexec-tools) and the kernel's own selftests, under the tested kernel; it executes itself."""

import subprocess

import recipe
from kexec_vm import rootfs
from kexec_vm.suite import case

CMDLINE = "console=ttyS0,115200 panic=-1 no_timer_check earlyprintk=serial,ttyS0,115200 nokaslr"
SECOND = "note reached second" + recipe.END
CRASHED = """
    note reached crash-kernel
    try vmcore sh -c 'head -c 4 /proc/vmcore | tail -c 3'
    """ + recipe.END
PROGRAMS = ("ours", "kexec-tools")


def programs(bench, name):
    return {"sbin/kexec": bench.kexec if name == "ours" else bench.cache.kexec_tools()}


def files(bench, second):
    return {"kernel": bench.kernel.image.read_bytes(), "initrd": rootfs.archive(second)}


def _executes(name, call, quick):
    @case(f"programs/{name}/{call}", quick=quick)
    def executes(bench):
        script = f"""
            try load kexec {call} -l /kernel --initrd=/initrd --append="{CMDLINE}"
            try loaded loaded
            execute kexec -e
            """
        transcript = recipe.boot(bench, script, files=files(bench, SECOND), programs=programs(bench, name))
        first = transcript.boot(1)
        bench.equal((first["load"].status, first["load"].err), (0, ""), "the load: status, stderr")
        bench.equal(first.out("loaded"), "1", "/sys/kernel/kexec_loaded")
        bench.equal(transcript.boot(2).out("reached"), "second", "marker of the second kernel")


def _panics(name, call, quick):
    @case(f"programs/{name}/panic{call}", quick=quick)
    def panics(bench):
        script = f"""
            try load kexec {call} -p /kernel --initrd=/initrd --append="{CMDLINE}"
            try loaded cat /sys/kernel/kexec_crash_loaded
            execute sh -c 'echo c >/proc/sysrq-trigger'
            """
        transcript = recipe.boot(bench, script, files=files(bench, CRASHED), programs=programs(bench, name),
                                 append="crashkernel=128M")
        first = transcript.boot(1)
        bench.equal((first["load"].status, first["load"].err), (0, ""), "the load: status, stderr")
        bench.equal(first.out("loaded"), "1", "/sys/kernel/kexec_crash_loaded")
        bench.equal(transcript.boot(2).out("reached"), "crash-kernel", "marker of the crash kernel")
        bench.equal(transcript.boot(2).out("vmcore"), "ELF", "/proc/vmcore")


for program in PROGRAMS:
    for system_call in ("-c", "-s"):
        _executes(program, system_call, True)
        _panics(program, system_call, program == "ours")


def selftest_programs(bench, folder):
    """The C programs among the selftests, static: {path in the guest: program}."""
    out = {}
    for source in folder.glob("*.c"):
        target = bench.logs / "selftests" / source.stem
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", target, source], check=True)
        out[f"selftests/{source.stem}"] = target
    return out


@case("selftests", quick=True)
def selftests(bench):
    """tools/testing/selftests/kexec with our kexec. The file test asks two programs whether the image is signed: it is not."""
    folder = bench.source / "tools" / "testing" / "selftests" / "kexec"
    compiled = selftest_programs(bench, folder)
    scripts = {f"selftests/{path.name}": path.read_bytes() for path in folder.glob("*.sh")}
    bench.expect(len(scripts) >= 3, f"no selftests in {folder}")
    unsigned = {f"bin/{name}": "#!/bin/sh\nexit 1\n" for name in ("pesign", "getfattr")}
    script = """
        mkdir -p /boot
        ln -s /kernel /boot/vmlinuz-$(uname -r)
        cd /selftests
        try load sh ./test_kexec_load.sh
        try file-load sh ./test_kexec_file_load.sh
        """ + "".join(f"try {path} /{path}\n" for path in compiled)
    transcript = recipe.boot(bench, script, files={"kernel": bench.kernel.image.read_bytes(), **scripts, **unsigned},
                             programs={**programs(bench, "ours"), **compiled})
    first = transcript.boot(1)
    for path in compiled:
        bench.equal(first[path].status, 0, f"{path}: {first[path].out}{first[path].err}")
    for name, told in (("load", "kexec_load succeeded"), ("file-load", "kexec_file_load succeeded")):
        bench.equal(first[name].status, 0, f"{name}: {first[name].out}{first[name].err}")
        bench.contains(first[name].out, told, name)
