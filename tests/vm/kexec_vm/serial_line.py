# SPDX-License-Identifier: GPL-2.0-or-later
"""One serial line of a guest, as a pair of FIFOs (QEMU's chardev "pipe").

A FIFO takes 64 KiB while nobody reads. A socket is full after some hundred single bytes, and what a kernel writes
without interrupts then (its console, early and in a panic) is lost after 10 ms.
"""

import os
import select


class SerialLine:
    """`path` names the chardev; the FIFOs lie beside it."""

    def __init__(self, path):
        for end in (".in", ".out"):
            os.mkfifo(f"{path}{end}")
        self._from_guest = os.open(f"{path}.out", os.O_RDONLY | os.O_NONBLOCK)
        self._to_guest = os.open(f"{path}.in", os.O_RDWR)  # which waits for no reader

    def write(self, data):
        os.write(self._to_guest, data)

    def each_line(self, is_running, handle):
        """Calls `handle` with each line until QEMU, which `is_running` asks for, is gone; a last line without newline counts."""
        rest = b""
        while data := self._read(is_running):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                handle(line.decode(errors="replace").rstrip("\r"))
        if rest:
            handle(rest.decode(errors="replace"))

    def close(self):
        os.close(self._from_guest)
        os.close(self._to_guest)

    def _read(self, is_running):
        """What comes next; b"" at the end. A FIFO that QEMU never opened has none to show."""
        poll = select.poll()
        poll.register(self._from_guest, select.POLLIN)
        while not poll.poll(1000):
            if not is_running():
                return b""
        return os.read(self._from_guest, 65536)
