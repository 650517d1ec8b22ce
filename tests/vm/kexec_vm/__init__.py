# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests for kexec: real Debian kernels in QEMU, driven over serial lines, with the Python standard library only."""
