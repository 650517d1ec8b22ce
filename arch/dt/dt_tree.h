// SPDX-License-Identifier: LGPL-2.1-or-later
// The device tree the next kernel gets: that of the running system, or the user's, with /chosen told anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/dt/dt_facts.h"
#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "loaders/dtb/device_tree.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Asked with a node's name.
using NodeTest = bool (*)(std::string_view node);

// The tree before anything is placed: the running system's or --dtb, with --dtb-overlay applied, without what
// only concerned the running kernel (its initrd, its core headers, the memory it was limited to). A tree of
// the user's also gets what it cannot know: memory nodes if it has none, on an EFI machine where EFI's tables
// are, and the nodes below /reserved-memory of which `added_by_firmware` is true (nullptr: none are), unless
// it has such nodes itself. kUnsupported where there is no tree at all; kMalformed names the file that is no
// tree or no fitting overlay.
Result<DeviceTree> BaseTree(const DtFacts& facts, const DeviceTreeOptions& options,
                            NodeTest added_by_firmware, Diagnostics& diagnostics);

// Memory the tree keeps for somebody else: its reservations and the children of /reserved-memory with an
// address.
Result<std::vector<PhysRange>> KeptMemory(const DeviceTree& tree);

// What the next kernel is told through /chosen (Documentation/arch/arm64/booting.rst; chosen.yaml of
// dt-schema).
struct Chosen {
  std::string command_line;
  std::optional<PhysRange> initrd;
  std::optional<std::array<std::byte, 32>> rng_seed;
  std::optional<uint64_t> kaslr_seed;
  std::optional<PhysRange> core_headers;  // of a crash kernel
  std::vector<PhysRange> usable;          // memory a crash kernel may use, that it runs in first; empty: all
};

Result<> FillChosen(const Chosen& chosen, DeviceTree& tree);

}  // namespace kexec
KEXEC_PUBLIC_END
