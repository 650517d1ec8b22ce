// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace kexec::testing {
namespace {

// Bytes without a pattern: what memory holds before the load (from its start), and what users hand over.
std::span<const uint8_t> Garbage() {
  static const std::vector<uint8_t> garbage = [] {
    std::vector<uint8_t> bytes(32 * kMiB);
    std::mt19937_64 random(1);
    for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
      const uint64_t word = random();
      std::memcpy(&bytes[at], &word, sizeof(word));
    }
    return bytes;
  }();
  return garbage;
}

// Differs from what memory holds, and from segment to segment.
std::vector<uint8_t> UserBytes(size_t segment, uint64_t size) {
  const auto bytes = Garbage().subspan(16 * kMiB + segment * 8 * 57 + 8, size);
  return {bytes.begin(), bytes.end()};
}

bool IsDestination(const std::vector<Piece>& pieces, uint64_t address) {
  return std::ranges::any_of(
      pieces, [&](const Piece& piece) { return address >= piece.begin && address < piece.end(); });
}

std::vector<MachinePart> Parts(const std::vector<Piece>& pieces) {
  std::vector<MachinePart> parts;
  for (const Piece& piece : pieces) parts.push_back({piece.begin, piece.end()});
  return parts;
}

std::vector<std::vector<uint8_t>> UserBuffers(const std::vector<Piece>& pieces, bool without_contents) {
  std::vector<std::vector<uint8_t>> buffers(pieces.size());
  for (size_t i = 0; !without_contents && i < pieces.size(); ++i)
    buffers[i] = UserBytes(i, pieces[i].file_bytes);
  return buffers;
}

std::vector<UserSegment> UserSegments(const std::vector<Piece>& pieces,
                                      const std::vector<std::vector<uint8_t>>& buffers) {
  std::vector<UserSegment> segments;
  for (size_t i = 0; i < pieces.size(); ++i) {
    segments.push_back({buffers[i].data(), pieces[i].file_bytes, pieces[i].begin, pieces[i].memory_bytes});
  }
  return segments;
}

}  // namespace

Reader CompiledReader() { return KernelHasRuns() ? Reader::kRuns : Reader::kSinglePages; }

Simulation::Simulation(const MachineConfig& config, std::vector<Piece> pieces)
    : config_(config), pieces_(std::move(pieces)), memory_bytes_(config.pages * kPage) {
  const auto wanted = Parts(pieces_);
  for (const Piece& piece : pieces_) memory_bytes_ = std::max(memory_bytes_, piece.end());
  MachineStart(&config_, wanted.data(), wanted.size());
  if (config_.without_contents) return;
  std::memcpy(MachineMemory(0), Garbage().data(), config_.pages * kPage);
}

Simulation::~Simulation() {
  MachineFaults none{};
  MachineSetFaults(&none);
  EXPECT_EQ(Unload(), 0);
  EXPECT_EQ(Unload(kArchX86_64 | kOnCrash), 0);
  const MachineCounters held = MachineCount();
  EXPECT_EQ(held.pages_held, 0u) << "pages leaked";
  EXPECT_EQ(held.objects_held, 0u) << "objects leaked";
  MachineStop();
}

long Simulation::Load(const std::vector<Piece>& pieces, uint64_t flags, std::optional<uint64_t> entry) {
  auto buffers = UserBuffers(pieces, config_.without_contents);
  const auto segments = UserSegments(pieces, buffers);
  const long result = KernelLoad(entry.value_or(pieces[0].begin), segments.size(), segments.data(), flags);
  if (result != 0) return result;
  pieces_ = pieces;
  buffers_ = std::move(buffers);
  return 0;
}

long Simulation::LoadFile(bool crash) {
  buffers_ = UserBuffers(pieces_, config_.without_contents);
  const auto segments = UserSegments(pieces_, buffers_);
  return KernelLoadFile(pieces_[0].begin, segments.size(), segments.data(), crash);
}

PageList Simulation::List() const {
  LoadedImage image;
  if (!KernelImage(false, &image)) {
    ADD_FAILURE() << "no image is loaded";
    return {};
  }
  auto list = ReadPageList(MemoryAtJump(), image.head, CompiledReader());
  if (list) return *std::move(list);
  ADD_FAILURE() << list.error();
  return {};
}

void Simulation::ExpectControlPages(const LoadedImage& image) const {
  EXPECT_GE(image.control_count, 6u);
  for (size_t i = 0; i < image.control_count; ++i) {
    for (uint64_t at = image.control[i].begin; at < image.control[i].end; at += kPage) {
      EXPECT_FALSE(IsDestination(pieces_, at)) << "control page " << std::hex << at << " is a destination";
    }
  }
}

void Simulation::ExpectInvariant(const PageList& list) const {
  LoadedImage image;
  ASSERT_TRUE(KernelImage(false, &image));
  std::vector<bool> used(config_.pages), filled(memory_bytes_ / kPage);  // each page has one purpose
  const auto use = [&](uint64_t page, const char* purpose) {
    if (!MachineOwned(page / kPage))
      ADD_FAILURE() << purpose << " page " << std::hex << page << " is not the kernel's";
    if (used[page / kPage])
      ADD_FAILURE() << purpose << " page " << std::hex << page << " has another purpose, too";
    used[page / kPage] = true;
  };
  for (size_t i = 0; i < image.control_count; ++i) {
    for (uint64_t at = image.control[i].begin; at < image.control[i].end; at += kPage) use(at, "control");
  }
  for (const uint64_t page : list.indirection_pages) {
    use(page, "indirection");
    EXPECT_FALSE(IsDestination(pieces_, page)) << "indirection page " << std::hex << page;
  }
  for (const Copy& copy : list.copies) {
    for (uint64_t at = 0; at < copy.pages * kPage; at += kPage) {
      const uint64_t source = copy.source + at, destination = copy.destination + at;
      use(source, "source");
      if (filled[destination / kPage]) ADD_FAILURE() << std::hex << destination << " is filled twice";
      filled[destination / kPage] = true;
      if (!IsDestination(pieces_, destination))
        ADD_FAILURE() << std::hex << destination << " is outside the image";
      if (source != destination && IsDestination(pieces_, source)) {
        ADD_FAILURE() << std::hex << source << " is copied to " << destination
                      << ", but is a destination itself";
      }
    }
  }
  for (const Piece& piece : pieces_) {  // what the list leaves out lies in place already
    for (uint64_t at = piece.begin; at < piece.end(); at += kPage) {
      if (!filled[at / kPage]) use(at, "left out");
    }
  }
}

// What the relocation code finds: everything that is not the image's is lost by then. Valid until the next call: the
// page faults of fresh memory cost more than all that is done with it.
std::span<const uint8_t> Simulation::MemoryAtJump() const {
  static std::vector<uint8_t> memory;
  memory.assign(memory_bytes_, 0xdb);
  for (uint64_t page = 0; page < config_.pages; ++page) {
    const bool in_crash_region = page * kPage >= config_.crash.begin && page * kPage < config_.crash.end;
    if (!MachineOwned(page) && !in_crash_region) continue;
    std::memcpy(&memory[page * kPage], MachineMemory(page * kPage), kPage);
  }
  return memory;
}

void Simulation::ExpectDestinations(std::span<const uint8_t> memory) const {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    const uint64_t fill_bytes = piece.memory_bytes - piece.file_bytes;
    const std::vector<uint8_t> zeros(fill_bytes);
    const auto is = [&](uint64_t address, const std::vector<uint8_t>& wanted) {
      return wanted.empty() || std::memcmp(&memory[address], wanted.data(), wanted.size()) == 0;
    };
    EXPECT_TRUE(is(piece.begin, buffers_[i])) << "contents of segment " << i;
    EXPECT_TRUE(is(piece.begin + piece.file_bytes, zeros)) << "zero fill of segment " << i;
  }
}

void Simulation::ExpectRestUntouched() const {
  for (uint64_t page = 0; page < config_.pages; ++page) {
    const uint64_t address = page * kPage;
    if (MachineOwned(page) || (address >= config_.crash.begin && address < config_.crash.end)) continue;
    ASSERT_EQ(std::memcmp(MachineMemory(address), &Garbage()[address], kPage), 0)
        << "page " << std::hex << address << " was written, but belongs to somebody else";
  }
}

void Simulation::ExpectGoodImage() {
  LoadedImage image;
  ASSERT_TRUE(KernelImage(false, &image));
  EXPECT_EQ(image.entry, pieces_[0].begin);
  EXPECT_EQ(image.segments, pieces_.size());
  ExpectControlPages(image);
  const PageList list = List();
  ExpectInvariant(list);

  static std::vector<uint8_t> memory;  // again for the sake of page faults
  const std::span<const uint8_t> before = MemoryAtJump();
  memory.assign(before.begin(), before.end());
  Relocate(list, memory, std::nullopt);
  ExpectDestinations(memory);

  // The same by swapping, and back again: KEXEC_PRESERVE_CONTEXT.
  memory.assign(before.begin(), before.end());
  Relocate(list, memory, image.swap_page);
  ExpectDestinations(memory);
  Relocate(list, memory, image.swap_page);
  std::memcpy(&memory[image.swap_page], &before[image.swap_page], kPage);
  EXPECT_TRUE(std::ranges::equal(memory, before)) << "swapping twice does not restore memory";
}

void Simulation::ExpectGoodCrashImage() {
  LoadedImage image;
  ASSERT_TRUE(KernelImage(true, &image));
  ExpectControlPages(image);
  for (size_t i = 0; i < image.control_count; ++i) {
    EXPECT_TRUE(image.control[i].begin >= config_.crash.begin && image.control[i].end <= config_.crash.end)
        << "control page " << std::hex << image.control[i].begin << " is outside the crash region";
  }
  EXPECT_EQ(image.head, 4u) << "nothing is to be copied: the list is IND_DONE";
  ExpectDestinations({MachineMemory(0), config_.pages * kPage});
}

}  // namespace kexec::testing
