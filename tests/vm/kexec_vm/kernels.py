# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels (and its kexec-tools) fetched as packages into a cache folder; nothing is installed on the host."""

import lzma
import pathlib
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass

_APT = ["-q", "-o", "APT::Sandbox::User=root"]
_MAKEDUMPFILE_LIBRARIES = ("libdw1", "libelf1", "liblzo2-2", "libbz2-1.0", "liblzma5")


@dataclass(frozen=True)
class Kernel:
    """One unpacked kernel package."""

    series: str  # "6.1"
    release: str  # what uname -r says
    image: pathlib.Path  # vmlinuz
    modules: pathlib.Path  # lib/modules/RELEASE

    def module_files(self, *names):
        """The named modules and everything they need, in the order to insert them, as (name, bytes).

        A name that is no file of the package is taken to be built in.
        """
        found = {_module_name(path): path for path in self.modules.rglob("*.ko*")}
        ordered = {}

        def add(name):
            if name in ordered or name not in found:
                return
            data = _module_bytes(found[name])
            for needed in re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode().split(","):
                add(needed.replace("-", "_"))
            ordered[name] = data

        for name in names:
            add(name)
        return list(ordered.items())


def _module_name(path):
    return path.name.split(".")[0].replace("-", "_")


def _module_bytes(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


class Cache:
    """A folder of packages, downloaded and unpacked once. Safe to delete at any time."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def kernel(self, series):
        """The newest signed cloud kernel of `series` ("6.1", "6.12") that is cached, else that apt offers."""
        release = self._cached_release(series) or self._offered_release(series)
        root = self._package(f"linux-image-{release}")
        image = root / "boot" / f"vmlinuz-{release}"
        if not image.is_file():
            raise FileNotFoundError(f"package linux-image-{release} has no {image.name}")
        return Kernel(series, release, image, root / "lib" / "modules" / release)

    def kexec_tools(self):
        """Debian's /sbin/kexec, for comparisons."""
        return self._package("kexec-tools") / "sbin" / "kexec"

    def makedumpfile(self):
        """Debian's makedumpfile and the folders that hold the libraries the host need not have."""
        roots = [self._package(name) for name in _MAKEDUMPFILE_LIBRARIES]
        folders = [folder for root in roots for folder in root.glob("**/x86_64-linux-gnu")]
        return self._package("makedumpfile") / "usr" / "bin" / "makedumpfile", folders

    def crash_utility(self):
        """Debian's crash(8) and the folders that hold the libraries the host need not have."""
        roots = [self._package(name) for name in ("libsnappy1v5", "libncursesw6")]
        folders = [folder for root in roots for folder in root.glob("**/x86_64-linux-gnu")]
        return self._package("crash") / "usr" / "bin" / "crash", folders

    def debug_image(self, kernel):
        """The vmlinux with symbols of `kernel`: 280 MB to download, 1.8 GB unpacked."""
        root = self._package(f"linux-image-{kernel.release}-dbg")
        return root / "usr" / "lib" / "debug" / "boot" / f"vmlinux-{kernel.release}"

    def _cached_release(self, series):
        names = [path.name.removeprefix("linux-image-") for path in self.folder.glob(f"linux-image-{series}.*-cloud-amd64")]
        return max(names, key=_version_key, default=None)

    @staticmethod
    def _offered_release(series):
        pattern = rf"^linux-image-{re.escape(series)}\.[0-9][^ ]*-cloud-amd64$"
        lines = subprocess.run(["apt-cache", "search", "--names-only", pattern], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
        names = [line.split()[0].removeprefix("linux-image-") for line in lines]
        if not names:
            raise LookupError(f"apt offers no linux-image-{series}.*-cloud-amd64; run 'apt-get update', or add "
                              "bookworm-security to the sources")
        return max(names, key=_version_key)

    def _package(self, name):
        """The folder `name` was unpacked into; complete or absent, also when interrupted."""
        target = self.folder / name
        with self._lock:
            if not target.is_dir():
                self._download(name, target)
        return target

    def _download(self, name, target):
        partial = self.folder / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        subprocess.run(["apt-get", *_APT, "download", name], cwd=partial, check=True, stdout=subprocess.DEVNULL)
        (package,) = partial.glob("*.deb")
        subprocess.run(["dpkg", "-x", package, partial], check=True)
        package.unlink()
        partial.rename(target)


def _version_key(release):
    return [int(part) for part in re.findall(r"\d+", release)]
