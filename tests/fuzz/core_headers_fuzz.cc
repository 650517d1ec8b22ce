// SPDX-License-Identifier: GPL-2.0-or-later
// Core headers of any inputs, read back: nothing is lost, moved or invented.
#include <vector>

#include "kexec/core_headers.h"
#include "loaders/elf/elf_core.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace kexec;
using kexec::testing::FuzzInput;
using kexec::testing::Require;

uint64_t AnyAddress(FuzzInput& input) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | input.Byte();
  return value;
}

// Of any place and size that can be.
PhysRange AnyRange(FuzzInput& input) {
  const uint64_t begin = AnyAddress(input);
  const uint64_t size = AnyAddress(input);
  const auto range = PhysRange::FromSize(PhysAddr(begin), size);
  return range ? *range : *PhysRange::FromSize(PhysAddr(begin / 2), size / 2 + 1);
}

CoreHeaderInputs AnyInputs(FuzzInput& input) {
  CoreHeaderInputs inputs{.elf_machine = 62};
  const uint8_t what = input.Byte();
  if ((what & 1) != 0) inputs.vmcoreinfo = AnyRange(input);
  if ((what & 2) != 0) inputs.text = KernelText{AnyRange(input), AnyAddress(input)};
  if ((what & 4) != 0) inputs.page_offset = AnyAddress(input);
  for (uint64_t cpus = input.Number(0, 16); cpus > 0; --cpus) inputs.cpu_notes.push_back(AnyRange(input));
  while (!input.empty()) inputs.ram.push_back({AnyRange(input), PhysAddr(AnyAddress(input))});
  return inputs;
}

void RequireRange(const ElfSegment& segment, uint32_t type, const PhysRange& range) {
  Require(segment.type == type && segment.phys == range.begin().raw());
  Require(segment.file_size == range.size() && segment.memory_size == range.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  const CoreHeaderInputs inputs = AnyInputs(input);
  const auto headers = BuildCoreHeaders(inputs);
  Require(headers.has_value() && headers->size() == CoreHeadersSize(inputs).value());
  const auto core = ParseElfCore(*headers);
  const size_t count =
      inputs.cpu_notes.size() + (inputs.vmcoreinfo ? 1 : 0) + (inputs.text ? 1 : 0) + inputs.ram.size();
  if (count == 0) return 0;
  Require(core.has_value() && core->segments.size() == count);
  auto segment = core->segments.begin();
  for (const PhysRange& note : inputs.cpu_notes) RequireRange(*segment++, 4, note);
  if (inputs.vmcoreinfo) RequireRange(*segment++, 4, *inputs.vmcoreinfo);
  if (inputs.text) {
    Require(segment->virt == inputs.text->virt);
    RequireRange(*segment++, 1, inputs.text->range);
  }
  for (const DumpedRam& ram : inputs.ram) {
    Require(segment->offset == ram.stored.raw());
    Require(segment->virt == UINT64_MAX || segment->virt - ram.range.begin().raw() == inputs.page_offset);
    RequireRange(*segment++, 1, ram.range);
  }
  return 0;
}
