# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: how they are named, selected, run side by side and counted."""

import concurrent.futures
import pathlib
import time
import traceback
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

from kexec_vm import machine as vm
from kexec_vm import rootfs
from kexec_vm.architecture import X86_64
from kexec_vm.kernels import Cache

_CASES = []


@dataclass(frozen=True)
class Case:
    name: str
    quick: bool
    run: object
    crossed: bool = False  # needs nothing but the programs of a cross build


class Skip(Exception):
    """A case that cannot be run here; the text says why."""


def case(name, *, quick=False, crossed=False):
    """Registers the decorated function (one argument: Bench) as the case `name`; quick: part of the short set."""

    def register(function):
        if any(other.name == name for other in _CASES):
            raise ValueError(f"two cases are called '{name}'")
        _CASES.append(Case(name, quick, function, crossed))
        return function

    return register


def all_cases():
    return list(_CASES)


@dataclass(frozen=True)
class Programs:
    """What is tested on one architecture, and what guests of it are helped by."""

    kexec: pathlib.Path
    vmcore_dmesg: pathlib.Path
    helpers: pathlib.Path  # folder with the programs of guest/*.c, built


@dataclass
class Bench:
    """What a case works with: the tested program, the kernels, and a way to boot."""

    kexec: pathlib.Path
    cache: Cache
    logs: pathlib.Path
    helpers: pathlib.Path  # folder with the programs of guest/*.c, built
    vmcore_dmesg: pathlib.Path
    crossed: dict = field(default_factory=dict)  # architecture's name: Programs for it
    name: str = ""
    checks: int = 0
    runs: int = 0
    failures: list = field(default_factory=list)

    def boot(self, machine, initrd, *, limit=180, answer=None):
        """Runs the machine to its end and keeps console and report in the log folder."""
        transcript = vm.run(machine, initrd, limit=limit, answer=answer)
        self.runs += 1
        stem = self.name.replace("/", "-") + (f"-{self.runs}" if self.runs > 1 else "")
        (self.logs / f"{stem}.console").write_text(transcript.console_text() + "\n", encoding="utf-8")
        with open(self.logs / f"{stem}.report", "w", encoding="utf-8") as out:
            for boot in transcript.boots:
                out.write(f"=== {boot.release}\n")
                for result in boot.results.values():
                    out.write(f"--- {result.name}: status {result.status}, {result.seconds:.2f} s\n{result.out}")
                    out.write("".join(f"! {line}\n" for line in result.err.splitlines()))
        return transcript

    def archive(self, architecture, script, **parts):
        """rootfs.archive() for a guest of that architecture."""
        return rootfs.archive(script, architecture=architecture, busybox=self.cache.busybox(architecture), **parts)

    def programs(self, architecture):
        """The Programs for an architecture; Skip if they are not built."""
        if architecture is X86_64:
            return Programs(self.kexec, self.vmcore_dmesg, self.helpers)
        found = self.crossed[architecture.name]
        if not found.kexec.is_file():
            preset = architecture.debian
            raise Skip(f"'{found.kexec}' is missing: scripts/sysroot {preset} && cmake --preset {preset} && "
                       f"ninja -C build/{preset} kexec vmcore-dmesg")
        return found

    def expect(self, truth, what):
        """Counts a check; a false one is told at the end, together with all others of the case."""
        self.checks += 1
        if not truth:
            self.failures.append(what)
        return bool(truth)

    def equal(self, actual, expected, what):
        return self.expect(actual == expected, f"{what}: got {actual!r}, expected {expected!r}")

    def contains(self, text, part, what):
        return self.expect(part in text, f"{what}: {part!r} is not in {text.strip()!r}")


@dataclass
class Outcome:
    case: Case
    verdict: str  # "ok", "FAILED", "skipped"
    seconds: float
    checks: int = 0
    details: str = ""


def run_all(cases, make_bench, jobs, tell):
    """Runs the cases at most `jobs` at a time, tells each Outcome as it comes, returns all of them."""
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(_run_one, case, make_bench(case.name)) for case in cases]
        for done in concurrent.futures.as_completed(waiting):
            outcomes.append(done.result())
            tell(outcomes[-1])
    return outcomes


def _run_one(case_, bench):
    started = time.monotonic()
    try:
        case_.run(bench)
        verdict = "FAILED" if bench.failures else "ok"
        if not bench.checks:
            verdict, bench.failures = "FAILED", ["the case checked nothing"]
    except Skip as reason:
        return Outcome(case_, "skipped", time.monotonic() - started, bench.checks, str(reason))
    except AssertionError as failure:
        bench.failures.append(str(failure))
        verdict = "FAILED"
    except Exception:  # pylint: disable=broad-except; one broken case must not hide the others
        bench.failures.append(traceback.format_exc())
        verdict = "FAILED"
    return Outcome(case_, verdict, time.monotonic() - started, bench.checks, "\n".join(bench.failures))


def write_junit(outcomes, path):
    suite = xml.Element("testsuite", name="kexec-vm", tests=str(len(outcomes)),
                        failures=str(sum(one.verdict == "FAILED" for one in outcomes)),
                        skipped=str(sum(one.verdict == "skipped" for one in outcomes)))
    for one in outcomes:
        element = xml.SubElement(suite, "testcase", name=one.case.name, time=f"{one.seconds:.1f}")
        if one.verdict == "FAILED":
            xml.SubElement(element, "failure").text = one.details
        elif one.verdict == "skipped":
            xml.SubElement(element, "skipped", message=one.details)
    xml.ElementTree(suite).write(path, encoding="unicode", xml_declaration=True)
