#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""600 ordinary files given to kexec as a kernel: each is refused in one sentence and with the status for that.

Usage: ordinary_files_test.py KEXEC RECORDED_MACHINE. All runs are dry runs for the recorded machine.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import ordinary_files  # noqa: E402

COUNT = 600
REFUSED = 255  # no loader knows the file, or it is damaged
SENTENCE = re.compile(r"kexec: [^\n]*[^\n.]\n")


def files(folder):
    """COUNT paths: this machine's files first, then made ones."""
    paths = list(ordinary_files.of_this_machine())[:COUNT * 2 // 3]
    for name, contents in ordinary_files.made():
        if len(paths) == COUNT:
            return paths
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "wb") as file:
            file.write(contents)
    return paths


def complaint(kexec, machine, path):
    """What is wrong with how `path` was refused; None: nothing."""
    done = subprocess.run([kexec, "--root", machine, "--dry-run", "-c", "-l", path], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    text = done.stderr.decode(errors="backslashreplace")
    if done.returncode != REFUSED:
        return f"{path}: status {done.returncode}: {text}"
    if done.stdout or not SENTENCE.fullmatch(text) or path not in text:
        return f"{path}: not one sentence that names the file: {done.stdout!r} {text!r}"
    return None


def main():
    kexec, machine = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="kexec-corpus-") as folder:
        paths = files(folder)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = [c for c in pool.map(lambda path: complaint(kexec, machine, path), paths) if c]
    print("\n".join(complaints[:40]))
    print(f"{len(paths)} files, {len(complaints)} of them not refused as they should be")
    return 1 if complaints or len(paths) != COUNT else 0


if __name__ == "__main__":
    sys.exit(main())
