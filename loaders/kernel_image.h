// SPDX-License-Identifier: LGPL-2.1-or-later
// What a loader makes of a kernel file: plain values, no addresses decided. arch/ turns it into a plan.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/phys.h"
#include "loaders/elf/elf_kernel.h"
#include "loaders/image/image_kernel.h"
#include "loaders/multiboot/multiboot.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A Linux/x86 bzImage (Documentation/arch/x86/boot.rst): setup sectors, then the protected-mode kernel.
struct BzImage {
  uint16_t protocol = 0;     // boot protocol version, e.g. 0x020f; 0 before 2.00
  std::string version;       // "6.1.0-49-cloud-amd64 (...)" from kernel_version; empty if the header has none
  SharedBytes setup_header;  // the header as in the file, from offset 0x1f1 to its end (at most 0x90 bytes)
  SharedBytes setup;         // boot sector and setup sectors: the code that real mode enters
  SharedBytes kernel;        // the protected-mode part, loaded at the kernel's base address
  uint64_t init_size =
      0;  // bytes the kernel uses from its base on until it knows the memory map; >= kernel.size()
  PhysAddr pref_address;               // where it wants to run; where it must run if not relocatable
  bool relocatable = false;            // relocatable_kernel
  std::optional<Alignment> alignment;  // kernel_alignment, for relocatable kernels
  PhysAddr initrd_addr_max;       // highest address an initrd may touch (inclusive), unless can_load_above_4g
  uint64_t command_line_max = 0;  // cmdline_size: bytes without the final zero
  // LOADED_HIGH: the protected-mode part goes to 1 MiB or above; that of a zImage to 64 KiB (pref_address).
  bool loaded_high = true;
  // Why only real-mode code can start it ("it is a zImage (LOADED_HIGH is clear)"); empty: its 32-bit entry
  // works, too.
  std::string_view real_mode_only{};
  // XLF_KERNEL_64: entry at base + 0x200 in 64-bit mode. The type "bzImage" asks for the 32-bit entry: there
  // this and can_load_above_4g are false, whatever the header says.
  bool has_64bit_entry = false;
  bool can_load_above_4g = false;  // XLF_CAN_BE_LOADED_ABOVE_4G: kernel, boot_params, command line, initrd
  bool efi_kexec = false;          // XLF_EFI_KEXEC: takes SETUP_EFI
  bool five_level = false;         // XLF_5LEVEL: may be entered with five-level paging on
  bool signed_pe = false;          // the PE header names a certificate table
};

// A bzImage whose decompressor will not run: the kernel it packs is entered directly (loaders/direct_linux.h).
struct DirectLinux {
  BzImage packed;      // for its setup header and what that promises
  ElfKernel unpacked;  // what its payload holds
  KernelRelocations relocations;
  // Why there are none, worded to follow "the packed kernel: ": then it runs where it was linked. Else empty.
  std::string why_fixed;
};

struct KernelImage {
  std::string_view type;  // the registry's name: "bzImage64", "elf-x86_64"
  std::variant<BzImage, ElfKernel, MultibootKernel, DirectLinux, ImageKernel> image;
  std::string_view machine{};  // it is for: "x86_64", "aarch64" or "riscv64", as uname -m
};

// The longest command line this kernel takes, without the final zero; 0: it has none.
uint64_t CommandLineLimit(const KernelImage& kernel);

// Whether `kernel` is entered through its real-mode code: that was asked for, or there is no other way.
bool EntersInRealMode(const KernelImage& kernel, bool asked);

// For messages, if it is: "--real-mode was given", or why there is no other way.
std::string WhyRealMode(const KernelImage& kernel);

// Bytes of memory the kernel itself runs in until it knows its memory map, from its first to its last.
uint64_t RunBytes(const KernelImage& kernel);

// What a caller may ask of a parser.
struct ParseOptions {
  // Also check what the file says about its own bytes (a bzImage's CRC-32). Costs one pass over the kernel;
  // the length fields are always checked.
  bool verify_checksum = true;
  // The machine that is planned for, as uname -m: a kernel for another is refused. Empty: any will do.
  std::string_view machine{};
};

// One row of the registry: a format.
struct Loader {
  std::string_view name;         // as -t takes it
  std::string_view machine;      // it is for, as uname -m
  std::string_view description;  // one line
  // Cheap, never reports, looks at nothing outside `file`.
  bool (*recognises)(Bytes file);
  // Called only for a file it recognises; leaves KernelImage::type and machine to the registry.
  Result<KernelImage> (*parse)(const SharedBytes& file, const ParseOptions& options,
                               Diagnostics& diagnostics);
};

// All formats, in the order they are asked.
std::span<const Loader> Loaders();

// The image in `file` by the loader called `type`, or by the first that recognises it when `type` is empty.
// The result shares ownership of `file`; no byte is copied. Errors:
//   kNotRecognised  no loader knows the file, or it is not of the type asked for; says what it looks like
//   kUsage          there is no loader called `type`
//   kMalformed      recognised, but damaged or cut short
//   kUnsupported    recognised, but of a kind that cannot be loaded, or for another machine
Result<KernelImage> ParseKernel(const SharedBytes& file, std::string_view type, Diagnostics& diagnostics,
                                const ParseOptions& options = {});

}  // namespace kexec
KEXEC_PUBLIC_END
