#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The story scripts/demo tells: Debian's 6.1 boots in QEMU and starts Debian's 6.12 through kexec."""

import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from kexec_vm import machine as vm, rootfs  # noqa: E402
from kexec_vm.kernels import Cache  # noqa: E402

MEMORY = "1G"
GREETING = "greetings=from-the-first-kernel"
APPEND = f"{vm.CMDLINE} earlyprintk=serial,ttyS0,115200 {GREETING}"
PAYLOAD = rootfs.payload("demo", 48 << 20)
COMMAND = 'kexec -c -l /vmlinuz --initrd=/initrd.img --append="$(cat /append)"'
FIRST = f"""
try picture sh -c '{COMMAND} --dry-run'
try load sh -c '{COMMAND}'
try loaded loaded
execute kexec -e
"""
SECOND = """
try cmdline cat /proc/cmdline
try uptime cut -d' ' -f1 /proc/uptime
try payload sha256sum /payload
"""


def parse_arguments():
    build = HERE.parent.parent / "build"
    parser = argparse.ArgumentParser(description="Show one kernel starting another in QEMU.")
    parser.add_argument("--kexec", type=pathlib.Path, required=True, help="the program to show")
    parser.add_argument("--cache", type=pathlib.Path, default=os.environ.get("KEXEC_VM_CACHE", build / "vm-cache"))
    parser.add_argument("--console", type=pathlib.Path, default=build / "demo.console", help="where the console goes")
    return parser.parse_args()


def bar(seconds, scale):
    return "#" * max(1, round(seconds * scale))


def tell_phases(transcript, first, second):
    spoke = transcript.kernel_spoke(first.executed_at)
    phases = [(f"firmware and Linux {first.release}", (first.at - transcript.started).wall),
              ("kexec -l", first["load"].seconds),
              ("kexec -e to the second kernel's first line", (spoke - first.executed_at).wall),
              ("that line to its init", (second.at - spoke).wall)]
    width = max(len(name) for name, _ in phases)
    scale = 24 / max(seconds for _, seconds in phases)
    print("\nHow long it took (an emulated CPU, so only the proportions mean something)\n")
    for name, seconds in phases:
        print(f"  {name:{width}}  {seconds:6.2f} s  {bar(seconds, scale)}")


def tell_proof(second, transcript):
    digest = second.out("payload").split()[0]
    intact = "as it left" if digest == rootfs.sha256(PAYLOAD) else "NOT as it left"
    print("\nWhat the second kernel says about itself\n")
    print(f"  uname -r        {second.release}")
    print(f"  /proc/uptime    {second.out('uptime')} s")
    print(f"  /proc/cmdline   {second.out('cmdline')}")
    print(f"  its initrd      {len(PAYLOAD) >> 20} MiB of random bytes, sha256 {digest[:16]}...: {intact}")
    print("  firmware        did not run again: QEMU was told to end at a reset, and it ended with status "
          f"{transcript.exit_status}")


def show(arguments):
    cache = Cache(arguments.cache)
    print("fetching Debian's kernels (into the cache, not into /boot) ...", flush=True)
    old, new = cache.kernel("6.1"), cache.kernel("6.12")
    print(f"booting {old.release} in QEMU; it will load and start {new.release} ...", flush=True)
    archive = rootfs.archive(FIRST, programs={"sbin/kexec": arguments.kexec},
                             files={"vmlinuz": new.image.read_bytes(), "append": APPEND,
                                    "initrd.img": rootfs.archive(SECOND, files={"payload": PAYLOAD})})
    transcript = vm.run(vm.Machine(old, memory=MEMORY), archive, limit=240)
    arguments.console.parent.mkdir(parents=True, exist_ok=True)
    arguments.console.write_text(transcript.console_text() + "\n", encoding="utf-8")

    first = transcript.boot(1)
    print(f"\nIn {first.release}, as root\n\n  # {COMMAND.replace('$(cat /append)', '...')} --dry-run")
    for name in ("picture", "load"):
        if first[name].status != 0:
            raise AssertionError(f"kexec failed with status {first[name].status}: {first[name].err}")
    print("".join(f"  {line}\n" for line in first.out("picture").splitlines()), end="")
    print(f"  # {COMMAND.replace('$(cat /append)', '...')}\n  # cat /sys/kernel/kexec_loaded\n  {first.out('loaded')}\n  # kexec -e")
    second = transcript.boot(2)
    tell_phases(transcript, first, second)
    tell_proof(second, transcript)
    proved = [second.release == new.release, GREETING in second.out("cmdline"), transcript.exit_status == 0,
              second.out("payload").split()[0] == rootfs.sha256(PAYLOAD)]
    print(f"\n{'It works.' if all(proved) else 'It does NOT work.'} The whole console is in {arguments.console}.")
    return 0 if all(proved) else 1


if __name__ == "__main__":
    try:
        sys.exit(show(parse_arguments()))
    except AssertionError as failure:
        sys.exit(f"demo: {failure}")
