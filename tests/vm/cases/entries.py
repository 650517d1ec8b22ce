# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries of boot menus: what --boot-entry names is what runs afterwards, with the command line of the entry."""

import json

from kexec_vm import recipe
from kexec_vm.machine import CMDLINE
from kexec_vm.suite import case

SECOND = recipe.SECOND + "\ntry cmdline cat /proc/cmdline\n"

GRUB_CFG = f"""
if [ -s $prefix/grubenv ]; then
  load_env
fi
set default="${{saved_entry}}"
menuentry 'UEFI Firmware Settings' --id firmware {{
  fwsetup
}}
submenu 'Advanced options' --id advanced {{
  menuentry 'Debian GNU/Linux' --class debian --id the-one {{
    insmod gzio
    search --no-floppy --fs-uuid --set=root 1234
    linux /kernel {CMDLINE} from=grub
    initrd /initrd
  }}
}}
"""

BLS = f"""title Debian GNU/Linux
linux /kernel
initrd /initrd
options {CMDLINE}
options from=bls
"""

# Menus by name: the files they consist of, the ID of the default entry, and what its command line says.
MENUS = {
    "grub": ({"boot/grub/grub.cfg": GRUB_CFG, "boot/grub/grubenv": "saved_entry=1>0\n"}, "the-one"),
    "bls": ({"boot/loader/entries/debian+3.conf": BLS}, "debian.conf"),
}


def default_entry(bench, name):
    """From 6.1 to the 6.12 of the default entry; --append adds to the entry's command line."""
    files, wanted = MENUS[name]
    kernel = bench.cache.kernel("6.12")
    transcript = recipe.boot(bench, """
        try list kexec --list-boot-entries --json
        try unknown kexec -l --boot-entry=nothing
        try load kexec -l --boot-entry=default --append=added
        execute kexec -e""", kernel=kernel, second=SECOND, files=files, machine={"memory": "1G"})
    boot = transcript.boot(1)
    entries = json.loads(boot.out("list"))["entries"]
    bench.equal([entry["id"] for entry in entries if entry["default"]], [wanted], "the default entry")
    bench.equal(boot["unknown"].status, 1, "status for an entry that is not there")
    bench.contains(boot["unknown"].err, "there is no boot entry 'nothing'; there are ", "an entry that is not there")
    recipe.expect_success(bench, boot, "load")
    second = recipe.expect_second(bench, transcript, kernel.release)
    bench.contains(second.out("cmdline"), f"{CMDLINE} from={name} added", "command line of the second kernel")


def register():
    for name in MENUS:
        case(f"entries/{name}", quick=name == "grub")(lambda bench, name=name: default_entry(bench, name))


register()
