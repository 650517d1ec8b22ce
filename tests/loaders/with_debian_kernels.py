#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program with KEXEC_TEST_KERNELS naming a folder of Debian kernels, fetched as packages: CACHE PROGRAM [ARGUMENT...]"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vm"))
sys.dont_write_bytecode = True

from kexec_vm.kernels import Cache  # noqa: E402

cache = Cache(sys.argv[1])
for series in ("6.1", "6.12"):
    cache.kernel(series)
os.environ["KEXEC_TEST_KERNELS"] = str(cache.folder)
os.execv(sys.argv[2], sys.argv[2:])
