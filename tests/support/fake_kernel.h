// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's half of kexec, restated for tests from what Linux 6.12 does (kernel/kexec.c,
// kernel/kexec_core.c, arch/x86/kernel/relocate_kernel_64.S), independent of lib/validate.cc: it checks
// segment lists, allocates source pages in a hostile order, builds the page list in its memory, and can jump:
// copy every page to its destination, after which a test reads physical memory as the next kernel would find
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/explain.h"
#include "kexec/syscalls.h"
#include "tests/support/page_source.h"
#include "tests/support/physical_memory.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {

struct FakeMachine {
  std::vector<PhysRange> ram;                     // page aligned, disjoint
  uint64_t destination_limit = (1ull << 46) - 1;  // KEXEC_DESTINATION_MEMORY_LIMIT (x86: MAXMEM-1)
  uint64_t total_ram_pages = 0;                   // totalram_pages(); 0: all of `ram`
  std::optional<PhysRange> crash_region;          // crashk_res
  uint64_t arch_flag = 62u << 16;                 // KEXEC_ARCH_X86_64
  PageOrder order = PageOrder::kAscending;
  uint64_t seed = 1;
};

// One call that reached the fake, as it came in.
struct RecordedLoad {
  uint64_t entry = 0;
  uint64_t flags = 0;
  std::vector<RawSegment> segments;
};
struct RecordedFileLoad {
  std::string kernel, initrd;  // what the descriptors held
  bool has_initrd = false;
  std::string command_line;
  uint64_t flags = 0;
};

class FakeKernel final : public Syscalls {
 public:
  explicit FakeKernel(FakeMachine machine) : machine_(std::move(machine)) {}

  int KexecLoad(uint64_t entry, std::span<const RawSegment> segments, uint64_t flags) override;
  int KexecFileLoad(int kernel_fd, int initrd_fd, std::string_view cmdline, uint64_t flags) override;
  int RebootKexec() override;
  void Sync() override { ++syncs_; }

  // sanity_check_segment_list: 0 or the errno.
  int CheckSegments(uint64_t entry, std::span<const RawSegment> segments, bool crash) const;

  // The next call of this kind fails with this errno; may be queued.
  void FailNext(KexecCall call, int sys_errno) { failures_.push_back({call, sys_errno}); }
  // kernel.kexec_load_limit_reboot and _panic: loads still allowed; -1: any number.
  void SetLoadLimits(int reboot, int panic) { limit_reboot_ = reboot, limit_panic_ = panic; }
  // Called while a load is under way, before anything is copied: what another program does meanwhile. The
  // segments are then read as the kernel reads them, and what is not there is EFAULT.
  std::function<void()> on_load;
  // Keeps sys/kernel/kexec_loaded and kexec_crash_loaded of this root as the kernel would.
  void Publish(ScratchRoot* root);

  bool loaded() const { return image_.has_value(); }
  bool crash_loaded() const { return crash_loaded_; }
  const std::vector<RecordedLoad>& loads() const { return loads_; }
  const std::vector<RecordedFileLoad>& file_loads() const { return file_loads_; }
  int reboots() const { return reboots_; }
  int syncs() const { return syncs_; }

  // What machine_kexec does with the normal image: memory() is then what the next kernel sees, and the answer
  // is where it is entered. nullopt: nothing is loaded. A crash image lies in place from KexecLoad on.
  std::optional<PhysAddr> Boot();
  PhysicalMemory& memory() { return memory_; }
  const PhysicalMemory& memory() const { return memory_; }

 private:
  struct Image {
    uint64_t entry;
    uint64_t head;       // physical address of the first indirection page
    uint64_t swap_page;  // scratch for the copies
  };
  struct Failure {
    KexecCall call;
    int sys_errno;
  };

  int TakeFailure(KexecCall call);
  bool TakeLoadPermission(bool crash);
  uint64_t TotalPages() const;
  void DropCrashImage();
  int LoadCrash(std::span<const RawSegment> segments);
  void Relocate(const Image& image);
  void UpdateRoot() const;

  FakeMachine machine_;
  PhysicalMemory memory_;
  std::optional<Image> image_;
  bool crash_loaded_ = false;
  std::deque<Failure> failures_;
  int limit_reboot_ = -1;
  int limit_panic_ = -1;
  ScratchRoot* root_ = nullptr;
  std::vector<RecordedLoad> loads_;
  std::vector<RecordedFileLoad> file_loads_;
  int reboots_ = 0;
  int syncs_ = 0;
};

}  // namespace kexec::testing
