// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/riscv64/riscv64_machine.h"

#include <optional>
#include <utility>

#include "arch/crash_facts.h"
#include "arch/dt/dt_facts.h"
#include "arch/dt/dt_machine.h"
#include "arch/finish_parts.h"
#include "arch/require_purgatory.h"
#include "arch/riscv64/firmware_memory.h"
#include "arch/riscv64/harts.h"
#include "arch/riscv64/purgatory/blob.h"
#include "arch/riscv64/riscv64_mapping.h"
#include "lib/freestanding/digest.h"

namespace kexec {
namespace {

// Documentation/arch/riscv/boot.rst asks for a kernel at a 2 MiB boundary, and nothing else of addresses.
constexpr DtArchitecture kRiscv64 = {
    .name = "riscv64",
    .kexec_flag = uint64_t{243} << 16,  // KEXEC_ARCH_RISCV, include/uapi/linux/kexec.h
    .elf_machine = 243,                 // EM_RISCV, elf.h
    // KEXEC_DESTINATION_MEMORY_LIMIT is all of memory (arch/riscv/include/asm/kexec.h); physical addresses
    // have 56 bits (RISC-V Privileged Architecture, "Sv39" and its wider kin).
    .destination_end = PhysAddr(uint64_t{1} << 56),
    .added_by_firmware = IsFirmwareMemory,
    .rules = {},
};

class Riscv64Machine final : public DtMachine {
 public:
  Riscv64Machine(DtFacts facts, std::optional<CrashFacts> crash)
      : DtMachine(kRiscv64, std::move(facts), std::move(crash)) {}

  Result<size_t> PurgatorySize() const override {
    KEXEC_TRY(RequirePurgatory(Riscv64PurgatoryBlob(), name()));
    return Riscv64PurgatoryMemSize();
  }

  Result<Segment> EmitPurgatory(const PurgatoryJob& job) const override {
    kexec_riscv64_purgatory_params params = Riscv64PurgatoryParams();
    params.kernel_entry = job.kernel_entry.raw();
    params.dtb_address = job.tree.raw();
    FillDigest(job.segments, job.options.digest, params);
    if (EveryHartHasZknh(job.contents)) params.digest_flags |= KEXEC_DIGEST_RISCV_ZKNH;
    params.console_verbose = !job.options.serial_device.empty();
    params.timebase_frequency = TimebaseFrequency(job.contents);
    params.reset_seconds = job.options.reset_after_seconds;
    return PurgatorySegment(Riscv64PurgatoryBlob(), params, job.place);
  }

  PhysAddr PurgatoryEntry(const PageRange& place) const override {
    return PhysAddr(place.begin().raw() + Riscv64PurgatoryParams().entry_offset);
  }
};

// A tree that cannot be read is refused where it is needed.
void LeaveOutFirmware(const DtFacts& facts, CrashMemory& memory) {
  if (!facts.tree) return;
  const auto tree = DeviceTree::Parse(facts.tree->contents.view());
  if (tree) memory.dumped = WithoutFirmwareMemory(memory.dumped, *tree);
}

}  // namespace

std::string_view Riscv64FileLoadDrawback(LoadKind kind) {
  // It takes all System RAM (prepare_elf_headers in arch/riscv/kernel/machine_kexec_file.c).
  if (kind != LoadKind::kCrash) return {};
  return "kexec_file_load of riscv64 puts memory of the firmware into the dump, where reading it faults";
}

Result<std::unique_ptr<Machine>> ReadRiscv64Machine(const SystemRoot& root, LoadKind kind,
                                                    Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const IomemReport iomem, ReadIomem(root), "cannot read the memory map");
  DtFacts facts = ReadDtFacts(root, iomem, diagnostics);
  std::optional<CrashFacts> crash;
  if (kind == LoadKind::kCrash) {
    KEXEC_ASSIGN(crash, ReadCrashFacts(root, iomem, ReadRiscv64KernelMapping, diagnostics));
    LeaveOutFirmware(facts, crash->memory);
  }
  return std::make_unique<Riscv64Machine>(std::move(facts), std::move(crash));
}

}  // namespace kexec
