# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU machine from start to end. Two serial lines: the console, and the report.

QEMU runs with -no-reboot: a reset ends it, so whatever boots second was started by kexec.
"""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field

from kexec_vm import patience
from kexec_vm.architecture import X86_64
from kexec_vm.kernels import Kernel
from kexec_vm.qmp import Monitor
from kexec_vm.report import Moment, Report
from kexec_vm.serial_line import SerialLine

CMDLINE = X86_64.cmdline


@dataclass(frozen=True)
class Hypervisor:
    """Xen below the kernel, which is its first domain."""

    image: pathlib.Path  # the ELF file, unpacked: QEMU unpacks no Multiboot kernel
    append: str = ""


@dataclass(frozen=True)
class Machine:
    """What to build, of the kernel's architecture. Memory is in QEMU's notation ("512M", "5G")."""

    kernel: Kernel
    firmware: str = "bios"  # what the board has by itself; "uefi", or "secure-boot": UEFI that trusts secure_boot.sign
    cpus: int = 1
    memory: str = "512M"
    cpu: str | None = None  # the architecture's usual one
    board: str = ""  # more of -machine: "gic-version=3"
    vga: str = "none"
    append: str = ""  # behind the architecture's usual line; of Xen's first domain all there is, without a comma
    disk: pathlib.Path | None = None  # read-only raw disk on virtio
    host_sees_memory: bool = False  # the guest's RAM is a file, which `answer` gets the path of
    extra: tuple = ()  # more QEMU arguments
    hypervisor: Hypervisor | None = None


@dataclass
class Line:
    """One console line."""

    at: Moment
    text: str


@dataclass
class Transcript:
    """All a run left behind."""

    boots: list
    console: list
    noise: list
    exit_status: int | None  # None: killed by the time limit
    seconds: float
    started: Moment

    def console_text(self):
        return "\n".join(line.text for line in self.console)

    def boot(self, number):
        """The boot with that number, from 1. A missing one is told with the end of the console."""
        if len(self.boots) < number:
            raise AssertionError(f"only {len(self.boots)} kernel(s) reached init, expected {number}; {self.ending()}")
        return self.boots[number - 1]

    def kernel_spoke(self, after):
        """The Moment of the first line a kernel wrote after the Moment `after`."""
        for line in self.console:
            if line.at.wall > after.wall and "Linux version" in line.text:
                return line.at
        raise AssertionError("the next kernel said nothing; " + self.ending())

    def ending(self):
        how = "the time limit struck" if self.exit_status is None else f"QEMU ended with status {self.exit_status}"
        return f"{how}; the console ends with:\n" + "\n".join("    " + line.text for line in self.console[-12:])


@dataclass(frozen=True)
class Question:
    """What the host has at hand while the guest waits for an answer."""

    name: str
    memory: pathlib.Path | None  # the file that is the guest's RAM, if the host sees it
    report: Report  # so far
    monitor: Monitor


def run(machine, initrd, *, limit, answer=None, clock=None):
    """Boots `machine` with the archive `initrd` and returns its Transcript when QEMU has ended.

    limit: seconds after which QEMU is killed, as patience.py counts them.
    answer: called with a Question when the guest asks; the guest goes on when it returns. What it raises ends QEMU and
    is raised here.
    clock: a clock.GuestClock that reads the guest's time for every Moment.
    """
    with tempfile.TemporaryDirectory(prefix="kexec-vm-") as folder:
        return _Session(machine, pathlib.Path(folder), initrd, answer, clock).run(limit)


@dataclass
class _Session:
    machine: Machine
    folder: pathlib.Path
    initrd: bytes
    answer: object
    clock: object
    console: list = field(default_factory=list)
    failure: Exception | None = None  # what `answer` raised

    def run(self, limit):
        self.monitor = Monitor(self.folder / "monitor")
        (self.folder / "initrd").write_bytes(self.initrd)
        started = Moment(time.monotonic())
        lines = [SerialLine(self.folder / name) for name in ("console", "report")]
        with contextlib.ExitStack() as stack:
            for line in lines:
                stack.callback(line.close)
            self.process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT)
            if self.clock:
                self.clock.start(self.monitor)
            try:
                return self._drive(*lines, started, limit)
            finally:
                if self.clock:
                    self.clock.stop()
                self.monitor.close()
                self.process.kill()
                self.process.wait()
                self.process.stdout.close()

    def _drive(self, console, report_line, started, limit):
        report = Report(lambda name, so_far: self._asked(name, so_far, report_line))
        threads = [threading.Thread(target=line.each_line, args=(self._is_running, handle)) for line, handle in
                   ((console, self._console_line), (report_line, lambda text: report.line(text, self._now())))]
        for thread in threads:
            thread.start()
        status = patience.wait(self.process, limit)
        for thread in threads:
            thread.join(60)
        if self.failure:
            raise self.failure
        if status and not self.console:
            raise RuntimeError(f"QEMU did not start: {self.process.stdout.read().decode(errors='replace')}")
        seconds = time.monotonic() - started.wall
        return Transcript(report.boots, self.console, report.noise, status, seconds, started)

    def _is_running(self):
        return self.process.poll() is None

    def _console_line(self, text):
        self.console.append(Line(self._now(), text))

    def _now(self):
        return Moment(time.monotonic(), patience.cpu_seconds(self.process.pid), self.clock.seconds() if self.clock else None)

    def _asked(self, name, report, line):
        memory = self.folder / "memory" if self.machine.host_sees_memory else None
        try:
            if self.answer:
                self.answer(Question(name, memory, report, self.monitor))
        except Exception as failure:  # pylint: disable=broad-except; told by run(), this is the report's thread
            self.failure = failure
            self.process.kill()
        else:
            line.write(b"go\n")

    def _boot(self):
        machine = self.machine
        image, append = str(machine.kernel.image), f"{machine.kernel.architecture.cmdline} {machine.append}".strip()
        initrd = str(self.folder / "initrd")
        if machine.hypervisor:
            # QEMU's list of Multiboot modules. The console is Xen's, so the architecture's line would be wrong.
            initrd = f"{image} {machine.append},{initrd}"
            image, append = str(machine.hypervisor.image), machine.hypervisor.append
        return ["-kernel", image, "-initrd", initrd, "-append", append]

    def _command(self):
        machine, target = self.machine, self.machine.kernel.architecture
        board = [target.board, "accel=tcg"] + ([machine.board] if machine.board else [])
        if machine.host_sees_memory:
            board.append("memory-backend=ram")
        command = [target.qemu, "-machine", ",".join(board), "-cpu", machine.cpu or target.cpu,
                   "-smp", str(machine.cpus), "-m", machine.memory,
                   "-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none", "-vga", machine.vga,
                   "-chardev", f"pipe,id=console,path={self.folder}/console", "-serial", "chardev:console",
                   "-chardev", f"pipe,id=report,path={self.folder}/report", *target.report,
                   "-qmp", f"unix:{self.folder}/monitor,server=on,wait=off",
                   *self._boot()]
        if machine.host_sees_memory:
            command += ["-object",
                        f"memory-backend-file,id=ram,size={machine.memory},mem-path={self.folder}/memory,share=on"]
        firmware = {"uefi": target.uefi, "secure-boot": target.secure_boot}.get(machine.firmware)
        if firmware:
            shutil.copy(firmware.variables, self.folder / "vars")
            command += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={firmware.code}",
                        "-drive", f"if=pflash,unit=1,format=raw,file={self.folder}/vars"]
        command += machine.extra
        if machine.disk:
            command += ["-drive", f"if=virtio,format=raw,readonly=on,file={machine.disk}"]
        return command
