// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/pvh_start_info.h"

#include <cstring>

#include "kexec/bytes.h"

namespace kexec {
namespace {

constexpr uint32_t kMagic = 0x336ec578;  // XEN_HVM_START_MAGIC_VALUE, "xEn3" with the top bit of 'E' set
constexpr uint32_t kVersion = 1;         // the first with a memory map

struct StartInfo {
  Le<uint32_t> magic, version, flags, module_count;
  Le<uint64_t> modules, command_line, acpi_rsdp, memory;
  Le<uint32_t> memory_entries, reserved;
};
static_assert(sizeof(StartInfo) == 56);

struct ModuleEntry {
  Le<uint64_t> address, size, command_line, reserved;
};
static_assert(sizeof(ModuleEntry) == 32);

struct MemoryEntry {
  Le<uint64_t> address, size;
  Le<uint32_t> type, reserved;
};
static_assert(sizeof(MemoryEntry) == 24);

size_t TextOffset(const PvhStart& start) {
  return sizeof(StartInfo) + start.modules.size() * sizeof(ModuleEntry) +
         start.memory.size() * sizeof(MemoryEntry);
}

template <class T>
void Put(const T& value, size_t offset, std::vector<std::byte>& bytes) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// `text` and a zero, at `offset`, which moves behind it; the offset it got.
size_t PutText(std::string_view text, size_t& offset, std::vector<std::byte>& bytes) {
  const size_t begin = offset;
  std::memcpy(bytes.data() + begin, text.data(), text.size());
  offset += text.size() + 1;
  return begin;
}

}  // namespace

size_t PvhStartInfoSize(const PvhStart& start) {
  size_t size = TextOffset(start) + start.command_line.size() + 1;
  for (const PvhModule& module : start.modules) size += module.command_line.size() + 1;
  return size;
}

std::vector<std::byte> WritePvhStartInfo(const PvhStart& start, PhysAddr address) {
  std::vector<std::byte> bytes(PvhStartInfoSize(start));
  const uint64_t base = address.raw();
  const size_t modules = sizeof(StartInfo);
  const size_t memory = modules + start.modules.size() * sizeof(ModuleEntry);
  size_t text = TextOffset(start);

  StartInfo info;
  info.magic = kMagic;
  info.version = kVersion;
  info.module_count = static_cast<uint32_t>(start.modules.size());
  info.modules = start.modules.empty() ? 0 : base + modules;
  info.command_line = base + PutText(start.command_line, text, bytes);
  info.acpi_rsdp = start.acpi_rsdp;
  info.memory = base + memory;
  info.memory_entries = static_cast<uint32_t>(start.memory.size());
  Put(info, 0, bytes);

  for (size_t i = 0; i < start.modules.size(); ++i) {
    const PvhModule& module = start.modules[i];
    ModuleEntry entry;
    entry.address = module.address.raw();
    entry.size = module.size;
    entry.command_line = base + PutText(module.command_line, text, bytes);
    Put(entry, modules + i * sizeof(entry), bytes);
  }
  for (size_t i = 0; i < start.memory.size(); ++i) {
    MemoryEntry entry;
    entry.address = start.memory[i].addr;
    entry.size = start.memory[i].size;
    entry.type = start.memory[i].type;
    Put(entry, memory + i * sizeof(entry), bytes);
  }
  return bytes;
}

}  // namespace kexec
