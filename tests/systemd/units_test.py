#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed units as systemd reads them: no complaint, and as few rights as promised.

Usage: units_test.py CMAKE BUILD_DIRECTORY. Skipped (77) where there is no systemd-analyze.
"""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

CMAKE = ""
BUILD = ""
UNITS = ["kexec-crash-changed.service", "kexec-crash-reload.service", "kexec-crash-reload.timer", "kexec-crash.path",
         "kexec-crash.service"]


def analyze(verb, *words, **more):
    return subprocess.run(["systemd-analyze", verb, *words], text=True, capture_output=True, timeout=60, check=False, **more)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kexec-units-"))
        subprocess.run([CMAKE, "--install", BUILD, "--prefix", cls.folder / "usr", "--component", "systemd"], check=True,
                       stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_what_is_installed(self):
        usr = self.folder / "usr"
        files = {str(path.relative_to(usr)): path.stat().st_mode for path in usr.rglob("*") if path.is_file()}
        names = sorted(os.path.basename(path) for path in files)
        self.assertEqual(names, sorted([*UNITS, "60-kexec-crash.rules", "90-kexec-crash.preset", "kexec-crash",
                                        "kexec-crash-xen-generator",
                                        "kexec-crash-choose.sh", "kexec-crash.8", "kexec-crash.default"]))
        (program,) = [mode for path, mode in files.items() if os.path.basename(path) == "kexec-crash"]
        self.assertTrue(program & stat.S_IXUSR)

    def test_the_installed_program_finds_its_other_half(self):
        (program,) = self.folder.glob("usr/*bin/kexec-crash")
        done = subprocess.run([program, f"--root={self.folder / 'empty'}", "check"], text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, "kexec-crash: this kernel knows no crash kernels "
                                                          "(CONFIG_CRASH_DUMP)\n"))

    def test_only_the_first_domain_of_xen_gets_its_devices(self):
        (generator,) = self.folder.glob("usr/lib/systemd/system-generators/kexec-crash-xen-generator")
        for number, (kind, features, expected) in enumerate([("xen", "00002f87", True), ("xen", "00002705", False),
                                                             ("xen", "", False), ("kvm", "00000800", False), (None, None, False)]):
            root = self.folder / f"machine-{number}"
            place = root / "sys/hypervisor/properties"
            place.mkdir(parents=True)
            if kind:
                (place.parent / "type").write_text(f"{kind}\n")
                (place / "features").write_text(f"{features}\n")
            done = subprocess.run([generator, root / "units"], env=os.environ | {"KEXEC_CRASH_ROOT": str(root)}, text=True,
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), kind)
            found = root / "units/kexec-crash.service.d/xen.conf"
            self.assertEqual(found.exists(), expected, (kind, features))
            if expected:
                self.assertEqual(found.read_text(), "[Service]\nDeviceAllow=/dev/xen/privcmd rw\nDeviceAllow=/dev/xen/hypercall rw\n")

    def test_any_number_of_events(self):
        # The default, five starts in ten seconds, would end the reload for good.
        for unit in ("kexec-crash-changed.service", "kexec-crash-reload.service", "kexec-crash-reload.timer"):
            (found,) = self.folder.glob(f"usr/**/{unit}")
            section = found.read_text().split("[Unit]")[1].split("\n[")[0]
            self.assertIn("\nStartLimitIntervalSec=0\n", section, unit)

    def test_verify(self):
        # The programs stand where systemd looks for them in a real system.
        programs = self.folder / "programs"
        programs.mkdir()
        text = {}
        for unit in UNITS:
            (found,) = self.folder.glob(f"usr/**/{unit}")
            text[unit] = found.read_text()
        for name in ("kexec-crash", "systemctl", "sh"):
            (programs / name).write_text("#!/bin/sh\n")
            (programs / name).chmod(0o755)
        for unit, content in text.items():
            for name in ("kexec-crash", "systemctl", "sh"):
                content = content.replace(f"={name} ", f"={programs / name} ")
            (programs / unit).write_text(content)
        done = analyze("verify", "--man=no", *(str(programs / unit) for unit in UNITS))
        ours = [line for line in done.stderr.splitlines() if "kexec-crash" in line]
        self.assertEqual((done.returncode, ours), (0, []), done.stderr)

    def test_exposure(self):
        (unit,) = self.folder.glob("usr/**/kexec-crash.service")
        done = analyze("security", "--offline=true", "--threshold=30", "--no-pager", str(unit))
        if "unrecognized option" in done.stderr:
            self.skipTest("systemd-analyze before 250")
        self.assertEqual(done.returncode, 0, done.stdout[-200:] + done.stderr)


if __name__ == "__main__":
    CMAKE, BUILD = sys.argv.pop(1), sys.argv.pop(1)
    if not shutil.which("systemd-analyze"):
        print("no systemd-analyze here")
        sys.exit(77)
    unittest.main()
