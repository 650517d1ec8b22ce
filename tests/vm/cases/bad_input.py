# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong files, given by root on a real kernel: one sentence, the documented status, and the old kernel still loaded."""

from kexec_vm import recipe
from kexec_vm.recipe import LOAD
from kexec_vm.suite import case

# name: (arguments after the call, words stderr must hold)
KERNELS = {
    "truncated-kernel": ("-l /tmp/half-kernel", ["/tmp/half-kernel"]),
    "header-only": ("-l /tmp/header", ["/tmp/header"]),
    "empty-kernel": ("-l /tmp/empty", ["/tmp/empty"]),
    "passwd": ("-l /etc/passwd", ["Cannot determine the file type of /etc/passwd"]),
    "directory": ("-l /tmp", ["/tmp"]),
    "missing": ("-l /nowhere/vmlinuz", ["/nowhere/vmlinuz", "No such file or directory"]),
    "device": ("-l /dev/null", ["/dev/null"]),
    "empty-initrd": ("-l /kernel --initrd=/tmp/empty", ["/tmp/empty"]),
    "missing-initrd": ("-l /kernel --initrd=/nowhere/initrd", ["/nowhere/initrd", "No such file or directory"]),
    "directory-initrd": ("-l /kernel --initrd=/tmp", ["/tmp"]),
    "truncated-initrd": ("-l /kernel --initrd=/tmp/half-initrd", ["/tmp/half-initrd"]),
    "truncated-gzip-initrd": ("-l /kernel --initrd=/tmp/half.gz", ["/tmp/half.gz"]),
    "long-cmdline": ("-l /kernel --append=$long", ["2048", "2047"]),
    "no-kernel": ("-l", ["no kernel specified"]),
}
PREPARE = """
head -c 5000000 /kernel >/tmp/half-kernel
head -c 600 /kernel >/tmp/header
head -c 1000001 /initrd >/tmp/half-initrd
gzip -c /initrd | head -c 500001 >/tmp/half.gz
: >/tmp/empty
long=$(head -c 2048 /dev/zero | tr '\\0' x)
"""


@case("bad-input", quick=True)
def bad_input(bench):
    script = PREPARE + f"try before kexec -c {LOAD}\n"
    for name, (arguments, _) in KERNELS.items():
        for call in ("-c", "-s", "-a"):
            script += f"try {name}{call} kexec {call} {arguments}\ntry {name}{call}-loaded loaded\n"
    transcript = recipe.boot(bench, script + "execute kexec -e", files={"etc/passwd": "root:x:0:0::/:/bin/sh\n" * 40},
                             machine={"memory": "1G"})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for name, (arguments, words) in KERNELS.items():
        for call in ("-c", "-s", "-a"):
            result = boot[name + call]
            what = f"kexec {call} {arguments}"
            bench.expect(result.status in (1, 255), f"{what}: status {result.status}, expected 1 or 255")
            bench.expect(0 < len(result.err.splitlines()) <= 3, f"{what}: stderr should be a sentence: {result.err!r}")
            bench.equal(result.out, "", f"{what}: stdout")
            for word in words:
                bench.contains(result.err, word, what)
            bench.equal(boot.out(f"{name}{call}-loaded"), "1", f"{what}: the kernel loaded before")
    recipe.expect_second(bench, transcript)


@case("pipes", quick=True)
def pipes(bench):
    """A FIFO or '-' is read, not mapped; a pipe that ends early is refused like a short file."""
    transcript = recipe.boot(bench, f"""
        mkfifo /tmp/fifo /tmp/short
        cat /initrd >/tmp/fifo &
        try fifo kexec -c -l /kernel --initrd=/tmp/fifo --append="$(cat /proc/cmdline)"
        try loaded loaded
        head -c 5000 /initrd >/tmp/short &
        try short kexec -c -l /kernel --initrd=/tmp/short
        try still loaded
        execute kexec -e""")
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "fifo")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded")
    bench.expect(boot["short"].status in (1, 255) and boot["short"].err, f"an initrd cut short in a pipe: {boot['short']}")
    bench.equal(boot.out("still"), "1", "kexec_loaded after the refusal")
    recipe.expect_second(bench, transcript)
