# SPDX-License-Identifier: GPL-2.0-or-later
"""A second Linux that the first one is returned from: --load-preserve-context there, --load-jump-back-helper back."""

import dataclasses
import re

import recipe
from kexec_vm import rootfs
from kexec_vm.architecture import X86_64
from kexec_vm.suite import case

# On a busy host either kernel may find the APIC's timer too slow and leave it alone, with a handler that is freed after boot
# (calibrate_APIC_clock in arch/x86/kernel/apic/apic.c); a tick that the other kernel had asked for would kill it.
NO_TIMER = "nolapic_timer"
CMDLINE = f"console=ttyS0,115200 panic=-1 no_timer_check nokaslr kunit.enable=0 {NO_TIMER}"
# The second system writes to its console: the other serial port is the first one's. What it holds in a file must be there
# after each jump.
SECOND = """
cat /proc/cmdline
echo "memory $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
cat /bin/busybox /sbin/kexec >/tmp/held
held=$(md5sum </tmp/held)
kexec --load-jump-back-helper && echo "second: the way back is loaded"
for trip in 1 2; do
  echo "second: jumps back $trip"
  kexec -e && [ "$(md5sum </tmp/held)" = "$held" ] && echo "second: is whole $trip"
done
poweroff -f
"""


@case("programs/ours/returns", quick=True)
def returns(bench):
    """There and back, twice: each kernel finds its processes, its files and its memory as it left them."""
    unheard = dataclasses.replace(X86_64, report_port="null")
    inner = rootfs.archive("exec >/dev/console 2>&1\n" + SECOND, programs={"sbin/kexec": bench.kexec}, architecture=unheard)
    script = f"""
        cat /bin/busybox /sbin/kexec /kernel >/tmp/held
        held=$(md5sum </tmp/held)
        try load kexec --load-preserve-context --mem-max=0xbffffff /kernel --initrd=/initrd --append="{CMDLINE}"
        try loaded loaded
        for trip in 1 2; do
          try there-$trip kexec -e
          try held-$trip sh -c "md5sum </tmp/held | grep -cx '$held'"
        done
        try after sh -c 'echo alive'
        """
    transcript = recipe.boot(bench, script, memory="768M", append=NO_TIMER, programs={"sbin/kexec": bench.kexec},
                             files={"kernel": bench.kernel.image.read_bytes(), "initrd": inner})
    first = transcript.boot(1)
    bench.equal((first["load"].status, first["load"].err), (0, ""), "the load: status, stderr")
    bench.equal(first.out("loaded"), "1", "/sys/kernel/kexec_loaded")
    for trip in (1, 2):
        there = first[f"there-{trip}"]
        bench.equal((there.status, there.out, there.err), (0, "", ""), f"jump {trip}: status, stdout, stderr")
        bench.equal(first.out(f"held-{trip}"), "1", f"what the first system held, after jump {trip}")
    bench.equal(first.out("after"), "alive", "the first system after the jumps")
    console = transcript.console_text()
    bench.equal(re.findall(r"second: ([a-z ]+\d?)", console),
                ["the way back is loaded", "jumps back 1", "is whole 1", "jumps back 2"], "what the second system said")
    bench.expect(re.search(re.escape(CMDLINE) + r" kexec_jump_back_entry=0x0*[1-9a-f][0-9a-f]*\s", console),
                 "its command line tells where to jump back to")
    (memory,) = re.findall(r"memory (\d+) kB", console) or ["0"]
    bench.expect(100000 < int(memory) < 196608, f"it has the memory below --mem-max, {memory} kB")
