# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that are not Linux: memtest86+, and Xen with a Linux of its own."""

import gzip
import threading

from kexec_vm import recipe
from kexec_vm.machine import Machine
from kexec_vm.suite import case

_VGA_TEXT, _COLUMNS, _ROWS = 0xB8000, 80, 25
_PERIOD = 1.0  # seconds between two looks at the screen
# QEMU 7.2 runs Xen's PV guests only without SMAP: under its own -kernel, too, dom0 dies at its first exception.
XEN_CPU = "max,-smap,-smep"
XEN_LINE = "com1=115200,8n1 console=com1 sync_console"


def screen(monitor):
    """What the VGA shows in text mode: a line of text each."""
    cells = monitor.physical_memory(_VGA_TEXT, _COLUMNS * _ROWS * 2)[::2].decode("cp437")
    return "\n".join(cells[at:at + _COLUMNS].rstrip() for at in range(0, len(cells), _COLUMNS))


class ScreenWatch:
    """Looks at the screen until `text` shows, then ends QEMU. Its answer() starts it."""

    def __init__(self, text, patience):
        self._text, self._patience = text, patience
        self._done = threading.Event()
        self.seen = ""

    def answer(self, question):
        threading.Thread(target=self._watch, args=(question.monitor,), daemon=True).start()

    def _watch(self, monitor):
        try:
            for _ in range(int(self._patience / _PERIOD)):
                self._done.wait(_PERIOD)
                self.seen = screen(monitor)
                if self._text in self.seen:
                    break
            monitor.execute("quit")
        except (OSError, RuntimeError):
            pass  # QEMU has ended by itself: what was seen last tells


def memtest(bench, name, call):
    """It says what it is, how much memory it was told of, and how it goes on."""
    image = (bench.cache.memtest86() / f"memtest86+{name}.bin").read_bytes()
    watch = ScreenWatch("Testing: ", patience=60)
    transcript = recipe.boot(bench, f"""
        try load kexec {call} -l /image --append="nosmp"
        ask watch
        execute kexec -e""", files={"image": image}, machine={"vga": "std"}, answer=watch.answer)
    recipe.expect_success(bench, transcript.boot(1), "load")
    bench.contains(watch.seen, "Memtest86+ v", "screen")
    bench.contains(watch.seen, "QEMU", "screen: the CPU's name")
    bench.contains(watch.seen, "511MB", "screen: 512 MiB less what firmware keeps")


def xen(bench, packed):
    """Xen by multiboot 2; it starts Linux as its first domain, which reaches its init with both modules."""
    image = bench.cache.xen().read_bytes()
    dom0 = bench.cache.dom0_kernel().image.read_bytes()
    second = "note reached second\ntry cmdline cat /proc/cmdline\ntry hypervisor cat /sys/hypervisor/type\n"
    load = (f'-l /xen --append="{XEN_LINE} xen-word" --module="/dom0 console=hvc0 earlyprintk=xen panic=-1 dom0-word" '
            "--module=/initrd")
    kernel = bench.cache.kernel("6.1")
    archive = recipe.initrd(bench, f"try load kexec {load}\nexecute kexec -e", kernel=kernel, second=second,
                            files={"xen": image if packed else gzip.decompress(image), "dom0": dom0})
    machine = Machine(kernel, memory="2G", cpu=XEN_CPU)
    transcript = bench.boot(machine, archive, limit=300)
    recipe.expect_success(bench, transcript.boot(1), "load")
    console = transcript.console_text()
    bench.contains(console, "(XEN) Xen version", "console")
    line = next((line for line in console.splitlines() if "(XEN) Command line:" in line), "")
    bench.equal(line.partition("Command line: ")[2], f"{XEN_LINE} xen-word", "command line Xen tells")
    second = recipe.expect_second(bench, transcript)
    bench.equal(second.out("hypervisor"), "xen", "hypervisor the first domain sees")
    bench.contains(second.out("cmdline"), "earlyprintk=xen panic=-1 dom0-word", "command line of the first domain")
    bench.expect("/dom0" not in second.out("cmdline"), "the module's own name is on the first domain's command line")


def register():
    for name, call, quick in (("x64", "-a", True), ("ia32", "-a", False), ("x64", "-c", False)):
        case(f"memtest86/{name}/{call[1:]}", quick=quick)(lambda bench, name=name, call=call: memtest(bench, name, call))
    case("xen/gz")(lambda bench: xen(bench, True))
    case("xen/plain")(lambda bench: xen(bench, False))


register()
