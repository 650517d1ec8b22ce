# SPDX-License-Identifier: GPL-2.0-or-later
"""The architectures guests exist for: how QEMU makes such a machine, and where its kernels come from.

QEMU's boards: docs/system/arm/virt.rst, docs/system/riscv/virt.rst in its tree.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Firmware:
    """A UEFI firmware for -drive if=pflash: code that is only read, and the variables a guest gets a copy of."""

    code: str
    variables: str


@dataclass(frozen=True)
class Package:
    """A kernel's package. A pattern for its whole name has one group: what uname -r says."""

    pattern: str
    suite: str | None = None  # the Debian release it comes from; None: the architecture's usual one


@dataclass(frozen=True)
class Built:
    """A kernel that scripts/board-kernel builds: the name of its configuration in tests/vm/kernels."""

    configuration: str


@dataclass(frozen=True)
class Architecture:
    name: str  # what uname -m says
    debian: str  # what Debian calls it
    suite: str | None  # the Debian release its packages usually come from; None: whatever the host's apt offers
    qemu: str
    board: str  # for -machine
    cpu: str  # unless a case wants another one
    cmdline: str  # of every kernel: the first serial line, and that a panic ends QEMU
    console_port: str  # the first serial line, as the guest's kernel calls it
    report: tuple  # QEMU arguments that join the second serial line to the chardev "report"
    report_port: str  # as the guest's kernel calls that line
    uefi: Firmware | None
    compiler: str  # makes programs for it
    kernels: dict  # series: Package or Built
    secure_boot: Firmware | None = None  # the same as uefi, with variables that ask for signatures


X86_64 = Architecture(
    "x86_64", "amd64", None, "qemu-system-x86_64", "q35", "max", "console=ttyS0,115200 panic=-1 no_timer_check",
    "ttyS0", ("-serial", "chardev:report"), "ttyS1",
    Firmware("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"), "cc",
    {"6.1": Package(r"linux-image-(6\.1\.[0-9][^ ]*-cloud-amd64)"),
     "6.12": Package(r"linux-image-(6\.12\.[0-9][^ ]*-cloud-amd64)"),
     "newest": Package(r"linux-binary-([0-9][^ ]*-cloud-amd64)", "trixie-backports"),
     "7.3-kho": Built("x86-kho")},
    Firmware("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"))
# The boards have one UART each; the second line is on PCI. nowatchdog: on a busy host a CPU may look stuck.
AARCH64 = Architecture(
    "aarch64", "arm64", "bookworm", "qemu-system-aarch64", "virt", "cortex-a57",
    "console=ttyAMA0 earlycon=pl011,0x9000000 panic=-1 nowatchdog", "ttyAMA0",
    ("-device", "pci-serial,chardev=report"), "ttyS0",
    Firmware("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"), "aarch64-linux-gnu-gcc",
    {"6.1": Package(r"linux-image-(6\.1\.[0-9][^ ]*-cloud-arm64)"),
     "6.12": Package(r"linux-image-(6\.12\.[0-9][^ ]*-cloud-arm64)", "trixie"),
     "6.12-16k": Package(r"linux-image-(6\.12\.[0-9][^ ]*-arm64-16k)", "trixie"),
     "6.12-64k": Built("arm64-64k")})
RISCV64 = Architecture(
    "riscv64", "riscv64", "trixie", "qemu-system-riscv64", "virt", "rv64",
    "console=ttyS0,115200 earlycon=sbi panic=-1 nowatchdog", "ttyS0",
    ("-device", "pci-serial,chardev=report"), "ttyS1", None, "riscv64-linux-gnu-gcc",
    {"6.12": Package(r"linux-image-(6\.12\.[0-9][^ ]*-riscv64)"),
     "6.12-file": Built("riscv64")})
