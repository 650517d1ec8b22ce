// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/dt/dt_crash.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "arch/header_updates.h"
#include "kexec/core_headers.h"

namespace kexec {
namespace {

CoreHeaderInputs HeaderInputs(const DtArchitecture& architecture, const CrashFacts& crash) {
  std::vector<DumpedRam> ram;
  for (const PhysRange& range : crash.memory.dumped) ram.push_back({range, range.begin()});
  return {.elf_machine = architecture.elf_machine,
          .cpu_notes = crash.cpu_notes,
          .xen_vmcoreinfo = crash.xen_vmcoreinfo,
          .vmcoreinfo = crash.vmcoreinfo,
          .text = crash.mapping.text,
          .page_offset = crash.mapping.page_offset,
          .ram = std::move(ram)};
}

std::vector<PhysRange> Usable(const CrashMemory& memory) {
  std::vector<PhysRange> usable = {memory.regions.back()};
  usable.insert(usable.end(), memory.regions.begin(), memory.regions.end() - 1);
  usable.insert(usable.end(), memory.cma.begin(), memory.cma.end());
  return usable;
}

}  // namespace

Result<PhysRange> CrashWindow(const DtMachine& machine, const BootInputs& inputs) {
  if (machine.crash_facts() == nullptr) {
    return Fail(Errc::kUsage, "this machine was not read for a crash kernel");
  }
  const PhysRange& region = machine.crash_facts()->memory.regions.back();
  const auto window = region.Intersect(inputs.window);
  if (!window) {
    return Fail(Errc::kDoesNotFit, "the crash region {} lies outside --mem-min and --mem-max, {}",
                ToString(region), ToString(inputs.window));
  }
  return *window;
}

Result<DtCrashExtras> PlaceDtCrash(const DtMachine& machine, const BootInputs& inputs,
                                   const PhysRange& window, Layout& layout, Diagnostics& diagnostics) {
  const CrashFacts& crash = *machine.crash_facts();
  const std::optional<uint64_t> room = UpdatedHeadersSize(crash, inputs, diagnostics);
  const CoreHeaderInputs headers = HeaderInputs(machine.architecture(), crash);
  KEXEC_ASSIGN(const size_t size, CoreHeadersSize(headers));
  KEXEC_ASSIGN(const PageRange place, layout.Reserve({.label = "elfcorehdr",
                                                      .size = std::max<uint64_t>(size, room.value_or(0)),
                                                      .align = machine.facts().page,
                                                      .window = window,
                                                      .search = Search::kTopDown}));
  KEXEC_ASSIGN(std::vector<std::byte> bytes, BuildCoreHeaders(headers));
  return DtCrashExtras{place, std::move(bytes), room.has_value(), Usable(crash.memory)};
}

}  // namespace kexec
