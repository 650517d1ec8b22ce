// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory a crash kernel needs: what is loaded into the reserved region, and what the kernel and the
// programs that save the dump need on top once it runs. Pure; the numbers behind the terms were measured in
// guests (bench/README.md, "The smallest crashkernel=").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// What a crash kernel is made from, in bytes.
struct CrashNeed {
  uint64_t kernel_bytes = 0;  // that the kernel runs in until it knows its memory: BzImage::init_size
  uint64_t initrd_bytes = 0;  // of all initrds, each rounded up to pages
  uint64_t unpacked_bytes = 0;
  uint64_t core_headers_bytes = 0;
  uint64_t cpus = 1;  // that get data of their own: the possible ones, or nr_cpus= of its command line
  // Its command line has root=. Without it the initrd is unpacked into a tmpfs, which takes half of the
  // memory there is at most (init_rootfs in init/do_mounts.c); with it, into a ramfs without a limit.
  bool has_root = false;
};

// One line of the bill.
struct CrashTerm {
  std::string_view name;  // "kernel"
  uint64_t bytes = 0;
  bool loaded = false;      // takes room in the region already when it is loaded
  std::string_view reason;  // where the number comes from
};

struct CrashEstimate {
  std::vector<CrashTerm> terms;
  uint64_t load_bytes = 0;  // of the terms that are loaded
  uint64_t run_bytes = 0;   // of all terms
  // What guests that saved their dump had at least, not above run_bytes: less is told before the load. The
  // rest of run_bytes is the margin for programs and drivers that were not in them (bench/README.md).
  uint64_t least_bytes = 0;
};

// For a crash kernel that finds `memory` bytes when it runs: two terms depend on that. Sums stay at
// UINT64_MAX once there.
CrashEstimate EstimateCrash(const CrashNeed& need, uint64_t memory);

// The smallest multiple of 16 MiB that is enough by EstimateCrash. Where none is (a hostile initrd claims
// 2^60 bytes), the largest one.
uint64_t RecommendedCrashBytes(const CrashNeed& need);

// "128M", as crashkernel= takes it: `bytes` rounded up to MiB.
std::string CrashkernelValue(uint64_t bytes);

// True where a reservation of this size is not found below 4 GiB on most machines, so that
// crashkernel=SIZE,high is the better spelling (kernel-parameters.txt).
bool BelongsHigh(uint64_t bytes);

}  // namespace kexec
KEXEC_PUBLIC_END
