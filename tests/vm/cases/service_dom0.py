# SPDX-License-Identifier: GPL-2.0-or-later
"""kexec-crash.service in Xen's first domain, where crashkernel= is on Xen's command line and the kernel's own files say 0."""

from cases import service, xen
from kexec_vm import systemd_root
from kexec_vm.machine import Hypervisor, Machine
from kexec_vm.suite import case

MODULES_UNIT = """[Unit]
Description=Xen's modules, which Xen's own packages load
DefaultDependencies=no
Before=systemd-modules-load.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for file in /guest/modules/*.ko; do insmod $$file; done'
"""


@case("service/dom0")
def dom0(bench):
    """Loaded at boot through Xen, told, unloaded, loaded again and used by a panic of dom0's kernel."""
    kernel = bench.cache.dom0_kernel()
    files = service.service_files(bench, kernel)
    files["etc/systemd/system/xen-modules.service"] = (MODULES_UNIT, 0o644)
    files["etc/default/kexec-crash"] = ("CRASH_CMDLINE_REMOVE='console earlyprintk'\nCRASH_CMDLINE_APPEND='console=ttyS0,115200'\n",
                                        0o644)
    for number, (name, data) in enumerate(kernel.module_files(*xen.MODULES)):
        files[f"guest/modules/{number}-{name}.ko"] = (data, 0o644)
    script = service.FUNCTIONS + """
        status boot
        try program kexec-crash status
        try asked sh -c 'kexec -S; echo $?'
        try stop systemctl stop kexec-crash.service
        try stopped sh -c 'kexec -S; echo $?; kexec-crash status'
        try start systemctl start kexec-crash.service
        try started sh -c 'kexec -S; echo $?'
        said complaints
        execute sh -c 'echo c >/proc/sysrq-trigger'"""
    archive = systemd_root.archive(bench.cache, script, files, [("kexec-crash.service", "basic.target"),
                                                                ("xen-modules.service", "sysinit.target")])
    machine = Machine(kernel, memory="1400M", cpu=xen.CPU, append=f"systemd.getty_auto=no {xen.DOM0_LINE}",
                      hypervisor=Hypervisor(bench.cache.xen_elf(), xen.XEN_LINE))
    transcript = bench.boot(machine, archive, limit=500)
    first = transcript.boot(1)
    words = f"the crash kernel is '/boot/vmlinuz-{first.release}' with '/var/lib/kdump/initrd.img-{first.release}', command line: "
    bench.contains(first.out("boot"), "Active: active (exited)", "systemctl status")
    bench.contains(first.out("boot"), f'Status: "{words}', "systemctl status")
    bench.equal(first.out("boot").splitlines()[-1], "0", "kexec_crash_loaded of a kernel that was never asked")
    bench.equal(first["program"].status, 0, f"kexec-crash status: {first['program']}")
    for name in ("asked", "started"):
        bench.equal(first.out(name), "1", f"'{name}': kexec -S")
    bench.equal((first["stop"].status, first["start"].status), (0, 0), "stop and start")
    bench.equal(first.out("stopped"), "0\nno crash kernel is loaded; 192 MiB are reserved for one", "after stop")
    bench.equal(first.out("complaints"), "", "what the service complained of")
    second = transcript.boot(2)
    bench.equal(second.out("reached"), "capture", "marker of the capture kernel")
    bench.equal(second.out("vmcore"), "ELF", "the dump")
