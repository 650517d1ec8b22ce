// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/arm64/arm64_machine.h"

#include <optional>
#include <utility>

#include "arch/arm64/arm64_mapping.h"
#include "arch/arm64/lpi_tables.h"
#include "arch/arm64/psci.h"
#include "arch/arm64/purgatory/blob.h"
#include "arch/crash_facts.h"
#include "arch/dt/dt_facts.h"
#include "arch/dt/dt_machine.h"
#include "arch/finish_parts.h"
#include "arch/require_purgatory.h"

namespace kexec {
namespace {

// Documentation/arch/arm64/booting.rst: the initrd lies in the kernel's "1 GB aligned physical memory window
// of up to 32 GB"; kernels before 4.2 want the tree "within the 512 MB region starting at text_offset bytes
// below the kernel".
constexpr DtArchitecture kArm64 = {
    .name = "aarch64",
    .kexec_flag = uint64_t{183} << 16,  // KEXEC_ARCH_AARCH64, include/uapi/linux/kexec.h
    .elf_machine = 183,                 // EM_AARCH64, elf.h
    // KEXEC_DESTINATION_MEMORY_LIMIT is all of memory (arch/arm64/include/asm/kexec.h); an Image runs within
    // 48 bits (booting.rst, flags, bit 3), and so does purgatory.
    .destination_end = PhysAddr(uint64_t{1} << 48),
    .rules = {.initrd_reach = uint64_t{32} << 30, .tree_reach = uint64_t{512} << 20},
};

uint32_t ConsoleCode(SerialKind kind) {
  switch (kind) {
    case SerialKind::kPl011:
      return KEXEC_ARM64_CONSOLE_PL011;
    case SerialKind::k8250:
      return KEXEC_ARM64_CONSOLE_8250;
    case SerialKind::k8250Wide:
      return KEXEC_ARM64_CONSOLE_8250_MMIO32;
  }
  return KEXEC_ARM64_CONSOLE_NONE;
}

uint32_t ConduitCode(PsciConduit conduit) {
  switch (conduit) {
    case PsciConduit::kNone:
      return KEXEC_ARM64_PSCI_NONE;
    case PsciConduit::kHvc:
      return KEXEC_ARM64_PSCI_HVC;
    case PsciConduit::kSmc:
      return KEXEC_ARM64_PSCI_SMC;
  }
  return KEXEC_ARM64_PSCI_NONE;
}

class Arm64Machine final : public DtMachine {
 public:
  Arm64Machine(DtFacts facts, std::optional<CrashFacts> crash, std::vector<PhysRange> lpi_tables,
               PsciConduit acpi_conduit)
      : DtMachine(kArm64, std::move(facts), std::move(crash)),
        lpi_tables_(std::move(lpi_tables)),
        acpi_conduit_(acpi_conduit) {}

  Result<size_t> PurgatorySize() const override {
    KEXEC_TRY(RequirePurgatory(Arm64PurgatoryBlob(), name()));
    return Arm64PurgatoryMemSize();
  }

  Result<Segment> EmitPurgatory(const PurgatoryJob& job) const override {
    kexec_arm64_purgatory_params params = Arm64PurgatoryParams();
    params.kernel_entry = job.kernel_entry.raw();
    params.dtb_address = job.tree.raw();
    FillDigest(job.segments, job.options.digest, params);
    KEXEC_TRY(FillConsole(job.options, params));
    const PsciConduit told = ConduitOfTree(job.contents);
    params.psci_conduit = ConduitCode(told == PsciConduit::kNone ? acpi_conduit_ : told);
    params.reset_seconds = job.options.reset_after_seconds;
    return PurgatorySegment(Arm64PurgatoryBlob(), params, job.place);
  }

  PhysAddr PurgatoryEntry(const PageRange& place) const override {
    return PhysAddr(place.begin().raw() + Arm64PurgatoryParams().entry_offset);
  }

  std::vector<PhysRange> BusyMemory() const override { return lpi_tables_; }

 private:
  Result<> FillConsole(const PurgatoryOptions& options, kexec_arm64_purgatory_params& params) const {
    if (options.serial_device.empty()) return {};
    KEXEC_ASSIGN(const SerialDevice device, FindSerialDevice(facts().serial_devices, options.serial_device));
    params.console_kind = ConsoleCode(device.kind);
    params.console_base = device.base.raw();
    params.console_verbose = 1;
    return {};
  }

  std::vector<PhysRange> lpi_tables_;
  PsciConduit acpi_conduit_;
};

}  // namespace

std::string_view Arm64FileLoadDrawback(LoadKind) {
  // It jumps from the running kernel's code into the new kernel (load_other_segments in
  // arch/arm64/kernel/machine_kexec_file.c).
  return "kexec_file_load of arm64 checks nothing before the jump";
}

Result<std::unique_ptr<Machine>> ReadArm64Machine(const SystemRoot& root, LoadKind kind,
                                                  Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const IomemReport iomem, ReadIomem(root), "cannot read the memory map");
  DtFacts facts = ReadDtFacts(root, iomem, diagnostics);
  std::optional<CrashFacts> crash;
  if (kind == LoadKind::kCrash) {
    KEXEC_ASSIGN(crash, ReadCrashFacts(root, iomem, ReadArm64KernelMapping, diagnostics));
  }
  std::vector<PhysRange> lpi_tables = ReadLpiTables(root, diagnostics);
  return std::make_unique<Arm64Machine>(std::move(facts), std::move(crash), std::move(lpi_tables),
                                        ReadAcpiConduit(root));
}

}  // namespace kexec
