# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs: load, execute, unload, status, and the ways to combine them."""

from kexec_vm import recipe, rootfs
from kexec_vm.machine import CMDLINE, Machine
from kexec_vm.recipe import LOAD
from kexec_vm.suite import case


@case("three-in-a-row", quick=True)
def three_in_a_row(bench):
    """6.1 -> 6.12 (kexec_load) -> 6.1 (kexec_file_load) -> 6.12 (kexec_load); each carries the next in its initrd."""
    old, new = bench.cache.kernel("6.1"), bench.cache.kernel("6.12")
    archive = rootfs.archive("note reached fourth")
    for kernel, call in ((new, "-c"), (old, "-s"), (new, "-c")):
        script = f"try load kexec {call} {LOAD}\nexecute kexec -e"
        archive = rootfs.archive(script, programs={"sbin/kexec": bench.kexec},
                                 files={"kernel": kernel.image.read_bytes(), "initrd": archive})
    transcript = bench.boot(Machine(old, memory="1G"), archive)
    for number, kernel in enumerate((old, new, old, new), 1):
        boot = transcript.boot(number)
        bench.equal(boot.release, kernel.release, f"release of kernel {number}")
        if number < 4:
            recipe.expect_success(bench, boot, "load", f"load in kernel {number}")
    bench.equal(transcript.boot(4).out("reached"), "fourth", "marker of the fourth kernel")


FAKE_SHUTDOWN = "#!/bin/sh\necho \"$*\" >/tmp/shutdown-called\nexit 0\n"


@case("plain-kernel-argument", quick=True)
def plain_kernel_argument(bench):
    """`kexec K` loads and then calls `shutdown -r now`; what shutdown does is the system's business."""
    transcript = recipe.boot(bench, f"""
        try plain kexec -c {LOAD.removeprefix('-l ')}
        try loaded loaded
        try arguments cat /tmp/shutdown-called
        try unload kexec -u
        rm /sbin/shutdown
        try no-shutdown kexec -c {LOAD.removeprefix('-l ')}
        """, files={"sbin/shutdown": FAKE_SHUTDOWN},
        second="note reached never")
    boot = transcript.boot(1)
    bench.equal(boot["plain"].status, 0, f"status, stderr {boot['plain'].err!r}")
    bench.equal(boot.out("loaded"), "1", "/sys/kernel/kexec_loaded")
    bench.equal(boot.out("arguments"), "-r now", "arguments of shutdown")
    bench.equal(boot["no-shutdown"].status, 255, "status without a shutdown program")
    bench.contains(boot["no-shutdown"].err, "shutdown", "stderr without a shutdown program")


@case("force", quick=True)
def force(bench):
    transcript = recipe.boot(bench, f"execute kexec -c -f {LOAD.removeprefix('-l ')}")
    recipe.expect_second(bench, transcript)


@case("force-exec-combinations")
def force_exec(bench):
    """-e -f and -e -i without a kernel execute what is loaded (petitboot, Synology, ZFSBootMenu)."""
    for arguments in ("-e -f", "-f -e", "-e -i", "-e -x -y"):
        transcript = recipe.boot(bench, f"try load kexec -c {LOAD}\nexecute kexec {arguments}")
        recipe.expect_success(bench, transcript.boot(1), "load")
        recipe.expect_second(bench, transcript)


@case("unload-leaves-nothing", quick=True)
def unload(bench):
    """Loads 64 MiB by each call and unloads it: the memory comes back, and -e has nothing to execute."""
    measure = """
        free_kib() { sync; echo 3 >/proc/sys/vm/drop_caches; sed -n 's/^MemFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo; }
        try before free_kib
        """
    each = "".join(f"""
        try load{call} kexec {call} {LOAD}
        try loaded{call} loaded
        try during{call} free_kib
        try unload{call} kexec {undo}
        try unloaded{call} loaded
        try after{call} free_kib
        """ for call, undo in (("-c", "-u"), ("-s", "-s -u"), ("-a", "-u")))
    transcript = recipe.boot(bench, f"{measure}try warm kexec -c {LOAD}\nkexec -u\n{measure}{each}"
                             "try again kexec -u\ntry execute kexec -e", second_files={"ballast": rootfs.payload("u", 64 << 20)},
                             machine={"memory": "1G"})
    boot = transcript.boot(1)
    before = int(boot.out("before"))
    for call in ("-c", "-s", "-a"):
        recipe.expect_success(bench, boot, f"load{call}")
        recipe.expect_success(bench, boot, f"unload{call}")
        bench.equal(boot.out(f"loaded{call}") + boot.out(f"unloaded{call}"), "10", f"kexec_loaded around unload ({call})")
        used, left = before - int(boot.out(f"during{call}")), before - int(boot.out(f"after{call}"))
        bench.expect(used > 64 << 10, f"{call}: the load takes {used} KiB, expected more than the 64 MiB initrd")
        bench.expect(left < 2048, f"{call}: {left} KiB are missing after the unload")
    recipe.expect_success(bench, boot, "again", "unload with nothing loaded")
    bench.equal(boot["execute"].status, 1, "status of -e with nothing loaded")
    bench.contains(boot["execute"].err, "Nothing has been loaded!", "stderr of -e with nothing loaded")


@case("status-and-order", quick=True)
def status_and_order(bench):
    """-S answers by its status, unprivileged too; the order of options never matters."""
    orders = (f"-c {LOAD}", f"{LOAD.removeprefix('-l ')} -cl", f"/kernel -l --append x --ramdisk /initrd --kexec-syscall",
              "-cl --init=/initrd --command-line= -- /kernel", "-lcla /kernel --initrd /initrd -c --append=a --append=b")
    script = "try status-before kexec -l -S\ntry crash-status kexec -S\n"
    for number, order in enumerate(orders):
        script += f"try load{number} kexec {order}\ntry status{number} kexec -S -l\ntry unload{number} kexec -u -c\n"
    script += f"try load kexec -c {LOAD}\ntry unprivileged launch --uid=1000 -- kexec -lS\n"
    transcript = recipe.boot(bench, script + "try version kexec -v\ntry help kexec --help\ntry unknown kexec --no-such\n")
    boot = transcript.boot(1)
    bench.equal(boot["status-before"].status, 0, "-l -S before a load")
    bench.equal(boot["crash-status"].status, 0, "-S without a crash kernel")
    for number, order in enumerate(orders):
        recipe.expect_success(bench, boot, f"load{number}", f"kexec {order}")
        bench.equal(boot[f"status{number}"].status, 1, f"-S -l after kexec {order}")
        recipe.expect_success(bench, boot, f"unload{number}")
    bench.equal((boot["unprivileged"].status, boot["unprivileged"].err), (1, ""), "-lS as an ordinary user")
    bench.expect(boot.out("version").startswith("kexec-tools ") and boot["version"].status == 0, f"-v: {boot['version']}")
    bench.contains(boot.out("help"), "kexec-syscall-auto", "--help")
    bench.equal((boot["unknown"].status, boot["unknown"].out), (1, ""), "status and stdout of an unknown option")


@case("files-may-vanish", quick=True)
def files_may_vanish(bench):
    """Kernel and initrd are unlinked and unmounted right after the load; both are symbolic links, relative to the cwd."""
    for call in ("-c", "-s"):
        transcript = recipe.boot(bench, f"""
            mkdir /tmp/boot && mount -t tmpfs tmpfs /tmp/boot && cp /kernel /tmp/boot/k && mv /initrd /tmp/boot/i
            ln -s k /tmp/boot/vmlinuz; ln -s i /tmp/boot/initrd.img; cd /tmp/boot
            try load kexec {call} -l vmlinuz --initrd=initrd.img --append="{CMDLINE}"
            cd /; rm /kernel /tmp/boot/k; try umount umount /tmp/boot
            execute kexec -e""")
        recipe.expect_success(bench, transcript.boot(1), "load")
        bench.equal(transcript.boot(1)["umount"].status, 0, "umount after the load")
        recipe.expect_second(bench, transcript)


@case("last-load-counts")
def last_load_counts(bench):
    new = bench.cache.kernel("6.12")
    transcript = recipe.boot(bench, f"""
        try load kexec -c {LOAD}
        try again kexec -s -l /other --initrd=/initrd --append="{CMDLINE}"
        try bad kexec -c -l /etc/passwd
        try loaded loaded
        execute kexec -e""", files={"other": new.image.read_bytes(), "etc/passwd": "root:x:0:0::/:/bin/sh\n"})
    recipe.expect_success(bench, transcript.boot(1), "again")
    recipe.expect_second(bench, transcript, new.release)


@case("auto-falls-back", quick=True)
def auto_falls_back(bench):
    """Without kexec_load the default takes kexec_file_load and says why in one line; -c fails and says why."""
    transcript = recipe.boot(bench, f"""
        try load launch --enosys=kexec_load -- kexec -c {LOAD}
        try load-loaded loaded
        try auto launch --enosys=kexec_load -- kexec {LOAD}
        try loaded loaded
        try unload launch --enosys=kexec_file_load -- kexec -a -u
        try quiet kexec {LOAD}
        execute kexec -e""")
    boot = transcript.boot(1)
    bench.equal(boot["load"].status, 255, f"status of -c, stderr {boot['load'].err!r}")
    bench.contains(boot["load"].err, "kexec_load", "stderr of -c")
    bench.equal(boot.out("load-loaded"), "0", "kexec_loaded after the failure")
    bench.equal(boot["auto"].status, 0, f"status of the default, stderr {boot['auto'].err!r}")
    bench.equal(len(boot["auto"].err.splitlines()), 1, f"lines of stderr of the default ({boot['auto'].err!r})")
    bench.contains(boot["auto"].err, "falling back to kexec_file_load", "stderr of the default")
    bench.equal(boot.out("loaded"), "1", "kexec_loaded")
    bench.equal(boot["unload"].status, 0, f"unload without kexec_file_load, stderr {boot['unload'].err!r}")
    recipe.expect_success(bench, boot, "quiet", "the default where its first choice works")
    recipe.expect_second(bench, transcript)
