// SPDX-License-Identifier: GPL-2.0-or-later
// Any file as /proc/kcore: a mapping that could be one, or nothing.
#include "arch/x86_64/kernel_text.h"
#include "loaders/elf/elf_core.h"
#include "tests/fuzz/fuzz_input.h"

using namespace kexec;
using kexec::testing::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes file = std::as_bytes(std::span(data, size));
  const auto core = ParseElfCore(file);
  if (!core) {
    Require(!core.error().message().empty());
    return 0;
  }
  for (const auto& code : {std::optional<PhysRange>(), PhysRange::FromSize(PhysAddr(0x21600000), 0xe01ef2)}) {
    const KernelMapping mapping = MappingFromKcore(*core, code);
    if (mapping.text) {
      Require(mapping.text->virt >= 0xffffffff80000000);
      Require(mapping.text->range.size() <= uint64_t{1} << 30);
      Require(!code || mapping.text->range.Contains(code->begin()));
    }
    Require(!mapping.page_offset || *mapping.page_offset >= uint64_t{1} << 63);
  }
  return 0;
}
