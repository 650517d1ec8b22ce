#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built kexec, run with the words its clients use and with bad files.

Usage: host_cli_test.py KEXEC RECORDED_MACHINE

Every run that could load or execute carries --dry-run (or --root, which implies it): nothing here reaches the
kernel of the machine the tests run on.
"""
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

KEXEC = ""
MACHINE = ""


def bzimage(kernel_bytes=0x10000, protocol=0x020F):
    """The smallest kernel file the loader takes (Documentation/arch/x86/boot.rst)."""
    image = bytearray(0x400 + kernel_bytes)
    for form, offset, value in (
        ("<B", 0x1F1, 1), ("<I", 0x1F4, kernel_bytes // 16), ("<H", 0x1FE, 0xAA55), ("<H", 0x200, 0x6AEB),
        ("<I", 0x202, 0x53726448), ("<H", 0x206, protocol), ("<B", 0x211, 1), ("<I", 0x22C, 0x7FFFFFFF),
        ("<I", 0x230, 0x200000), ("<B", 0x234, 1), ("<B", 0x235, 21), ("<H", 0x236, 3), ("<I", 0x238, 2047),
        ("<I", 0x248, 0x100), ("<I", 0x24C, kernel_bytes // 2), ("<Q", 0x258, 0x1000000), ("<I", 0x260, 0x400000),
    ):
        struct.pack_into(form, image, offset, value)
    return bytes(image)


def cpio():
    name = b"TRAILER!!!\0"
    header = b"070701" + b"0" * 88 + b"%08X" % len(name) + b"0" * 8
    return (header + name).ljust(512, b"\0")


class Host(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kexec-cli-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.kernel = self.write("vmlinuz", bzimage())
        self.initrd = self.write("initrd.img", cpio())

    def write(self, name, contents):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(contents)
        return path

    def run_kexec(self, *words, stdin=subprocess.DEVNULL):
        self.assertTrue(any(w in ("--dry-run", "--root", "--help", "-h", "-?", "--version", "-v", "-S", "--status",
                                  "--capture") for w in words), "a test must not reach the kernel")
        done = subprocess.run([KEXEC, *words], stdin=stdin, capture_output=True, timeout=120, cwd=self.folder)
        self.assertGreaterEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"Sanitizer", done.stderr)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def plan(self, *words):
        status, out, err = self.run_kexec("--root", MACHINE, *words)
        self.assertEqual((status, err), (0, ""))
        return out

    def refused(self, status, begin, *words):
        """One line on stderr that begins so, nothing on stdout, this status."""
        got, out, err = self.run_kexec("--root", MACHINE, *words)
        self.assertEqual((got, out), (status, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith(begin), err)

    # What clients write (the drop-in contract).

    def test_the_classic_line(self):
        out = self.plan("-l", self.kernel, "--initrd=" + self.initrd, "--reuse-cmdline")
        self.assertIn("kexec_load, then kexec_file_load where that may help", out)

    def test_options_come_in_any_order_and_spelling(self):
        lines = (
            ["-l", self.kernel, "--initrd=" + self.initrd, "--append=a b"],
            ["--append", "a b", "--initrd", self.initrd, "-l", self.kernel],
            [self.kernel, "-la", "--ramdisk=" + self.initrd, "--command-line=a b"],
            ["--load", "--init=" + self.initrd, "--appe", "a b", "--", self.kernel],
            ["-a", "-l", self.kernel, "--append=x", "--append=a b", "--initrd", self.initrd, "-a"],
        )
        plans = {self.plan("--json", *line) for line in lines}
        self.assertEqual(len(plans), 1)
        self.assertEqual(json.loads(plans.pop())["command_line"]["text"], "a b")

    def test_quotes_in_the_command_line_stay(self):
        text = 'dyndbg="file a.c +p" root="/dev/a b"'
        plan = json.loads(self.plan("--json", "-l", self.kernel, "--command-line=" + text))
        self.assertEqual(plan["command_line"]["text"], text)

    def test_an_empty_append_takes_no_word(self):
        plan = json.loads(self.plan("--json", "--append=", "-l", self.kernel))
        self.assertEqual(plan["command_line"]["text"], "")

    def test_options_of_other_machines_are_a_warning(self):
        status, out, err = self.run_kexec("--root", MACHINE, "-l", self.kernel, "--dt-no-old-root")
        self.assertEqual(status, 0, err)
        self.assertIn("--dt-no-old-root", err)
        self.assertIn("kernel", out)

    def test_json_is_json_whatever_the_command_line(self):
        plan = json.loads(self.plan("--json", "-c", "-l", self.kernel, "--append", b"a\xffb\x01"))
        self.assertEqual(plan["command_line"]["text"], "a\ufffdb\x01")
        self.assertEqual(plan["schema"], "kexec-plan/1")

    def test_a_plan_is_the_same_each_time(self):
        words = ("--json", "-c", "-l", self.kernel, "--initrd", self.initrd)
        self.assertEqual(self.plan(*words), self.plan(*words))

    def test_a_kernel_through_a_pipe(self):
        with open(self.kernel, "rb") as file:
            content = file.read()
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)

        def feed():
            with open(fifo, "wb") as file:
                file.write(content)

        feeder = threading.Thread(target=feed)
        feeder.start()
        plan = json.loads(self.plan("--json", "-l", fifo))
        feeder.join()
        self.assertEqual(plan["call"]["first"], "kexec_load")
        self.assertFalse(plan["kernel"]["mapped"])

    def test_version_and_help(self):
        status, out, err = self.run_kexec("--version")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^kexec-tools [0-9]+\.[0-9]+\.[0-9]+")
        status, out, err = self.run_kexec("-h")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("kexec-syscall-auto", out)

    def test_execute_and_unload_stay_dry(self):
        status, out, err = self.run_kexec("--dry-run", "-u")
        self.assertEqual((status, out, err), (0, "would unload the loaded kernel\n", ""))
        status, _, err = self.run_kexec("--root", MACHINE, "-e")
        if status != 0:
            self.assertEqual((status, err[:30]), (1, "kexec: Nothing has been loaded!"[:30]))

    # Bad input: one sentence each.

    def test_a_text_file(self):
        for path in ("/etc/passwd", self.write("text", b"hello\n")):
            self.refused(255, "kexec: Cannot determine the file type of " + path, "-l", path)

    def test_a_missing_an_empty_and_a_special_file(self):
        missing = os.path.join(self.folder, "missing")
        self.refused(1, f"kexec: cannot read the kernel: '{missing}': cannot open: No such file", "-l", missing)
        self.refused(1, f"kexec: cannot read the kernel: '{self.folder}': is a directory", "-l", self.folder)
        self.refused(1, "kexec: cannot read the kernel: '/dev/null': is neither", "-l", "/dev/null")
        empty = self.write("empty", b"")
        self.refused(255, f"kexec: cannot read the kernel: '{empty}': is empty", "-l", empty)
        self.refused(1, f"kexec: cannot read the initrd: '{self.folder}': is a directory", "-l", self.kernel,
                     "--initrd", self.folder)
        self.refused(255, f"kexec: cannot read the initrd: '{empty}': is empty", "-l", self.kernel, "--initrd", empty)

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_an_unreadable_file(self):
        os.chmod(self.kernel, 0)
        self.refused(1, f"kexec: cannot read the kernel: '{self.kernel}': cannot open: Permission denied", "-l",
                     self.kernel)

    def test_a_kernel_cut_anywhere(self):
        whole = bzimage()
        for size in [*range(1, 0x270, 13), 0x3FF, 0x400, 0x401, len(whole) - 16, len(whole) - 1]:
            path = self.write("cut", whole[:size])
            for call in ("-c", "-s") if size in (0x401, len(whole) - 1) else ("-a",):
                self.refused(255, "kexec: ", "-l", call, path)

    def test_an_initrd_cut_anywhere(self):
        for size in (7, 50, 109, 115):
            path = self.write("cut.img", cpio()[:size])
            self.refused(255, "kexec: ", "-l", self.kernel, "--initrd", path)

    def test_a_name_that_would_break_the_line(self):
        path = os.path.join(self.folder, "a\nb\x1b[31m")
        self.refused(1, "kexec: cannot read the kernel: '" + self.folder + "/a\\x0ab\\x1b[31m'", "-l", path)

    def test_a_command_line_that_is_too_long(self):
        self.refused(255, "kexec: the command line is 2048 bytes long, and this kernel takes 2047", "-l", self.kernel,
                     "--append=" + "x" * 2048)

    def test_no_room(self):
        self.refused(255, "kexec: ", "-c", "-l", self.kernel, "--mem-min=0x1000000", "--mem-max=0x1100000")

    def test_a_root_that_is_none(self):
        status, out, err = self.run_kexec("--root", os.path.join(self.folder, "none"), "-l", self.kernel)
        self.assertEqual((status, out), (1, ""))
        self.assertTrue(err.startswith("kexec: cannot open directory"), err)

    def test_usage_errors(self):
        for words in (["--nonsense"], ["-l", self.kernel, "--mem-min=x"], ["-l"], ["-l", self.kernel, "--digest=md5"]):
            status, out, err = self.run_kexec("--dry-run", *words)
            self.assertEqual((status, out), (1, ""), err)
            self.assertTrue(err.startswith("kexec: "), err)

    # Files that change.

    def test_a_kernel_that_is_cut_while_it_is_mapped(self):
        """The initrd comes through a FIFO: when it is opened, the kernel is mapped already."""
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)

        def cut_and_feed():
            with open(fifo, "wb") as file:  # returns when kexec opens it, too
                os.truncate(self.kernel, 0x500)
                file.write(cpio())

        feeder = threading.Thread(target=cut_and_feed)
        feeder.start()
        self.refused(1, f"kexec: '{self.kernel}' shrank while it was read: 66560 bytes long when opened, 1280 now; ", "-l",
                     "-c", self.kernel, "--initrd", fifo)
        feeder.join()

    # Outputs that fail.

    def lost(self, words, **where):
        """Runs with an output that takes nothing; (status, stderr)."""
        done = subprocess.run([KEXEC, *words], stdin=subprocess.DEVNULL, timeout=120, cwd=self.folder, check=False,
                              **where)
        self.assertNotIn(b"Sanitizer", done.stderr or b"")
        return done.returncode, (done.stderr or b"").decode()

    def answers(self):
        """Words that have a short or a long answer on standard output, and their status when it is lost."""
        entries = os.path.join(self.folder, "machine")
        shutil.copytree(MACHINE, entries)
        for number in range(60):
            path = os.path.join(entries, "boot/loader/entries", f"{number}.conf")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"title Entry {number}\nlinux /vmlinuz\noptions {'x' * 100}\n")
        there = ("--root", MACHINE)
        return (
            (("--help",), 1), (("--version",), 1), ((*there, "-t", "help"), 1), ((*there, "--print-ckr-size"), 1),
            ((*there, "-S", "--json"), 255),
            ((*there, "-l", self.kernel), 1), ((*there, "-l", self.kernel, "--json"), 1),
            ((*there, "-l", self.kernel, "--append=" + "x" * 2000), 1), ((*there, "-u"), 1),
            ((*there, "--estimate-crashkernel", self.kernel), 1),
            (("--root", entries, "--list-boot-entries"), 1), (("--root", entries, "--list-boot-entries", "--json"), 1),
        )

    def test_an_answer_that_cannot_be_written_is_a_failure(self):
        for words, status in self.answers():
            with self.subTest(words), open("/dev/full", "wb") as full:
                self.assertNotEqual(self.run_kexec(*words)[1], "")
                got = self.lost(words, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(got[0], status, got)
                self.assertTrue(got[1].endswith("kexec: cannot write to standard output: No space left on device\n"),
                                got)
                got = self.lost(words, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
                self.assertEqual(got[0], status, got)
                self.assertTrue(got[1].endswith("kexec: cannot write to standard output: Bad file descriptor\n"), got)

    def test_a_closed_error_output_changes_no_file_and_no_status(self):
        record = os.path.join(self.folder, "record")
        status, _ = self.lost(("-d", "--capture", record), stdout=subprocess.PIPE, preexec_fn=lambda: os.close(2))
        self.assertEqual(status, 0)
        for folder, _, names in os.walk(record):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(b"recorded ", file.read(), name)
        full = open("/dev/full", "wb")
        self.addCleanup(full.close)
        for where in ({"preexec_fn": lambda: os.close(2)}, {"stderr": full}):
            for words, status in ((("-d", "-l", self.kernel), 0), (("-l", "/dev/null"), 1), (("--nonsense",), 1)):
                got = self.lost(("--root", MACHINE, *words), stdout=subprocess.DEVNULL, **where)
                self.assertEqual(got[0], status, words)

    def test_a_record_that_cannot_be_written(self):
        def no_bytes():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        status, err = self.lost(("--capture", os.path.join(self.folder, "record")), stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, preexec_fn=no_bytes)
        self.assertEqual(status, 1, err)
        self.assertRegex(err.splitlines()[-1], "^kexec: cannot write .*: File too large$")

    # Words that speak to a terminal.

    def test_words_are_echoed_without_their_control_characters(self):
        for words in ((b"--non\x1b[2Jsense",), (b"--mem-min=\xc2\x9b2J", b"-l", b"k"), (b"-\x9b",),
                      (b"--digest=\xff\n\r", b"-l", b"k"), (b"-t", b"\xe2\x80\xae", b"-l", os.fsencode(self.kernel)),
                      (b"-l", b"\xc2\x85"), (b"-l", os.fsencode(self.kernel), b"\x1bother")):
            with self.subTest(words):
                done = subprocess.run([KEXEC, "--root", MACHINE, *words], stdin=subprocess.DEVNULL, capture_output=True,
                                      timeout=120, check=False)
                self.assert_shown(done.stderr + done.stdout)

    def assert_shown(self, text):
        for character in text.decode():  # which fails for what is no UTF-8
            self.assertTrue(character == "\n" or character.isprintable(), text)

    def test_texts_of_files_are_shown_without_their_control_characters(self):
        every = bytes(value for value in range(1, 256) if value not in b"\n/") + "\x85\x9b\u202e\u2028".encode()
        machine = os.path.join(self.folder, "machine")
        shutil.copytree(MACHINE, machine)
        entries = os.fsencode(os.path.join(machine, "boot/loader/entries"))
        os.makedirs(entries)
        shutil.copy(self.kernel, os.path.join(machine, "boot/vmlinuz"))
        for name in (b"plain", every[:120], every[120:]):
            with open(os.path.join(entries, name + b".conf"), "wb") as file:
                file.write(b"title " + every + b"\nversion " + every + b"\nlinux /vmlinuz\noptions " + every + b"\n")
        kernel = os.path.join(os.fsencode(self.folder), every[100:])
        version = bytearray(bzimage())
        struct.pack_into("<H", version, 0x20E, 0x100)  # boot.rst: where the version's text lies, less 0x200
        version[0x300:0x300 + len(every)] = every
        with open(kernel, "wb") as file:
            file.write(version)
        for words in (("--list-boot-entries",), ("-l", "--boot-entry=plain"), ("-l", "-c", kernel, b"--append=" + every),
                      ("-l", kernel, b"--initrd=" + every), ("--estimate-crashkernel", kernel)):
            for more in ((), ("--json",), ("-d",)):
                with self.subTest((words, more)):
                    done = subprocess.run([KEXEC, "--root", machine, *words, *more], stdin=subprocess.DEVNULL,
                                          capture_output=True, timeout=120, check=False)
                    self.assert_shown(done.stdout)
                    self.assert_shown(done.stderr)
                    self.assertIn(done.returncode, (0, 1))
                    if more == ("--json",) and done.returncode == 0:
                        json.loads(done.stdout)

    # --capture.

    def test_a_captured_machine_can_be_planned_for(self):
        record = os.path.join(self.folder, "record")
        status, out, err = self.run_kexec("--capture", record)
        self.assertEqual((status, out), (0, ""), err)
        self.assertTrue(os.path.isfile(os.path.join(record, "proc/cmdline")))
        status, _, err = self.run_kexec("--capture", record)
        self.assertEqual(status, 1)
        self.assertIn("is not an empty directory", err)
        here = self.run_kexec("--dry-run", "--json", "-l", self.kernel)
        there = self.run_kexec("--root", record, "--json", "-l", self.kernel)
        self.assertEqual(json.loads(here[1])["plan"], json.loads(there[1])["plan"])


if __name__ == "__main__":
    KEXEC, MACHINE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
