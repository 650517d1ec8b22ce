# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold after any crash: the first kernel, the host and the capture kernel tell the same."""

import base64
import gzip
import re

from kexec_vm import compare
from kexec_vm.architecture import X86_64
from kexec_vm.crash import LOW_END, MARKER

# In the last message of a kernel that panics: the end of the call trace, or what machine_kexec says.
FINAL_WORDS = {"x86_64": "</TASK>", "aarch64": "Bye!", "riscv64": "Bye..."}


def check(bench, evidence):
    """Everything that must hold after any crash."""
    check_load(bench, evidence.first)
    capture = evidence.capture
    bench.contains(capture.out("cmdline"), "kexec_vm=capture", "command line of the capture kernel")
    bench.expect("crashkernel=" not in capture.out("cmdline"), "the capture kernel was told to reserve a crash kernel")
    check_notes(bench, evidence)
    check_memory_headers(bench, evidence)
    check_pattern(bench, evidence)
    check_log(bench, evidence)
    if evidence.crash.architecture is X86_64:
        check_low_memory(bench, evidence)
        check_makedumpfile(bench, evidence)
    bench.expect(capture.ended, f"the capture kernel's init did not come to the end; {evidence.transcript.ending()}")


def check_load(bench, first):
    sizes = [end - begin for begin, end in crash_regions(first.out("iomem"))]
    bench.equal(int(first.out("reserved")), sizes[-1], "--print-ckr-size against the highest crash region")
    bench.expect(int(first.out("size")) in (sizes[-1], sum(sizes)),  # newer kernels count the low part
                 f"/sys/kernel/kexec_crash_size is {first.out('size')}, the regions have {sizes} bytes")
    bench.equal(first["status-before"].status, 0, "-S before the load")
    result = first["load"]
    bench.equal((result.status, result.out, result.err), (0, "", ""), "kexec -p: status, stdout, stderr")
    bench.equal(first["status"].status, 1, "-S after the load")
    bench.equal(first["normal-status"].status, 0, "-S -l after the load: the other slot")


def check_notes(bench, evidence):
    """One prstatus per CPU, the panicking task among them; vmcoreinfo of the kernel that died."""
    dump, info = evidence.core, evidence.core.vmcoreinfo()
    bench.equal(dump.note_headers, 1, "PT_NOTE headers (the capture kernel merges them)")
    cpus = evidence.crash.cpus + evidence.crash.added_cpus
    bench.equal(len(dump.cpus()), cpus, "NT_PRSTATUS notes: CPUs of the first kernel")
    bench.equal(info.get("OSRELEASE"), evidence.kernel.release, "OSRELEASE in vmcoreinfo")
    log = evidence.capture["log"].out
    told = re.search(re.escape(MARKER) + r"[\s\S]*?CPU: (\d+)\s+(?:UID: \d+ )?PID: (\d+)", log)
    if not bench.expect(told, "the log does not say which CPU and task panicked"):
        return
    cpu, pid = int(told.group(1)), int(told.group(2))
    expected = {"second-cpu": 1}.get(evidence.crash.panic, cpu)
    bench.equal(cpu, expected, "the CPU that panicked")
    if cpu < len(dump.cpus()):
        bench.equal(dump.cpus()[cpu][0], pid, f"task in the prstatus of CPU {cpu}")
        bench.expect(dump.cpus()[cpu][1] >= int(info["SYMBOL(_stext)"], 16), f"CPU {cpu} was not in the kernel's text")


def check_memory_headers(bench, evidence):
    """PT_LOADs of memory: sorted, apart, one direct mapping, all RAM but the crash regions; the kernel text lies right."""
    memory, info = evidence.core.memory(), evidence.core.vmcoreinfo()
    gaps = all(one.end <= two.physical for one, two in zip(memory, memory[1:]))
    bench.expect(memory and gaps, f"PT_LOADs overlap or are not sorted: {memory}")
    bench.equal(len({load.virtual - load.physical for load in memory}), 1, "distances of the PT_LOADs' virtual addresses")
    texts = evidence.core.kernel_text()
    bench.equal(len(texts), 1, "PT_LOADs of the kernel's text")
    for text in texts:
        bench.equal(text.physical, evidence.core.text_physical(text.virtual), "physical address of the kernel's text")
        stext = int(info["SYMBOL(_stext)"], 16)
        bench.expect(text.virtual <= stext < text.virtual + text.size, f"_stext {stext:#x} is not in the text's PT_LOAD")
    ram = dumped_ram(evidence.first.out("iomem"), with_low=any(load.physical < 1 << 20 for load in memory),
                     lent=cma_ranges(evidence.first.out("cma")) + firmware_memory(evidence.transcript.console_text()))
    found = compare.merged((load.physical, load.end) for load in memory)
    bench.equal(compare.show(found), compare.show(ram), "memory in the dump")


def crash_regions(iomem):
    """The regions reserved for crash kernels in a /proc/iomem text, merged."""
    found = re.findall(r"([0-9a-f]+)-([0-9a-f]+) : Crash kernel", iomem)
    return compare.merged((int(begin, 16), int(end, 16) + 1) for begin, end in found)


def cma_ranges(text):
    """The memory that crashkernel=...,cma lends to the running kernel, of a crash_cma_ranges text."""
    lines = (line.split("-") for line in text.split())
    return compare.merged((int(first, 16), int(last, 16) + 1) for first, last in lines)


def firmware_memory(console):
    """What machine-mode firmware keeps to itself on riscv64, from the kernel's log: reading it faults."""
    found = re.findall(r"reserved mem: 0x([0-9a-f]+)\.\.0x([0-9a-f]+) .* mmode_resv", console)
    return compare.merged((int(begin, 16), int(end, 16) + 1) for begin, end in found)


def dumped_ram(iomem, *, with_low, lent=()):
    """System RAM of a /proc/iomem text without the crash regions and the ranges `lent`, without the first MiB unless
    `with_low`."""
    out = compare.without(compare.system_ram(iomem), [*crash_regions(iomem), *lent])
    return out if with_low else compare.without(out, [(0, 1 << 20)])


def check_pattern(bench, evidence):
    """The 16 MiB of the pattern: every page intact, at the address the first kernel told."""
    before, after = evidence.first["pattern"], evidence.capture["pattern"]
    bench.equal((before.status, before.err), (0, ""), "the pattern in the first kernel: status, stderr")
    bench.equal((after.status, after.err), (0, ""), f"the pattern in the dump: status, stderr ({after.out[-200:]})")
    bench.expect(before.out and after.out == before.out, "the pattern's pages are not where the first kernel had them: "
                 f"{len(before.out.splitlines())} runs before, {len(after.out.splitlines())} in the dump")


def check_low_memory(bench, evidence):
    """Every byte of the first 640 KiB the dump holds is what the host read right before the panic.

    Headers the kernel writes leave the first MiB out (crash_exclude_mem_range of [0, 1M) in arch/x86/kernel/crash.c):
    since 5.5 the first kernel reserves it, with no data of a user or of its own there, for the capture kernel to use.
    """
    capture = evidence.capture["low"]
    bench.equal((capture.status, capture.err), (0, ""), "reading the low memory: status, stderr")
    pages = evidence.core.slice(gzip.decompress(base64.b64decode(capture.out)), 0, LOW_END)
    if evidence.crash.headers_by_kernel:
        bench.equal(len(pages), 0, "pages of the first 640 KiB in a dump whose headers the kernel made")
        return
    bench.expect(len(pages) > 100, f"only {len(pages)} pages of the first 640 KiB are in the dump")
    changed = [at for at, data in pages.items() if data != evidence.low_memory[at:at + len(data)]]
    bench.equal(list(map(hex, changed)), [], f"pages of the first 640 KiB that changed, of {len(pages)}")


def console_log(transcript):
    """The first kernel's messages on the console from the marker to its end, with their time stamps."""
    lines = [line.text for line in transcript.console]
    start = next((at for at, text in enumerate(lines) if MARKER in text), None)
    if start is None:
        raise AssertionError(f"the first kernel did not log its last words; {transcript.ending()}")
    last_words = []
    for text in lines[start:]:
        if text.startswith("[    0.000000]"):  # the capture kernel
            break
        if re.match(r"\[ *\d+\.\d{6}\] ", text):
            last_words.append(text)
    return last_words


def same_lines(bench, found, expected, what):
    """Compares two texts by lines; tells the first that differs, not all."""
    at = next((at for at, (one, two) in enumerate(zip(found, expected)) if one != two), min(len(found), len(expected)))
    bench.expect(found == expected, f"{what}: {len(found)} lines against {len(expected)}, the first to differ is {at}: "
                 f"{found[at:at + 1]}, expected {expected[at:at + 1]}")


def check_log(bench, evidence):
    """vmcore-dmesg prints what the first kernel's console showed last, word for word, to the last line.

    In an NMI the kernel keeps its messages from the console: there the dump alone has them.
    """
    result, shown = evidence.capture["log"], console_log(evidence.transcript)
    bench.equal((result.status, result.err), (0, ""), "vmcore-dmesg: status, stderr")
    lines = result.out.splitlines()
    start = next((at for at, line in enumerate(lines) if MARKER in line), len(lines))
    last = lines[start:]
    bench.expect(start > 100, f"only {start} messages of the log come before the last words")
    if evidence.crash.panic == "nmi":
        same_lines(bench, last[:len(shown)], shown, "the log from the last words on, against the console")
        bench.expect(any("NMI received for unknown reason" in line for line in last), "the log does not tell of the NMI")
    else:
        same_lines(bench, last, shown, "the log from the last words on, against the console")
        bench.expect(any("sysrq: Trigger a crash" in line for line in last), "the log does not tell of sysrq")
    bench.expect(any("Kernel panic - not syncing" in line for line in last), "the log does not tell of the panic")
    final = FINAL_WORDS[evidence.kernel.architecture.name]
    bench.expect(last and final in last[-1], f"the log should end with {final!r}, ends with {last[-1:]}")


def check_makedumpfile(bench, evidence):
    """makedumpfile -d 31 filters the dump, and finds in what it wrote the log that vmcore-dmesg found."""
    capture = evidence.capture
    bench.equal(capture["dump"].status, 0, f"makedumpfile -d 31, which said {capture['dump'].err!r}")
    bench.contains(capture["dump"].out + capture["dump"].err, "The dumpfile is saved", "makedumpfile")
    bench.equal(capture["dump-log"].status, 0, f"makedumpfile --dump-dmesg: {capture['dump-log'].err!r}")
    # makedumpfile indents the second line of a message.
    logs = [[line.strip() for line in capture[name].out.splitlines()] for name in ("log", "dump-log")]
    same_lines(bench, *logs, "vmcore-dmesg against makedumpfile --dump-dmesg")
