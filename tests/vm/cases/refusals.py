# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel refuses must be explained: the cause on stderr, status 255, and a kernel loaded before stays loaded."""

from kexec_vm import newc, recipe
from kexec_vm.recipe import LOAD
from kexec_vm.suite import case

CAP_SYS_BOOT = 22


def expect_refusal(bench, boot, name, *causes, status=255):
    """Status, silent stdout, and every cause in stderr; the kernel loaded before (kexec_loaded in NAME-loaded) stays."""
    result = boot[name]
    bench.equal((result.status, result.out), (status, ""), f"'{name}': status and stdout, stderr {result.err!r}")
    for cause in causes:
        bench.contains(result.err, cause, f"'{name}': stderr")


def both_calls(prefix=""):
    return "".join(f"try {name} {prefix} kexec {call} {LOAD}\n" for name, call in (("load", "-c"), ("file", "-s"), ("auto", "-a")))


@case("refused/kexec_load_disabled", quick=True)
def load_disabled(bench):
    transcript = recipe.boot(bench, f"""
        try before kexec -c {LOAD}
        echo 1 >/proc/sys/kernel/kexec_load_disabled
        {both_calls()}
        try unload kexec -u
        try loaded loaded
        execute kexec -e""")
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for name in ("load", "file", "auto", "unload"):
        expect_refusal(bench, boot, name, "Operation not permitted", "kexec_load_disabled")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded: the kernel loaded before")
    recipe.expect_second(bench, transcript)


@case("refused/load_limit", quick=True)
def load_limit(bench):
    """kernel.kexec_load_limit_reboot counts loads down (since 6.3): one is allowed here, the second is refused."""
    transcript = recipe.boot(bench, f"""
        echo 1 >/proc/sys/kernel/kexec_load_limit_reboot
        try first kexec -c {LOAD}
        try limit cat /proc/sys/kernel/kexec_load_limit_reboot
        try load kexec -c {LOAD}
        try file kexec -s {LOAD}
        try loaded loaded
        execute kexec -e""", series="6.12")
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "first", "the one load that is allowed (probing by loading would use it up)")
    bench.equal(boot.out("limit"), "0", "limit after one load")
    for name in ("load", "file"):
        expect_refusal(bench, boot, name, "Operation not permitted", "kexec_load_limit_reboot")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded: the kernel loaded before")
    recipe.expect_second(bench, transcript)


@case("refused/lockdown", quick=True)
def lockdown(bench):
    """lockdown=integrity: kexec_load is refused; kexec_file_load wants a signature the kernel trusts."""
    damaged = bytearray(bench.cache.kernel("6.1").image.read_bytes())
    damaged[-700] ^= 1  # inside the signature, which stands behind what the CRC covers
    transcript = recipe.boot(bench, f"""
        try state cat /sys/kernel/security/lockdown
        try load kexec -c {LOAD}
        try file kexec -s -l /damaged --initrd=/initrd
        try load-loaded loaded
        try signed kexec -s {LOAD}
        try signed-loaded loaded
        try unload kexec -u
        try unloaded loaded
        """, machine={"append": "lockdown=integrity"}, files={"damaged": bytes(damaged)})
    boot = transcript.boot(1)
    bench.contains(boot.out("state"), "[integrity]", "lockdown state of the guest")
    expect_refusal(bench, boot, "load", "Operation not permitted", "lockdown", "integrity")
    expect_refusal(bench, boot, "file", "lockdown")
    bench.expect("signature" in boot["file"].err.lower() or "signed" in boot["file"].err.lower(),
                 f"-s with a damaged signature: stderr does not speak of it: {boot['file'].err!r}")
    bench.equal(boot.out("load-loaded"), "0", "kexec_loaded after the refusals")
    recipe.expect_success(bench, boot, "unload", "-u under lockdown: by the call that can")
    if boot["signed"].status == 0:  # the running kernel trusts the key Debian signs with
        bench.equal(boot.out("signed-loaded") + boot.out("unloaded"), "10", "kexec_loaded around the unload")
    else:
        expect_refusal(bench, boot, "signed", "lockdown")


@case("refused/no-kexec-in-the-kernel", quick=True)
def no_kexec(bench):
    """Both calls answer ENOSYS (by seccomp: every Debian kernel has them)."""
    transcript = recipe.boot(bench, both_calls("launch --enosys=kexec_load --enosys=kexec_file_load --"))
    boot = transcript.boot(1)
    expect_refusal(bench, boot, "load", "Function not implemented", "CONFIG_KEXEC")
    expect_refusal(bench, boot, "file", "Function not implemented", "CONFIG_KEXEC_FILE")
    expect_refusal(bench, boot, "auto", "Function not implemented", "CONFIG_KEXEC")


@case("refused/no-capability", quick=True)
def no_capability(bench):
    launch = f"launch --no-cap={CAP_SYS_BOOT} --"
    transcript = recipe.boot(bench, f"try before kexec -c {LOAD}\n{both_calls(launch)}"
                             f"try unload {launch} kexec -u\ntry exec {launch} kexec -e\n"
                             f"try user launch --uid=1000 -- kexec -c {LOAD}\ntry dry {launch} kexec -d --dry-run -c {LOAD}\n"
                             "try loaded loaded\n")
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for name in ("load", "file", "auto", "unload", "exec"):
        expect_refusal(bench, boot, name, "Operation not permitted", "CAP_SYS_BOOT")
    bench.equal(boot["dry"].status, 0, f"dry run: {boot['dry']}")
    bench.contains(boot["dry"].err, "this process lacks CAP_SYS_BOOT; the load itself needs it", "dry run")
    bench.expect(boot["user"].status in (1, 255) and boot["user"].err, f"load as an ordinary user: {boot['user']}")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded: the kernel loaded before")


@case("refused/not-enough-memory", quick=True)
def not_enough_memory(bench):
    """An initrd larger than half of the machine: the kernel's own limit for what may be loaded.

    Its one file is a hole, which takes no memory until somebody maps and reads it, as only -c does (for the digest).
    """
    size = 300 << 20
    head, tail = newc.header("hole", 0o100644, size), newc.Archive().bytes()
    transcript = recipe.boot(bench, f"""
        try before kexec -c {LOAD}
        cat /head >/tmp/big; truncate -s {len(head) + size} /tmp/big; cat /tail >>/tmp/big
        for call in -s -a -c; do
          try big$call kexec $call -l /kernel --initrd=/tmp/big --append="console=ttyS0"
        done
        try loaded loaded
        rm /tmp/big
        execute kexec -e""", machine={"memory": "512M"}, files={"head": head, "tail": tail})
    boot = transcript.boot(1)
    recipe.expect_success(bench, boot, "before")
    for call in ("-c", "-s", "-a"):
        result = boot[f"big{call}"]
        bench.equal((result.status, result.out), (255, ""), f"too big an initrd ({call}), stderr {result.err!r}")
        bench.contains(result.err.lower(), "half of ", f"too big an initrd ({call}): stderr")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded: the kernel loaded before")
    recipe.expect_second(bench, transcript)
