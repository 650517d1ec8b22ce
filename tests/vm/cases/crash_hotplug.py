# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory and a CPU come after the crash kernel was loaded; then the machine panics on the new CPU.

The pattern lies in the new memory: its blocks go online as movable, the zone user pages are taken from first.
Since 6.10 (CONFIG_CRASH_HOTPLUG) the kernel keeps the core headers right by itself; before, as with kexec_load without
KEXEC_CRASH_HOTPLUG_SUPPORT, the image must be loaded again, which is what a udev rule does.

A CPU that is not there at boot is listed in ACPI's MADT as disabled. Linux (since 6.9, and since 6.12.60 once more,
acpi_is_processor_usable) takes that for a CPU that will never come unless it runs on a hypervisor it knows by name. TCG is
none, so it goes by VMware's: QEMU answers on VMware's port, and the kernel asks there if the serial number says so.
"""

from kexec_vm import crash, crash_check
from kexec_vm.suite import case

ADDED = 256 << 20
PLUGGABLE = ("-smp", "cpus=1,maxcpus=2", "-cpu", "max,-hypervisor", "-smbios", "type=1,serial=VMware-TCG")
PREPARE = """
echo online_movable >/sys/devices/system/memory/auto_online_blocks
try crash-hotplug cat /sys/devices/system/memory/crash_hotplug /sys/devices/system/cpu/crash_hotplug
ask plug
for turn in $(seq 100); do [ -e /sys/devices/system/cpu/cpu1/online ] && break; sleep 0.1; done
for turn in $(seq 100); do grep -q '^1.*: System RAM' /proc/iomem && break; sleep 0.1; done
try cpu-online sh -c 'echo 1 >/sys/devices/system/cpu/cpu1/online'
try memory-online grep -c online_movable /sys/devices/system/memory/auto_online_blocks
"""


def plug(question, plugged):
    """Adds a DIMM and the second CPU; remembers where the DIMM is."""
    monitor = question.monitor
    monitor.execute("object-add", **{"qom-type": "memory-backend-ram", "id": "added", "size": ADDED})
    monitor.execute("device_add", driver="pc-dimm", id="dimm", memdev="added")
    (empty,) = [slot for slot in monitor.execute("query-hotpluggable-cpus") if "qom-path" not in slot]
    monitor.execute("device_add", driver=empty["type"], id="cpu", **empty["props"])
    (dimm,) = monitor.execute("query-memory-devices")
    plugged.append(dimm["data"]["addr"])


def boot(bench, series, call, *, reload, load=crash.LOAD):
    """(Evidence, address of the added memory); `reload`: as a udev rule would, after the plugging."""
    plugged = []
    prepare = PREPARE + (f"try reload kexec {call} {load}\n" if reload else "")
    one = crash.Crash(series, call=call, panic="second-cpu", memory="1G,slots=2,maxmem=4G", load=load, prepare=prepare,
                      added_cpus=1, answer=lambda question: plug(question, plugged), extra=PLUGGABLE)
    evidence = crash.run(bench, one)
    bench.equal(evidence.first["cpu-online"].status, 0, "the added CPU goes online")
    if reload:
        bench.equal((evidence.first["reload"].status, evidence.first["reload"].err), (0, ""), "the second kexec -p")
    return evidence, plugged[0]


def holders(evidence, added):
    """The PT_LOADs that hold all of the added memory."""
    return [load for load in evidence.core.memory() if load.physical <= added and added + ADDED <= load.end]


def added_memory_is_there(bench, series, call, *, reload, load=crash.LOAD):
    evidence, added = boot(bench, series, call, reload=reload, load=load)
    crash_check.check(bench, evidence)
    bench.equal(len(holders(evidence, added)), 1, f"PT_LOADs that hold the added memory at {added:#x}")
    runs = [line.split() for line in evidence.first.out("pattern").splitlines()]
    outside = [at for _, at, _ in runs if not added <= int(at, 16) < added + ADDED]
    bench.expect(runs and not outside, f"the pattern lies elsewhere than in the added memory: {outside[:3]}")


def register():
    for series, call, reload in (("6.1", "-s", True), ("6.1", "-c", True), ("6.12", "-s", True), ("6.12", "-c", True),
                                 ("6.12", "-s", False)):
        how = "reload" if reload else "by-the-kernel"
        case(f"crash/hotplug/{series}/{call[1:]}/{how}")(
            lambda bench, series=series, call=call, reload=reload: added_memory_is_there(bench, series, call, reload=reload))


@case("crash/hotplug/6.12/c/by-the-kernel")
def hotplug_option(bench):
    """--hotplug (KEXEC_UPDATE_ELFCOREHDR, KEXEC_CRASH_HOTPLUG_SUPPORT): the kernel updates the headers kexec built."""
    added_memory_is_there(bench, "6.12", "-c", reload=False, load=f"--hotplug {crash.LOAD}")


@case("crash/hotplug/6.1/s/without-reload")
def without_reload(bench):
    """The counter-proof: 6.1 does not update the headers, so without the reload neither memory nor CPU is in the dump."""
    evidence, added = boot(bench, "6.1", "-s", reload=False)
    bench.equal(holders(evidence, added), [], "PT_LOADs that hold the added memory")
    bench.equal(len(evidence.core.cpus()), 1, "NT_PRSTATUS notes")
    bench.equal(evidence.capture["pattern"].out, "", "pages of the pattern in the dump")


@case("crash/hotplug/6.12/s/capture-kernel-plugs-too")
def capture_kernel_plugs_too(bench):
    """The counter-proof for acpi_no_memhotplug: without it 6.12 puts the DIMM to use, and the dump is damaged."""
    evidence, added = boot(bench, "6.12", "-s", reload=True, load=crash.BARE_LOAD)
    bench.equal(len(holders(evidence, added)), 1, "PT_LOADs that hold the added memory")
    bench.equal(evidence.capture["pattern"].status, 1, "status of the search for the pattern")


register()
