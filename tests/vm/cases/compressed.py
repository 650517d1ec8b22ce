# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel packed once more by each tool: loaded by either call it starts like the plain one."""

import json

from kexec_vm import images, recipe
from kexec_vm.machine import CMDLINE
from kexec_vm.suite import case

NAMES = {"gz": "gzip", "zst": "zstd", "xz": "xz", "lz4": "lz4"}  # suffix: what the plan calls it
QUICK = {("zst", "-s")}


def hand_over(bench, suffix, call):
    """From 6.1 to a packed 6.12; cut in half the same file is refused."""
    name, kernel = NAMES[suffix], bench.cache.kernel("6.12")
    packed = images.pack(kernel.image.read_bytes(), suffix)
    load = f'-l /packed --initrd=/initrd --append="{CMDLINE}"'
    transcript = recipe.boot(bench, f"""
        try plan kexec {call} {load} --dry-run --json
        head -c {len(packed) // 2} /packed >/tmp/half
        try half kexec {call} -l /tmp/half
        try unchanged loaded
        try load kexec {call} {load}
        execute kexec -e""", files={"packed": packed}, machine={"memory": "1G"})
    boot = transcript.boot(1)
    plan = json.loads(boot.out("plan"))
    bench.equal(plan["kernel"]["compression"], name, "compression in the plan")
    bench.equal(plan["kernel"]["bytes"], len(packed), "size of the file in the plan")
    bench.equal(plan["kernel"]["unpacked_bytes"], kernel.image.stat().st_size, "size of the kernel in the plan")
    bench.equal(boot["half"].status, 255, "status of half the file")
    bench.contains(boot["half"].err, f"{name} data: cut short", "half the file")
    bench.equal(boot.out("unchanged"), "0", "/sys/kernel/kexec_loaded before the load")
    recipe.expect_success(bench, boot, "load")
    recipe.expect_second(bench, transcript, kernel.release)


def register():
    for suffix in NAMES:
        for call in ("-c", "-s"):
            case(f"compressed/{suffix}/{call[1:]}", quick=(suffix, call) in QUICK)(
                lambda bench, suffix=suffix, call=call: hand_over(bench, suffix, call))


register()
