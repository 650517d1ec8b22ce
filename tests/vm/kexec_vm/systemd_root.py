# SPDX-License-Identifier: GPL-2.0-or-later
"""A small Debian with systemd as process 1, in the initial RAM file system: packages unpacked, not installed.

systemd takes it for an ordinary system, not for an initrd, because there is no /etc/initrd-release.
"""

import os
import pathlib
import shutil
import stat
import subprocess
import threading

from kexec_vm import newc
from kexec_vm.rootfs import GUEST

# systemd and udev, what a shell needs, and the libraries of all of them.
PACKAGES = """systemd udev kmod dash coreutils sed grep mount util-linux
    libacl1 libapparmor1 libargon2-1 libattr1 libaudit1 libblkid1 libc6 libcap-ng0 libcap2 libcrypt1 libcryptsetup12
    libdevmapper1.02.1 libfdisk1 libffi8 libgcc-s1 libgcrypt20 libgmp10 libgpg-error0 libip4tc2 libjson-c5 libkmod2
    liblz4-1 liblzma5 libmount1 libp11-kit0 libpam0g libpcre2-8-0 libseccomp2 libselinux1 libsmartcols1 libssl3
    libsystemd-shared libsystemd0 libtinfo6 libudev1 libuuid1 libzstd1 zlib1g""".split()
# What no guest looks at: most of the bytes.
_SKIPPED = ("usr/share/", "usr/lib/x86_64-linux-gnu/gconv/", "usr/lib/udev/hwdb.d/", "usr/lib/systemd/catalog/",
            "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/security/", "etc/")
_MERGED = ("bin", "sbin", "lib", "lib64")  # links into /usr, as on every Debian 12
_fetching = threading.Lock()  # cases run side by side
_STAGE_UNIT = """[Unit]
Description=What the test does
After=multi-user.target kexec-crash.service
[Service]
ExecStart=/bin/sh /guest/run
StandardOutput=journal+console
StandardError=journal+console
"""
_RUN = """exec 3<>/dev/ttyS1
. /guest/lib.sh
flush
echo "@boot $(uname -r) $(cut -d' ' -f1 /proc/uptime)" >&3
. /guest/stage.sh
echo "@end-of-stage" >&3
flush
systemctl poweroff --force --force
"""


def archive(cache, script, files, enabled=()):
    """A bootable archive whose only stage is `script`, run by systemd when the system is up.

    files: {path in the guest: (bytes or text, mode)}.
    enabled: (unit, target) pairs, what "systemctl enable" would link.
    """
    out = newc.Archive()
    for folder in ("proc", "sys", "dev", "run", "tmp", "var/log", "root"):
        out.directory(folder)
    for name in _MERGED:
        out.symlink(name, f"usr/{name}")
    out.symlink("init", "usr/lib/systemd/systemd")
    out.character_device("dev/console", 5, 1)
    _packages(cache, out)
    out.copy(GUEST / "lib.sh", "guest/lib.sh")
    everything = {
        "etc/os-release": ('ID=debian\nPRETTY_NAME="kexec test guest"\n', 0o644),
        "etc/passwd": ("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n", 0o644),
        "etc/group": ("root:x:0:\ntty:x:5:\n", 0o644),
        "etc/machine-id": ("6b65786563746573742d677565737431\n", 0o644),
        "etc/systemd/journald.conf": ("[Journal]\nStorage=volatile\n", 0o644),
        "etc/systemd/system/stage.service": (_STAGE_UNIT, 0o644),
        "guest/run": (_RUN, 0o644),
        "guest/stage.sh": (script, 0o644),
    } | files
    for path, (data, mode) in everything.items():
        out.file(path, data.encode() if isinstance(data, str) else data, mode)
    for unit in ("getty.target", "systemd-hwdb-update.service", "systemd-sysusers.service"):
        out.symlink(f"etc/systemd/system/{unit}", "/dev/null")
    out.symlink("etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target")
    for unit, target in (("stage.service", "multi-user.target"), *enabled):
        out.symlink(f"etc/systemd/system/{target}.wants/{unit}", f"../{unit}")
    return out.bytes()


def _packages(cache, out):
    with _fetching:
        root = _unpacked(cache.folder)
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if place.parts[0] in _MERGED:
            place = "usr" / place
        name = str(place)
        mode = path.lstat().st_mode
        if name.startswith(_SKIPPED) or stat.S_ISDIR(mode):
            continue
        if stat.S_ISLNK(mode):
            out.symlink(name, os.readlink(path))
        else:
            out.file(name, path.read_bytes(), stat.S_IMODE(mode) & 0o755)


def _unpacked(folder):
    """The folder all packages are unpacked into; complete or absent, also when interrupted."""
    target = folder / "systemd-root"
    if not target.is_dir():
        partial = folder / ".systemd-root.partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "packages").mkdir(parents=True)
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *PACKAGES],
                       cwd=partial / "packages", check=True, stdout=subprocess.DEVNULL)
        for package in sorted(pathlib.Path(partial, "packages").glob("*.deb")):
            subprocess.run(["dpkg", "-x", package, partial / "root"], check=True)
        (partial / "root").rename(target)
        shutil.rmtree(partial)
    return target
