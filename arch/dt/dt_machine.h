// SPDX-License-Identifier: LGPL-2.1-or-later
// What the machines with a device tree share: everything but their constants, their purgatory and where their
// kernels map memory. arch/arm64 and arch/riscv64 derive from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/crash_facts.h"
#include "arch/dt/dt_facts.h"
#include "arch/dt/dt_layout.h"
#include "arch/dt/dt_tree.h"
#include "arch/machine.h"
#include "kexec/plan.h"
#include "loaders/dtb/device_tree.h"

namespace kexec {

// Plain facts about the architecture.
struct DtArchitecture {
  std::string_view name;                 // "aarch64", as uname -m
  uint64_t kexec_flag = 0;               // KEXEC_ARCH_*
  uint16_t elf_machine = 0;              // EM_*, of core headers
  PhysAddr destination_end;              // no segment may reach it
  NodeTest added_by_firmware = nullptr;  // of /reserved-memory: see BaseTree
  DtRules rules;
};

// What purgatory is told.
struct PurgatoryJob {
  const PurgatoryOptions& options;
  PageRange place;
  PhysAddr kernel_entry;
  PhysAddr tree;
  const DeviceTree& contents;            // of that tree
  const std::vector<Segment>& segments;  // the digest covers them, in this order
};

class DtMachine : public Machine {
 public:
  DtMachine(const DtArchitecture& architecture, DtFacts facts, std::optional<CrashFacts> crash);

  std::string_view name() const final { return architecture_.name; }
  uint64_t arch_flag() const final { return architecture_.kexec_flag; }
  const MemoryMap& memory() const final { return facts_.memory; }
  const std::vector<PhysRange>& crash_regions() const final { return facts_.crash_regions; }
  ImageLimits limits() const final;
  const DtArchitecture& architecture() const { return architecture_; }
  const DtFacts& facts() const { return facts_; }
  const CrashFacts* crash_facts() const { return crash_ ? &*crash_ : nullptr; }

  // Bytes purgatory needs in memory. kUnsupported where the build could not make it.
  virtual Result<size_t> PurgatorySize() const = 0;
  // The segment 'purgatory', and where the running kernel jumps to in it.
  virtual Result<Segment> EmitPurgatory(const PurgatoryJob& job) const = 0;
  virtual PhysAddr PurgatoryEntry(const PageRange& place) const = 0;
  // Memory that devices go on writing to until the next kernel takes them over, and that nothing but its tree
  // can keep it from using.
  virtual std::vector<PhysRange> BusyMemory() const { return {}; }
  Result<std::unique_ptr<PlacedBoot>> Place(const BootInputs& inputs, Diagnostics& diagnostics) const final;
  Result<LoadPlan> PlanJumpBack(const JumpBack& back) const final;

 private:
  const DtArchitecture& architecture_;  // static storage
  DtFacts facts_;
  std::optional<CrashFacts> crash_;  // if it was read for a crash kernel
};

}  // namespace kexec
