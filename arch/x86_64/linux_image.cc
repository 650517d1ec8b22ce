// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/linux_image.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "arch/page_pieces.h"
#include "arch/x86_64/boot_params.h"
#include "arch/x86_64/x86_memory.h"
#include "loaders/direct_linux.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();
// The kernel's pieces may take what is left beside boot_params, purgatory, initrds and a crash kernel's
// extras.
constexpr size_t kMostPieces = 6;
constexpr uint64_t kEntry64Offset = 0x200;  // boot.rst, "64-bit Boot Protocol"
// boot.rst, 32-bit protocol: where a kernel that cannot be moved is loaded unless it says otherwise.
constexpr uint64_t kDefaultBase = 1 << 20;
// The newest protocol whose fields a vmlinux gets; those it reads from boot_params are all older.
constexpr uint16_t kProtocolOfVmlinux = 0x020f;
// COMMAND_LINE_SIZE without the final zero (arch/x86/include/asm/setup.h).
constexpr uint64_t kLinuxCommandLine = 2047;
// A 64-bit kernel maps itself in large pages (PMD_SIZE; startup code in arch/x86/kernel/head64.c stops at
// less).
constexpr Alignment kLargePage = Alignment::Of<2 << 20>();
// The virtual addresses a kernel may run at: KERNEL_IMAGE_SIZE bytes from __START_KERNEL_map
// (arch/x86/include/asm/page_64_types.h).
constexpr uint64_t kKernelImageSize = uint64_t{1} << 30;

Result<EntryMode> ChooseEntry(const BzImage& image, const X86Facts& facts, const BootInputs& inputs,
                              Diagnostics& diagnostics) {
  if (image.protocol < 0x0200) {
    return Fail(Errc::kUnsupported, "the kernel is older than boot protocol 2.00 (Linux 1.3.73)");
  }
  if (EntersInRealMode(inputs.kernel, inputs.real_mode)) return EntryMode::kReal;
  if (!image.has_64bit_entry || inputs.entry_32bit) return EntryMode::k32;
  if (!facts.five_level || image.five_level) return EntryMode::k64;
  diagnostics.Note(
      "32-bit entry: the running kernel uses five-level paging, which the new one cannot be entered with");
  return EntryMode::k32;
}

Result<LinuxImage> FromBzImage(const BzImage& image, const X86Facts& facts, const BootInputs& inputs,
                               Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const EntryMode mode, ChooseEntry(image, facts, inputs, diagnostics));
  LinuxImage linux;
  linux.setup_header = image.setup_header;
  linux.protocol = image.protocol;
  linux.pieces = {{PhysAddr(0), 0, image.kernel, image.init_size}};
  linux.size = image.init_size;
  linux.linked_at = image.pref_address;
  linux.base = image.relocatable ? KernelBase::kFromLinked : KernelBase::kLinked;
  if (!image.relocatable && image.pref_address.raw() == 0) linux.linked_at = PhysAddr(kDefaultBase);
  linux.alignment = image.alignment.value_or(linux.alignment);
  linux.mode = mode;
  linux.entry_offset = mode == EntryMode::k64 ? kEntry64Offset : 0;
  linux.i386 = !image.has_64bit_entry;
  linux.reaches_high = mode == EntryMode::k64 && image.can_load_above_4g;
  linux.initrd_addr_max = image.initrd_addr_max;
  linux.command_line_max = image.command_line_max;
  linux.efi_kexec = image.efi_kexec;
  linux.told_base = image.relocatable;
  return linux;
}

// What a vmlinux and an unpacked kernel have in common. Bytes are taken from `pieces`, which are the kernel's
// own or its relocated ones.
Result<LinuxImage> FromElf(const ElfKernel& kernel, const std::vector<LoadPiece>& pieces) {
  LinuxImage linux;
  KEXEC_ASSIGN(linux.pieces, PagePieces(pieces, kPage, kMostPieces));
  const PhysRange extent = ExtentOf(linux.pieces);
  linux.linked_at = extent.begin();
  linux.size = extent.size();
  for (LoadPiece& piece : linux.pieces) {
    piece.address = PhysAddr(piece.address.raw() - linux.linked_at.raw());
  }
  linux.entry_offset = kernel.entry.raw() - linux.linked_at.raw();
  linux.i386 = !kernel.is_64bit;
  linux.mode = kernel.is_64bit ? EntryMode::k64 : EntryMode::k32;
  linux.alignment = std::max(kernel.alignment, kLargePage);
  linux.reaches_high = kernel.is_64bit;
  linux.efi_kexec = kernel.is_64bit;
  // A 64-bit kernel's startup code finds out where it lies (arch/x86/kernel/head64.c); a 32-bit one's does
  // not.
  const bool movable = kernel.is_64bit && linux.alignment.Divides(linux.linked_at.raw());
  linux.base = movable ? KernelBase::kLinkedOrOther : KernelBase::kLinked;
  return linux;
}

// A vmlinux has no setup header; this one says what any kernel that looks may rely on.
SharedBytes HeaderOfVmlinux(const LinuxImage& linux) {
  SetupHeader header{};
  header.boot_flag = kBootFlag;
  header.header = kHdrS;
  header.version = kProtocolOfVmlinux;
  header.loadflags = kLoadedHigh;
  header.kernel_alignment = static_cast<uint32_t>(linux.alignment.bytes());
  header.relocatable_kernel = linux.base == KernelBase::kLinked ? 0 : 1;
  header.cmdline_size = static_cast<uint32_t>(linux.command_line_max);
  header.pref_address = linux.linked_at.raw();
  header.init_size = static_cast<uint32_t>(std::min<uint64_t>(linux.size, UINT32_MAX));
  if (!linux.i386) header.xloadflags = kXlfKernel64 | kXlfAbove4G | kXlfEfiKexec;
  std::vector<std::byte> bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  return SharedBytes::Own(std::move(bytes));
}

// Linux 5.5 made CONFIG_X86_5LEVEL the default (arch/x86/Kconfig), and distributions left it so. `version`
// begins "6.1.0-..." or is empty.
bool HasFiveLevelsByDefault(std::string_view version) {
  std::pair<unsigned, unsigned> release{0, 0};
  const char* end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, release.first);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  std::from_chars(dot + 1, end, release.second);
  return release >= std::pair(5U, 5U);
}

Result<LinuxImage> FromVmlinux(const ElfKernel& kernel, const KernelImage& image, const X86Facts& facts,
                               Diagnostics& diagnostics) {
  KEXEC_ASSIGN(LinuxImage linux, FromElf(kernel, kernel.pieces));
  linux.protocol = kProtocolOfVmlinux;
  linux.command_line_max = std::min(CommandLineLimit(image), kLinuxCommandLine);
  linux.setup_header = HeaderOfVmlinux(linux);
  if (kernel.is_64bit && facts.five_level && !HasFiveLevelsByDefault(kernel.version)) {
    diagnostics.Warn(
        "the running kernel uses five-level paging, and a vmlinux does not tell whether it can be entered "
        "with it: it must be built with CONFIG_X86_5LEVEL");
  }
  return linux;
}

// What the decompressor would have to do that nobody does if it is passed over; empty: nothing.
std::string_view NeedsDecompressor(const DirectLinux& direct, const X86Facts& facts,
                                   const BootInputs& inputs) {
  if (inputs.entry_32bit) return "--entry-32bit enters the decompressor";
  if (inputs.real_mode) return "--real-mode enters its real-mode code";
  if (facts.five_level && !direct.packed.five_level) {
    return "it has to leave five-level paging, which this kernel cannot be entered with";
  }
  if (facts.confidential_guest)
    return "in a confidential guest it has to set up encryption and accept memory";
  if (HasWord(inputs.command_line, "mem=") || HasWord(inputs.command_line, "memmap=")) {
    return "it has to find a place that 'mem=' or 'memmap=' on the command line leaves";
  }
  return {};
}

// How far above its linked virtual addresses the kernel runs (find_random_virt_addr in
// arch/x86/boot/compressed/kaslr.c does the same).
uint64_t RandomDistance(const ElfKernel& kernel, Alignment alignment, uint64_t random) {
  const uint64_t end = ExtentOf(kernel.pieces).end().raw();
  if (end >= kKernelImageSize) return 0;
  const uint64_t slots = (kKernelImageSize - end) / alignment.bytes() + 1;
  return random % slots * alignment.bytes();
}

bool IsRandomised(const DirectLinux& direct, const BootInputs& inputs, Diagnostics& diagnostics) {
  if (!inputs.kaslr_seed || HasWord(inputs.command_line, "nokaslr")) return false;
  if (direct.relocations.empty()) {
    diagnostics.Note("the kernel's virtual addresses are those it was linked for: {}", direct.why_fixed);
  }
  return !direct.relocations.empty();
}

Result<LinuxImage> FromDirect(const DirectLinux& direct, const BootInputs& inputs, Diagnostics& diagnostics) {
  const Alignment alignment =
      std::max({direct.unpacked.alignment, direct.packed.alignment.value_or(kLargePage), kLargePage});
  const bool randomised = IsRandomised(direct, inputs, diagnostics);
  std::vector<LoadPiece> pieces = direct.unpacked.pieces;
  if (randomised) {
    const uint64_t distance = RandomDistance(direct.unpacked, alignment, inputs.kaslr_seed->at(1));
    pieces = Relocate(direct.unpacked, direct.relocations, distance);
  }
  KEXEC_ASSIGN(LinuxImage linux, FromElf(direct.unpacked, pieces));
  linux.alignment = alignment;
  linux.randomised = randomised;
  linux.protocol = direct.packed.protocol;
  linux.setup_header = direct.packed.setup_header;
  // In the crash region a place chosen at random could leave none for the initrd.
  if (randomised && inputs.kind != LoadKind::kCrash && linux.base != KernelBase::kLinked) {
    linux.base = KernelBase::kRandom;
    linux.random_slot = inputs.kaslr_seed->at(0);
  }
  linux.command_line_max = direct.packed.command_line_max;
  linux.efi_kexec = direct.packed.efi_kexec;
  linux.told_base = true;
  return linux;
}

}  // namespace

bool BootsAsLinux(const KernelImage& image, ElfHandover handover) {
  if (std::holds_alternative<MultibootKernel>(image.image)) return false;
  const auto* elf = std::get_if<ElfKernel>(&image.image);
  if (elf == nullptr) return true;
  return handover == ElfHandover::kLinux || (handover == ElfHandover::kByImage && elf->is_linux);
}

Result<LinuxImage> MakeLinuxImage(const X86Facts& facts, const BootInputs& inputs, Diagnostics& diagnostics) {
  const KernelImage& kernel = inputs.kernel;
  if (const auto* image = std::get_if<BzImage>(&kernel.image)) {
    return FromBzImage(*image, facts, inputs, diagnostics);
  }
  if (const auto* elf = std::get_if<ElfKernel>(&kernel.image)) {
    return FromVmlinux(*elf, kernel, facts, diagnostics);
  }
  const auto& direct = std::get<DirectLinux>(kernel.image);
  const std::string_view reason = NeedsDecompressor(direct, facts, inputs);
  if (reason.empty()) return FromDirect(direct, inputs, diagnostics);
  diagnostics.Warn("the kernel is entered at its decompressor: {}", reason);
  return FromBzImage(direct.packed, facts, inputs, diagnostics);
}

}  // namespace kexec
