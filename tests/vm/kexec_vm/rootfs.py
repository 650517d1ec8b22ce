# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs inside: initial RAM file systems with busybox, the guest's shell library, one script and the tested program."""

import hashlib
import os
import pathlib
import random
import re
import subprocess

from kexec_vm import newc
from kexec_vm.architecture import X86_64

GUEST = pathlib.Path(__file__).resolve().parent.parent / "guest"


def library_closure(program, folders=()):
    """{path in the guest: shared object} `program` needs, as the host's loader finds them, in `folders` first.

    Empty for a static program. What lies in `folders` or in a build goes where a guest looks by default: in /tmp, for one,
    a guest has a file system of its own.
    """
    search = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, folders))}
    run = subprocess.run(["ldd", str(program)], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                         env=search)
    if run.returncode != 0:
        return {}
    found = re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", run.stdout, re.MULTILINE)
    return {_guest_library(pathlib.Path(path), folders): path for path in found}


def _guest_library(path, folders):
    is_installed = path.parts[1] in ("lib", "lib64", "usr") and path.parent not in folders
    return str(path) if is_installed else f"/lib/x86_64-linux-gnu/{path.name}"


def padded_archive(script, size, **parts):
    """As archive(), with so many bytes that compress badly behind it that it is `size` bytes long."""
    base = archive(script, **parts)
    base += bytes(-len(base) % 512)
    rest = size - len(base) - len(newc.header("ballast", 0o100644, 0)) - len(newc.Archive().bytes())
    ballast = newc.Archive()
    ballast.file("ballast", payload(size, rest & ~3))
    return base + ballast.bytes()


def payload(seed, size):
    """`size` bytes that compress badly and are the same for the same seed."""
    source, chunk = random.Random(seed), 1 << 24  # randbytes makes one integer of all it returns
    return b"".join(source.randbytes(min(chunk, size - at)) for at in range(0, size, chunk))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def archive(script, *, programs=None, files=None, modules=(), library_folders=(), architecture=X86_64,
            busybox="/bin/busybox"):
    """A bootable archive: /init, the shell library, `script` as its only stage.

    programs: {path in the guest: program on the host}, each with the libraries it needs, of library_folders or the host.
    files: {path in the guest: bytes or text}, mode 644, or 755 under bin or sbin.
    modules: (name, bytes) pairs inserted in order before the script starts.
    architecture: of the guest; then `busybox` is a static one for it.
    """
    out = newc.Archive()
    for folder in ("proc", "sys", "dev", "tmp", "run", "sbin", "bin", "etc"):
        out.directory(folder)
    out.character_device("dev/console", 5, 1)
    out.character_device("dev/null", 1, 3, 0o666)
    out.copy(busybox, "bin/busybox")
    out.symlink("bin/sh", "busybox")
    out.copy(GUEST / "init", "init")
    out.copy(GUEST / "lib.sh", "guest/lib.sh")
    out.file("guest/report-port", f"/dev/{architecture.report_port}\n".encode())
    out.file("guest/stage.sh", script.encode())
    for number, (name, data) in enumerate(modules):
        out.file(f"guest/modules/{number:02}-{name}.ko", data)
    libraries = {}
    for path, program in (programs or {}).items():
        out.copy(program, path)
        libraries.update(library_closure(program, library_folders))
    for path, library in sorted(libraries.items()):
        out.copy(library, path)
    for path, data in (files or {}).items():
        mode = 0o755 if {"bin", "sbin"} & set(pathlib.PurePath(path).parts) else 0o644
        out.file(path.lstrip("/"), data.encode() if isinstance(data, str) else data, mode)
    return out.bytes()
