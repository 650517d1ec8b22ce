# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels (and its kexec-tools) fetched as packages into a cache folder, and kernels built there that Debian does
not have; nothing is installed on the host."""

import gzip
import hashlib
import lzma
import pathlib
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass

from kexec_vm import images
from kexec_vm.architecture import X86_64, Architecture, Built

_TREE = pathlib.Path(__file__).resolve().parents[3]
_FOREIGN_PACKAGE = _TREE / "scripts" / "foreign-package"
_APT = ["-q", "-o", "APT::Sandbox::User=root"]
_MAKEDUMPFILE_LIBRARIES = ("libdw1", "libelf1", "liblzo2-2", "libbz2-1.0", "liblzma5")


@dataclass(frozen=True)
class Kernel:
    """One unpacked kernel package, or a kernel that was built."""

    series: str  # "6.1"
    release: str  # what uname -r says
    image: pathlib.Path  # vmlinuz
    modules: pathlib.Path  # lib/modules/RELEASE; of one that was built a folder without any
    architecture: Architecture = X86_64
    vmlinux: pathlib.Path | None = None  # the ELF file `image` was made from, of one that was built

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

    def kernel(self, series, architecture=X86_64):
        """The newest kernel of `series` ("6.1", "6.12"; "newest" is of any) that is cached, else that apt offers or, if it is
        a Built one, that is built now."""
        package = architecture.kernels[series]
        if isinstance(package, Built):
            return self._built(series, package.configuration, architecture)
        suite = package.suite or architecture.suite
        name = self._offered(package.pattern, architecture, suite)
        release = re.fullmatch(package.pattern, name).group(1)
        root = self.package(name, architecture, suite)
        images_found = [*root.glob(f"boot/vmlinu[xz]-{release}"), *root.glob(f"usr/lib/modules/{release}/vmlinuz")]
        if not images_found:
            raise FileNotFoundError(f"package {name} has no vmlinuz of {release}")
        if name.startswith("linux-binary-"):  # as Debian has it since Linux 6.19
            root = self.package(f"linux-modules-{release}", architecture, suite)
        modules = next((root / folder / release for folder in ("lib/modules", "usr/lib/modules")
                        if (root / folder / release).is_dir()), root)
        return Kernel(series, release, images_found[0], modules, architecture)

    def _built(self, series, configuration, architecture):
        """Built once for each text of its configuration: minutes of CPU time."""
        folder = self.built_folder(configuration, architecture)
        with self._lock:
            if not folder.is_dir():
                subprocess.run([_TREE / "scripts" / "board-kernel", configuration, folder], check=True)
        release = (folder / "release").read_text(encoding="utf-8").strip()
        return Kernel(series, release, folder / "Image", folder, architecture, folder / "vmlinux")

    def built_folder(self, configuration, architecture):
        """Where the kernel of that configuration is, or is to be."""
        texts = [(_TREE / "tests" / "vm" / "kernels" / f"{name}.config").read_bytes() for name in ("guest", configuration)]
        return self._shelf(architecture) / f"{configuration}-{hashlib.sha256(b''.join(texts)).hexdigest()[:12]}"

    def busybox(self, architecture):
        """The static busybox of Debian: the host's own, or that of another architecture."""
        if architecture is X86_64:
            return pathlib.Path("/bin/busybox")
        root = self.package("busybox-static", architecture)
        return next(path for path in (root / "bin" / "busybox", root / "usr" / "bin" / "busybox") if path.is_file())

    def kexec_tools(self, architecture=X86_64):
        """Debian's /sbin/kexec, for comparisons."""
        return self.package("kexec-tools", architecture) / "sbin" / "kexec"

    def makedumpfile(self):
        """Debian's makedumpfile and the folders that hold the libraries the host need not have."""
        roots = [self.package(name) for name in _MAKEDUMPFILE_LIBRARIES]
        folders = [folder for root in roots for folder in root.glob("**/x86_64-linux-gnu")]
        return self.package("makedumpfile") / "usr" / "bin" / "makedumpfile", folders

    def memtest86(self):
        """Debian's memtest86+: the folder with memtest86+x64.bin and memtest86+ia32.bin."""
        return self.package("memtest86+") / "boot"

    def ipxe(self):
        """Debian's iPXE with Linux' header."""
        return (self.package("ipxe") / "boot" / "ipxe.lkrn").read_bytes()

    def memdisk(self):
        """syslinux' program that makes a disk of an initrd."""
        return (self.package("syslinux-common") / "usr" / "lib" / "syslinux" / "memdisk").read_bytes()

    def efi_stub(self):
        """systemd's boot program for unified kernel images."""
        return self.package("systemd-boot-efi") / "usr" / "lib" / "systemd" / "boot" / "efi" / "linuxx64.efi.stub"

    def xen(self):
        """Debian's Xen, the file that boot loaders load: gzip, 32-bit ELF with Multiboot headers."""
        found = sorted(self.package(self._offered(r"xen-hypervisor-[0-9.]+-amd64")).glob("boot/xen-*-amd64.gz"))
        return found[-1]

    def xen_elf(self):
        """The same unpacked, as QEMU takes it; kept."""
        packed = self.xen()
        target = self.folder / f"{packed.stem}.elf"
        with self._lock:
            if not target.is_file():
                partial = target.with_name(f".{target.name}.partial")
                partial.write_bytes(gzip.decompress(packed.read_bytes()))
                partial.rename(target)
        return target

    def dom0_kernel(self):
        """A kernel that runs as Xen's first domain; the cloud kernels do not (no CONFIG_XEN_DOM0). 70 MB to download."""
        root = self.package(self._offered(r"linux-image-6\.1\.[0-9.]+-[0-9]+-amd64"))
        (image,) = root.glob("boot/vmlinuz-*")
        release = image.name.removeprefix("vmlinuz-")
        return Kernel("6.1", release, image, root / "lib" / "modules" / release)

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
        roots = [self.package(name) for name in ("libsnappy1v5", "libncursesw6")]
        folders = [folder for root in roots for folder in root.glob("**/x86_64-linux-gnu")]
        return self.package("crash") / "usr" / "bin" / "crash", folders

    def debug_image(self, kernel):
        """The vmlinux with symbols of `kernel`: 280 MB to download, 1.8 GB unpacked."""
        root = self.package(f"linux-image-{kernel.release}-dbg")
        return root / "usr" / "lib" / "debug" / "boot" / f"vmlinux-{kernel.release}"

    def _offered(self, pattern, architecture=X86_64, suite=None):
        """The newest package whose whole name matches `pattern`: of those that are cached, else that apt offers.

        suite: a Debian release; None: whatever the host's apt offers, which only knows the host's architecture.
        """
        names = [path.name for path in self._shelf(architecture).iterdir() if re.fullmatch(pattern, path.name)]
        if not names:
            command = (["apt-cache", "search", "--names-only", f"^{pattern}$"] if suite is None else
                       [_FOREIGN_PACKAGE, suite, architecture.debian, "--search", f"^{pattern}$"])
            lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
            names = [line.split()[0] for line in lines]
        if not names:
            raise LookupError(f"apt offers no {pattern}; run 'apt-get update', or add bookworm-security to the sources")
        return max(names, key=_version_key)

    def _shelf(self, architecture):
        """Where the packages of `architecture` are: those of the host in the cache itself, others in a folder each."""
        folder = self.folder if architecture is X86_64 else self.folder / architecture.debian
        folder.mkdir(exist_ok=True)
        return folder

    def package(self, name, architecture=X86_64, suite=None):
        """The folder `name` was unpacked into; complete or absent, also when interrupted."""
        target = self._shelf(architecture) / name
        with self._lock:
            if not target.is_dir():
                self._download(name, target, architecture, suite or architecture.suite)
        return target

    def _download(self, name, target, architecture, suite):
        partial = target.with_name(f".{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        if suite is None:
            subprocess.run(["apt-get", *_APT, "download", name], cwd=partial, check=True, stdout=subprocess.DEVNULL)
            (package,) = partial.glob("*.deb")
            subprocess.run(["dpkg", "-x", package, partial], check=True)
            package.unlink()
        else:
            subprocess.run([_FOREIGN_PACKAGE, suite, architecture.debian, partial, name], check=True)
        partial.rename(target)


def _version_key(release):
    return [int(part) for part in re.findall(r"\d+", release)]
