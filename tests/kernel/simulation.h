// SPDX-License-Identifier: GPL-2.0-or-later
// One machine with one image for it: fills memory with garbage and user buffers with a pattern, asks the kernel to load,
// and afterwards checks what must hold of any loaded image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/kernel/machine.h"
#include "tests/kernel/page_list.h"

namespace kexec::testing {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kMiB = 1 << 20;

// A segment: `memory_bytes` at `begin`, of which the user gives the first `file_bytes`.
struct Piece {
  uint64_t begin, memory_bytes, file_bytes;
  uint64_t end() const { return begin + memory_bytes; }
};
// All of it from the user.
constexpr Piece Full(uint64_t begin, uint64_t bytes) { return {begin, bytes, bytes}; }

class Simulation {
 public:
  Simulation(const MachineConfig& config, std::vector<Piece> pieces);
  // Unloads what is loaded, and then expects that nothing is held.
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // The pieces of the constructor; or others, which stand for the image from then on if they are loaded. The entry is
  // the beginning of the first one unless told otherwise.
  long Load(uint64_t flags = kArchX86_64) { return Load(std::vector(pieces_), flags); }
  long Load(const std::vector<Piece>& pieces, uint64_t flags = kArchX86_64,
            std::optional<uint64_t> entry = {});
  long LoadFile(bool crash);
  long Unload(uint64_t flags = kArchX86_64) { return KernelLoad(0, 0, nullptr, flags); }

  // After a load of normal image, checked with EXPECT_*: the list is in order, no source is another page's destination,
  // control pages are out of the way, the rest of memory is as it was, and after the relocation every byte is right.
  void ExpectGoodImage();
  // The same for an image in the crash region.
  void ExpectGoodCrashImage();
  // Memory nobody allocated still holds the garbage it was filled with (the crash region is not asked).
  void ExpectRestUntouched() const;

  PageList List() const;

 private:
  void ExpectInvariant(const PageList& list) const;
  void ExpectControlPages(const LoadedImage& image) const;
  std::span<const uint8_t> MemoryAtJump() const;
  void ExpectDestinations(std::span<const uint8_t> memory) const;

  MachineConfig config_;
  std::vector<Piece> pieces_;  // of the last load that succeeded
  std::vector<std::vector<uint8_t>> buffers_;
  uint64_t memory_bytes_;  // RAM, and what lies behind it for destinations the kernel does not manage
};

// The reader the compiled kernel's architecture has.
Reader CompiledReader();

}  // namespace kexec::testing
