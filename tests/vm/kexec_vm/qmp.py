# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's monitor (QMP, docs/interop/qmp-spec.txt in its tree): one command, one answer, as far as the cases need it."""

import contextlib
import json
import pathlib
import socket
import threading


class Monitor:
    """A conversation with one QEMU that listens on a Unix socket at `path`. Threads take turns."""

    def __init__(self, path):
        self._path = pathlib.Path(path)
        self._stream = None
        self._turn = threading.Lock()

    def execute(self, command, **arguments):
        """What QEMU returns for `command`; RuntimeError with its words if it refuses. Events are passed over."""
        with self._turn:
            if self._stream is None:
                self._connect()
            return self._exchange(command, arguments)

    def physical_memory(self, address, size):
        """`size` bytes of the guest's memory from physical `address`, as the CPU would read them now."""
        copy = self._path.with_name("physical-memory")
        self.execute("pmemsave", val=address, size=size, filename=str(copy))
        return copy.read_bytes()

    def close(self):
        if self._stream is not None:
            with contextlib.suppress(BrokenPipeError):  # a command that QEMU's end overtook
                self._stream.close()

    def _connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(str(self._path))
        self._stream = connection.makefile("rw")
        connection.close()  # the stream keeps it open
        self._stream.readline()  # the greeting
        self._exchange("qmp_capabilities", {})

    def _exchange(self, command, arguments):
        self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._stream.flush()
        while line := self._stream.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU refuses '{command}': {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"QEMU ended before it answered '{command}'")
