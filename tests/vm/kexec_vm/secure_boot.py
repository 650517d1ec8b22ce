# SPDX-License-Identifier: GPL-2.0-or-later
"""Files signed with the key that the firmware of a "secure-boot" guest trusts: the test key of Debian's ovmf package."""

import pathlib
import subprocess
import tempfile

_KEY, _CERTIFICATE = "/usr/share/ovmf/PkKek-1-snakeoil.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"
_PASSPHRASE = "snakeoil"


def sign(image):
    """The PE file `image` (bytes) with that key's signature instead of those it has: the kernel looks at the first alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "image").write_bytes(image)
        _run("sbattach", "--remove", folder / "image", may_fail=True)  # there may be none
        _run("openssl", "rsa", "-in", _KEY, "-passin", f"pass:{_PASSPHRASE}", "-out", folder / "key")
        _run("sbsign", "--key", folder / "key", "--cert", _CERTIFICATE, "--output", folder / "signed", folder / "image")
        return (folder / "signed").read_bytes()


def _run(*command, may_fail=False):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}")
