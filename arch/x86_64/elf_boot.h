// SPDX-License-Identifier: LGPL-2.1-or-later
// Place and Emit for ELF kernels that are not Linux, or are not to be told what Linux is told: entered at
// their PVH entry, with ELF boot notes, or with nothing.
//
//   style   entered in         register              finds
//   pvh     32-bit mode        ebx                   struct hvm_start_info, modules, memory map, command line
//   elf     the file's class   rdi (64), ebx (32)    ELF boot notes: loader, command line
//   none    the file's class   -                     -
#pragma once

#include <memory>

#include "arch/machine.h"
#include "arch/x86_64/x86_facts.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

// `facts` and `inputs` must outlive the answer; inputs.kernel holds an ElfKernel. kDoesNotFit where a piece's
// place is not free or there is no room; kUnsupported for a style the image cannot be entered in, and for
// files the style cannot hand over.
Result<std::unique_ptr<PlacedBoot>> PlaceElf(const X86Facts& facts, const BootInputs& inputs,
                                             Diagnostics& diagnostics);

}  // namespace kexec
