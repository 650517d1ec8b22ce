# SPDX-License-Identifier: GPL-2.0-or-later
"""--reuseinitrd: the next kernel is given the initrd the running one was started with, and so runs the same script."""

from kexec_vm import recipe, rootfs
from kexec_vm.architecture import AARCH64, RISCV64, X86_64
from kexec_vm.machine import Machine
from kexec_vm.suite import case

PAYLOAD = rootfs.payload("reused", 1 << 20)


def reused(bench, architecture, call):
    """The second kernel finds in its initrd what the first one's had."""
    kernel = bench.cache.kernel("6.12", architecture)
    script = f"""
if grep -qw second /proc/cmdline; then
  {recipe.SECOND}
  try payload sha256sum /payload
else
  try load kexec {call} -l /kernel --reuseinitrd --append="{architecture.cmdline} second"
  execute kexec -e
fi"""
    archive = bench.archive(architecture, script, files={"kernel": kernel.image.read_bytes(), "payload": PAYLOAD},
                            programs={"sbin/kexec": bench.programs(architecture).kexec})
    transcript = bench.boot(Machine(kernel, memory="1G", append="retain_initrd"), archive)
    recipe.expect_success(bench, transcript.boot(1), "load")
    second = recipe.expect_second(bench, transcript, kernel.release)
    bench.equal(second.out("payload").split()[0], rootfs.sha256(PAYLOAD), "payload in the second kernel")


def given_away(bench):
    """A kernel that was not asked to has not kept its initrd."""
    transcript = recipe.boot(bench, "try load kexec -l /kernel --reuseinitrd\n", series="6.12", machine={"memory": "1G"})
    load = transcript.boot(1)["load"]
    bench.equal(load.status, 1, "status of the load")
    bench.contains(load.err, "--reuseinitrd: the running kernel was started without 'retain_initrd'", "stderr of the load")


case("reused-initrd/amd64/c", quick=True)(lambda bench: reused(bench, X86_64, "-c"))
case("reused-initrd/amd64/s")(lambda bench: reused(bench, X86_64, "-s"))
case("reused-initrd/amd64/given-away")(given_away)
case("arm64/reused-initrd", crossed=True)(lambda bench: reused(bench, AARCH64, "-c"))
case("riscv64/reused-initrd", crossed=True)(lambda bench: reused(bench, RISCV64, "-c"))
