#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepares the kernel's kexec sources for a build in user space.

usage: kernel_source.py extract TARBALL TREE           the files below out of Debian's linux-source package
       kernel_source.py patch TREE PATCHES PATCHED     a copy of TREE with every PATCHES/*.patch applied
       kernel_source.py stubs TREE STUBS               a header for each one included, but not in TREE: all are shim.h
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

# The files under test, and headers that need no shim. New files of the patches come with the patches.
FILES = """
kernel/kexec.c kernel/kexec_core.c kernel/kexec_file.c kernel/kexec_internal.h
include/linux/kexec.h include/uapi/linux/kexec.h include/linux/list.h include/linux/container_of.h
arch/x86/kernel/relocate_kernel_64.S arch/x86/include/asm/kexec.h
""".split()
# What a patch may touch of the above, or add beside it; the rest of the series is tested in a real kernel.
PATCHED = ["kernel/kexec*", "include/linux/kexec*", "include/uapi/linux/kexec*", "include/trace/events/kexec*",
           "arch/x86/kernel/relocate_kernel_64.S", "arch/x86/include/asm/kexec.h"]
INCLUDE = re.compile(r'^\s*#\s*include\s*<([^>]+)>', re.M)


def extract(tarball, tree):
    top = pathlib.Path(tarball).name.removesuffix(".tar.xz")
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    # --occurrence=1 ends the reading with the last file of the list.
    subprocess.run(["tar", "-xJf", tarball, "-C", tree, "--strip-components=1", "--occurrence=1",
                    *(f"{top}/{name}" for name in FILES)], check=True)
    for name in FILES:
        os.utime(tree / name)


def patch(tree, patches, patched):
    shutil.rmtree(patched, ignore_errors=True)
    shutil.copytree(tree, patched)
    # The build folder may lie in a checkout, whose repository must not be found.
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(patched.resolve().parent))
    for file in sorted(patches.glob("[0-9]*.patch")):
        if not file.name.startswith("0000"):  # the cover letter
            subprocess.run(["git", "apply", *(f"--include={name}" for name in PATCHED), file.resolve()],
                           cwd=patched, env=environment, check=True)


def stubs(tree, folder):
    shutil.rmtree(folder, ignore_errors=True)
    roots = [tree / "include", tree / "include/uapi", tree / "arch/x86/include"]
    sources = [path for path in tree.rglob("*") if path.suffix in (".c", ".h", ".S")]
    for name in sorted({name for path in sources for name in INCLUDE.findall(path.read_text())}):
        if name != "asm/kexec.h" and any((root / name).exists() for root in roots):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('#include "tests/kernel/shim.h"\n')


def main():
    arguments = {"extract": 2, "patch": 3, "stubs": 2}
    if len(sys.argv) < 2 or len(sys.argv) - 2 != arguments.get(sys.argv[1]):
        sys.exit(__doc__)
    globals()[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))


main()
