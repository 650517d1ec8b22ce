#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built vmcore-dmesg on synthetic dumps, beside kexec-tools', which is fetched as a package.

Usage: vmcore_dmesg_test.py VMCORE_DMESG WRITE_DUMPS CACHE
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "vm"))
sys.dont_write_bytecode = True

from kexec_vm.kernels import Cache  # noqa: E402

OURS = WRITE_DUMPS = THEIRS = ""

# A log that wraps holds a mark of length 0; kexec-tools prints it as a record without text.
MARK = b"[    0.000000] \n"


def run(program, *words):
    return subprocess.run([program, *words], capture_output=True, timeout=60, check=False)


def peak_kib(program, *words):
    """The most memory the program had resident."""
    process = os.posix_spawn(program, [program, *words], os.environ,
                             file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    return os.wait4(process, 0)[2].ru_maxrss


class VmcoreDmesg(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        subprocess.run([WRITE_DUMPS, cls.directory.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def dump(self, name):
        return os.path.join(self.directory.name, name)

    def names(self):
        return sorted(os.listdir(self.directory.name))

    def test_prints_every_dump(self):
        for name in self.names():
            with self.subTest(name):
                ours = run(OURS, self.dump(name))
                self.assertEqual((ours.returncode, ours.stderr), (0, b""))
                self.assertGreater(len(ours.stdout.splitlines()), 0)

    def test_prints_what_kexec_tools_prints(self):
        for name in self.names():
            with self.subTest(name):
                ours, theirs = run(OURS, self.dump(name)), run(THEIRS, self.dump(name))
                if name == "flattened":
                    self.assertEqual(theirs.returncode, 4)
                    continue
                expected = theirs.stdout.replace(MARK, b"") if name.startswith("structured-wrapped") else theirs.stdout
                self.assertEqual(ours.returncode, theirs.returncode)
                self.assertEqual(ours.stdout, expected)

    def test_fails_with_the_status_of_kexec_tools(self):
        compressed = self.dump("compressed")
        with open(compressed, "wb") as file:
            file.write(b"KDUMP   " + bytes(100))
        self.addCleanup(os.remove, compressed)
        for words, status in (([], 1), (["a", "b"], 1), (["/nonexistent/vmcore"], 2), ([compressed], 4)):
            with self.subTest(words):
                ours = run(OURS, *words)
                self.assertEqual((ours.returncode, ours.stdout), (status, b""))
                self.assertTrue(ours.stderr.startswith(b"vmcore-dmesg: "), ours.stderr)
                self.assertEqual(ours.stderr.count(b"\n"), 1)
                self.assertEqual(run(THEIRS, *words).returncode, status)

    def test_help_and_version_succeed(self):
        for word in ("-h", "--help", "-v", "--version"):
            ours = run(OURS, word)
            self.assertEqual((ours.returncode, ours.stderr), (0, b""))
            self.assertIn(b"vmcore-dmesg", ours.stdout)

    def test_prints_a_dump_of_many_gigabytes(self):
        """Sparse, with the log's segment moved behind the fifth GiB; little of it may become resident."""
        with open(self.dump("lockless-elf64le"), "rb") as file:
            small = file.read()
        # Program header 2 (System V ABI: 56 bytes each from 64 on), p_offset at 8, p_filesz at 32.
        header = 64 + 2 * 56
        offset = int.from_bytes(small[header + 8:header + 16], "little")
        far = 5 << 30
        big = self.dump("big")
        with open(big, "wb") as file:
            file.write(small[:header + 8] + far.to_bytes(8, "little") + small[header + 16:offset])
            file.seek(far)
            file.write(small[offset:])
        self.addCleanup(os.remove, big)
        expected = run(OURS, self.dump("lockless-elf64le")).stdout
        ours = run(OURS, big)
        self.assertEqual((ours.returncode, ours.stderr, ours.stdout), (0, b"", expected))
        self.assertLess(peak_kib(OURS, big), peak_kib(OURS, self.dump("lockless-elf64le")) + (64 << 10))

    def test_reads_what_it_cannot_map_in_windows(self):
        def limited(*words):
            return run("/bin/sh", "-c", 'ulimit -v 1000000; exec "$0" "$@"', OURS, *words)

        if limited("--version").returncode != 0:
            return  # a sanitizer's shadow memory alone is larger
        dump = self.dump("lockless-elf64le")
        expected = run(OURS, dump).stdout
        big = self.dump("sparse")
        self.addCleanup(os.remove, big)
        with open(dump, "rb") as file, open(big, "wb") as copy:
            copy.write(file.read())
            copy.truncate(5 << 30)
        ours = limited(big)
        self.assertEqual((ours.returncode, ours.stderr, ours.stdout), (0, b"", expected))

    def test_writes_one_json_document(self):
        ours = run(OURS, "--json", "--level=emerg", self.dump("structured-elf32be"))
        document = json.loads(ours.stdout)
        self.assertEqual(document["format"], "structured")
        self.assertEqual([record["text"] for record in document["records"]],
                         ["Kernel panic - not syncing: sysrq triggered crash"])

    def test_says_that_output_is_lost(self):
        for words in ([self.dump("lockless-elf64le")], ["--json", self.dump("lockless-elf64le")], ["--help"], ["--version"]):
            with self.subTest(words), open("/dev/full", "wb") as full:
                ours = subprocess.run([OURS, *words], stdout=full, stderr=subprocess.PIPE, check=False)
                self.assertEqual(ours.returncode, 71)
                self.assertEqual(ours.stderr, b"vmcore-dmesg: cannot write to standard output: No space left on device\n")
                ours = subprocess.run([OURS, *words], stderr=subprocess.PIPE, check=False, preexec_fn=lambda: os.close(1))
                self.assertEqual(ours.returncode, 71)
                self.assertEqual(ours.stderr, b"vmcore-dmesg: cannot write to standard output: Bad file descriptor\n")

    def test_a_terminal_gets_no_carriage_returns(self):
        controller, terminal = os.openpty()
        attributes = termios.tcgetattr(terminal)
        attributes[1] &= ~termios.OPOST  # else the terminal itself puts carriage returns before line feeds
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        done = subprocess.run([OURS, self.dump("lockless-elf64le")], stdout=terminal, stderr=subprocess.PIPE, check=False)
        os.close(terminal)
        seen = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:
                break  # EIO: all of it was read, and nobody writes any more
            seen += piece
        os.close(controller)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"\r", run(OURS, self.dump("lockless-elf64le")).stdout)
        self.assertEqual(re.sub(rb"[\t\n -~]", b"", seen), b"")


if __name__ == "__main__":
    OURS, WRITE_DUMPS, cache = sys.argv[1:4]
    THEIRS = str(Cache(cache).kexec_tools().parent / "vmcore-dmesg")
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
