# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel shows of a loaded image (debugfs, tracepoints), and says about a refused one (its log)."""

import recipe
from cases.payload import loader
from kexec_vm.suite import case
from recipe import MIB

AT = 128 * MIB
RESERVE_KIB = 16384
IMAGE = "/sys/kernel/debug/kexec/image"


def shown(text):
    """{name: value} of the debugfs file's lines; the first word of a value, a number if it is one."""
    pairs = [line.split(":", 1) for line in text.splitlines() if ":" in line]
    return {name.strip(): int(value.split()[0], 0) if value.split()[0].isdigit() else value.split()[0]
            for name, value in pairs if value.split()}


@case("introspection/debugfs", quick=True)
def debugfs(bench):
    """Plentiful memory: long runs. Free memory is the destination and a little more: only that much is left to copy."""
    transcript = recipe.boot(bench, f"""
        try empty cat {IMAGE}
        try load-plentiful {loader('load', at=AT, mib=64)}
        try plentiful cat {IMAGE}
        try unload {loader('unload', at=AT, mib=64)}
        try unloaded cat {IMAGE}
        try load-free {loader('load', at=AT, mib=64, release='inside', options=f'reserve={RESERVE_KIB}')}
        try free cat {IMAGE}
        """)
    first = transcript.boot(1)
    for name in ("empty", "unloaded"):
        bench.equal((first[name].status, first[name].out), (0, ""), f"the file, {name}: status, text")
    pages = 64 * 256 + 3
    plentiful, free = shown(first.out("plentiful")), shown(first.out("free"))
    bench.equal((plentiful.get("pages"), free.get("pages")), (pages, pages), f"pages; {first.out('plentiful')}")
    bench.expect(plentiful.get("runs", pages) < 200, f"groups of pages with plentiful memory: {plentiful.get('runs')}")
    bench.expect(plentiful.get("list_entries", pages) < 400, f"list entries: {plentiful.get('list_entries')}")
    # Free elsewhere are the reserve, and pages that make up for what the kernel itself holds of the destination.
    copied = pages - free.get("in_place", 0)
    bench.expect(copied * 4 <= 2 * RESERVE_KIB, f"{copied} of {pages} pages are left to copy, {RESERVE_KIB} KiB were free "
                 f"elsewhere; {first.out('free')}")


def _in_place(parts, quick):
    @case(f"introspection/in-place-{parts}", quick=quick)
    def in_place(bench):
        """What is free at its destination is not copied: the list is empty, and the image is whole after the jump."""
        at, pages = 256 * MIB + 0x3000, 64 * 256 + 3  # no block is aligned to it; nobody has used that memory yet
        image = {"at": at, "mib": 64, "parts": parts, "options": f"payload={384 * MIB:#x}"}
        transcript = recipe.boot(bench, f"""
            try on sh -c 'echo 1 >/sys/kernel/tracing/events/kexec/kexec_plan/enable'
            try load {loader('load', **image)}
            try image cat {IMAGE}
            try trace grep in_place= /sys/kernel/tracing/trace
            execute misuse execute
            """)
        first = transcript.boot(1)
        image = shown(first.out("image"))
        bench.equal((image.get("pages"), image.get("in_place"), image.get("list_entries")), (pages, pages, 1),
                    f"pages, of them in place, entries of the list (its end); {first.out('image')}")
        bench.equal(first.out("trace").count(f"pages={pages} in_place={pages} "), 1, f"events; {first.out('trace')}")
        recipe.expect_payload(bench, transcript, 64 * 256, "an image that was not copied")


_in_place(1, True)
_in_place(15, True)


@case("introspection/tracepoints", quick=True)
def tracepoints(bench):
    transcript = recipe.boot(bench, f"""
        try on sh -c 'echo 1 >/sys/kernel/tracing/events/kexec/enable'
        try load {loader('load', at=AT, mib=16, parts=3)}
        try trace cat /sys/kernel/tracing/trace
        """)
    first = transcript.boot(1)
    bench.equal((first["on"].status, first["load"].status), (0, 0), "enabling the events, the load: status")
    trace = first.out("trace")
    for event, times in (("kexec_plan", 1), ("kexec_fill", 4), ("kexec_load", 1)):
        bench.equal(trace.count(f" {event}: "), times, f"events {event} in {trace[-1500:]}")


@case("introspection/refusals", quick=True)
def refusals(bench):
    """The reason stands in the log, with the segment."""
    transcript = recipe.boot(bench, f"""
        try overlap loader payload={AT:#x} at={AT + 4096:#x} kib=1024
        try unaligned loader payload={AT + 8:#x} at={AT + MIB:#x} kib=1024
        try large loader payload={AT:#x} at={AT + MIB:#x} kib=393216 filled=1
        try log sh -c 'dmesg | grep "load refused"'
        """)
    first = transcript.boot(1)
    for name, error in (("overlap", "EINVAL"), ("unaligned", "EADDRNOTAVAIL"), ("large", "EINVAL")):
        bench.equal(recipe.values(first.out(name)).get("error"), error, f"{name}: error")
    bench.equal(len(first.out("log").splitlines()), 3, f"lines of the log that say why: {first.out('log')}")
