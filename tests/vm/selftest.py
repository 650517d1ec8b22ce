#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the harness itself: no guest is started, nothing is fetched."""

import gzip
import io
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from kexec_vm import clock, compare, core, crash_check, fdt, handed, images, newc, patience, qmp, suite  # noqa: E402
from kexec_vm.architecture import AARCH64  # noqa: E402
from kexec_vm.kernels import Cache  # noqa: E402
from kexec_vm.report import Moment, Report  # noqa: E402
from kexec_vm.serial_line import SerialLine  # noqa: E402


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


class CacheTest(unittest.TestCase):
    def test_a_kernel_that_was_built_is_not_built_again(self):
        cache = Cache(self.enterContext(tempfile.TemporaryDirectory()))
        folder = cache.built_folder("arm64-64k", AARCH64)
        folder.mkdir()
        (folder / "release").write_text("6.12.1-64k\n", encoding="utf-8")
        kernel = cache.kernel("6.12-64k", AARCH64)
        self.assertEqual((kernel.release, kernel.image, kernel.module_files("efivarfs")), ("6.12.1-64k", folder / "Image", []))


class UimageTest(unittest.TestCase):
    def test_checksums_are_zlibs(self):
        file = images.uimage(b"kernel", "riscv64", gzipped=True)
        magic, header_sum, _, size, _, _, data_sum, system, machine, kind, packing = struct.unpack_from(">7I4B", file)
        self.assertEqual((magic, size, system, machine, kind, packing), (0x27051956, 6, 5, 26, 2, 1))
        self.assertEqual(header_sum, zlib.crc32(file[:4] + bytes(4) + file[8:64]))
        self.assertEqual((file[64:], data_sum), (b"kernel", zlib.crc32(b"kernel")))


class BoardFilesTest(unittest.TestCase):
    def test_zboot_names_its_payload(self):
        file = images.zboot(b"packed", "zstd22", 0x123)
        offset, size = struct.unpack_from("<II", file, 8)
        self.assertEqual((file[:8], file[24:31]), (b"MZ\0\0zimg", b"zstd22\0"))
        self.assertEqual((file[offset:offset + size], file[offset + size:]), (b"packed", struct.pack("<I", 0x123)))
        self.assertTrue(images.zboot(b"packed", "gzip", 0x123).endswith(b"packed"))

    def test_vmlinux_reserves_what_the_image_needs(self):
        image = bytearray(64)
        struct.pack_into("<Q", image, 16, 0x4000)
        file = images.vmlinux(bytes(image), "aarch64", 0xFFFF800080000000)
        machine, _, entry, headers = struct.unpack_from("<HIQQ", file, 18)
        kind, _, offset, address, _, size, memory = struct.unpack_from("<IIQQQQQ", file, headers)
        self.assertEqual((machine, kind, entry, address), (183, 1, 0xFFFF800080000000, 0xFFFF800080000000))
        self.assertEqual((file[offset:offset + size], memory), (image, 0x4000))


class FdtTest(unittest.TestCase):
    TREE = {"model": "board", "memory@0": {"device_type": "memory"}, "chosen": {"memory@1": {}}}

    def test_a_tree_is_what_dtc_writes(self):
        tree = fdt.build({"a": "x", "n": {}})
        words = struct.unpack(">10I", tree[:40])
        self.assertEqual((words[0], words[1], words[5]), (0xD00DFEED, len(tree), 17))
        self.assertEqual(struct.unpack_from(">11I", tree, words[2]),
                         (1, 0, 3, 2, 0, 0x78000000, 1, 0x6E000000, 2, 2, 9))
        self.assertEqual(tree[words[3]:], b"a\0")

    def test_only_nodes_below_the_root_are_taken_out(self):
        tree = fdt.build(self.TREE)
        out, count = fdt.without_nodes(tree, "memory@")
        self.assertEqual((count, len(out), out.count(b"memory@0"), out.count(b"memory@1")), (1, len(tree), 0, 1))
        self.assertEqual(fdt.without_nodes(out, "memory@"), (out, 0))


class CompareTest(unittest.TestCase):
    def test_touching_ranges_are_joined_and_nested_lines_left_out(self):
        text = ("00001000-0009fbff : System RAM\n  00002000-00002fff : System RAM\n0009fc00-0009ffff : Reserved\n"
                "00100000-001fffff : System RAM\n00200000-002fffff : System RAM\n")
        self.assertEqual(compare.system_ram(text), [(0x1000, 0x9fc00), (0x100000, 0x300000)])

    def test_what_is_reserved_inside_memory(self):
        text = ("80000000-8fffffff : System RAM\n  80000000-8007ffff : Reserved\n    80000000-8007ffff : reserved\n"
                "  80080000-800fffff : reserved\n90000000-9000ffff : reserved\n")
        self.assertEqual(compare.reserved(text), [(0x80000000, 0x80100000)])

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
        self.assertEqual(crash_check.dumped_ram(text, with_low=False), [(0x100000, 0x30000000), (0x3C000000, 0x40000000)])
        self.assertEqual(crash_check.dumped_ram(text, with_low=True)[0], (0x1000, 0x9FC00))
        lent = crash_check.cma_ranges("20000000-27ffffff\n10000000-17ffffff\n")
        self.assertEqual(lent, [(0x10000000, 0x18000000), (0x20000000, 0x28000000)])
        self.assertEqual(crash_check.dumped_ram(text, with_low=False, lent=lent)[:2],
                         [(0x100000, 0x10000000), (0x18000000, 0x20000000)])

    def test_firmware_memory_is_what_the_kernel_says(self):
        line = "[    0.000000] OF: reserved mem: 0x80000000..0x8003ffff (256 KiB) nomap non-reusable mmode_resv1@80000000"
        self.assertEqual(crash_check.firmware_memory(f"{line}\n[ 1.0] else\n"), [(0x80000000, 0x80040000)])


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
        found = core.parse(elf_core([(0x1000, 0xFFFFFFFF81000000, 0x2000000, 0x3000), (0x4000, 1 << 63, 0x5800, 0x1000),
                                     (0x5000, 1 << 63, 0x1F00000, 0x200000)],
                                    [("CORE", 1, bytes(prstatus)), ("VMCOREINFO", 0, b"OSRELEASE=6.1\nNUMBER(phys_base)=-4096\n")]))
        self.assertEqual((found.cpus(), found.note_headers), ([(77, 0xFFFFFFFF81000042)], 1))
        self.assertEqual(found.vmcoreinfo()["OSRELEASE"], "6.1")
        self.assertEqual(found.text_physical(0xFFFFFFFF81001000), 0x1000000)
        self.assertEqual([load.physical for load in found.memory()], [0x5800, 0x1F00000])
        self.assertEqual([load.physical for load in found.kernel_text()], [0x2000000])
        self.assertEqual(found.slice(bytes(0x800) + b"x" * 0x400, 0, 0x6400), {0x5800: bytes(0x800), 0x6000: b"x" * 0x400})

    def test_the_text_lies_where_vmcoreinfo_says(self):
        for machine, info in ((183, b"NUMBER(kimage_voffset)=0xffff7fff00000000\n"),
                              (243, b"NUMBER(va_kernel_pa_offset)=0xffffffff00000000\n")):
            found = core.Core([], [core.Note("VMCOREINFO", 0, info)], 1, machine)
            distance = int(info.split(b"=")[1], 0)
            self.assertEqual(found.text_physical(distance + 0x80200000), 0x80200000)

    def test_what_is_no_core(self):
        with self.assertRaisesRegex(ValueError, "no ELF64 core"):
            core.parse(bytes(64))


class ImagesTest(unittest.TestCase):
    def bzimage(self, unpacked):
        """One setup sector; 16 bytes behind it, `unpacked` by gzip with its size, and a CRC that holds."""
        packed = gzip.compress(unpacked) + struct.pack("<I", len(unpacked))
        body = bytes(16) + packed
        body += bytes(-(len(body) + 4) % 16) + bytes(4)
        setup = bytearray(1024)
        setup[0x1F1] = 1
        struct.pack_into("<I", setup, 0x1F4, len(body) // 16)
        setup[0x202:0x206] = b"HdrS"
        struct.pack_into("<I", setup, 0x3C, 0x270)
        struct.pack_into("<II", setup, 0x248, 16, len(packed))
        return bytes(setup) + body

    def test_the_payload_is_unpacked(self):
        self.assertEqual(images.unpack(self.bzimage(b"\x7fELF and more")), b"\x7fELF and more")
        with self.assertRaisesRegex(ValueError, "begins with b'MZ"):
            images.unpack(self.bzimage(b"MZ and more"))
        with self.assertRaisesRegex(ValueError, "HdrS"):
            images.payload(bytes(1024))

    def test_a_header_without_a_payload_has_a_checksum_that_holds(self):
        changed = images.without_payload(self.bzimage(b"\x7fELF") + b"signature")
        self.assertEqual(images.payload(changed), (1024, 1024))
        self.assertEqual(zlib.crc32(changed) ^ 0xFFFFFFFF, 0)


class HandedTest(unittest.TestCase):
    def archive(self, files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return out.getvalue()

    def test_segments_are_memory_with_zeros_behind(self):
        params = bytearray(4096)
        params[0x202:0x206] = b"HdrS"
        params[0x1E8] = 1
        struct.pack_into("<QQI", params, 0x2D0, 0x1000, 0x2000, 2)
        struct.pack_into("<I", params, 0x228, 0x5002)
        found = handed.parse(self.archive({"ours/table": b"1760 3e0000\n5000 1000 6\n9000 2000 1000\n", "ours/0": b"ab\0cd\0",
                                           "ours/1": bytes(params)}))["ours"]
        self.assertEqual((found.entry, found.flags, found.memory(0x5004, 4)), (0x1760, 0x3E0000, b"d\0\0\0"))
        self.assertEqual(found.boot_params(), (0x9000, bytes(params)))
        self.assertEqual(handed.e820(params), [(0x1000, 0x3000, 2)])
        struct.pack_into("<I", params, 0x228, 0x5003)
        self.assertEqual(handed.command_line(found, params), b"cd")
        with self.assertRaisesRegex(ValueError, "in no segment"):
            found.memory(0x5FFF, 2)


class ClockTest(unittest.TestCase):
    def test_the_timer_begins_anew_and_stops(self):
        ticks = iter([0xFFFFFF, 3_579_544, 3_579_545 * 2 - 1])

        class FakeMonitor:
            def execute(self, _command, **_arguments):
                return f"port[0x0608] = {next(ticks):#x}\r\n"

        guest = clock.GuestClock(period=600)
        guest.start(FakeMonitor())
        self.assertEqual([guest.seconds(), guest.seconds(), guest.seconds()], [0.0, 1.0, 2.0])
        guest.stop()
        self.assertIsNone(guest.seconds())


class PatienceTest(unittest.TestCase):
    def test_time_that_others_had_does_not_count(self):
        starved = patience.Patience(10)
        self.assertTrue(all(starved.look(1.0, 0.1, True) for _ in range(99)))
        self.assertFalse(starved.look(1.0, 0.2, True))

    def test_waiting_for_nothing_counts_and_two_cpus_count_once(self):
        idle = patience.Patience(10)
        self.assertEqual([idle.look(4.0, 0.0, False), idle.look(4.0, 8.0, True), idle.look(2.0, 0.0, False)],
                         [True, True, False])

    def test_even_a_starved_guest_is_given_up(self):
        starved = patience.Patience(10)
        self.assertEqual([starved.look(99.0, 0.0, True), starved.look(1.0, 0.0, True)], [True, False])

    def test_a_process_that_sleeps_is_killed_and_one_that_ends_tells_its_status(self):
        with subprocess.Popen(["sleep", "1000"]) as process:
            self.assertIsNone(patience.wait(process, 1))
        with subprocess.Popen(["false"]) as process:
            self.assertEqual(patience.wait(process, 100), 1)
        self.assertEqual(patience.cpu_seconds(process.pid), 0)


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


class SerialLineTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.line = SerialLine(pathlib.Path(self.folder) / "line")
        self.addCleanup(self.line.close)

    def heard(self, is_running=lambda: True):
        lines = []
        self.line.each_line(is_running, lines.append)
        return lines

    def test_nothing_is_lost_while_nobody_reads(self):
        text = b"first\r\n" + b"x" * 60000 + b"\nlast"
        with open(f"{self.folder}/line.out", "wb", buffering=0) as guest:
            for at in range(len(text)):
                guest.write(text[at:at + 1])
        self.assertEqual(self.heard(), ["first", "x" * 60000, "last"])

    def test_what_never_started_said_nothing(self):
        self.assertEqual(self.heard(lambda: False), [])

    def test_what_is_written_reaches_the_guest(self):
        self.line.write(b"go\n")
        with open(f"{self.folder}/line.in", "rb") as guest:
            self.assertEqual(guest.readline(), b"go\n")


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
