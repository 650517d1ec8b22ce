# SPDX-License-Identifier: GPL-2.0-or-later
"""The report a guest writes line by line (guest/lib.sh has the other side), as values a case can compare."""

from dataclasses import dataclass, field


@dataclass
class Result:
    """What one command said. `seconds` is the host's wall time between its first and last line."""

    name: str
    out: str = ""
    err: str = ""
    status: int = 0
    started: float = 0.0
    seconds: float = 0.0


@dataclass
class Boot:
    """One kernel's life: from its init's first line to its last."""

    release: str
    uptime: float  # seconds when init spoke first
    at: float  # host clock
    results: dict = field(default_factory=dict)
    executed_at: float | None = None  # when it handed over
    executed_cpu: float = 0.0  # QEMU's CPU seconds then
    ended: bool = False  # its stage ran to the end

    def __getitem__(self, name):
        if name not in self.results:
            raise AssertionError(f"the guest did not report '{name}'; it reported {', '.join(self.results) or 'nothing'}")
        return self.results[name]

    def out(self, name):
        return self[name].out.rstrip("\n")


class Report:
    """Feed it lines; it keeps the boots. Unknown lines are kept in `noise` and are no error by themselves."""

    def __init__(self, on_ask, cpu_seconds=lambda: 0.0):
        self._cpu_seconds = cpu_seconds
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
            self._open.seconds = now - self._open.started
            self.boots[-1].results[self._open.name] = self._open
            self._open = None
        elif verb == "execute":
            self.boots[-1].executed_at = now
            self.boots[-1].executed_cpu = self._cpu_seconds()
        elif verb == "end-of-stage":
            self.boots[-1].ended = True
        elif verb == "ask":
            self._on_ask(rest[0], self)
