// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/arch/boot_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/x86_64/purgatory/blob.h"

namespace kexec::testing {
namespace {

uint64_t Join(uint64_t low, uint64_t high) { return high << 32 | low; }

uint64_t Number(const PhysicalMemory& memory, uint64_t address, size_t bytes) {
  uint64_t value = 0;
  const auto read = memory.Read(PhysAddr(address), bytes);
  for (size_t i = bytes; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(read[i]);
  return value;
}

void FollowSetupData(const PhysicalMemory& memory, ReadBoot& boot) {
  for (uint64_t at = Number(memory, boot.params_address + 0x250, 8); at != 0; at = Number(memory, at, 8)) {
    if (boot.setup_data.size() > 100) {
      ADD_FAILURE() << "setup_data does not end";
      return;
    }
    const uint64_t length = Number(memory, at + 12, 4);
    boot.setup_data.push_back(
        {at, static_cast<uint32_t>(Number(memory, at + 8, 4)), memory.Read(PhysAddr(at + 16), length)});
  }
}

void CollectE820(ReadBoot& boot) {
  for (size_t i = 0; i < boot.params.e820_entries; ++i) boot.e820.push_back(boot.params.e820_table[i]);
  for (const ReadSetupData& data : boot.setup_data) {
    if (data.type != 1) continue;
    for (size_t at = 0; at < data.payload.size(); at += 20) {
      boot.e820.push_back(*ReadAt<E820Entry>(data.payload, at));
    }
  }
}

std::string Hex(const std::vector<std::byte>& bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

std::string DescribeSegments(const LoadPlan& plan) {
  std::string text;
  for (const Segment& segment : plan.segments) {
    if (segment.label == "purgatory") {
      text += fmt::format("purgatory ends at {:#x}\n", segment.dest.end().raw());
      continue;
    }
    text += fmt::format("{} {:#x} bytes at {:#x}, {:#x} in memory\n", segment.label, segment.contents.size(),
                        segment.dest.begin().raw(), segment.dest.size());
  }
  return text;
}

std::string DescribeSetupData(const ReadBoot& boot) {
  std::string text;
  for (const ReadSetupData& data : boot.setup_data) {
    text += fmt::format("setup_data type {} at {:#x}: {}\n", data.type, data.address, Hex(data.payload));
  }
  for (const EfiMemoryDescriptor& entry : boot.efi_map) {
    text += fmt::format("efi type {} at {:#x} virtual {:#x}, {:#x} pages, attribute {:#x}\n",
                        uint32_t{entry.type}, uint64_t{entry.physical}, uint64_t{entry.virtual_address},
                        uint64_t{entry.pages}, uint64_t{entry.attribute});
  }
  return text;
}

// Every byte of boot_params that is not zero and not part of the memory map, 16 a line.
std::string DumpParams(const BootParams& params) {
  std::vector<std::byte> bytes(sizeof(params));
  std::memcpy(bytes.data(), &params, sizeof(params));
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 16) {
    if (at >= 0x2d0 && at < 0xcd0) continue;
    const Bytes part = Bytes(bytes).subspan(at, 16);
    const std::vector<std::byte> line(part.begin(), part.end());
    if (line != std::vector<std::byte>(16)) text += fmt::format("{:03x}: {}\n", at, Hex(line));
  }
  return text;
}

}  // namespace

ReadBoot FollowBoot(const PhysicalMemory& memory, PhysAddr entry) {
  ReadBoot boot;
  boot.purgatory_address = entry.raw() - PurgatoryParams().entry_offset;
  boot.purgatory = memory.ReadAs<kexec_purgatory_params>(PhysAddr(boot.purgatory_address));
  EXPECT_EQ(boot.purgatory.magic, KEXEC_PURGATORY_MAGIC);
  boot.params_address = boot.purgatory.registers.rsi;
  boot.params = memory.ReadAs<BootParams>(PhysAddr(boot.params_address));
  const uint64_t command_line =
      Join(Number(memory, boot.params_address + 0x228, 4), Number(memory, boot.params_address + 0xc8, 4));
  boot.command_line = memory.ReadString(PhysAddr(command_line));
  boot.initrd =
      Join(Number(memory, boot.params_address + 0x218, 4), Number(memory, boot.params_address + 0xc0, 4));
  boot.initrd_size =
      Join(Number(memory, boot.params_address + 0x21c, 4), Number(memory, boot.params_address + 0xc4, 4));
  FollowSetupData(memory, boot);
  CollectE820(boot);
  const uint64_t efi_map =
      Join(Number(memory, boot.params_address + 0x1d0, 4), Number(memory, boot.params_address + 0x1dc, 4));
  const uint64_t efi_map_size = Number(memory, boot.params_address + 0x1d4, 4);
  for (uint64_t at = 0; at < efi_map_size; at += Number(memory, boot.params_address + 0x1c8, 4)) {
    boot.efi_map.push_back(memory.ReadAs<EfiMemoryDescriptor>(PhysAddr(efi_map + at)));
  }
  return boot;
}

PhysicalMemory MemoryOf(const LoadPlan& plan) {
  PhysicalMemory memory;
  for (const Segment& segment : plan.segments) {
    for (uint64_t at = segment.dest.begin().raw(); at < segment.dest.end().raw();
         at += PhysicalMemory::kPage) {
      memory.At(at).fill(std::byte{0});
    }
    memory.Write(segment.dest.begin().raw(), segment.contents.view());
  }
  return memory;
}

std::string DescribeBoot(const LoadPlan& plan) {
  const ReadBoot boot = FollowBoot(MemoryOf(plan), plan.entry);
  std::string text = DescribeSegments(plan);
  text +=
      fmt::format("kernel entry {:#x} in {}-bit mode, boot_params at {:#x}\n", boot.purgatory.kernel_entry,
                  boot.purgatory.entry_kind == KEXEC_PURGATORY_ENTRY_64 ? 64 : 32, boot.params_address);
  text += fmt::format("command line '{}'\ninitrd {:#x} bytes at {:#x}\n", boot.command_line, boot.initrd_size,
                      boot.initrd);
  for (const E820Entry& entry : boot.e820) {
    text += fmt::format("e820 {:#x} + {:#x} type {}\n", uint64_t{entry.addr}, uint64_t{entry.size},
                        uint32_t{entry.type});
  }
  return text + DescribeSetupData(boot) + DumpParams(boot.params);
}

}  // namespace kexec::testing
