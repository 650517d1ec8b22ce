// SPDX-License-Identifier: LGPL-2.1-or-later
// Virtual addresses of the panicked kernel to places in the dump.
#include <elf.h>

#include <algorithm>
#include <ranges>

#include "loaders/vmcore/dump.h"

namespace kexec {
namespace {

// Documentation/arch/x86/x86_64/mm.rst: the kernel's text is mapped here, phys_base says from where.
constexpr uint64_t kX86TextBegin = 0xffffffff80000000;
constexpr uint64_t kX86TextEnd = 0xffffffffc0000000;
constexpr uint64_t kX86AddressMask = 0x000ffffffffff000;  // Intel SDM volume 3, 4.5: bits 51 to 12
constexpr uint64_t kX86Present = 1, kX86Large = 1 << 7;

}  // namespace

DumpMemory::DumpMemory(const OpenedDump& dump, const VmcoreInfo& info)
    : source_(dump.source), info_(info), is_64bit_(dump.core.is_64bit), big_endian_(dump.core.big_endian) {
  if (is_64bit_ && !big_endian_ && dump.core.machine == EM_X86_64) machine_ = Machine::kX86_64;
  if (is_64bit_ && !big_endian_ && dump.core.machine == EM_AARCH64) machine_ = Machine::kArm64;
  if (is_64bit_ && !big_endian_ && dump.core.machine == EM_RISCV) machine_ = Machine::kRiscv64;
  // "Not known" is all ones, in an ELF32 file 32 of them.
  const uint64_t unknown = is_64bit_ ? ~uint64_t{0} : uint64_t{0xffffffff};
  // The first header that knows an address wins: painted last.
  for (const ElfSegment& segment : std::views::reverse(dump.core.segments)) {
    if (segment.type != PT_LOAD) continue;
    const uint64_t size = std::min(segment.file_size, segment.memory_size);
    if (segment.virt != unknown) virt_.Paint(segment.virt, size, segment.offset);
    if (segment.phys != unknown) phys_.Paint(segment.phys, size, segment.offset);
  }
}

std::optional<ExtentMap::Hit> DumpMemory::AtPhysical(uint64_t phys, uint64_t bytes) const {
  auto hit = phys_.Find(phys);
  if (hit) hit->bytes = std::min(hit->bytes, bytes);
  return hit;
}

std::optional<uint64_t> DumpMemory::ReadPhysical64(uint64_t phys) const {
  const auto hit = phys_.Find(phys);
  std::byte raw[8];
  if (!hit || hit->bytes < sizeof(raw) || !source_->Read(hit->position, raw).has_value()) return std::nullopt;
  return DecodeUint(raw, false);
}

// Walks the page tables (Intel SDM volume 3, 4.5): a kernel with a randomised direct map tells its base
// nowhere else.
std::optional<ExtentMap::Hit> DumpMemory::LocateX86(uint64_t virt) const {
  const auto phys_base = info_.Number("phys_base");
  if (!phys_base) return std::nullopt;
  const auto text_to_phys = [&](uint64_t address) { return address - kX86TextBegin + *phys_base; };
  if (virt >= kX86TextBegin && virt < kX86TextEnd) return AtPhysical(text_to_phys(virt), kX86TextEnd - virt);
  auto top = info_.Symbol("init_top_pgt");
  if (!top) top = info_.Symbol("swapper_pg_dir");
  if (!top) top = info_.Symbol("init_level4_pgt");
  if (!top || *top < kX86TextBegin || *top >= kX86TextEnd) return std::nullopt;
  const uint64_t encrypted = info_.Number("sme_mask").value_or(0);
  uint64_t table = text_to_phys(*top);
  const unsigned levels = info_.Number("pgtable_l5_enabled").value_or(0) == 1 ? 5 : 4;
  for (unsigned level = levels; level > 0; --level) {
    const unsigned shift = 12 + 9 * (level - 1);
    const auto entry = ReadPhysical64(table + 8 * (virt >> shift & 0x1ff));
    if (!entry || (*entry & kX86Present) == 0) return std::nullopt;
    const uint64_t target = *entry & ~encrypted & kX86AddressMask;
    const bool is_page = level == 1 || (level <= 3 && (*entry & kX86Large) != 0);
    if (is_page) {
      const uint64_t inside = virt & ((uint64_t{1} << shift) - 1);
      const uint64_t page = target >> shift << shift;
      return AtPhysical(page + inside, (uint64_t{1} << shift) - inside);
    }
    table = target;
  }
  return std::nullopt;
}

// arch/arm64/include/asm/memory.h: since 5.4 the linear map is the lower half of the kernel's addresses and
// counted from the lowest that VA_BITS allows, before it was the upper one; the kernel's own text is in the
// other half. A kernel built for 52 bits uses 48 on most CPUs: TCR_EL1_T1SZ tells how many are left out of 64
// (since 5.9).
std::optional<ExtentMap::Hit> DumpMemory::LocateArm64(uint64_t virt) const {
  const auto built_for = info_.Number("VA_BITS");
  const auto image_offset = info_.Number("kimage_voffset");
  const auto ram_begin = info_.Number("PHYS_OFFSET");
  const auto text = info_.Symbol("_stext");
  if (!built_for || *built_for < 36 || *built_for > 52 || !image_offset || !ram_begin || !text)
    return std::nullopt;
  const auto left_out = info_.Number("TCR_EL1_T1SZ");
  const uint64_t bits = left_out && *left_out >= 12 && *left_out <= 28 ? 64 - *left_out : *built_for;
  const uint64_t half = uint64_t{1} << (bits - 1);
  const uint64_t left = half - (virt & (half - 1));
  if ((virt & half) == (*text & half)) return AtPhysical(virt - *image_offset, left);
  const bool lower = (virt & half) == 0;
  const uint64_t inside = lower ? (uint64_t{1} << *built_for) - 1 : half - 1;
  return AtPhysical((virt & inside) + *ram_begin, left);
}

// arch/riscv/kernel/vmcore_info.c and arch/riscv/include/asm/page.h: the linear map begins at PAGE_OFFSET
// with the lowest RAM, the kernel's own mapping is the last 2 GiB, from KERNEL_LINK_ADDR on.
std::optional<ExtentMap::Hit> DumpMemory::LocateRiscv64(uint64_t virt) const {
  const auto linear = info_.Number("PAGE_OFFSET");
  const auto ram_begin = info_.Number("phys_ram_base");
  const auto image = info_.Number("KERNEL_LINK_ADDR");
  const auto image_offset = info_.Number("va_kernel_pa_offset");
  if (image && image_offset && virt >= *image) return AtPhysical(virt - *image_offset, uint64_t{0} - virt);
  if (!linear || !ram_begin || virt < *linear) return std::nullopt;
  return AtPhysical(virt - *linear + *ram_begin, image.value_or(0) - virt);
}

std::optional<ExtentMap::Hit> DumpMemory::Locate(uint64_t virt) const {
  if (const auto hit = virt_.Find(virt)) return hit;
  if (machine_ == Machine::kX86_64) return LocateX86(virt);
  if (machine_ == Machine::kArm64) return LocateArm64(virt);
  if (machine_ == Machine::kRiscv64) return LocateRiscv64(virt);
  return std::nullopt;
}

Result<> DumpMemory::Read(uint64_t virt, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto hit = Locate(virt);
    if (!hit) {
      return Fail(Errc::kNotRecognised,
                  "no program header covers virtual address {:#x}, and vmcoreinfo does not tell where it is",
                  virt);
    }
    const size_t now = static_cast<size_t>(std::min<uint64_t>(hit->bytes, out.size()));
    KEXEC_TRY(source_->Read(hit->position, out.first(now)), fmt::format("virtual address {:#x}", virt));
    out = out.subspan(now);
    virt += now;  // may run over 2^64: then nothing is found at 0
  }
  return {};
}

Result<uint64_t> DumpMemory::ReadUint(uint64_t virt, unsigned size) const {
  std::byte raw[8];
  KEXEC_TRY(Read(virt, std::span(raw).first(size)));
  return DecodeUint(Bytes(raw).first(size), big_endian_);
}

}  // namespace kexec
