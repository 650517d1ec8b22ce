#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmcore-dmesg's man page and completions agree with the program.

Usage: docs_test.py VMCORE_DMESG SOURCE_DIRECTORY
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

PROGRAM = ""
SOURCE = pathlib.Path()


def output(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def options():
    """("-J", "--json") and so on, from --help."""
    found = re.findall(r"^  (-\w), (--[\w-]+)", output(PROGRAM, "--help"), re.M)
    assert len(found) == 5, found
    return found


class Docs(unittest.TestCase):
    def text(self, name):
        return (SOURCE / name).read_text(encoding="utf-8")

    def test_the_man_page_is_clean(self):
        if not shutil.which("mandoc"):
            self.skipTest("no mandoc")
        complaints = [line for line in output("mandoc", "-T", "lint", "-W", "style", SOURCE / "man/vmcore-dmesg.8").splitlines()
                      if "outdated mandoc.db" not in line and "referenced manual not found" not in line]
        self.assertEqual(complaints, [])

    def test_the_man_page_has_every_option(self):
        page = self.text("man/vmcore-dmesg.8").replace("\\-", "-")
        documented = re.findall(r"^\.It Fl (\w)(?: Ar \w+)? , (?:Fl )?-([\w-]+)", page, re.M)
        self.assertEqual([("-" + letter, "--" + name) for letter, name in documented], options())

    def test_the_man_page_has_every_status(self):
        page = self.text("man/vmcore-dmesg.8")
        section = page[page.index(".Sh EXIT STATUS"):page.index(".Sh EXAMPLES")]
        defined = re.findall(r"kDmesg\w+ = (\d+);", self.text("cmd/vmcore-dmesg/exit_status.h"))
        self.assertEqual(re.findall(r"^\.It (\d+)$", section, re.M), defined)

    def test_completions_have_every_option(self):
        bash, zsh, fish = (self.text(f"completions/{name}")
                           for name in ("vmcore-dmesg.bash", "_vmcore-dmesg", "vmcore-dmesg.fish"))
        for letter, name in options():
            with self.subTest(name):
                self.assertRegex(bash, f"[' ]{name}=?[' ]")
                self.assertRegex(bash, f"[' ]{letter}[' ]")
                self.assertIn(f"'({name} {letter})'" if name not in ("--help", "--version") else f"{{{letter},{name}}}", zsh)
                self.assertIn(f"-s {letter[1:]} -l {name[2:]} ", fish)

    def test_completions_are_valid(self):
        for shell, name in (("bash", "vmcore-dmesg.bash"), ("zsh", "_vmcore-dmesg"), ("fish", "vmcore-dmesg.fish")):
            if shutil.which(shell):
                with self.subTest(shell):
                    self.assertEqual(output(shell, "-n", SOURCE / "completions" / name), "")

    def test_bash_offers_what_fits(self):
        def offers(*words):
            script = ('. "$0/completions/vmcore-dmesg.bash"; cd "$0"; COMP_WORDS=(vmcore-dmesg "$@"); COMP_CWORD=$#; '
                      '_vmcore_dmesg; echo "${COMPREPLY[@]}"')
            return output("bash", "--norc", "-c", script, str(SOURCE), *words).split()
        self.assertEqual(offers("--fo"), ["--force-prefix"])
        self.assertEqual(offers("--level", "=", "e"), ["emerg", "err"])
        self.assertEqual(offers("-l", "d"), ["debug"])
        self.assertEqual(offers("completions/_vm"), ["completions/_vmcore-dmesg"])


if __name__ == "__main__":
    PROGRAM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
