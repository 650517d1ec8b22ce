# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs inside: initial RAM file systems with busybox, the guest's shell library, one script and the tested program."""

import hashlib
import pathlib
import random
import re
import subprocess

from kexec_vm import newc

GUEST = pathlib.Path(__file__).resolve().parent.parent / "guest"
BUSYBOX = "/bin/busybox"


def library_closure(program):
    """The shared objects `program` needs, as the host's loader finds them; none for a static program."""
    run = subprocess.run(["ldd", str(program)], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if run.returncode != 0:
        return []
    return re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", run.stdout, re.MULTILINE)


def payload(seed, size):
    """`size` bytes that compress badly and are the same for the same seed."""
    source, chunk = random.Random(seed), 1 << 24  # randbytes makes one integer of all it returns
    return b"".join(source.randbytes(min(chunk, size - at)) for at in range(0, size, chunk))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def archive(script, *, programs=None, files=None, modules=()):
    """A bootable archive: /init, the shell library, `script` as its only stage.

    programs: {path in the guest: program on the host}, each with the libraries it needs.
    files: {path in the guest: bytes or text}, mode 644, or 755 under bin or sbin.
    modules: (name, bytes) pairs inserted in order before the script starts.
    """
    out = newc.Archive()
    for folder in ("proc", "sys", "dev", "tmp", "run", "sbin", "bin", "etc"):
        out.directory(folder)
    out.character_device("dev/console", 5, 1)
    out.character_device("dev/null", 1, 3, 0o666)
    out.copy(BUSYBOX, "bin/busybox")
    out.symlink("bin/sh", "busybox")
    out.copy(GUEST / "init", "init")
    out.copy(GUEST / "lib.sh", "guest/lib.sh")
    out.file("guest/stage.sh", script.encode())
    for number, (name, data) in enumerate(modules):
        out.file(f"guest/modules/{number:02}-{name}.ko", data)
    libraries = set()
    for path, program in (programs or {}).items():
        out.copy(program, path)
        libraries.update(library_closure(program))
    for library in sorted(libraries):
        out.copy(library)
    for path, data in (files or {}).items():
        mode = 0o755 if {"bin", "sbin"} & set(pathlib.PurePath(path).parts) else 0o644
        out.file(path.lstrip("/"), data.encode() if isinstance(data, str) else data, mode)
    return out.bytes()
