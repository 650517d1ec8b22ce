# SPDX-License-Identifier: GPL-2.0-or-later
"""The usual guest: a kernel and an initrd to load lie in /kernel and /initrd, the tested program in /sbin/kexec."""

from kexec_vm.architecture import X86_64
from kexec_vm.machine import Machine


def load(architecture):
    """Arguments that load the kernel and the initrd that lie there."""
    return f'-l /kernel --initrd=/initrd --append="{architecture.cmdline}"'


LOAD = load(X86_64)
SECOND = "note reached second"


def initrd(bench, script, *, kernel, second=SECOND, second_files=None, files=None, modules=()):
    """The first guest's archive: `script` runs there, `second` in `kernel`, which is executed."""
    target = kernel.architecture
    programs = bench.programs(target)
    inner = bench.archive(target, second, files=second_files)
    content = {"kernel": kernel.image.read_bytes(), "initrd": inner}
    content.update(files or {})
    return bench.archive(target, script, files=content, modules=modules,
                         programs={"sbin/kexec": programs.kexec, "bin/launch": programs.helpers / "launch"})


def boot(bench, script, *, series="6.1", architecture=X86_64, limit=180, answer=None, machine=None, **parts):
    """Boots the usual guest and returns the Transcript; `machine` changes fields of Machine."""
    kernel = bench.cache.kernel(series, architecture)
    archive = initrd(bench, script, kernel=parts.pop("kernel", kernel), **parts)
    return bench.boot(Machine(kernel, **(machine or {})), archive, limit=limit, answer=answer)


def expect_success(bench, boot_, name, what=None):
    """A command that must have exited 0 and said nothing."""
    result = boot_[name]
    bench.equal((result.status, result.out, result.err), (0, "", ""), what or f"'{name}': status, stdout, stderr")


def expect_second(bench, transcript, release=None):
    """The executed kernel came up. Returns its Boot."""
    second = transcript.boot(2)
    bench.equal(second.out("reached"), "second", "marker of the second kernel")
    if release:
        bench.equal(second.release, release, "release of the second kernel")
    return second
