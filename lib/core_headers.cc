// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/core_headers.h"

#include <cstring>
#include <type_traits>

#include "kexec/bytes.h"

namespace kexec {
namespace {

// ELF64 as the System V ABI (gABI 4.1) lays it out; little-endian, as are all machines we plan for.
struct Elf64FileHeader {
  unsigned char ident[16];
  Le<uint16_t> type;
  Le<uint16_t> machine;
  Le<uint32_t> version;
  Le<uint64_t> entry;
  Le<uint64_t> program_headers_offset;
  Le<uint64_t> section_headers_offset;
  Le<uint32_t> flags;
  Le<uint16_t> header_size;
  Le<uint16_t> program_header_size;
  Le<uint16_t> program_headers;
  Le<uint16_t> section_header_size;
  Le<uint16_t> section_headers;
  Le<uint16_t> section_names_index;
};
static_assert(sizeof(Elf64FileHeader) == 64);

struct Elf64ProgramHeader {
  Le<uint32_t> type;
  Le<uint32_t> flags;
  Le<uint64_t> offset;
  Le<uint64_t> virt;
  Le<uint64_t> phys;
  Le<uint64_t> file_size;
  Le<uint64_t> memory_size;
  Le<uint64_t> align;  // 0: none asked for, as in the headers the kernel makes itself
};
static_assert(sizeof(Elf64ProgramHeader) == 56);

constexpr unsigned char kElf64Little[16] = {0x7f, 'E', 'L', 'F', 2 /* ELFCLASS64 */, 1 /* ELFDATA2LSB */, 1};
constexpr uint16_t kTypeCore = 4;
constexpr uint32_t kVersion = 1;
constexpr uint32_t kLoad = 1;
constexpr uint32_t kNote = 4;
constexpr uint32_t kReadWriteExecute = 7;
constexpr uint64_t kVirtUnknown = UINT64_MAX;
constexpr size_t kMaxHeaders = 65535;

Elf64FileHeader FileHeader(uint16_t machine, size_t headers) {
  Elf64FileHeader header = {};
  std::memcpy(header.ident, kElf64Little, sizeof(kElf64Little));
  header.type = kTypeCore;
  header.machine = machine;
  header.version = kVersion;
  header.program_headers_offset = sizeof(Elf64FileHeader);
  header.header_size = sizeof(Elf64FileHeader);
  header.program_header_size = sizeof(Elf64ProgramHeader);
  header.program_headers = static_cast<uint16_t>(headers);
  return header;
}

Elf64ProgramHeader Note(const PhysRange& range) {
  Elf64ProgramHeader header = {};
  header.type = kNote;
  header.offset = range.begin().raw();
  header.phys = range.begin().raw();
  header.file_size = range.size();
  header.memory_size = range.size();
  return header;
}

// The capture kernel reads p_offset as the physical address of the contents.
Elf64ProgramHeader Load(const PhysRange& range, PhysAddr stored, uint64_t virt) {
  Elf64ProgramHeader header = {};
  header.type = kLoad;
  header.flags = kReadWriteExecute;
  header.offset = stored.raw();
  header.virt = virt;
  header.phys = range.begin().raw();
  header.file_size = range.size();
  header.memory_size = range.size();
  return header;
}

// A direct map that begins near the end of the address space cannot be; its sums are not known either.
uint64_t DirectMapAddress(std::optional<uint64_t> page_offset, const PhysRange& range) {
  uint64_t virt = kVirtUnknown;
  if (!page_offset || __builtin_add_overflow(*page_offset, range.begin().raw(), &virt)) return kVirtUnknown;
  return virt;
}

// Appends to a buffer whose capacity was reserved.
template <class T>
void Append(std::vector<std::byte>& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

Result<size_t> HeaderCount(const CoreHeaderInputs& inputs) {
  const size_t notes =
      inputs.cpu_notes.size() + (inputs.xen_vmcoreinfo ? 1 : 0) + (inputs.vmcoreinfo ? 1 : 0);
  const size_t loads = inputs.ram.size() + (inputs.text ? 1 : 0);
  if (notes + loads <= kMaxHeaders) return notes + loads;
  return Fail(
      Errc::kUnsupported,
      "the core headers need {} program headers ({} CPUs, {} ranges of RAM), and an ELF core file has "
      "room for {}; start this kernel with fewer CPUs (nr_cpus=) or load with --kexec-file-syscall",
      notes + loads, inputs.cpu_notes.size(), inputs.ram.size(), kMaxHeaders);
}

}  // namespace

Result<size_t> CoreHeadersSize(const CoreHeaderInputs& inputs) {
  KEXEC_ASSIGN(const size_t headers, HeaderCount(inputs));
  return sizeof(Elf64FileHeader) + headers * sizeof(Elf64ProgramHeader);
}

Result<std::vector<std::byte>> BuildCoreHeaders(const CoreHeaderInputs& inputs) {
  KEXEC_ASSIGN(const size_t headers, HeaderCount(inputs));
  std::vector<std::byte> out;
  out.reserve(sizeof(Elf64FileHeader) + headers * sizeof(Elf64ProgramHeader));
  Append(out, FileHeader(inputs.elf_machine, headers));
  for (const PhysRange& note : inputs.cpu_notes) Append(out, Note(note));
  if (inputs.xen_vmcoreinfo) Append(out, Note(*inputs.xen_vmcoreinfo));
  if (inputs.vmcoreinfo) Append(out, Note(*inputs.vmcoreinfo));
  if (inputs.text) Append(out, Load(inputs.text->range, inputs.text->range.begin(), inputs.text->virt));
  for (const DumpedRam& ram : inputs.ram) {
    Append(out, Load(ram.range, ram.stored, DirectMapAddress(inputs.page_offset, ram.range)));
  }
  return out;
}

}  // namespace kexec
