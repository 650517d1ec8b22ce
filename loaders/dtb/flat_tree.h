// SPDX-License-Identifier: LGPL-2.1-or-later
// The flat form of a device tree (Devicetree Specification, chapter 5): what files, firmware and kernels
// exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/dtb/tree_nodes.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// An entry of the memory reservation block, as it stands there.
struct TreeReservation {
  uint64_t address;
  uint64_t size;
};

struct FlatTree {
  TreeNodes nodes;
  std::vector<TreeReservation> reservations{};  // up to the first of size 0
  uint32_t boot_cpu = 0;                        // boot_cpuid_phys
};

// The errors of DeviceTree::Parse.
Result<FlatTree> ReadFlatTree(Bytes blob);

// Version 17.
std::vector<std::byte> WriteFlatTree(const FlatTree& tree);

}  // namespace kexec
KEXEC_PUBLIC_END
