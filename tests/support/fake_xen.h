// SPDX-License-Identifier: GPL-2.0-or-later
// Xen behind /dev/xen/privcmd, restated for tests from what Xen 4.17 does (xen/common/kexec.c, kimage.c,
// xen/arch/x86/mm.c): it reads and writes the structures it is pointed to, checks segments, and remembers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kexec/phys.h"
#include "kexec/privcmd.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {

struct FakeXenMachine {
  struct Memory {
    uint64_t begin, size;
    uint32_t type;  // of E820
  };
  std::vector<Memory> map;
  std::optional<PhysRange> crash_area, xen, live_update_area;
  std::vector<PhysRange> cpu_notes;
  std::optional<PhysRange> vmcoreinfo;
  bool knows_live_update = false;
};

// A load as it arrived.
struct XenLoadSeen {
  struct Segment {
    std::optional<std::vector<std::byte>> contents;  // nullopt: no buffer
    uint64_t destination = 0, size = 0;
  };
  uint8_t type = 0;
  uint16_t elf_machine = 0;
  uint64_t entry = 0;
  std::vector<Segment> segments;
};

class FakeXen final : public Privcmd {
 public:
  explicit FakeXen(FakeXenMachine machine) : machine_(std::move(machine)) {}

  int64_t Hypercall(uint64_t op, const std::array<uint64_t, 5>& arguments) override;
  Result<std::unique_ptr<HypercallBuffer>> Allocate(size_t size) override;

  // The next kexec hypercall of this command fails with this errno.
  void FailNext(uint64_t command, int sys_errno) { failure_ = {command, sys_errno}; }
  // No more memory that Xen can read.
  void LendNothing() { lends_ = false; }
  // Keeps what Xen says in the files of a recorded machine.
  void Publish(ScratchRoot* root);

  const std::vector<XenLoadSeen>& loads() const { return loads_; }
  // Types of the images that were started.
  const std::vector<int>& starts() const { return starts_; }
  bool loaded(uint8_t type) const { return loaded_[type]; }

 private:
  int64_t Load(uint64_t at);
  int64_t GetRange(uint64_t at) const;
  int64_t MemoryMap(uint64_t at) const;
  bool Knows(int type) const { return type >= 0 && type <= (machine_.knows_live_update ? 2 : 1); }
  void Swap(uint8_t type, bool loaded);
  void UpdateRoot() const;

  FakeXenMachine machine_;
  std::vector<XenLoadSeen> loads_;
  std::vector<int> starts_;
  std::array<bool, 3> loaded_{};
  std::array<bool, 3> position_{};  // KEXEC_FLAG_DEFAULT_POS and its like, which "status" answers with
  std::optional<std::pair<uint64_t, int>> failure_;
  bool lends_ = true;
  ScratchRoot* root_ = nullptr;
};

}  // namespace kexec::testing
