// SPDX-License-Identifier: GPL-2.0-or-later
// Images for arm64 and riscv64, and the vmlinux around them: restates booting.rst and boot-image-header.rst.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"

namespace kexec::testing {

inline constexpr uint16_t kElfArm64 = 183;  // EM_AARCH64
inline constexpr uint16_t kElfRiscv = 243;  // EM_RISCV

class LinuxImageBuilder {
 public:
  // Linux 6.12 for arm64: 4 KiB pages, anywhere in memory, 0x40000 bytes of it.
  static LinuxImageBuilder Arm64() {
    LinuxImageBuilder builder("Linux version 6.12.0-test (builder@example.org) #1 SMP");
    return std::move(builder.Sizes(0, 0x40000).Put<uint64_t>(24, 0xa).Text(56, "ARM\x64"));
  }
  // Linux 6.12 for riscv64, header version 0.2.
  static LinuxImageBuilder Riscv64() {
    LinuxImageBuilder builder("Linux version 6.12.0-test (builder@example.org) #1 SMP");
    return std::move(
        builder.Sizes(0x200000, 0x40000).Put<uint32_t>(32, 2).Text(48, "RISCV").Text(56, "RSC\x05"));
  }

  LinuxImageBuilder& Sizes(uint64_t text_offset, uint64_t image_size) {
    return Put<uint64_t>(8, text_offset).Put<uint64_t>(16, image_size);
  }
  template <class T>
  LinuxImageBuilder& Put(size_t offset, T value) {
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
    return *this;
  }
  LinuxImageBuilder& Text(size_t offset, std::string_view text) {
    std::ranges::copy(BytesOf(text), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    return *this;
  }
  // A PE header that names one section up to `end`, as an EFI stub has.
  LinuxImageBuilder& EfiStub(uint32_t end) {
    constexpr uint32_t kHeader = 0x40;
    Text(0, "MZ").Put<uint32_t>(0x3c, kHeader).Text(kHeader, std::string_view("PE\0\0", 4));
    Put<uint16_t>(kHeader + 4, 0xaa64).Put<uint16_t>(kHeader + 6, 1).Put<uint16_t>(kHeader + 20, 0xa0);
    constexpr uint32_t kSection = kHeader + 24 + 0xa0;
    Text(kSection, ".text").Put<uint32_t>(kSection + 8, end - 0x1000);
    return Put<uint32_t>(kSection + 16, end - 0x1000).Put<uint32_t>(kSection + 20, 0x1000);
  }

  const ByteVector& Build() const { return bytes_; }
  SharedBytes BuildShared() const { return SharedBytes::Own(bytes_); }
  // The same as two pieces of a vmlinux linked to `base`, the second 0x2000 bytes behind the first's start.
  ElfBuilder BuildElf(uint16_t machine, uint64_t base) const {
    const auto half = bytes_.begin() + 0x1000;
    ElfBuilder elf;
    elf.Machine(machine).Entry(base).Load({base, base, {bytes_.begin(), half}, 0x1000});
    return elf.Load({base + 0x2000, base + 0x2000, {half, bytes_.end()}, 0x3000});
  }

 private:
  explicit LinuxImageBuilder(std::string_view banner) : bytes_(0x3000, std::byte{0x5a}) {
    std::fill_n(bytes_.begin(), 0x200, std::byte{});
    Text(0x1800, banner).Put<uint8_t>(0x1800 + banner.size(), 0);
  }
  ByteVector bytes_;
};

}  // namespace kexec::testing
