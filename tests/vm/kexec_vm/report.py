# SPDX-License-Identifier: GPL-2.0-or-later
"""The report a guest writes line by line (guest/lib.sh has the other side), as values a case can compare."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Moment:
    """When something was seen: three clocks, in seconds. The difference of two is a Moment, too."""

    wall: float  # the host's clock
    cpu: float = 0.0  # QEMU's own CPU time so far
    guest: float | None = None  # the guest's clock, if the machine is read by one (clock.py)

    def __sub__(self, other):
        guest = None if self.guest is None or other.guest is None else self.guest - other.guest
        return Moment(self.wall - other.wall, self.cpu - other.cpu, guest)


@dataclass
class Result:
    """What one command said. `seconds` is the host's wall time between its first and last line."""

    name: str
    out: str = ""
    err: str = ""
    status: int = 0
    started: Moment = Moment(0.0)
    seconds: float = 0.0


@dataclass
class Boot:
    """One kernel's life: from its init's first line to its last."""

    release: str
    uptime: float  # seconds when init spoke first
    at: Moment  # when init spoke first
    results: dict = field(default_factory=dict)
    executed_at: Moment | None = None  # when it handed over
    ended: bool = False  # its stage ran to the end

    def __getitem__(self, name):
        if name not in self.results:
            raise AssertionError(f"the guest did not report '{name}'; it reported {', '.join(self.results) or 'nothing'}")
        return self.results[name]

    def out(self, name):
        return self[name].out.rstrip("\n")


class Report:
    """Feed it lines; it keeps the boots. Unknown lines are kept in `noise` and are no error by themselves."""

    def __init__(self, on_ask):
        self.boots = []
        self.noise = []
        self._on_ask = on_ask
        self._open = None
        self._stderr = False

    def line(self, text, now):
        text = text.rstrip("\r")
        if text.startswith("|") and self._open:
            self._text(text[1:] + "\n")
        elif text.startswith("@"):
            self._protocol(text[1:].split(" "), now)
        elif text:
            self.noise.append(text)

    def _text(self, line):
        if self._stderr:
            self._open.err += line
        else:
            self._open.out += line

    def _protocol(self, words, now):
        verb, rest = words[0], words[1:]
        if verb == "boot":
            self.boots.append(Boot(rest[0], float(rest[1]), now))
            self._open = None
        elif not self.boots:
            self.noise.append("@" + verb)
        elif verb == "begin":
            self._open, self._stderr = Result(" ".join(rest), started=now), False
        elif verb == "stderr":
            self._stderr = True
        elif verb == "end" and self._open:
            self._open.status = int(rest[0])
            self._open.seconds = (now - self._open.started).wall
            self.boots[-1].results[self._open.name] = self._open
            self._open = None
        elif verb == "execute":
            self.boots[-1].executed_at = now
        elif verb == "end-of-stage":
            self.boots[-1].ended = True
        elif verb == "ask":
            self._on_ask(rest[0], self)
