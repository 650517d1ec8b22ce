# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64 and riscv64: Debian's kernel in every file format they have; each starts like the Image it was made from."""

import json

from kexec_vm import handover, images
from kexec_vm.architecture import AARCH64, RISCV64
from kexec_vm.handover import HandOver
from kexec_vm.suite import case

# Suffix: what the plan calls it, and the header of an EFI zboot kernel (scripts/Makefile.lib, Makefile.zboot).
COMPRESSIONS = {"gz": ("gzip", "gzip"), "zst": ("zstd", "zstd22")}
# Where Linux is linked to (Documentation/arch/arm64/memory.rst: KIMAGE_VADDR with 48 bits; arch/riscv/vm-layout.rst).
LINKED = {"aarch64": 0xFFFF800080000000, "riscv64": 0xFFFFFFFF80000000}
IMAGES = {"aarch64": "Image", "riscv64": "image-riscv"}
VMLINUX = {"aarch64": "vmlinux", "riscv64": "elf-riscv"}


def hand_over(bench, kernel, image, expected):
    """`image` takes over; `expected`: fields of the plan's kernel."""
    before, _, _ = handover.run(bench, HandOver(kernel, "-c", image=image, memory="1G", cpu=None, vga="none"))
    bench.equal(before["load"].err, "", "stderr of the load")
    found = json.loads(before.out("plan"))["kernel"]
    bench.equal({name: found.get(name) for name in expected}, expected, "kernel in the plan")


def compressed(bench, architecture, series, suffix):
    kernel = bench.cache.kernel(series, architecture)
    image = kernel.image.read_bytes()
    hand_over(bench, kernel, images.pack(image, suffix),
              {"type": IMAGES[architecture.name], "compression": COMPRESSIONS[suffix][0], "unpacked_bytes": len(image)})


def zboot(bench, architecture, series, suffix):
    kernel = bench.cache.kernel(series, architecture)
    image = kernel.image.read_bytes()
    name, told = COMPRESSIONS[suffix]
    hand_over(bench, kernel, images.zboot(images.pack(image, suffix), told, len(image)),
              {"type": IMAGES[architecture.name], "compression": f"{name} in EFI zboot", "unpacked_bytes": len(image)})


def vmlinux(bench, architecture, series):
    kernel = bench.cache.kernel(series, architecture)
    file = images.vmlinux(kernel.image.read_bytes(), architecture.name, LINKED[architecture.name])
    hand_over(bench, kernel, file, {"type": VMLINUX[architecture.name]})


for one, kernel_series in (("gz", "6.1"), ("zst", "6.12")):
    case(f"arm64/compressed/{one}", crossed=True)(
        lambda bench, series=kernel_series, suffix=one: compressed(bench, AARCH64, series, suffix))
    case(f"arm64/zboot/{one}", crossed=True)(
        lambda bench, series=kernel_series, suffix=one: zboot(bench, AARCH64, series, suffix))
case("riscv64/compressed/zst", crossed=True)(lambda bench: compressed(bench, RISCV64, "6.12", "zst"))
case("riscv64/zboot/gz", crossed=True)(lambda bench: zboot(bench, RISCV64, "6.12", "gz"))
case("arm64/vmlinux", crossed=True)(lambda bench: vmlinux(bench, AARCH64, "6.1"))
case("riscv64/vmlinux", crossed=True)(lambda bench: vmlinux(bench, RISCV64, "6.12"))
