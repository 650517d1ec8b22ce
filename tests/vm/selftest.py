#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the harness itself: no guest is started, nothing is fetched."""

import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from kexec_vm import compare, core, crash, newc, qmp, suite  # noqa: E402
from kexec_vm.report import Moment, Report  # noqa: E402


class NewcTest(unittest.TestCase):
    def test_cpio_lists_what_was_written(self):
        archive = newc.Archive()
        archive.character_device("dev/console", 5, 1)
        archive.file("a/b/file", b"12345", 0o755)
        archive.symlink("a/link", "b/file")
        listing = subprocess.run(["cpio", "-tv", "--quiet"], input=archive.bytes(), check=True, stdout=subprocess.PIPE)
        lines = [line.split() for line in listing.stdout.decode().splitlines()]
        self.assertEqual([line[-1] for line in lines if "->" not in line], ["dev", "dev/console", "a", "a/b", "a/b/file"])
        self.assertEqual([line[0] for line in lines], ["drwxr-xr-x", "crw-------", "drwxr-xr-x", "drwxr-xr-x", "-rwxr-xr-x",
                                                      "lrwxrwxrwx"])

    def test_one_path_twice_is_an_error(self):
        archive = newc.Archive()
        archive.file("x", b"")
        with self.assertRaisesRegex(ValueError, "'x'"):
            archive.file("x", b"")


class CompareTest(unittest.TestCase):
    def test_touching_ranges_are_joined_and_nested_lines_left_out(self):
        text = ("00001000-0009fbff : System RAM\n  00002000-00002fff : System RAM\n0009fc00-0009ffff : Reserved\n"
                "00100000-001fffff : System RAM\n00200000-002fffff : System RAM\n")
        self.assertEqual(compare.system_ram(text), [(0x1000, 0x9fc00), (0x100000, 0x300000)])

    def test_firmware_memory_by_type(self):
        text = "0x0 0x9fbff System RAM\n0x9fc00 0x9ffff Reserved\n0xf0000 0xfffff Reserved\n"
        self.assertEqual(compare.firmware_memory(text),
                         {"System RAM": [(0, 0x9fc00)], "Reserved": [(0x9fc00, 0xa0000), (0xf0000, 0x100000)]})

    def test_trouble_is_found_and_innocent_lines_are_not(self):
        lines = ["[    0.1] ACPI: RSDP 0x1 000014", "[    0.2] calibrate_delay_direct() failed: loops_per_jiffy",
                 "[    0.3] ACPI BIOS Error (bug): Could not resolve symbol", "[    0.4] BUG: unable to handle page fault"]
        self.assertEqual(compare.trouble("\n".join(lines)),
                         ["ACPI BIOS Error (bug): Could not resolve symbol", "BUG: unable to handle page fault"])


    def test_holes_are_cut_out(self):
        self.assertEqual(compare.without([(0, 10), (20, 30)], [(2, 4), (8, 22), (29, 40)]), [(0, 2), (4, 8), (22, 29)])
        self.assertEqual(compare.without([(0, 10)], []), [(0, 10)])

    def test_the_dump_holds_ram_but_no_crash_region(self):
        text = ("00001000-0009fbff : System RAM\n00100000-3fffffff : System RAM\n  30000000-3bffffff : Crash kernel\n")
        self.assertEqual(crash.dumped_ram(text, with_low=False), [(0x100000, 0x30000000), (0x3C000000, 0x40000000)])
        self.assertEqual(crash.dumped_ram(text, with_low=True)[0], (0x1000, 0x9FC00))


def elf_core(loads, notes):
    """An ELF64 core: one PT_NOTE with `notes` (name, type, data), then PT_LOADs (offset, virtual, physical, size)."""
    body = b""
    for name, kind, data in notes:
        body += struct.pack("<III", len(name) + 1, len(data), kind)
        body += b"".join(part + bytes(-len(part) % 4) for part in (name.encode() + b"\0", data))
    start = 64 + 56 * (1 + len(loads))
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1 + len(loads), 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", core.PT_NOTE, 0, start, 0, 0, len(body), len(body), 0)
    for offset, virtual, physical, size in loads:
        head += struct.pack("<IIQQQQQQ", core.PT_LOAD, 7, offset, virtual, physical, size, size, 0)
    return head + body


class CoreTest(unittest.TestCase):
    def test_loads_and_notes(self):
        prstatus = bytearray(336)
        struct.pack_into("<i", prstatus, 32, 77)
        struct.pack_into("<Q", prstatus, 240, 0xFFFFFFFF81000042)
        found = core.parse(elf_core([(0x1000, 0xFFFFFFFF81000000, 0x2000000, 0x3000), (0x4000, 1 << 63, 0x5800, 0x1000)],
                                    [("CORE", 1, bytes(prstatus)), ("VMCOREINFO", 0, b"OSRELEASE=6.1\nNUMBER(phys_base)=-4096\n")]))
        self.assertEqual((found.cpus(), found.note_headers), ([(77, 0xFFFFFFFF81000042)], 1))
        self.assertEqual(found.vmcoreinfo()["OSRELEASE"], "6.1")
        self.assertEqual(core.kernel_text_physical(found.vmcoreinfo(), 0xFFFFFFFF81001000), 0x1000000)
        self.assertEqual([load.physical for load in found.memory()], [0x5800])
        self.assertEqual(found.slice(bytes(0x800) + b"x" * 0x400, 0, 0x6400), {0x5800: bytes(0x800), 0x6000: b"x" * 0x400})

    def test_what_is_no_core(self):
        with self.assertRaisesRegex(ValueError, "no ELF64 core"):
            core.parse(bytes(64))


class ReportTest(unittest.TestCase):
    def test_two_boots_with_texts_and_statuses(self):
        asked = []
        report = Report(lambda name, _: asked.append(name))
        lines = ["firmware noise", "@boot 6.1 2.5", "@begin load kernel", "|out", "@stderr", "|@err", "@end 3", "@ask x",
                 "@execute", "@boot 6.12 1.0", "@end-of-stage"]
        for number, line in enumerate(lines):
            report.line(line + "\r", Moment(float(number)))
        first, second = report.boots
        self.assertEqual((first["load kernel"].out, first["load kernel"].err, first["load kernel"].status), ("out\n", "@err\n", 3))
        self.assertEqual((first.executed_at, first.ended, second.release, second.ended), (Moment(8.0), False, "6.12", True))
        self.assertEqual((asked, report.noise), (["x"], ["firmware noise"]))
        with self.assertRaisesRegex(AssertionError, "did not report 'other'; it reported load kernel"):
            first["other"]  # pylint: disable=pointless-statement


class MonitorTest(unittest.TestCase):
    def converse(self, answers, command):
        """Runs `command` on a Monitor whose other side greets and says `answers`; (result, what it was sent)."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            path = pathlib.Path(folder) / "monitor"
            server.bind(str(path))
            server.listen(1)
            monitor = qmp.Monitor(path)
            heard = []

            def serve():
                connection = server.accept()[0]
                with connection, connection.makefile("rw") as stream:
                    for answer in ['{"QMP": {}}', *answers]:
                        if "QMP" not in answer and "event" not in answer:
                            heard.append(json.loads(stream.readline()))
                        stream.write(answer + "\n")
                        stream.flush()

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return command(monitor), heard
            finally:
                thread.join()
                monitor.close()

    def test_events_are_passed_over(self):
        result, heard = self.converse(['{"return": {}}', '{"event": "STOP"}', '{"return": [1]}'],
                                      lambda monitor: monitor.execute("query-x", deep=True))
        self.assertEqual((result, heard[1]), ([1], {"execute": "query-x", "arguments": {"deep": True}}))

    def test_a_refusal_is_told(self):
        with self.assertRaisesRegex(RuntimeError, "'nmi': no such thing"):
            self.converse(['{"return": {}}', '{"error": {"desc": "no such thing"}}'], lambda monitor: monitor.execute("nmi"))


class SuiteTest(unittest.TestCase):
    def outcome(self, function):
        bench = suite.Bench(pathlib.Path(), None, pathlib.Path(), pathlib.Path(), pathlib.Path())
        return suite.run_all([suite.Case("x", True, function)], lambda name: bench, 1, lambda outcome: None)[0]

    def test_verdicts(self):
        self.assertEqual(self.outcome(lambda bench: bench.equal(1, 1, "one")).verdict, "ok")
        self.assertEqual(self.outcome(lambda bench: bench.equal(1, 2, "one")).details, "one: got 1, expected 2")
        self.assertEqual(self.outcome(lambda bench: None).verdict, "FAILED")
        self.assertIn("ZeroDivisionError", self.outcome(lambda bench: 1 // 0).details)


if __name__ == "__main__":
    unittest.main()
