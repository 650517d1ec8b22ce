# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a guest may take before it counts as hung.

Wall time is a bad measure: on a busy host a sound guest takes many times as long. What counts is the time in which QEMU
ran, and the time in which none of its threads wanted to: a guest that waits for what never comes.
"""

import os
import pathlib
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_PERIOD = 0.5  # seconds between two looks
_WALL = 10  # times the limit, after which even a starved guest is given up


def cpu_seconds(pid):
    """User and system time of the process so far; 0 once it is gone."""
    return sum(_times(f"/proc/{pid}/stat"))


def _fields(stat):
    """What follows the program's name, which may hold blanks (proc(5)): the state comes first."""
    try:
        return pathlib.Path(stat).read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _times(stat):
    return [int(ticks) / _TICKS for ticks in _fields(stat)[11:13]]


def wants_cpu(pid):
    """Whether a thread of the process runs or waits for a CPU, or for its own disk."""
    return any(_fields(stat)[:1] in (["R"], ["D"]) for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"))


class Patience:
    """Adds up what counts, one look after another."""

    def __init__(self, limit):
        self._limit = limit
        self._spent = 0.0
        self._wall = 0.0

    def look(self, wall, cpu, wanted_cpu):
        """`wall` and `cpu` seconds passed since the last look; False: the guest has had its time."""
        self._wall += wall
        self._spent += min(wall, cpu) if wanted_cpu else wall
        return self._spent < self._limit and self._wall < self._limit * _WALL


def wait(process, limit):
    """Waits for the end of a QEMU and answers its exit status; None: it did not end within `limit`, and was killed."""
    patience = Patience(limit)
    before = time.monotonic(), cpu_seconds(process.pid)
    while True:
        try:
            return process.wait(_PERIOD)
        except subprocess.TimeoutExpired:
            now = time.monotonic(), cpu_seconds(process.pid)
            if not patience.look(now[0] - before[0], now[1] - before[1], wants_cpu(process.pid)):
                process.kill()
                return None
            before = now
