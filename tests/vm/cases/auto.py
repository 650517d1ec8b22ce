# SPDX-License-Identifier: GPL-2.0-or-later
"""The default finds the call that can load a file, whatever the file is; what cannot be loaded here says why."""

import gzip
import json

from kexec_vm import images, recipe
from kexec_vm.suite import case

ARGUMENTS = {"bzImage": "--initrd=/initrd", "bzImage.zst": "--initrd=/initrd", "vmlinux": "--initrd=/initrd",
             "vmlinux.gz": "--initrd=/initrd", "memtest-x64": "", "memtest-ia32": "", "xen": "--module=/initrd",
             "xen.gz": "--module=/initrd"}
# Name: what -t calls it. Neither zImage nor real mode is among them: kexec_load can load all.
TYPES = {"bzImage": "bzImage64", "bzImage.zst": "bzImage64", "vmlinux": "elf-x86_64", "vmlinux.gz": "elf-x86_64",
         "memtest-x64": "bzImage64", "memtest-ia32": "bzImage", "xen": "multiboot2-x86", "xen.gz": "multiboot2-x86"}


def files(bench):
    """{name: contents} of one image of each kind."""
    kernel = bench.cache.kernel("6.1")
    bzimage, vmlinux = kernel.image.read_bytes(), bench.cache.vmlinux(kernel)
    xen = bench.cache.xen().read_bytes()
    memtest = bench.cache.memtest86()
    return {"bzImage": bzimage, "bzImage.zst": images.pack(bzimage, "zst"), "vmlinux": vmlinux,
            "vmlinux.gz": images.pack(vmlinux, "gz"), "xen": gzip.decompress(xen), "xen.gz": xen,
            "memtest-x64": (memtest / "memtest86+x64.bin").read_bytes(),
            "memtest-ia32": (memtest / "memtest86+ia32.bin").read_bytes()}


@case("auto/each-kind", quick=True)
def each_kind(bench):
    """Without a word about type or call: loaded, in silence, and as what it is."""
    script = ""
    for name, arguments in ARGUMENTS.items():
        script += (f"try plan-{name} kexec -l /{name} {arguments} --dry-run --json\ntry load-{name} kexec -l /{name} {arguments}\n"
                   f"try loaded-{name} loaded\ntry unload-{name} kexec -u\n")
    # Without five-level paging: a vmlinux does not tell whether it may be on, and a warning does.
    machine = {"memory": "2G", "cpu": "max,la57=off"}
    boot = recipe.boot(bench, script, files=files(bench), machine=machine).boot(1)
    for name in ARGUMENTS:
        recipe.expect_success(bench, boot, f"load-{name}")
        bench.equal(boot.out(f"loaded-{name}"), "1", f"/sys/kernel/kexec_loaded after loading {name}")
        recipe.expect_success(bench, boot, f"unload-{name}")
        if bench.equal(boot[f"plan-{name}"].status, 0, f"--dry-run of {name}, which said {boot[f'plan-{name}'].err!r}"):
            plan = json.loads(boot.out(f"plan-{name}"))
            bench.equal(plan["kernel"]["type"], TYPES[name], f"type of {name} in the plan")
            if TYPES[name] not in ("bzImage64", "bzImage"):
                bench.equal((plan["call"]["first"], plan["call"]["fallback"]), ("kexec_load", None), f"calls for {name}")


@case("auto/lockdown", quick=True)
def lockdown(bench):
    """lockdown=integrity: a bzImage goes by kexec_file_load, whose word about its signature counts; what only kexec_load could
    load is refused with the reason. (Without Secure Boot no Debian kernel trusts the key that Debian signs with.)"""
    all_files = files(bench)
    script = "try state cat /sys/kernel/security/lockdown\n"
    for name in ("bzImage", "vmlinux", "xen.gz"):
        script += f"try {name} kexec -l /{name} {ARGUMENTS[name]}\ntry {name}-loaded loaded\n"
    script += "try decompress kexec -l --decompress /bzImage --initrd=/initrd\ntry loaded loaded\n"
    boot = recipe.boot(bench, script, machine={"append": "lockdown=integrity", "memory": "1G"},
                       files={name: all_files[name] for name in ("bzImage", "vmlinux", "xen.gz")}).boot(1)
    bench.contains(boot.out("state"), "[integrity]", "lockdown state of the guest")
    trusted = boot["bzImage"].status == 0
    if not trusted:
        bench.equal(boot["bzImage"].status, 255, f"status of a signed bzImage; stderr {boot['bzImage'].err!r}")
        for cause in ("kexec_file_load", "lockdown", "signature"):
            bench.contains(boot["bzImage"].err, cause, "a signed bzImage whose key is not trusted: stderr")
    for name in ("vmlinux", "xen.gz"):
        bench.equal((boot[name].status, boot[name].out), (1, ""), f"{name}: status and stdout; stderr {boot[name].err!r}")
        bench.contains(boot[name].err, "lockdown", f"{name}: stderr")
        bench.equal(boot.out(f"{name}-loaded"), str(int(trusted)), f"/sys/kernel/kexec_loaded after {name}")
    bench.equal(boot["decompress"].status, boot["bzImage"].status, "status with --decompress")
    bench.contains(boot["decompress"].err, "option '--decompress' is ignored: kernel lockdown", "stderr with --decompress")
    bench.equal(boot.out("loaded"), str(int(trusted)), "/sys/kernel/kexec_loaded at the end")


@case("auto/contiguous-memory")
def contiguous_memory(bench):
    """cma=: Linux since 6.17 puts a kernel there and aligns it to 1 MiB, which costs the next one its initrd. So the flag."""
    transcript = recipe.boot(bench, f"""
        try memory grep CmaTotal /proc/meminfo
        try load kexec -d -s {recipe.LOAD}
        execute kexec -e""", series="newest", machine={"memory": "1G", "append": "cma=256M"})
    first = transcript.boot(1)
    bench.equal(first.out("memory").split(), ["CmaTotal:", str(256 << 10), "kB"], "contiguous memory")
    bench.equal(first["load"].status, 0, f"status of the load, which said {first['load'].err!r}")
    bench.contains(first["load"].err, "flags 0x18", "KEXEC_FILE_NO_CMA and KEXEC_FILE_DEBUG")
    recipe.expect_second(bench, transcript, first.release)
