// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/crash_estimate.h"

#include <fmt/format.h>

#include <algorithm>

namespace kexec {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGranule = 16 * kMiB;  // the kernel aligns its reservation to this (CRASH_ALIGN)

// Backup of the low 640 KiB, purgatory, boot_params with setup_data, command line.
constexpr uint64_t kBootData = kMiB;
// struct page is 64 bytes for each 4 KiB; SPARSEMEM_VMEMMAP makes them for whole sections of 128 MiB, and
// a reservation begins and ends inside one, the low 640 KiB lie in another.
constexpr uint64_t kSection = 128 * kMiB;
constexpr uint64_t kPagesOfSection = 2 * kMiB;
// Of an unpacked initrd: the unused part of each file's last page, inodes, directory entries.
constexpr uint64_t kFileOverhead = 16;
// Slab, kernel threads, page tables, the watermarks below which the allocator gives nothing: 10 to 18 MiB
// were measured with one CPU.
constexpr uint64_t kKernelAtRunTime = 20 * kMiB;
constexpr uint64_t kEachFurtherCpu = kMiB;
// udev, drivers with their rings, makedumpfile's buffers, ssh.
constexpr uint64_t kPrograms = 40 * kMiB;

// The least that was seen to do, with any of the kernels. The memory of the initrd's files is free again when
// its programs run: busybox took 8.5 MiB, udev and makedumpfile more, and how much an initrd unpacks to tells
// them apart. While the tmpfs is made, a sixth of init_size at least is no longer the kernel's.
constexpr uint64_t kLeastPrograms = 17 * kMiB / 2;
constexpr uint64_t kUnpackedForEachOfPrograms = 8;
constexpr uint64_t kMostLeastPrograms = 20 * kMiB;
constexpr uint64_t kGivenBackOfKernel = 6;

uint64_t Add(uint64_t a, uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }
uint64_t Times(uint64_t a, uint64_t b) { return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

uint64_t Sum(const std::vector<CrashTerm>& terms, bool loaded_only) {
  uint64_t sum = 0;
  for (const CrashTerm& term : terms) {
    if (term.loaded || !loaded_only) sum = Add(sum, term.bytes);
  }
  return sum;
}

std::vector<CrashTerm> LoadedTerms(const CrashNeed& need) {
  return {
      {"kernel", need.kernel_bytes, true, "init_size of its header, bss included"},
      {"initrd files", need.initrd_bytes, true, "held until all of them are unpacked"},
      {"core headers", need.core_headers_bytes, true, "one for each CPU and each range of memory"},
      {"boot data", kBootData, true, "low memory's copy, purgatory, parameters"},
  };
}

// Without the margins of the terms, which all were measured with what they are the margins for.
uint64_t LeastBytes(const CrashNeed& need, uint64_t page_structures, uint64_t files) {
  const uint64_t kernel =
      Add(Add(need.kernel_bytes, need.core_headers_bytes), Add(kBootData, page_structures));
  const uint64_t processes =
      std::min(Add(kLeastPrograms, need.unpacked_bytes / kUnpackedForEachOfPrograms), kMostLeastPrograms);
  const uint64_t programs = Add(Add(kernel, files), std::max(need.initrd_bytes, processes));
  if (need.has_root) return programs;
  const uint64_t before_unpacking = Add(kernel, need.initrd_bytes) - need.kernel_bytes / kGivenBackOfKernel;
  return std::max(programs, Add(before_unpacking, Times(need.unpacked_bytes, 2)));
}

}  // namespace

CrashEstimate EstimateCrash(const CrashNeed& need, uint64_t memory) {
  CrashEstimate estimate;
  std::vector<CrashTerm>& terms = estimate.terms;
  terms = LoadedTerms(need);
  estimate.load_bytes = Sum(terms, true);
  const uint64_t files = Add(need.unpacked_bytes, need.unpacked_bytes / kFileOverhead);
  const uint64_t page_structures = (memory / kSection + 2) * kPagesOfSection;
  terms.push_back({"page structures", page_structures, false, "64 bytes a page, in sections of 128 MiB"});
  const uint64_t before_unpacking = Sum(terms, false);
  terms.push_back({"unpacked initrd", files, false, "its files, 1/16 more for pages and inodes"});
  terms.push_back({"running kernel", kKernelAtRunTime, false, "slab, threads, page tables, watermarks"});
  terms.push_back({"further CPUs", Times(std::max<uint64_t>(need.cpus, 1) - 1, kEachFurtherCpu), false,
                   "1 MiB each, saved by nr_cpus=1"});
  terms.push_back({"programs and drivers", kPrograms, false, "udev, drivers, makedumpfile, ssh"});
  if (!need.has_root) {
    // The tmpfs takes half of what is free before the unpacking starts.
    const uint64_t for_tmpfs = Add(before_unpacking, Times(files, 2));
    const uint64_t sum = Sum(terms, false);
    terms.push_back({"half left free", for_tmpfs - std::min(for_tmpfs, sum), false,
                     "without root= files may fill half of it"});
  }
  estimate.run_bytes = Sum(terms, false);
  estimate.least_bytes = LeastBytes(need, page_structures, files);
  return estimate;
}

uint64_t RecommendedCrashBytes(const CrashNeed& need) {
  constexpr uint64_t kLargest = UINT64_MAX / kGranule * kGranule;
  uint64_t bytes = 0;
  for (;;) {
    const uint64_t run_bytes = EstimateCrash(need, bytes).run_bytes;
    if (run_bytes <= bytes) return bytes;
    if (run_bytes > kLargest) return kLargest;
    // Grows: run_bytes > bytes. Ends: 64 MiB more memory cost 1 MiB more.
    bytes = (run_bytes / kGranule + (run_bytes % kGranule != 0)) * kGranule;
  }
}

std::string CrashkernelValue(uint64_t bytes) {
  return fmt::format("{}M", bytes / kMiB + (bytes % kMiB != 0));
}

bool BelongsHigh(uint64_t bytes) { return bytes >= 768 * kMiB; }

}  // namespace kexec
