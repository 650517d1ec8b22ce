// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/fake_xen.h"

#include <cerrno>
#include <cstring>
#include <span>

#include "kexec/xen_kexec.h"

namespace kexec::testing {
namespace {

// Xen reads its caller's memory by address.
template <class T>
T At(uint64_t address, size_t offset = 0) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address + offset), sizeof(T));
  return value;
}
template <class T>
void Put(uint64_t address, size_t offset, T value) {
  std::memcpy(reinterpret_cast<void*>(address + offset), &value, sizeof(T));
}

class OwnBuffer final : public HypercallBuffer {
 public:
  explicit OwnBuffer(size_t size) : bytes_(size) {}
  std::span<std::byte> bytes() override { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

constexpr uint64_t kPage = 4096;

bool Overlap(const XenLoadSeen::Segment& a, const XenLoadSeen::Segment& b) {
  return a.destination < b.destination + b.size && b.destination < a.destination + a.size;
}

}  // namespace

Result<std::unique_ptr<HypercallBuffer>> FakeXen::Allocate(size_t size) {
  if (!lends_) return FailErrno(Errc::kIo, ENOMEM, "cannot get {} bytes of memory that Xen can read", size);
  return std::make_unique<OwnBuffer>(size == 0 ? 1 : size);
}

int64_t FakeXen::Hypercall(uint64_t op, const std::array<uint64_t, 5>& arguments) {
  const auto [command, at, third, fourth, fifth] = arguments;
  if (third != 0 || fourth != 0 || fifth != 0) return -EINVAL;
  if (op == 12) return command == 10 ? MemoryMap(at) : -ENOSYS;
  if (op != 37) return -ENOSYS;
  if (failure_ && failure_->first == command) return -std::exchange(failure_, std::nullopt)->second;
  switch (command) {
    case 0: {
      const int type = At<int32_t>(at);
      if (!Knows(type)) return -EINVAL;
      if (!loaded_[static_cast<size_t>(type)]) return -ENOENT;
      starts_.push_back(type);
      return 0;  // of a live update only; else it does not return
    }
    case 3:
      return GetRange(at);
    case 4:
      return Load(at);
    case 5:
    case 6: {
      const auto type = At<uint8_t>(at);
      if (!Knows(type)) return -EINVAL;
      if (command == 6) return position_[type] ? 1 : 0;
      Swap(type, false);
      return 0;
    }
    default:
      return -EOPNOTSUPP;
  }
}

int64_t FakeXen::MemoryMap(uint64_t at) const {
  if (At<uint32_t>(at) < machine_.map.size() + 1) return -EINVAL;
  const auto buffer = At<uint64_t>(at, 8);
  for (size_t i = 0; i < machine_.map.size(); ++i) {
    Put(buffer, i * 20, machine_.map[i].begin);
    Put(buffer, i * 20 + 8, machine_.map[i].size);
    Put(buffer, i * 20 + 16, machine_.map[i].type);
  }
  Put(at, 0, static_cast<uint32_t>(machine_.map.size()));
  return 0;
}

int64_t FakeXen::GetRange(uint64_t at) const {
  std::optional<PhysRange> range;
  const auto number = static_cast<size_t>(At<int32_t>(at, 4));
  switch (At<int32_t>(at)) {
    case 0:
      range = machine_.crash_area;
      break;
    case 1:
      range = machine_.xen;
      break;
    case 2:
      if (number >= machine_.cpu_notes.size()) return -ERANGE;
      range = machine_.cpu_notes[number];
      break;
    case 6:
      range = machine_.vmcoreinfo;
      break;
    case 7:
      if (!machine_.knows_live_update) return -EINVAL;
      range = machine_.live_update_area;
      break;
    default:
      return -EINVAL;
  }
  Put(at, 8, range ? range->size() : 0);
  Put(at, 16, range ? range->begin().raw() : 0);
  return 0;
}

int64_t FakeXen::Load(uint64_t at) {
  XenLoadSeen seen{.type = At<uint8_t>(at),
                   .elf_machine = At<uint16_t>(at, 2),
                   .entry = At<uint64_t>(at, 16),
                   .segments = {}};
  const auto count = At<uint32_t>(at, 4);
  if (count >= 16) return -EINVAL;
  if (!Knows(seen.type)) return -EINVAL;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t entry = At<uint64_t>(at, 8) + i * uint64_t{32};
    const auto buffer = At<uint64_t>(entry);
    const auto bytes = At<uint64_t>(entry, 8);
    XenLoadSeen::Segment segment{std::nullopt, At<uint64_t>(entry, 16), At<uint64_t>(entry, 24)};
    if (segment.destination % kPage != 0 || segment.size % kPage != 0) return -EADDRNOTAVAIL;
    if (bytes > segment.size) return -EINVAL;
    if (buffer != 0) {
      const auto* first = reinterpret_cast<const std::byte*>(buffer);
      segment.contents.emplace(first, first + bytes);
    }
    for (const XenLoadSeen::Segment& earlier : seen.segments) {
      if (Overlap(segment, earlier)) return -EINVAL;
    }
    const auto range = PhysRange::FromSize(PhysAddr(segment.destination), segment.size);
    if (seen.type == 1 && buffer != 0 && (!machine_.crash_area || !machine_.crash_area->Contains(*range))) {
      return -EADDRNOTAVAIL;
    }
    seen.segments.push_back(std::move(segment));
  }
  if (seen.elf_machine != 62 && seen.elf_machine != 3) return -EINVAL;
  Swap(seen.type, true);
  loads_.push_back(std::move(seen));
  return 0;
}

// kexec_swap_images: the position changes even where nothing was or is loaded.
void FakeXen::Swap(uint8_t type, bool loaded) {
  loaded_[type] = loaded;
  position_[type] = !position_[type];
  UpdateRoot();
}

void FakeXen::Publish(ScratchRoot* root) {
  root_ = root;
  if (root_ == nullptr) return;
  const auto iomem = AskXenIomem(*this);
  if (iomem.has_value()) root_->File(kXenIomemRecord, *iomem);
  UpdateRoot();
}

void FakeXen::UpdateRoot() const {
  if (root_ == nullptr) return;
  root_->File(XenLoadedRecord(LoadKind::kNormal), position_[0] ? "1\n" : "0\n");
  root_->File(XenLoadedRecord(LoadKind::kCrash), position_[1] ? "1\n" : "0\n");
}

}  // namespace kexec::testing
