// SPDX-License-Identifier: LGPL-2.1-or-later
// A dump of a kernel's memory in ELF core format: its headers, its VMCOREINFO, and its bytes by virtual
// address.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/elf/elf_core.h"
#include "loaders/vmcore/dump_source.h"
#include "loaders/vmcore/extent_map.h"
#include "loaders/vmcore/vmcoreinfo.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A flattened dump is rearranged on the fly. kNotRecognised: no ELF file; the sentence names compressed dumps
// and what reads them. kMalformed: no core, or broken headers. kIo: the file cannot be read.
struct OpenedDump {
  std::shared_ptr<const DumpSource> source;
  ElfCore core;
};
Result<OpenedDump> OpenDump(std::shared_ptr<const DumpSource> source);

// The text of the VMCOREINFO note. kMalformed: there is none, or it cannot be read.
Result<VmcoreInfo> ReadVmcoreInfo(const OpenedDump& dump);

// The panicked kernel's memory. An address is looked up in the program headers; where they do not know it, in
// what vmcoreinfo tells of the machine (x86_64: phys_base and the page tables; arm64: kimage_voffset and
// PHYS_OFFSET; riscv64: va_kernel_pa_offset and phys_ram_base) and the physical addresses of the program
// headers.
class DumpMemory {
 public:
  DumpMemory(const OpenedDump& dump, const VmcoreInfo& info);

  bool is_64bit() const { return is_64bit_; }
  bool big_endian() const { return big_endian_; }
  unsigned pointer_size() const { return is_64bit_ ? 8 : 4; }
  // No more of the kernel's memory than this was written into the dump: bounds what it can say of itself.
  uint64_t stored() const { return source_->stored(); }

  // kNotRecognised: some of it has no place in the dump; the sentence names the first such address. kIo: it
  // has, but the file ends before it.
  Result<> Read(uint64_t virt, std::span<std::byte> out) const;
  // Of 1, 2, 4 or 8 bytes, in the dump's byte order.
  Result<uint64_t> ReadUint(uint64_t virt, unsigned size) const;
  Result<uint64_t> ReadPointer(uint64_t virt) const { return ReadUint(virt, pointer_size()); }

 private:
  enum class Machine { kOther, kX86_64, kArm64, kRiscv64 };
  // Where `virt` lies in the file.
  std::optional<ExtentMap::Hit> Locate(uint64_t virt) const;
  // How much of a mapping's size follows `address` inside one of `hit`'s extents.
  std::optional<ExtentMap::Hit> AtPhysical(uint64_t phys, uint64_t bytes) const;
  std::optional<ExtentMap::Hit> LocateX86(uint64_t virt) const;
  std::optional<ExtentMap::Hit> LocateArm64(uint64_t virt) const;
  std::optional<ExtentMap::Hit> LocateRiscv64(uint64_t virt) const;
  std::optional<uint64_t> ReadPhysical64(uint64_t phys) const;

  std::shared_ptr<const DumpSource> source_;
  VmcoreInfo info_;
  bool is_64bit_;
  bool big_endian_;
  Machine machine_ = Machine::kOther;
  ExtentMap virt_;
  ExtentMap phys_;
};

// An integer of 1 to 8 bytes in the given order.
uint64_t DecodeUint(Bytes bytes, bool big_endian);

}  // namespace kexec
KEXEC_PUBLIC_END
