// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/arch/multiboot_reader.h"

#include <gtest/gtest.h>

#include "tests/arch/boot_reader.h"

namespace kexec::testing {
namespace {

class Reader {
 public:
  explicit Reader(const PhysicalMemory& memory) : memory_(memory) {}

  uint64_t Number(uint64_t address, size_t bytes) const {
    const auto read = memory_.Read(PhysAddr(address), bytes);
    uint64_t value = 0;
    for (size_t i = bytes; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(read[i]);
    return value;
  }
  uint32_t Word(uint64_t address) const { return static_cast<uint32_t>(Number(address, 4)); }
  uint64_t Long(uint64_t address) const { return Number(address, 8); }
  std::string Text(uint64_t address) const { return memory_.ReadString(PhysAddr(address)); }
  std::vector<std::byte> Bytes(uint64_t address, uint64_t size) const {
    return memory_.Read(PhysAddr(address), size);
  }

 private:
  const PhysicalMemory& memory_;
};

void ReadFirst(const Reader& memory, ReadMultiboot& boot) {
  const uint64_t at = boot.information;
  boot.flags = memory.Word(at);
  EXPECT_EQ(boot.flags & 0x24d, 0x24du);
  boot.lower_kib = memory.Word(at + 4);
  boot.upper_kib = memory.Word(at + 8);
  boot.command_line = memory.Text(memory.Word(at + 16));
  boot.loader = memory.Text(memory.Word(at + 64));
  for (uint32_t i = 0; i < memory.Word(at + 20); ++i) {
    const uint64_t module = memory.Word(at + 24) + uint64_t{i} * 16;
    boot.modules.push_back(
        {memory.Word(module), memory.Word(module + 4), memory.Text(memory.Word(module + 8))});
    EXPECT_EQ(memory.Word(module + 12), 0u);
  }
  uint64_t entry = memory.Word(at + 48);
  const uint64_t end = entry + memory.Word(at + 44);
  while (entry < end) {
    boot.memory.emplace_back(memory.Long(entry + 4), memory.Long(entry + 12), memory.Word(entry + 20));
    entry += 4 + memory.Word(entry);
  }
  EXPECT_EQ(entry, end);
  if ((boot.flags & 1 << 12) != 0) boot.screen = memory.Bytes(at + 88, 28);
}

void ReadTag(const Reader& memory, uint64_t at, uint32_t size, ReadMultiboot& boot) {
  switch (const uint32_t type = memory.Word(at)) {
    case 1:
      boot.command_line = memory.Text(at + 8);
      EXPECT_EQ(size, 9 + boot.command_line.size());
      return;
    case 2:
      boot.loader = memory.Text(at + 8);
      return;
    case 3:
      boot.modules.push_back({memory.Word(at + 8), memory.Word(at + 12), memory.Text(at + 16)});
      EXPECT_EQ(size, 17 + boot.modules.back().arguments.size());
      return;
    case 4:
      boot.lower_kib = memory.Word(at + 8);
      boot.upper_kib = memory.Word(at + 12);
      return;
    case 6:
      EXPECT_EQ(memory.Word(at + 8), 24u);
      EXPECT_EQ(memory.Word(at + 12), 0u);
      for (uint64_t entry = at + 16; entry < at + size; entry += 24) {
        boot.memory.emplace_back(memory.Long(entry), memory.Long(entry + 8), memory.Word(entry + 16));
      }
      return;
    case 8:
      boot.screen = memory.Bytes(at + 8, size - 8);
      return;
    default:
      EXPECT_TRUE(boot.tags.emplace(type, memory.Bytes(at + 8, size - 8)).second)
          << "tag " << type << " twice";
  }
}

void ReadSecond(const Reader& memory, ReadMultiboot& boot) {
  EXPECT_EQ(boot.information % 8, 0u);
  const uint64_t end = boot.information + memory.Word(boot.information);
  uint64_t at = boot.information + 8;
  while (at < end) {
    const uint32_t size = memory.Word(at + 4);
    if (size < 8) {
      ADD_FAILURE() << "a tag of " << size << " bytes";
      return;
    }
    if (memory.Word(at) == 0) break;
    ReadTag(memory, at, size, boot);
    at += (uint64_t{size} + 7) / 8 * 8;
  }
  EXPECT_EQ(memory.Word(at + 4), 8u);
  EXPECT_EQ(at + 8, end) << "the end tag is not the end";
}

}  // namespace

kexec_purgatory_params PurgatoryOf(const LoadPlan& plan) {
  for (const Segment& segment : plan.segments) {
    if (segment.label == "purgatory") {
      return ReadAt<kexec_purgatory_params>(segment.contents.view(), 0).value();
    }
  }
  ADD_FAILURE() << "no purgatory";
  return {};
}

ReadMultiboot FollowMultiboot(const LoadPlan& plan) {
  const PhysicalMemory memory = MemoryOf(plan);
  const kexec_purgatory_params params = PurgatoryOf(plan);
  EXPECT_EQ(params.entry_kind, uint32_t{KEXEC_PURGATORY_ENTRY_32});
  ReadMultiboot boot;
  boot.entry = params.kernel_entry;
  boot.information = params.registers.rbx;
  if (params.registers.rax == 0x2badb002) {
    boot.version = 1;
    ReadFirst(Reader(memory), boot);
  } else if (params.registers.rax == 0x36d76289) {
    boot.version = 2;
    ReadSecond(Reader(memory), boot);
  } else {
    ADD_FAILURE() << "eax is " << params.registers.rax;
  }
  return boot;
}

}  // namespace kexec::testing
