#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrows only point down: which folder may include which, and what only one folder, or none, may call.

usage: architecture_test.py SOURCE_DIRECTORY
"""
import pathlib
import re
import sys

# From the bottom up; a file may include its own floor and those before it.
FLOORS = ["lib/freestanding", "lib", "loaders", "arch", "capi", "cmd"]
# Compiled for a machine without an operating system: only itself and the bottom floor.
PURGATORY = "purgatory"
QUIET = ["lib", "loaders", "arch", "capi"]
SYSCALL_FOLDER = "lib/sys/"
HYPERCALL_FILE = "lib/sys/privcmd.cc"

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
FORBIDDEN_IN_QUIET = [
    (re.compile(r"\b(?:printf|fprintf|vprintf|puts|fputs|putchar|perror|fmt::print|std::print)\s*\("), "prints"),
    (re.compile(r"\bstd::(?:cout|cerr|clog)\b"), "prints"),
    (re.compile(r"(?<![\w.>])(?:exit|_exit|abort|quick_exit|std::terminate)\s*\("), "exits"),
    (re.compile(r"\bthrow\b"), "throws"),
    (re.compile(r"\bargv\b"), "reads argv"),
]
SYSTEM_CALL = re.compile(r"(?<![\w.>])(?:syscall|reboot)\s*\(")
# The number of privcmd's ioctl is made of its letter; the device's name is a string, and so not looked for.
HYPERCALL = re.compile(r"\b(?:IOCTL_PRIVCMD_\w+|_IOC)\b")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def without_strings(text):
    return re.sub(r'R"\(.*?\)"|"(?:[^"\\\n]|\\.)*"', '""', text, flags=re.S)


def floor_of_file(path):
    return "lib/freestanding" if path.startswith("lib/freestanding/") else path.split("/")[0]


def floor_of_include(name, includer):
    if name.startswith("lib/freestanding/"):
        return "lib/freestanding"
    if name.startswith("kexec/"):
        return "lib"
    head = name.split("/")[0]
    return head if "/" in name and head in FLOORS + ["tests", "bench"] else floor_of_file(includer)


def is_purgatory(path):
    """What is compiled into the blob; headers beside it may speak C++ to the library."""
    return PURGATORY in path.split("/") and path.endswith((".c", ".S"))


def check_includes(path, text):
    own = floor_of_file(path)
    for quote, name in INCLUDE.findall(text):
        target = floor_of_include(name, path)
        if quote == "<":
            if (name.startswith("CLI/") or name.startswith("spdlog/")) and own != "cmd":
                yield f"{path}: includes <{name}>, which only cmd may"
            continue
        if target not in FLOORS:
            yield f'{path}: includes "{name}" from outside the product'
        elif FLOORS.index(target) > FLOORS.index(own):
            yield f'{path}: includes "{name}": {own} may not use {target}'
        elif is_purgatory(path) and target not in ("lib/freestanding", own):
            yield f'{path}: includes "{name}": purgatory runs without a library'


def check_calls(path, text):
    code = without_strings(text)
    if not path.startswith(SYSCALL_FOLDER) and SYSTEM_CALL.search(code):
        yield f"{path}: calls syscall(2) or reboot(2), which only {SYSCALL_FOLDER} may"
    if path != HYPERCALL_FILE and HYPERCALL.search(code):
        yield f"{path}: makes a hypercall, which only {HYPERCALL_FILE} may"
    if floor_of_file(path) in QUIET and PURGATORY not in path.split("/"):
        for pattern, verb in FORBIDDEN_IN_QUIET:
            found = pattern.search(code)
            if found:
                yield f"{path}: {verb}: '{found.group(0)}'"


def sources(root):
    for floor in ("lib", "loaders", "arch", "capi", "cmd"):
        for path in sorted((root / floor).rglob("*")):
            if path.suffix in (".cc", ".h", ".c", ".S"):
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def self_test():
    """The rules find what they are for."""
    bad = [
        ("lib/x.cc", '#include "loaders/kernel_image.h"\n'),
        ("loaders/x.cc", '#include "arch/machine.h"\n'),
        ("arch/x.cc", '#include "cmd/kexec/options.h"\n'),
        ("lib/x.cc", '#include "tests/support/ranges.h"\n'),
        ("loaders/x.cc", "#include <CLI/CLI.hpp>\n"),
        ("lib/x.cc", 'void f() { printf("hi"); }\n'),
        ("arch/x.cc", "void f() { exit(1); }\n"),
        ("cmd/kexec/x.cc", "int f() { return reboot(1); }\n"),
        ("arch/x.cc", "int f() { return ioctl(fd, _IOC(_IOC_NONE, 'P', 0, 48), &call); }\n"),
        ("arch/x86_64/purgatory/x.c", '#include "kexec/phys.h"\n'),
    ]
    good = [
        ("lib/x.cc", '// printf("hi"); exit(1); reboot(0)\nconst char* s = "reboot(";\n'),
        ("arch/x.cc", '#include "loaders/kernel_image.h"\n#include "lib/freestanding/digest.h"\n'),
        ("cmd/kexec/x.cc", "#include <CLI/CLI.hpp>\nvoid f() { kernel.reboot(); }\n"),
        (SYSCALL_FOLDER + "x.cc", "long f() { return syscall(1); }\n"),
        (HYPERCALL_FILE, "int f() { return ioctl(fd, _IOC(_IOC_NONE, 'P', 0, 48), &call); }\n"),
    ]
    for path, text in bad:
        assert list(check(path, text)), f"not found: {text}"
    for path, text in good:
        assert not list(check(path, text)), f"found in vain: {text}"


def check(path, text):
    text = without_comments(text)
    yield from check_includes(path, text)
    yield from check_calls(path, text)


def main():
    self_test()
    files = list(sources(pathlib.Path(sys.argv[1])))
    faults = [fault for path, text in files for fault in check(path, text)]
    print("\n".join(faults) or f"{len(files)} files keep the rules")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
