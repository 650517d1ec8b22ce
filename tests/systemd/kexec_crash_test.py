#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program kexec-crash on a pretended system: every search, the configuration file, and what a failure leaves loaded.

Usage: kexec_crash_test.py KEXEC_CRASH

A pretended kexec writes down its words and sets kexec_crash_loaded; nothing here reaches the kernel of the machine the
tests run on.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
RELEASE = "6.1.0-test"
APPENDED = ("reset_devices nr_cpus=1 irqpoll acpi_no_memhotplug cgroup_disable=memory numa=off udev.children-max=2 "
            "rd.udev.children-max=2 panic=10")
# Fails when FAKE/fail holds one of its words; a real load drops what was there first, as the kernel does. What comes as a
# descriptor is written down by the name of the file.
FAKE_KEXEC = """#!/usr/bin/env python3
import json, os, pathlib, re, sys
fake, root, given = pathlib.Path(os.environ["FAKE"]), pathlib.Path(os.environ["ROOT"]), sys.argv[1:]
if given == ["--version"]:
    sys.exit(print((fake / "version").read_text() if (fake / "version").exists() else "kexec-tools 2.0.32 (kexec-ng 1.0)"))
xen = fake / "xen"
if xen.exists() and given in (["-S"], ["--print-ckr-size"]):
    size, kept = xen.read_text().split()
    if given == ["-S"]:
        sys.exit(int(kept))
    sys.exit(print(size))
words = [re.sub("/proc/self/fd/[0-9]+", lambda found: os.readlink(found[0]), word) for word in given]
with open(fake / "calls", "a") as out:
    out.write(json.dumps(words) + "\\n")
with open(fake / "contents", "a") as out:
    for word in given:
        if "/proc/self/fd/" in word:
            out.write(pathlib.Path(word.removeprefix("--initrd=")).read_text() + "\\n")
loaded = root / "sys/kernel/kexec_crash_loaded"
def set_loaded(kept):
    if xen.exists():
        xen.write_text(f"{xen.read_text().split()[0]} {kept}")
    else:
        loaded.write_text(f"{kept}\\n")
dry, fail = "--dry-run" in words, fake / "fail"
if not dry:
    set_loaded(0)
if fail.exists() and fail.read_text() in words:
    sys.exit(f"kexec: first line\\nkexec: cannot load '{given[-1]}': it is refused; the kernel loaded before is still in place")
if dry:
    print("a long plan")
elif "-u" not in words:
    print("kexec: a warning", *os.environ.get("WARN_OF", "").split(), file=sys.stderr)
    set_loaded(1)
"""


class PretendedSystem(unittest.TestCase):
    def setUp(self):
        os.umask(0o022)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kexec-crash-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.folder / "root"
        self.fake = self.folder / "fake"
        self.fake.mkdir()
        self.kexec = self.fake / "kexec"
        self.kexec.write_text(FAKE_KEXEC)
        self.kexec.chmod(0o755)
        self.put("proc/sys/kernel/osrelease", RELEASE + "\n")
        self.put("proc/cmdline", "root=/dev/vda1 crashkernel=192M\n")
        self.put("sys/kernel/kexec_crash_size", "201326592\n")
        self.put("sys/kernel/kexec_crash_loaded", "0\n")

    def put(self, path, text=""):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return "/" + path

    def link(self, path, target):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def configure(self, *lines):
        self.put("etc/default/kexec-crash", "\n".join(lines))

    def usual(self):
        """A system with everything: returns the paths of kernel and initrd."""
        return self.put(f"boot/vmlinuz-{RELEASE}"), self.put(f"var/lib/kdump/initrd.img-{RELEASE}")

    def run_program(self, *words, **environment):
        clean = {"PATH": os.environ["PATH"], "KEXEC": str(self.kexec), "FAKE": str(self.fake), "ROOT": str(self.root)}
        return subprocess.run([PROGRAM, f"--root={self.root}", *words], env=clean | environment, text=True,
                              capture_output=True, timeout=60, check=False)

    def calls(self):
        log = self.fake / "calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def forget_calls(self):
        (self.fake / "calls").unlink(missing_ok=True)

    def load(self):
        """Loads, which must succeed after a dry run with the same words; returns them without the root's path."""
        self.forget_calls()
        done = self.run_program("load")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = self.calls()
        self.assertEqual(len(calls), 2, calls)
        self.assertEqual([word for word in calls[0] if word != "--dry-run"], calls[1])
        self.assertIn("--dry-run", calls[0])
        self.stderr = done.stderr
        return [word.replace(str(self.root), "") for word in calls[1]]

    def loaded_kernel(self):
        return self.load()[-1]

    def loaded_initrd(self):
        return [word.removeprefix("--initrd=") for word in self.load() if word.startswith("--initrd=")]

    def command_line(self):
        (line,) = [word.removeprefix("--command-line=") for word in self.load() if word.startswith("--command-line=")]
        return line

    def refusal(self, *lines, word="load"):
        """The one sentence a configuration of these lines is refused with; nothing may have been loaded."""
        if lines:
            self.configure(*lines)
        self.forget_calls()
        done = self.run_program(word)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertFalse([call for call in self.calls() if "--dry-run" not in call], "something was loaded")
        (sentence,) = done.stderr.splitlines()
        self.assertTrue(sentence.startswith("kexec-crash: "), sentence)
        return sentence.removeprefix("kexec-crash: ")


class Search(PretendedSystem):
    def test_everything_from_the_running_system(self):
        kernel, initrd = self.usual()
        self.assertEqual(self.load(), ["-p", f"--command-line=root=/dev/vda1 {APPENDED}", f"--initrd={initrd}", "--", kernel])
        self.assertEqual(self.stderr, "kexec: a warning\n", "said once, by the load and not by the dry run")

    def test_kernels_in_order(self):
        self.usual()
        (self.root / f"boot/vmlinuz-{RELEASE}").unlink()
        for path in reversed([f"boot/vmlinuz-{RELEASE}", f"boot/vmlinux-{RELEASE}", f"boot/Image-{RELEASE}",
                              f"usr/lib/modules/{RELEASE}/vmlinuz", f"lib/modules/{RELEASE}/vmlinuz"]):
            self.put(path)
            self.assertEqual(self.loaded_kernel(), "/" + path)

    def test_boot_image_names_the_running_kernel(self):
        self.usual()
        for said in (f"/images/vmlinuz-{RELEASE}", f"(hd0,gpt2)/images/vmlinuz-{RELEASE}", f"images/vmlinuz-{RELEASE}"):
            self.put(f"images/vmlinuz-{RELEASE}")
            self.put("proc/cmdline", f"BOOT_IMAGE={said} ro\n")
            self.assertEqual(self.loaded_kernel(), f"/images/vmlinuz-{RELEASE}", said)

    def test_boot_image_on_a_boot_partition(self):
        self.usual()
        self.put(f"boot/there/vmlinuz-{RELEASE}")
        self.put("proc/cmdline", f"BOOT_IMAGE=/there/vmlinuz-{RELEASE} ro\n")
        self.assertEqual(self.loaded_kernel(), f"/boot/there/vmlinuz-{RELEASE}")

    def test_a_boot_image_that_became_another_kernel_is_passed_over(self):
        kernel, _ = self.usual()
        self.put("boot/vmlinuz-9.9")
        self.link("vmlinuz", "boot/vmlinuz-9.9")
        self.put("proc/cmdline", "BOOT_IMAGE=/vmlinuz ro\n")
        self.assertEqual(self.loaded_kernel(), kernel)
        (self.root / kernel[1:]).unlink()
        self.assertEqual(self.loaded_kernel(), "/boot/vmlinuz-9.9", "but better than none")

    def test_a_boot_image_that_is_gone_is_passed_over(self):
        kernel, _ = self.usual()
        self.put("proc/cmdline", "BOOT_IMAGE=/gone ro\n")
        self.assertEqual(self.loaded_kernel(), kernel)

    def test_no_kernel(self):
        self.assertEqual(self.refusal(), f"found no file of the running kernel, {RELEASE}; name one with CRASH_KERNEL in "
                         "/etc/default/kexec-crash; no crash kernel is loaded")

    def test_initrds_in_order(self):
        self.put(f"boot/vmlinuz-{RELEASE}")
        ordinary = [f"boot/initrd.img-{RELEASE}", f"boot/initramfs-{RELEASE}.img", f"boot/initrd-{RELEASE}",
                    f"usr/lib/modules/{RELEASE}/initramfs.img", f"usr/lib/modules/{RELEASE}/initrd"]
        for path in reversed(ordinary):
            self.put(path)
            self.assertEqual(self.loaded_initrd(), ["/" + path])
            self.assertIn(f"using '/{path}': after a panic it starts the whole system inside the reserved memory", self.stderr)
        for path in reversed([f"var/lib/kdump/initrd.img-{RELEASE}", f"boot/initramfs-{RELEASE}kdump.img",
                              f"var/lib/kdump/initramfs-{RELEASE}kdump.img", f"boot/initrd-{RELEASE}-kdump",
                              "var/lib/kdump/initrd.img", "var/lib/kdump/initrd"]):
            self.put(path)
            self.assertEqual(self.loaded_initrd(), ["/" + path])
            self.assertEqual(self.stderr, "kexec: a warning\n")

    def test_no_initrd(self):
        self.put(f"boot/vmlinuz-{RELEASE}")
        self.assertIn(f"found no initrd for {RELEASE}; name one with CRASH_INITRD in /etc/default/kexec-crash, or none with "
                      "CRASH_INITRD=none; no crash kernel is loaded", self.refusal())
        self.configure("CRASH_INITRD=none")
        self.assertEqual(self.loaded_initrd(), [])

    def test_initrd_of_the_configured_kernel(self):
        self.usual()
        for path in ("boot/vmlinuz-5.5-x", "usr/lib/modules/5.5-x/vmlinuz", "opt/Image-5.5-x"):
            self.configure(f"CRASH_KERNEL=/{self.put(path)[1:]}")
            self.put("boot/initramfs-5.5-xkdump.img")
            words = self.load()
            self.assertEqual((words[-1], words[-3]), ("/" + path, "--initrd=/boot/initramfs-5.5-xkdump.img"))

    def test_hotplug_where_the_kernel_offers_it(self):
        self.usual()
        self.configure("KEXEC_ARGS='-s --debug'")
        self.assertEqual(self.load()[:3], ["-p", "-s", "--debug"])
        for path in ("sys/kernel/crash_elfcorehdr_size", "sys/kernel/kexec/crash_elfcorehdr_size"):
            self.put(path, "4096\n")
            self.assertEqual(self.load()[:4], ["-p", "--hotplug", "-s", "--debug"])
            (self.root / path).unlink()


class FilesNobodyNamed(PretendedSystem):
    """What was found and not configured is taken only if nobody but root can have put it there."""

    def passed_over(self, path, reason):
        self.assertIn(f"kexec-crash: '{path}' is passed over: {reason}\n", self.stderr)

    def expect_the_next(self, reason):
        self.assertEqual(self.loaded_initrd(), [f"/boot/initramfs-{RELEASE}kdump.img"])
        self.passed_over(f"/var/lib/kdump/initrd.img-{RELEASE}", reason)

    def setUp(self):
        super().setUp()
        self.kernel, self.initrd = self.usual()
        self.put(f"boot/initramfs-{RELEASE}kdump.img")

    def test_a_file_others_can_write_to(self):
        for mode in (0o664, 0o646, 0o602, 0o620):
            (self.root / self.initrd[1:]).chmod(mode)
            self.expect_the_next(f"others than root can write to '{self.initrd}'")
        (self.root / self.initrd[1:]).chmod(0o400)
        self.assertEqual((self.loaded_initrd(), self.stderr), ([self.initrd], "kexec: a warning\n"))

    def test_a_folder_others_can_write_to(self):
        (self.root / "var/lib/kdump").chmod(0o777)
        self.expect_the_next("others than root can write to '/var/lib/kdump'")

    def test_a_link_into_a_folder_others_can_write_to(self):
        self.put("srv/x")
        (self.root / "srv").chmod(0o775)
        (self.root / self.initrd[1:]).unlink()
        self.link(self.initrd[1:], "../../../srv/x")
        self.expect_the_next("others than root can write to '/srv/.'")

    def test_a_link_to_a_file_others_can_write_to(self):
        self.put("srv/x")
        (self.root / "srv/x").chmod(0o666)
        (self.root / self.initrd[1:]).unlink()
        self.link(self.initrd[1:], "../../../srv/x")
        self.expect_the_next("others than root can write to '/srv/x'")

    def test_files_of_others(self):
        if os.getuid() != 0:
            self.skipTest("only root can give files away")
        place = self.root / self.initrd[1:]
        os.chown(place, 1000, 0)
        self.expect_the_next(f"'{self.initrd}' does not belong to root")
        place.unlink()
        self.link(self.initrd[1:], f"../../../boot/initramfs-{RELEASE}kdump.img")
        os.chown(place, 1000, 0, follow_symlinks=False)
        self.expect_the_next(f"'{self.initrd}' does not belong to root")

    def test_a_kernel_others_can_write_to(self):
        self.put(f"boot/vmlinux-{RELEASE}")
        (self.root / self.kernel[1:]).chmod(0o777)
        self.assertEqual(self.loaded_kernel(), f"/boot/vmlinux-{RELEASE}")
        self.passed_over(self.kernel, f"others than root can write to '{self.kernel}'")

    def test_what_is_configured_is_taken(self):
        for place in (self.kernel, self.initrd):
            (self.root / place[1:]).chmod(0o666)
        self.configure(f"CRASH_KERNEL={self.kernel}", f"CRASH_INITRD={self.initrd}")
        self.assertEqual((self.loaded_kernel(), self.stderr), (self.kernel, "kexec: a warning\n"))


class SameFiles(PretendedSystem):
    """What is loaded is what the dry run looked at."""

    def test_files_that_are_replaced_in_between(self):
        kernel, initrd = self.usual()
        for place, text in ((kernel, "old kernel"), (initrd, "old initrd")):
            (self.root / place[1:]).write_text(text)
        self.kexec.write_text(FAKE_KEXEC.replace("    print(\"a long plan\")", """
    for place in root.glob("boot/vmlinuz-*"), root.glob("var/lib/kdump/*"):
        for file in place:
            file.with_name("new").write_text("new")
            file.with_name("new").rename(file)"""))
        self.assertEqual(self.run_program("load").returncode, 0)
        self.assertEqual((self.fake / "contents").read_text().splitlines(), ["old initrd", "old kernel"] * 2)
        self.assertEqual((self.root / kernel[1:]).read_text(), "new")

    def test_the_names_in_what_kexec_says(self):
        kernel, initrd = self.usual()
        done = self.run_program("load", WARN_OF="about '/proc/self/fd/3' and '/proc/self/fd/4'")
        self.assertEqual(done.stderr, f"kexec: a warning about '{self.root}{kernel}' and '{self.root}{initrd}'\n")


class AnotherProgram(PretendedSystem):
    """An upgrade of kexec-tools puts its own program back."""

    def test_is_named(self):
        self.usual()
        (self.fake / "version").write_text("kexec-tools 2.0.25")
        (self.fake / "fail").write_text("--dry-run")
        self.assertEqual(self.refusal(), f"'{self.kexec}' is not the program of kexec-ng: it calls itself 'kexec-tools 2.0.25'; an "
                         "upgrade of kexec-tools may have put it back, install kexec-ng again; no crash kernel is loaded")


class CommandLine(PretendedSystem):
    def setUp(self):
        super().setUp()
        self.usual()

    def line_from(self, running):
        self.put("proc/cmdline", running + "\n")
        return self.command_line()

    def test_memory_words_are_left_out(self):
        self.assertEqual(self.line_from("BOOT_IMAGE=/v root=/dev/sda hugepages=64 default_hugepagesz=1G hugepagesz=2M "
                                        "crashkernel=192M crashkernel=1G,high mem=4G quiet splash ro"),
                         f"root=/dev/sda ro {APPENDED}")

    def test_whole_names_only(self):
        kept = "crashkernel_foo=1 xhugepages=1 memtest=4 memmap=64K$0x9000"
        self.assertEqual(self.line_from(kept), f"{kept} {APPENDED}")

    def test_quotes_keep_blanks_together(self):
        kept = """dyndbg="file drivers/* +p;  func x" 'a b' x="" "whole word=with blanks" back\\slash $HOME `id` * ~"""
        self.assertEqual(self.line_from(kept + ' crashkernel="1 2 quiet"'), f"{kept} {APPENDED}")

    def test_an_open_quote_is_closed_at_the_end(self):
        self.assertEqual(self.line_from('a quiet b="c quiet'), f'a b="c quiet" {APPENDED}')

    def test_a_quoted_word_is_known_by_its_name(self):
        self.assertEqual(self.line_from('a "crashkernel=1 2" b'), f"a b {APPENDED}")

    def test_dashes_and_underscores_are_the_same(self):
        self.configure("CRASH_CMDLINE_REMOVE='console-a log_b'")
        self.assertEqual(self.line_from("console_a=1 log-b=2 c"), f"c {APPENDED}")

    def test_words_for_init_stay_at_the_end(self):
        self.configure("CRASH_CMDLINE_APPEND=last")
        self.assertEqual(self.line_from("a -- single -- x"), f"a {APPENDED} last -- single -- x")

    def test_remove_and_append(self):
        self.configure('CRASH_CMDLINE_REMOVE="root nr_cpus"', 'CRASH_CMDLINE_APPEND="nr_cpus=2 note=\\"a  b\\""')
        self.assertEqual(self.line_from("root=/dev/sda ro"), f'ro {APPENDED.replace(" nr_cpus=1", "")} nr_cpus=2 note="a  b"')

    def test_the_whole_line_as_it_is(self):
        self.configure("CRASH_CMDLINE='  odd \"$x\" `y` \\ * '")
        self.assertEqual(self.command_line(), "  odd \"$x\" `y` \\ * ")

    def test_the_whole_line_leaves_nothing_to_change(self):
        self.assertEqual(self.refusal("CRASH_CMDLINE=a", "CRASH_CMDLINE_APPEND=b"),
                         "/etc/default/kexec-crash: CRASH_CMDLINE is the whole command line; leave CRASH_CMDLINE_APPEND and "
                         "CRASH_CMDLINE_REMOVE empty; no crash kernel is loaded")

    def test_debians_initrd_saves_the_dump_with_its_unit(self):
        self.put("lib/systemd/system/kdump-tools-dump.service")
        self.assertEqual(self.line_from("ro"), f"ro {APPENDED} systemd.unit=kdump-tools-dump.service")

    def test_suses_initrd_has_a_root_of_its_own(self):
        self.configure("CRASH_INITRD=" + self.put("var/lib/kdump/initrd"))
        self.assertEqual(self.line_from("root=/dev/sda ro"), f"ro {APPENDED} root=kdump")


class Configuration(PretendedSystem):
    def setUp(self):
        super().setUp()
        self.usual()

    def value_of(self, text):
        self.configure(f"CRASH_CMDLINE={text}")
        return self.command_line()

    def test_values_as_a_shell_reads_them(self):
        marker = self.folder / "executed"
        for text in ("plain", "a=b#c", "'single \"$x` \\ '", '"double \' \\" \\\\ \\$ \\` \\x"', "a # comment", '"a"   # comment',
                     "'a' ", "/x,y:z", '"~ * ?"', f"'$(touch {marker})'"):
            shell = subprocess.run(["sh", "-c", f"V={text}\nprintf %s \"$V\""], capture_output=True, text=True, check=True).stdout
            self.assertEqual(self.value_of(text), shell, text)
        self.assertFalse(marker.exists())

    def test_blank_lines_comments_and_no_newline_at_the_end(self):
        self.configure("", "# CRASH_KERNEL=/x", "  # y", "  CRASH_CMDLINE=a", "CRASH_CMDLINE=b")
        self.assertEqual(self.command_line(), "b", "the last one counts")

    def test_the_sample_sets_nothing(self):
        sample = pathlib.Path(PROGRAM).with_name("kexec-crash.default").read_text()
        self.put("etc/default/kexec-crash", sample)
        self.assertEqual(self.command_line(), f"root=/dev/vda1 {APPENDED}")

    def test_what_is_no_setting_is_refused_by_line(self):
        marker = self.folder / "executed"
        tail = "; no crash kernel is loaded"
        for line, words in (
            (f"touch {marker}", f"'touch {marker}' is no KEY=\"value\""),
            ("CRASH_KERNAL=x", "'CRASH_KERNAL' is no setting; there are CRASH_KERNEL, CRASH_INITRD, CRASH_CMDLINE, "
             "CRASH_CMDLINE_APPEND, CRASH_CMDLINE_REMOVE and KEXEC_ARGS"),
            ("PATH=/evil", "'PATH' is no setting; there are CRASH_KERNEL, CRASH_INITRD, CRASH_CMDLINE, CRASH_CMDLINE_APPEND, "
             "CRASH_CMDLINE_REMOVE and KEXEC_ARGS"),
            ("CRASH_CMDLINE='a", "the quote is not closed on this line"),
            ('CRASH_CMDLINE="a', "the quote is not closed on this line"),
            ('CRASH_CMDLINE="a\\', "the quote is not closed on this line"),
            (f'CRASH_CMDLINE="$(touch {marker})"', "nothing is expanded here: write \\$ and \\` for the characters themselves"),
            (f'CRASH_CMDLINE="`touch {marker}`"', "nothing is expanded here: write \\$ and \\` for the characters themselves"),
            ("CRASH_CMDLINE=a b", "'b' behind the value; put the value in quotes"),
            (f"CRASH_CMDLINE=a;touch {marker}", f"';touch {marker}' behind the value; put the value in quotes"),
            (f"CRASH_CMDLINE=$(touch {marker})", f"'$(touch {marker})' behind the value; put the value in quotes"),
            ('CRASH_CMDLINE="a"b', "'b' behind the value; put the value in quotes"),
        ):
            self.assertEqual(self.refusal("# first", line), f"/etc/default/kexec-crash, line 2: {words}{tail}")
        self.assertFalse(marker.exists())

    def test_files_that_are_not_there(self):
        for key in ("CRASH_KERNEL", "CRASH_INITRD"):
            for value, words in (("/gone", "'/gone' does not exist"), ("boot/x", "'boot/x' is no absolute path"),
                                 ("/boot", "'/boot' is no file that can be read")):
                self.assertEqual(self.refusal(f"{key}={value}"), f"/etc/default/kexec-crash: {key}: {words}; no crash kernel is "
                                 "loaded")

    def test_a_path_with_blanks(self):
        self.put("boot/my kernel")
        self.configure('CRASH_KERNEL="/boot/my kernel"')
        self.assertEqual(self.loaded_kernel(), "/boot/my kernel")

    def test_arguments_are_split_and_nothing_more(self):
        self.configure("KEXEC_ARGS=' -c  --serial=* $x '")
        self.assertEqual(self.load()[1:5], ["-c", "--serial=*", "$x", f"--command-line=root=/dev/vda1 {APPENDED}"])


class WhatRemains(PretendedSystem):
    def setUp(self):
        super().setUp()
        self.kernel, self.initrd = self.usual()

    def loaded(self):
        return (self.root / "sys/kernel/kexec_crash_loaded").read_text().strip()

    def record(self):
        folder = self.root / "run/kexec-crash"
        return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []

    def test_a_broken_configuration_keeps_the_old_one(self):
        self.load()
        for lines in (["CRASH_INITRD=/gone"], ["nonsense"], ["CRASH_KERNEL=/boot"]):
            self.assertTrue(self.refusal(*lines, word="reload").endswith("; the crash kernel loaded before is still in place"))
            self.assertEqual((self.loaded(), self.record()), ("1", ["initrd", "kernel", "loaded"]))

    def test_a_plan_that_fails_keeps_the_old_one(self):
        self.load()
        (self.fake / "fail").write_text("--dry-run")
        self.assertEqual(self.refusal(), f"cannot load '{self.kernel}': it is refused; the crash kernel loaded before is still in "
                         "place")
        self.assertEqual(self.loaded(), "1")

    def test_a_load_that_fails_is_followed_by_the_old_one(self):
        self.load()
        self.put("boot/other")
        self.configure("CRASH_KERNEL=/boot/other")
        (self.fake / "fail").write_text(f"{self.root}/boot/other")
        # The dry run finds nothing wrong: a signature, say.
        self.kexec.write_text(FAKE_KEXEC.replace("if fail.exists()", "if not dry and fail.exists()"))
        self.forget_calls()
        done = self.run_program("reload")
        self.assertEqual((done.returncode, done.stderr), (1, "kexec-crash: cannot load '/boot/other': it is refused; the one "
                                                          f"before, '{self.kernel}', was loaded again\n"))
        self.assertEqual([call[-1].replace(str(self.root), "") for call in self.calls()],
                         ["/boot/other", "/boot/other", self.kernel])
        self.assertEqual((self.loaded(), self.record()), ("1", ["initrd", "kernel", "loaded"]))

    def test_a_first_load_that_fails(self):
        (self.fake / "fail").write_text("-p")
        self.kexec.write_text(FAKE_KEXEC.replace("if fail.exists()", "if not dry and fail.exists()"))
        done = self.run_program("load")
        self.assertEqual((done.returncode, done.stderr),
                         (1, f"kexec-crash: cannot load '{self.kernel}': it is refused; no crash kernel is loaded\n"))
        self.assertEqual(self.record(), [])

    def test_unload(self):
        self.load()
        self.forget_calls()
        done = self.run_program("unload")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.calls(), [["-p", "-u"]])
        self.assertEqual((self.loaded(), self.record()), ("0", []))

    def test_unload_after_a_load_that_was_ended_while_it_wrote(self):
        self.load()
        (self.root / "run/kexec-crash/loaded.new").write_text("kernel=/boot/vm")
        self.assertEqual(self.run_program("unload").returncode, 0)
        self.assertEqual((self.loaded(), self.record()), ("0", []))

    def test_unload_that_fails(self):
        self.load()
        (self.fake / "fail").write_text("-u")
        done = self.run_program("unload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot unload the crash kernel: cannot load '-u': it is refused", done.stderr)

    def test_links_are_left_alone_while_they_are_right(self):
        self.load()
        link = self.root / "run/kexec-crash/kernel"
        before = link.lstat()
        self.assertEqual(os.readlink(link), self.kernel)
        self.load()
        self.assertEqual((link.lstat().st_ino, link.lstat().st_ctime_ns), (before.st_ino, before.st_ctime_ns))
        self.configure("CRASH_INITRD=none", "CRASH_KERNEL=" + self.put("boot/other"))
        self.load()
        self.assertEqual((os.readlink(link), self.record()), ("/boot/other", ["kernel", "loaded"]))


class Status(PretendedSystem):
    def status(self):
        done = self.run_program("status")
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.rstrip("\n")

    def test_in_words(self):
        kernel, initrd = self.usual()
        self.assertEqual(self.status(), (3, "no crash kernel is loaded; 192 MiB are reserved for one"))
        self.configure("CRASH_CMDLINE='a b'")
        self.load()
        self.assertEqual(self.status(), (0, f"the crash kernel is '{kernel}' with '{initrd}', command line: a b"))
        self.configure("CRASH_CMDLINE='a b'", "CRASH_INITRD=none")
        self.load()
        self.assertEqual(self.status(), (0, f"the crash kernel is '{kernel}' with no initrd, command line: a b"))
        shutil.rmtree(self.root / "run")
        self.assertEqual(self.status(), (0, "a crash kernel is loaded, not by kexec-crash"))

    def test_without_memory(self):
        self.put("sys/kernel/kexec_crash_size", "0\n")
        given = "the running kernel was given crashkernel=, but reserved no memory; 'dmesg | grep -i crashkernel' says why"
        self.assertEqual(self.status(), (3, given))
        self.assertEqual(self.refusal(word="check"), given)
        self.assertEqual(self.refusal(), given)
        self.put("proc/cmdline", "ro\n")
        self.assertEqual(self.refusal(word="check"), "no memory is reserved for a crash kernel; boot with crashkernel=, see "
                         "'kexec --estimate-crashkernel'")
        (self.root / "sys/kernel/kexec_crash_size").unlink()
        self.assertEqual(self.refusal(word="check"), "this kernel knows no crash kernels (CONFIG_CRASH_DUMP)")
        self.put("sys/kernel/kexec/crash_size", "1048576\n")
        self.assertEqual(self.run_program("check").returncode, 0)

    def first_domain(self, answer):
        """Xen's first domain: the kernel's own files know nothing."""
        self.put("proc/cmdline", "console=hvc0 ro\n")
        self.put("sys/kernel/kexec_crash_size", "0\n")
        self.put("sys/hypervisor/type", "xen\n")
        self.put("sys/hypervisor/properties/features", "00002f87\n")
        (self.fake / "xen").write_text(answer)

    def test_in_the_first_domain_of_xen(self):
        kernel, initrd = self.usual()
        self.put("sys/kernel/crash_elfcorehdr_size", "4096\n")
        self.first_domain("201326592 0")
        self.assertEqual(self.run_program("check").returncode, 0)
        self.assertEqual(self.status(), (3, "no crash kernel is loaded; 192 MiB are reserved for one"))
        self.configure("CRASH_CMDLINE='a b'")
        self.assertEqual(self.load(), ["-p", "--command-line=a b", f"--initrd={initrd}", "--", kernel])
        self.assertEqual(self.status(), (0, f"the crash kernel is '{kernel}' with '{initrd}', command line: a b"))
        self.assertEqual(self.run_program("unload").returncode, 0)
        self.assertEqual(self.status()[0], 3)

    def test_what_xen_keeps_is_known_in_its_first_domain_alone(self):
        self.first_domain("201326592 0")
        self.put("sys/hypervisor/properties/features", "00002705\n")
        self.assertEqual(self.run_program("check").returncode, 1)
        self.put("proc/xen/capabilities", "control_d\n")
        self.assertEqual(self.run_program("check").returncode, 0)

    def test_xen_without_memory(self):
        self.first_domain("0 0")
        self.assertEqual(self.refusal(word="check"), "Xen has reserved no memory for a crash kernel; boot Xen with crashkernel= "
                         "on its own command line")
        self.first_domain("denied 0")
        self.assertEqual(self.refusal(word="check"), "Xen does not say how much memory it has reserved for a crash kernel: denied")

    def test_systemd_is_told(self):
        kernel, initrd = self.usual()
        notify = self.fake / "systemd-notify"
        notify.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{self.fake}/told\n')
        notify.chmod(notify.stat().st_mode | stat.S_IXUSR)
        under = {"NOTIFY_SOCKET": "/x", "INVOCATION_ID": "1", "PATH": f"{self.fake}:{os.environ['PATH']}"}
        self.configure("CRASH_CMDLINE=a")
        self.assertEqual(self.run_program("load", **under).returncode, 0)
        self.configure("CRASH_KERNEL=/gone")
        failed = self.run_program("load", **under)
        sentence = "/etc/default/kexec-crash: CRASH_KERNEL: '/gone' does not exist; the crash kernel loaded before is still in place"
        self.assertEqual(failed.stderr, f"<3>kexec-crash: {sentence}\n")
        self.assertEqual(self.run_program("unload", **under).returncode, 0)
        self.assertEqual((self.fake / "told").read_text().splitlines(),
                         [f"--status=the crash kernel is '{kernel}' with '{initrd}', command line: a", f"--status={sentence}",
                          "--status=no crash kernel is loaded"])

    def test_usage(self):
        for words in ([], ["nonsense"], ["load", "more"]):
            done = self.run_program(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", "usage: kexec-crash load|reload|unload|status|check\n"))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
