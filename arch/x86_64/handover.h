// SPDX-License-Identifier: LGPL-2.1-or-later
// The one segment a Linux kernel is told everything in. Its size is known before its address:
//
//   0x0000  boot_params (the zero page)
//   0x1000  command line, ended by a zero byte
//     ...   EFI runtime map
//     ...   setup_data nodes, linked in this order: E820_EXT, EFI, RNG_SEED, those carried on
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/machine.h"
#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/linux_image.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/bytes.h"
#include "kexec/phys.h"

namespace kexec {

// Where Place put what boot_params point to.
struct HandoverAddresses {
  PhysAddr handover;
  PhysAddr kernel;
  PhysAddr initrd;           // of the first one
  uint64_t initrd_size = 0;  // from there to the last byte of the last one; 0: none
};

// Accepts: a kernel of protocol 2.00 or later. Borrows nothing: what it needs it has copied.
class Handover {
 public:
  // Of the command line, from the segment's begin.
  static constexpr uint64_t kCommandLineOffset = sizeof(BootParams);

  // Warns about what this kernel cannot take.
  static Handover Compose(const X86Facts& facts, const BootInputs& inputs, const LinuxImage& image,
                          Diagnostics& diagnostics);

  size_t size() const { return size_; }
  std::vector<std::byte> Write(const HandoverAddresses& addresses) const;

 private:
  struct Node {
    SetupDataType type;
    std::vector<std::byte> payload;
    size_t offset;
  };

  Handover() = default;
  size_t Take(size_t bytes);
  void AddNode(SetupDataType type, std::vector<std::byte> payload);
  void AddEfi(const EfiFacts& efi);
  void PointTo(const HandoverAddresses& addresses, BootParams& params) const;

  uint16_t protocol_ = 0;
  bool told_base_ = false;
  BootParams params_ = {};  // all but what depends on addresses
  std::string command_line_;
  std::vector<std::byte> efi_map_;
  size_t efi_map_offset_ = 0;
  std::vector<Node> nodes_;
  size_t size_ = 0;
};

}  // namespace kexec
