# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels (and its kexec-tools) fetched as packages into a cache folder; nothing is installed on the host."""

import lzma
import pathlib
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass

from kexec_vm import images

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
        release = self._offered(rf"linux-image-{re.escape(series)}\.[0-9][^ ]*-cloud-amd64").removeprefix("linux-image-")
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

    def memtest86(self):
        """Debian's memtest86+: the folder with memtest86+x64.bin and memtest86+ia32.bin."""
        return self._package("memtest86+") / "boot"

    def efi_stub(self):
        """systemd's boot program for unified kernel images."""
        return self._package("systemd-boot-efi") / "usr" / "lib" / "systemd" / "boot" / "efi" / "linuxx64.efi.stub"

    def xen(self):
        """Debian's Xen, the file that boot loaders load: gzip, 32-bit ELF with Multiboot headers."""
        found = sorted(self._package(self._offered(r"xen-hypervisor-[0-9.]+-amd64")).glob("boot/xen-*-amd64.gz"))
        return found[-1]

    def dom0_kernel(self):
        """A bzImage that runs as Xen's first domain; the cloud kernels do not (no CONFIG_XEN_DOM0). 70 MB to download."""
        (image,) = self._package(self._offered(r"linux-image-6\.1\.[0-9.]+-[0-9]+-amd64")).glob("boot/vmlinuz-*")
        return image

    def vmlinux(self, kernel):
        """The ELF file that `kernel`'s bzImage packs; kept, unpacking takes a second."""
        target = self.folder / f"vmlinux-{kernel.release}"
        with self._lock:
            if not target.is_file():
                partial = target.with_name(f".{target.name}.partial")
                partial.write_bytes(images.unpack(kernel.image.read_bytes()))
                partial.rename(target)
        return target.read_bytes()

    def crash_utility(self):
        """Debian's crash(8) and the folders that hold the libraries the host need not have."""
        roots = [self._package(name) for name in ("libsnappy1v5", "libncursesw6")]
        folders = [folder for root in roots for folder in root.glob("**/x86_64-linux-gnu")]
        return self._package("crash") / "usr" / "bin" / "crash", folders

    def debug_image(self, kernel):
        """The vmlinux with symbols of `kernel`: 280 MB to download, 1.8 GB unpacked."""
        root = self._package(f"linux-image-{kernel.release}-dbg")
        return root / "usr" / "lib" / "debug" / "boot" / f"vmlinux-{kernel.release}"

    def _offered(self, pattern):
        """The newest package whose whole name matches `pattern`: of those that are cached, else that apt offers."""
        cached = [path.name for path in self.folder.iterdir() if re.fullmatch(pattern, path.name)]
        lines = [] if cached else subprocess.run(["apt-cache", "search", "--names-only", f"^{pattern}$"], check=True,
                                                 text=True, stdout=subprocess.PIPE).stdout.splitlines()
        names = cached + [line.split()[0] for line in lines]
        if not names:
            raise LookupError(f"apt offers no {pattern}; run 'apt-get update', or add bookworm-security to the sources")
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
