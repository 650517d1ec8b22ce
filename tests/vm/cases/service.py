# SPDX-License-Identifier: GPL-2.0-or-later
"""kexec-crash.service in a system that systemd runs: from boot to the dump."""

import pathlib

from kexec_vm import rootfs, systemd_root
from kexec_vm.machine import Machine
from kexec_vm.suite import case

SYSTEMD = pathlib.Path(__file__).resolve().parents[3] / "systemd"
UNITS = ("kexec-crash.service", "kexec-crash.path", "kexec-crash-changed.service", "kexec-crash-reload.service",
         "kexec-crash-reload.timer")
CAPTURE = """note reached capture
try cmdline cat /proc/cmdline
try vmcore sh -c 'head -c 4 /proc/vmcore | tail -c 3'
try size stat -c %s /proc/vmcore
"""
# What the sandbox of the unit allows, seen from inside.
PROBE = """exec >/run/kexec-crash/probe 2>/dev/null
grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
for place in /etc/x /usr/x /root/x /tmp/x /dev/x /proc/sys/kernel/sysrq /sys/kernel/kexec_crash_size; do
  (echo 1 >$place) && echo "writes $place"
done
echo "interfaces $(tail -n +3 /proc/net/dev | sed 's/:.*//')"
"""
# What the unit leaves of the capabilities, in the kernel's numbers (linux/capability.h): CAP_SYS_RAWIO 17, CAP_SYS_ADMIN 21,
# CAP_SYS_BOOT 22.
CAPABILITIES = 1 << 17 | 1 << 21 | 1 << 22
FUNCTIONS = r"""
said() { try "$1" sh -c "journalctl --boot --no-pager --output=cat --unit=kexec-crash.service | grep -E '^kexec(-crash)?: '"; }
status() { try "$1" sh -c 'systemctl status --no-pager --full --lines=0 kexec-crash.service; cat /sys/kernel/kexec_crash_loaded'; }
configure() { cat >/etc/default/kexec-crash; }
reload() { try "reload-$1" systemctl reload kexec-crash.service; status "$1"; }
which_load() { stat -c %i /run/kexec-crash/loaded 2>/dev/null; }
# settle: waits until no load is due.
settle() {
  while systemctl is-active --quiet kexec-crash-reload.timer || [ -n "$(systemctl list-jobs --no-legend)" ]; do sleep 1; done
}
# loads NAME COMMAND...: whether a load follows the command by itself.
loads() {
  settle
  before=$(which_load) name=$1 answer=no
  shift
  "$@"
  for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 1
    [ "$(which_load)" = "$before" ] || { answer=yes; break; }
  done
  note "$name" $answer
  settle
}
"""


def service_files(bench, kernel):
    """What an installation has, and a kernel and an initrd for dumps where Debian has them."""
    files = {f"usr/lib/systemd/system/{unit}": ((SYSTEMD / unit).read_text(), 0o644) for unit in UNITS}
    files["usr/lib/udev/rules.d/60-kexec-crash.rules"] = ((SYSTEMD / "60-kexec-crash.rules").read_text(), 0o644)
    files["usr/lib/systemd/system-generators/kexec-crash-xen-generator"] = (
        (SYSTEMD / "kexec-crash-xen-generator").read_text(), 0o755)
    files["usr/sbin/kexec-crash"] = ((SYSTEMD / "kexec-crash").read_text(), 0o755)
    files["usr/share/kexec-ng/kexec-crash-choose.sh"] = ((SYSTEMD / "kexec-crash-choose.sh").read_text(), 0o644)
    files["usr/sbin/kexec"] = (bench.kexec.read_bytes(), 0o755)
    files[f"boot/vmlinuz-{kernel.release}"] = (kernel.image.read_bytes(), 0o644)
    files[f"var/lib/kdump/initrd.img-{kernel.release}"] = (rootfs.archive(CAPTURE), 0o644)
    files["boot/short"] = (kernel.image.read_bytes()[:1 << 20], 0o644)
    files["guest/probe"] = (PROBE, 0o644)
    files["etc/systemd/system/kexec-crash.service.d/probe.conf"] = ("[Service]\nExecStartPost=/bin/sh /guest/probe\n", 0o644)
    return files


def boot(bench, script, *, series="6.1", append, cpus=1, configuration="", memory="1G", answer=None):
    kernel = bench.cache.kernel(series)
    files = service_files(bench, kernel) | {"etc/default/kexec-crash": (configuration, 0o644)}
    archive = systemd_root.archive(bench.cache, FUNCTIONS + script, files, [("kexec-crash.service", "basic.target")])
    machine = Machine(kernel, memory=memory, cpus=cpus, append=f"systemd.getty_auto=no {append}")
    return bench.boot(machine, archive, limit=400, answer=answer)


def expect_loaded(bench, boot_, name, *parts):
    """`systemctl status`: active, what is loaded in words, and the kernel agrees."""
    text = boot_.out(name)
    for part in ("Active: active (exited)", *parts):
        bench.contains(text, part, f"status '{name}'")
    bench.equal(text.splitlines()[-1], "1", f"kexec_crash_loaded, '{name}'")


@case("service/boot-to-dump", quick=True)
def boot_to_dump(bench):
    """Loaded at boot without configuration, kept through failures, renewed on changes, used by a panic."""
    transcript = boot(bench, """
        status boot
        systemctl stop kexec-crash.path
        try doors sh -c "journalctl --boot --no-pager --output=cat | grep /dev/xen"
        try probe cat /run/kexec-crash/probe
        echo 'CRASH_CMDLINE_APPEND="marker=1"' | configure
        reload marked
        echo 'CRASH_INITRD=/gone' | configure
        reload gone
        echo 'CRASH_KERNEL=/boot/short' | configure
        reload short
        echo 'oops' | configure
        reload syntax
        systemctl start kexec-crash.path
        loads follows-configuration sh -c "echo 'KEXEC_ARGS=-s' >/etc/default/kexec-crash"
        loads follows-initrd touch /var/lib/kdump/initrd.img-*
        loads follows-cpu sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online'
        events() { for event in 1 2 3 4 5 6 7 8 9 10; do systemctl --no-block restart "$1" || echo "event $event was refused"; done; }
        loads follows-ten-events events kexec-crash-reload.timer
        loads follows-ten-changes events kexec-crash-changed.service
        status follower
        systemctl reload --no-block kexec-crash.service
        sleep 1
        try stop systemctl stop kexec-crash.service
        try failed systemctl is-failed kexec-crash.service
        try stopped sh -c 'cat /sys/kernel/kexec_crash_loaded; ls /run/kexec-crash; kexec-crash status'
        printf 'CRASH_CMDLINE_APPEND="marker=\\\\"a  b\\\\""\\nKEXEC_ARGS=-c\\n' | configure
        try start systemctl start kexec-crash.service
        status last
        said complaints
        execute sh -c 'echo c >/proc/sysrq-trigger'""", append="crashkernel=192M", cpus=2)
    first = transcript.boot(1)
    kernel = f"/boot/vmlinuz-{first.release}"
    words = f"the crash kernel is '{kernel}' with '/var/lib/kdump/initrd.img-{first.release}', command line: console=ttyS0"
    expect_loaded(bench, first, "boot", f'Status: "{words}')
    bench.equal(first.out("doors"), "", "what systemd says of Xen's devices, which are not there")
    bench.equal([line.split() for line in first.out("probe").splitlines()],
                [["CapBnd:", f"{CAPABILITIES:016x}"], ["NoNewPrivs:", "1"], ["Seccomp:", "2"], ["interfaces", "lo"]],
                "what the unit may do")
    bench.equal(first["reload-marked"].status, 0, "reload after a change")
    expect_loaded(bench, first, "marked", f'Status: "{words}', 'panic=10 marker=1"')
    still = "the crash kernel loaded before is still in place"
    for name, sentence in (("gone", f"/etc/default/kexec-crash: CRASH_INITRD: '/gone' does not exist; {still}"),
                           ("short", "cannot load '/boot/short': "), ("short", "cut short"), ("short", still),
                           ("syntax", f"/etc/default/kexec-crash, line 1: 'oops' is no KEY=\"value\"; {still}")):
        bench.equal(first[f"reload-{name}"].status, 1, f"reload with a broken configuration ({name})")
        expect_loaded(bench, first, name, sentence)
    for name in ("configuration", "initrd", "cpu", "ten-events", "ten-changes"):
        bench.equal(first.out(f"follows-{name}"), "yes", f"a load follows a change: {name}")
    expect_loaded(bench, first, "follower", f'Status: "{words}', 'panic=10"')
    bench.equal((first["stop"].status, first.out("failed")), (0, "inactive"), "systemctl stop during a reload")
    bench.equal(first.out("stopped"), "0\nprobe\nno crash kernel is loaded; 192 MiB are reserved for one", "after stop")
    bench.equal(first["start"].status, 0, "systemctl start, with kexec_load")
    expect_loaded(bench, first, "last", 'panic=10 marker="a  b"')
    complaints = first.out("complaints").splitlines()
    bench.equal((len(complaints), [line for line in complaints if line.startswith("kexec:")]), (3, []),
                f"complaints: one for each broken configuration, none of kexec about what it may not read ({complaints})")
    capture = transcript.boot(2)
    bench.equal((capture.out("reached"), capture.out("vmcore")), ("capture", "ELF"), "the capture kernel and its /proc/vmcore")
    bench.contains(capture.out("cmdline"), 'panic=10 marker="a  b"', "command line of the capture kernel")


@case("service/kernel-updates-headers")
def kernel_updates_headers(bench):
    """6.12 keeps the list of CPUs itself: nothing is loaded anew. And a boot with a broken configuration, then repaired."""
    first = boot(bench, """
        status broken
        loads repaired-load sh -c 'echo "" >/etc/default/kexec-crash'
        loads cpu sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online'
        status repaired
        echo 'KEXEC_ARGS=-c' >/etc/default/kexec-crash
        loads other-call systemctl reload kexec-crash.service
        loads other-cpu sh -c 'echo 1 >/sys/devices/system/cpu/cpu1/online'
        status other
        try record grep arguments= /run/kexec-crash/loaded
        said complaints""", series="6.12", append="crashkernel=256M", cpus=2, configuration="CRASH_INITRD=/gone\n").boot(1)
    sentence = "/etc/default/kexec-crash: CRASH_INITRD: '/gone' does not exist; no crash kernel is loaded"
    for part in ("Active: failed", f'Status: "{sentence}"'):
        bench.contains(first.out("broken"), part, "status with a broken configuration")
    bench.equal([first.out(name) for name in ("repaired-load", "cpu", "other-call", "other-cpu")], ["yes", "no", "yes", "no"],
                "whether a load followed: the repair, a CPU, a change to kexec_load, a CPU")
    for name in ("repaired", "other"):
        expect_loaded(bench, first, name, "Status: \"the crash kernel is '/boot/vmlinuz-")
    bench.equal(first.out("record"), "arguments=--hotplug -c", "options of the last load")
    bench.equal(first.out("complaints"), f"kexec-crash: {sentence}", "complaints")


@case("service/follows-memory")
def follows_memory(bench):
    """Memory that came after boot is in the dump, because the udev rule had the crash kernel loaded anew (6.1)."""
    added = 256 << 20

    def plug(question):
        question.monitor.execute("object-add", **{"qom-type": "memory-backend-ram", "id": "added", "size": added})
        question.monitor.execute("device_add", driver="pc-dimm", id="dimm", memdev="added")

    transcript = boot(bench, """
        status boot
        echo online_movable >/sys/devices/system/memory/auto_online_blocks
        loads coldplug udevadm trigger --action=add --subsystem-match=memory --subsystem-match=cpu
        loads memory ask plug
        try reloads sh -c "journalctl --boot --output=cat --unit=kexec-crash.service | grep -c '^Reloaded'"
        execute sh -c 'echo c >/proc/sysrq-trigger'""", append="crashkernel=192M", memory="1G,slots=2,maxmem=4G", answer=plug,
                      configuration="KEXEC_ARGS=-c\n")
    first = transcript.boot(1)
    expect_loaded(bench, first, "boot")
    bench.equal((first.out("coldplug"), first.out("memory"), first.out("reloads")), ("no", "yes", "1"),
                "no load for what udev finds at boot, one for all of the added blocks")
    size, without = int(transcript.boot(2).out("size")), (1 << 30) - (192 << 20)
    # The kernel's text is there twice, and some memory is the firmware's.
    bench.expect(without < size - added <= without + (64 << 20), f"/proc/vmcore has {size} bytes: {added} are of the added memory")


@case("service/nothing-reserved")
def nothing_reserved(bench):
    """Skipped, not failed: without crashkernel=, and where the kernel could not reserve what was asked for."""
    script = """
        try failed systemctl is-failed kexec-crash.service
        try show systemctl show --property=ActiveState,Result kexec-crash.service
        try failures systemctl list-units --failed --no-legend --no-pager
        try status systemctl status --no-pager --full kexec-crash.service
        """
    for append, result, sentence in (
            ("loglevel=4", "success", "ConditionKernelCommandLine=crashkernel was not met"),
            ("crashkernel=3G", "exec-condition", "the running kernel was given crashkernel=, but reserved no memory")):
        first = boot(bench, script, append=append).boot(1)
        bench.equal(first.out("failed"), "inactive", f"systemctl is-failed ({append})")
        bench.equal(sorted(first.out("show").splitlines()), ["ActiveState=inactive", f"Result={result}"], f"state ({append})")
        bench.equal(first.out("failures"), "", f"failed units ({append})")
        bench.contains(first.out("status"), sentence, f"status ({append})")
