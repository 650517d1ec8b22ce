# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads that are refused, starved, killed, repeated or made at the same time: the image that was loaded stays, nothing leaks."""

import recipe
from kexec_vm.suite import case
from recipe import MIB, PAYLOAD

AT = 128 * MIB
KEPT_MIB = 16


def image(mib, times=None):
    return f"at={AT:#x} payload={PAYLOAD:#x} kib={mib * 1024}" + (f" times={times}" if times else "")


KEEP = f"try keep misuse keep {image(KEPT_MIB)}\n"


def run(bench, commands, *, before=KEEP, kept_pages=KEPT_MIB * 256, **machine):
    """`before`, the commands {name: command}, then what is loaded is executed and must be whole."""
    script = before + "".join(f"try {name} {command}\n" for name, command in commands.items())
    script += "try dmesg dmesg\nexecute misuse execute\n"
    transcript = recipe.boot(bench, script, **machine)
    first = transcript.boot(1)
    found = {}
    for name in (["keep"] if before is KEEP else []) + list(commands):
        bench.equal((first[name].status, first[name].err), (0, ""), f"{name}: status, stderr")
        found[name] = recipe.values(first.out(name))
    if before is KEEP:
        bench.equal(found["keep"], {"error": 0, "loaded": 1}, "the image that is to stay")
    bench.expect("Oops" not in first.out("dmesg") and "BUG:" not in first.out("dmesg") and "WARNING:" not in first.out("dmesg"),
                 "the kernel's log has an oops, a BUG or a WARNING")
    recipe.expect_payload(bench, transcript, kept_pages, "the image that stays")
    return first, found


@case("misuse/allocation-fails", quick=True)
def allocation_fails(bench):
    """Every allocation of a load fails once: ENOMEM, or the load goes on without it; the old image stays."""
    _, found = run(bench, {"fail": f"misuse fail-nth {image(1)}"}, before="", kept_pages=256)
    fail = found["fail"]
    bench.equal((fail["other"], fail["lost"]), (0, 0), "loads with another error than ENOMEM, loads that lost the old image")
    bench.expect(fail["no_memory"] >= 5, f"only {fail['no_memory']} allocations that failed made a load fail")
    bench.expect(fail["lost_kib"] < 2 * (fail["no_memory"] + fail["went_on"]), f"memory is lost: {fail}")


@case("misuse/starved", quick=True)
def starved(bench):
    """Half of the image's memory is there: ENOMEM, nobody is killed, the old image stays."""
    first, found = run(bench, {"starve": f"misuse starve {image(160)}"})
    starve = found["starve"]
    bench.equal((starve.get("error"), starve.get("loaded"), starve.get("damaged")), ("ENOMEM", 1, 0),
                "error, /sys/kernel/kexec_loaded, damaged pages")
    bench.expect(starve.get("lost_kib", 0) < 512, f"memory is lost: {starve}")
    bench.expect("Out of memory" not in first.out("dmesg"), "the OOM killer ran")


@case("misuse/killed", quick=True)
def killed(bench):
    """SIGKILL at 30 random moments of a load."""
    _, found = run(bench, {"kill": f"misuse kill {image(128, 30)}", "keep": f"misuse keep {image(KEPT_MIB)}"}, before="")
    kill = found["kill"]
    bench.equal(kill["error"], 0, "a load after them")
    bench.expect(kill["unfinished"] >= 10, f"of 30 loads only {kill['unfinished']} were interrupted")
    bench.expect(kill["lost_kib"] < 1024, f"memory is lost: {kill}")


@case("misuse/at-the-same-time", quick=True)
def at_the_same_time(bench):
    """Three processes load on two CPUs: each load is taken or answered EBUSY, and the last one taken is whole."""
    _, found = run(bench, {"concurrent": f"misuse concurrent {image(KEPT_MIB, 20)}"}, before="", cpus=2)
    loads = found["concurrent"]
    bench.equal((loads["taken"] + loads["busy"], loads["other"], loads["loaded"]), (60, 0, 1), "taken or busy, other, loaded")
    bench.expect(loads["taken"] >= 1 and loads["busy"] >= 1, f"nothing met: {loads}")


@case("misuse/unreadable-buffer", quick=True)
def unreadable_buffer(bench):
    _, found = run(bench, {"fault": f"misuse fault {image(16)}"})
    fault = found["fault"]
    bench.equal((fault["errors"], fault["loaded"]), ("EFAULT,EFAULT,EFAULT", 1), "errors, /sys/kernel/kexec_loaded")
    bench.expect(fault["lost_kib"] < 512, f"memory is lost: {fault}")


@case("misuse/32-bit-call", quick=True)
def compat(bench):
    _, found = run(bench, {"compat": f"misuse compat {image(KEPT_MIB)}"})
    bench.equal(found["compat"], {"default": "EINVAL", "x86_64": 0, "loaded": 1},
                "KEXEC_ARCH_DEFAULT, KEXEC_ARCH_X86_64, /sys/kernel/kexec_loaded")


def _repeated(times, quick):
    @case(f"misuse/{times}-loads", quick=quick)
    def repeated(bench):
        """A page lost in each load would be 4 KiB times the loads."""
        _, found = run(bench, {"repeat": f"misuse repeat {image(4, times)}", "keep": f"misuse keep {image(KEPT_MIB)}"}, before="")
        bench.equal(found["repeat"]["errors"], 0, "loads and unloads that failed")
        bench.expect(found["repeat"]["lost_kib"] < 2 * times, f"memory is lost: {found['repeat']}")


_repeated(1000, True)
