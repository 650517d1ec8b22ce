// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine: what is known about the one we are planning for (the host, or a recorded one), and the two verbs
// Place (addresses only) and Emit (bytes only).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/plan.h"
#include "kexec/system_root.h"
#include "kexec/validate.h"
#include "loaders/kernel_image.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class DigestKind { kNone, kXxh128, kSha256 };

// What purgatory does on the way to the kernel.
struct PurgatoryOptions {
  DigestKind digest = DigestKind::kXxh128;
  bool console_vga = false;
  bool reset_vga = false;
  bool console_serial = false;
  uint16_t serial_port = 0x3f8;         // I/O port of the UART (--serial)
  std::optional<uint32_t> serial_baud;  // divides 115200 (--serial-baud); nullopt: leave as it is
  std::string serial_device;  // "ttyAMA0", where consoles are registers in memory (--serial); empty: none
  uint32_t reset_after_seconds = 30;  // after a digest mismatch

  bool operator==(const PurgatoryOptions&) const = default;
};

// How an ELF kernel is told its arguments and where it is entered.
enum class ElfHandover {
  kByImage,  // Linux by its notes; else PVH where the image has that entry, else ELF boot notes
  kLinux,    // --args-linux: boot_params
  kElf,      // --args-elf: ELF boot notes
  kPvh,      // --args-pvh: struct hvm_start_info, at the image's PVH entry
  kNone,     // --args-none: nothing
};

// A file a multiboot (or PVH) kernel is given in memory.
struct BootModule {
  SharedBytes contents;
  std::string command_line;  // begins with the file's name
};

// A file by the name messages use for it.
struct NamedFile {
  std::string name;
  SharedBytes contents;
};

// For machines that hand a device tree to their kernels.
struct DeviceTreeOptions {
  std::optional<NamedFile> tree;    // --dtb: instead of that of the running system
  std::vector<NamedFile> overlays;  // --dtb-overlay, applied in this order
};

// For LoadKind::kCrash.
struct CrashOptions {
  bool hotplug = false;                 // --hotplug: the running kernel keeps the core headers up to date
  bool memmap_on_command_line = false;  // --pass-memmap-cmdline: memmap= instead of a table
};

// Everything a plan is made from besides the machine.
struct BootInputs {
  KernelImage kernel;
  std::string kernel_name;           // of its file; multiboot kernels see it as their first word
  std::vector<SharedBytes> initrds;  // placed end to end, each from a page boundary
  std::vector<BootModule> modules;   // --module, in order
  std::string command_line;          // as the kernel will see it
  LoadKind kind = LoadKind::kNormal;
  PhysRange window;  // --mem-min, --mem-max: every segment lies inside
  // Where all but the kernel itself lies instead; nullopt: in `window`, too.
  std::optional<PhysRange> companion_window;
  bool live_update = false;       // --load-live-update: it takes the place of a running Xen
  std::optional<PhysAddr> entry;  // --entry: replaces the address the kernel jumps to
  // --load-preserve-context: the kernel can jump back to the running one, and has the RAM inside the window.
  bool preserve_context = false;
  bool pass_efi = true;      // false: --noefi
  bool entry_32bit = false;  // --entry-32bit: of a bzImage
  bool real_mode = false;    // --real-mode: of a bzImage; one that starts no other way needs no asking
  ElfHandover elf_handover = ElfHandover::kByImage;
  PurgatoryOptions purgatory;
  CrashOptions crash;
  DeviceTreeOptions device_tree;
  // Seed for the new kernel's random number generator (SETUP_RNG_SEED); nullopt: none is passed.
  std::optional<std::array<std::byte, 32>> rng_seed;
  // Two random numbers for a DirectLinux's physical and virtual base; nullopt: it runs where it was linked.
  std::optional<std::array<uint64_t, 2>> kaslr_seed;
};

// What a kernel that can be jumped back from is told of the one before.
struct JumpBack {
  PhysAddr entry;                  // where it waits
  std::optional<PhysAddr> tables;  // its page tables, which map that place for certain; nullopt: not known
  PhysRange window;                // of what jumps back
};

// Every address is fixed; Emit writes the bytes. Borrows the machine and the inputs it was placed for.
class PlacedBoot {
 public:
  virtual ~PlacedBoot() = default;
  virtual Result<LoadPlan> Emit() const = 0;
};

class Machine {
 public:
  virtual ~Machine() = default;
  // "x86_64", as uname -m.
  virtual std::string_view name() const = 0;
  // KEXEC_ARCH_* << 16, for the upper bits of kexec_load's flags.
  virtual uint64_t arch_flag() const = 0;
  virtual const MemoryMap& memory() const = 0;
  virtual const std::vector<PhysRange>& crash_regions() const = 0;
  virtual ImageLimits limits() const = 0;
  // `inputs` must outlive the answer, be of the kind the machine was read for, and hold a kernel of this
  // machine.
  virtual Result<std::unique_ptr<PlacedBoot>> Place(const BootInputs& inputs,
                                                    Diagnostics& diagnostics) const = 0;
  // What a kernel loaded with BootInputs::preserve_context executes to go back. kUnsupported where kernels
  // cannot.
  virtual Result<LoadPlan> PlanJumpBack(const JumpBack& back) const = 0;
};

// The machines a plan can be made for, as uname -m names them.
std::vector<std::string_view> MachineNames();

// Whether kernels of `machine`, as uname -m names it, are handed a device tree; false for one that is not
// known.
bool TakesDeviceTree(std::string_view machine);

// Reads the machine behind `root`, as far as a load of this kind needs to know it. kUnsupported for an
// architecture without a folder in arch/, kNoCrashRegion for kCrash where no memory is reserved.
Result<std::unique_ptr<Machine>> ReadMachine(const SystemRoot& root, LoadKind kind, Diagnostics& diagnostics);

}  // namespace kexec
KEXEC_PUBLIC_END
