// SPDX-License-Identifier: LGPL-2.1-or-later
// What Xen tells about the machine's memory.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <vector>

#include "kexec/xen_kexec.h"
#include "xen_hypercalls.h"

namespace kexec {
namespace {

constexpr uint64_t kMachineMemoryMap = 10;  // XENMEM_machine_memory_map, xen/include/public/memory.h
constexpr uint32_t kMaxEntries = 4096;      // Xen keeps at most 1024 (E820MAX, xen/include/asm-x86/e820.h)
constexpr int32_t kMaxCpus = 16384;         // above CONFIG_NR_CPUS of any Xen

struct MemoryMapArguments {
  uint32_t entries;
  uint32_t padding;
  uint64_t buffer;
};

// As BIOS interrupt 0x15, AX=0xe820 lays it out.
struct [[gnu::packed]] E820Record {
  uint64_t begin;
  uint64_t size;
  uint32_t type;
};
static_assert(sizeof(E820Record) == 20);

// KEXEC_RANGE_MA_* of xen/include/public/kexec.h; the last one as kexec-tools has it.
enum class RangeName : int32_t { kCrash = 0, kXen = 1, kCpu = 2, kVmcoreinfo = 6, kLiveUpdate = 7 };

struct RangeArguments {
  int32_t name;
  int32_t number;
  uint64_t size;
  uint64_t begin;
};
static_assert(sizeof(RangeArguments) == 24);

// The kernel's names for types of E820 (arch/x86/include/asm/e820/types.h).
struct NamedType {
  uint32_t type;
  std::string_view name;
};
constexpr NamedType kTypes[] = {
    {1, "System RAM"},
    {3, "ACPI Tables"},
    {4, "ACPI Non-volatile Storage"},
    {5, "Unusable memory"},
    {7, "Persistent Memory"},
    {12, "Persistent Memory (legacy)"},
    {0xefffffff, "Soft Reserved"},
};

std::string_view NameOf(uint32_t type) {
  const auto* row = std::ranges::find(kTypes, type, &NamedType::type);
  return row == std::end(kTypes) ? "Reserved" : row->name;
}

void AddLine(std::string& text, uint64_t begin, uint64_t size, std::string_view name) {
  const auto range = PhysRange::FromSize(PhysAddr(begin), size);
  if (range) text += fmt::format("{:016x}-{:016x} : {}\n", begin, range->end().raw() - 1, name);
}

// False: Xen has no such range.
bool AddRange(std::string& text, RangeName name, int32_t number, std::string_view shown, Privcmd& privcmd) {
  RangeArguments arguments = {static_cast<int32_t>(name), number, 0, 0};
  const auto command = static_cast<uint64_t>(KexecCommand::kGetRange);
  if (HypercallWith(kKexecOp, command, arguments, privcmd) < 0) return false;
  AddLine(text, arguments.begin, arguments.size, shown);
  return true;
}

Result<> AddMemoryMap(std::string& text, Privcmd& privcmd) {
  KEXEC_ASSIGN(const std::unique_ptr<HypercallBuffer> records,
               privcmd.Allocate(kMaxEntries * sizeof(E820Record)));
  MemoryMapArguments arguments = {kMaxEntries, 0, AddressOf(*records)};
  const int64_t answer = HypercallWith(kMemoryOp, kMachineMemoryMap, arguments, privcmd);
  if (answer < 0) {
    return FailErrno(Errc::kIo, static_cast<int>(-answer), "Xen does not tell the machine's memory map");
  }
  for (uint32_t i = 0; i < std::min(arguments.entries, kMaxEntries); ++i) {
    E820Record record;
    std::memcpy(&record, records->bytes().data() + i * sizeof(record), sizeof(record));
    AddLine(text, record.begin, record.size, NameOf(record.type));
  }
  return {};
}

}  // namespace

Result<std::string> AskXenIomem(Privcmd& privcmd) {
  std::string text;
  KEXEC_TRY(AddMemoryMap(text, privcmd));
  AddRange(text, RangeName::kCrash, 0, "Crash kernel", privcmd);
  AddRange(text, RangeName::kXen, 0, kXenItself, privcmd);
  for (int32_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!AddRange(text, RangeName::kCpu, cpu, kXenCpuNotes, privcmd)) break;
  }
  AddRange(text, RangeName::kVmcoreinfo, 0, kXenVmcoreinfo, privcmd);
  AddRange(text, RangeName::kLiveUpdate, 0, kXenLiveUpdate, privcmd);
  return text;
}

Result<std::string> ReadXenIomem(const SystemRoot& root) {
  if (!root.live()) return root.ReadText(kXenIomemRecord);
  KEXEC_ASSIGN(const std::unique_ptr<Privcmd> privcmd, OpenPrivcmd());
  return AskXenIomem(*privcmd);
}

}  // namespace kexec
