// SPDX-License-Identifier: GPL-2.0-or-later
// Makes bzImages of any boot protocol from 2.00 on (Documentation/arch/x86/boot.rst), with a correct CRC-32,
// and wrong ones: Poke changes bytes after everything else is in place. Independent of loaders/: it restates
// the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kexec/bytes.h"

namespace kexec::testing {

class BzImageBuilder {
 public:
  BzImageBuilder() = default;
  explicit BzImageBuilder(uint16_t protocol) : protocol_(protocol) {}

  BzImageBuilder& SetupSects(uint8_t sectors) { return Set(setup_sects_, sectors); }
  BzImageBuilder& Version(std::string text) { return Set(version_, std::move(text)); }
  // Bytes of the protected-mode part; rounded up to 16, the last four become the CRC.
  BzImageBuilder& KernelSize(size_t size) { return Set(kernel_size_, size); }
  BzImageBuilder& LoadFlags(uint8_t flags) { return Set(loadflags_, flags); }
  BzImageBuilder& XLoadFlags(uint16_t flags) { return Set(xloadflags_, flags); }
  BzImageBuilder& Relocatable(bool relocatable) { return Set(relocatable_, relocatable); }
  BzImageBuilder& KernelAlignment(uint32_t bytes) { return Set(kernel_alignment_, bytes); }
  BzImageBuilder& PrefAddress(uint64_t address) { return Set(pref_address_, address); }
  BzImageBuilder& InitSize(uint32_t bytes) { return Set(init_size_, bytes); }
  BzImageBuilder& CommandLineSize(uint32_t bytes) { return Set(cmdline_size_, bytes); }
  BzImageBuilder& InitrdAddrMax(uint32_t address) { return Set(initrd_addr_max_, address); }
  // Without it, no CRC is written (as Linux 6.16 and later).
  BzImageBuilder& Checksum(bool with) { return Set(checksum_, with); }
  // Adds a PE32+ header; with `certificate` bytes, also what a signer does: CheckSum, certificate table,
  // trailing data.
  BzImageBuilder& Pe(size_t certificate = 0) { return Set(certificate_, std::optional(certificate)); }
  // Bytes behind everything.
  BzImageBuilder& Trailing(size_t bytes) { return Set(trailing_, bytes); }
  // Writes `value`, little-endian, at a file offset, before or after the CRC is made.
  template <class T>
  BzImageBuilder& Poke(uint64_t offset, T value) {
    return AddPoke(pokes_, offset, value);
  }
  template <class T>
  BzImageBuilder& PokeBeforeChecksum(uint64_t offset, T value) {
    return AddPoke(early_pokes_, offset, value);
  }

  uint64_t setup_size() const { return ((setup_sects_ == 0 ? 4U : setup_sects_) + 1U) * 512U; }
  uint64_t kernel_size() const { return (kernel_size_ + 15) / 16 * 16; }

  std::vector<std::byte> BuildBytes() const {
    std::vector<std::byte> file(setup_size() + kernel_size());
    for (size_t i = setup_size(); i < file.size(); ++i) file[i] = static_cast<std::byte>(i * 7 + i / 256);
    WriteHeader(file);
    if (certificate_) WritePe(file);
    for (const auto& [offset, bytes] : early_pokes_) Write(file, offset, bytes);
    if (checksum_) {
      const uint64_t body = file.size() - 4;
      PutAt<uint32_t>(file, body, Crc(file.data(), body));
    }
    if (certificate_ && *certificate_ != 0) Sign(file);
    file.resize(file.size() + trailing_, std::byte{0x5a});
    for (const auto& [offset, bytes] : pokes_) Write(file, offset, bytes);
    return file;
  }
  SharedBytes Build() const { return SharedBytes::Own(BuildBytes()); }

  static constexpr uint64_t kPeOffset = 0x40;
  static constexpr uint64_t kPeChecksum = kPeOffset + 24 + 64;
  static constexpr uint64_t kPeCertificate = kPeOffset + 24 + 112 + 32;

 private:
  using Patch = std::pair<uint64_t, std::vector<std::byte>>;

  template <class T>
  BzImageBuilder& Set(T& field, T value) {
    field = std::move(value);
    return *this;
  }
  template <class T>
  BzImageBuilder& AddPoke(std::vector<Patch>& pokes, uint64_t offset, T value) {
    const Le<T> stored(value);
    std::vector<std::byte> bytes(sizeof(T));
    std::memcpy(bytes.data(), &stored, sizeof(T));
    pokes.emplace_back(offset, std::move(bytes));
    return *this;
  }
  static void Write(std::vector<std::byte>& file, uint64_t offset, const std::vector<std::byte>& bytes) {
    if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
    std::memcpy(file.data() + offset, bytes.data(), bytes.size());
  }
  template <class T>
  static void PutAt(std::vector<std::byte>& file, uint64_t offset, T value) {
    const Le<T> stored(value);
    std::memcpy(file.data() + offset, &stored, sizeof(T));
  }
  // Bit by bit, from the definition: polynomial 0x04c11db7 reflected, initial remainder all ones, not
  // inverted.
  static uint32_t Crc(const std::byte* bytes, size_t size) {
    uint32_t remainder = 0xffffffff;
    for (size_t i = 0; i < size; ++i) {
      remainder ^= std::to_integer<uint32_t>(bytes[i]);
      for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1U) * 0xedb88320U;
    }
    return remainder;
  }

  // Where the header of this protocol ends: what the jump at 0x200 leads to.
  uint64_t HeaderEnd() const {
    static constexpr std::pair<uint16_t, uint16_t> kEnds[] = {
        {0x020f, 0x26c}, {0x020b, 0x268}, {0x020a, 0x264}, {0x0209, 0x258}, {0x0208, 0x250}, {0x0207, 0x248},
        {0x0206, 0x23c}, {0x0205, 0x235}, {0x0203, 0x230}, {0x0202, 0x22c}, {0x0201, 0x226}};
    for (const auto& [protocol, end] : kEnds) {
      if (protocol_ >= protocol) return end;
    }
    return 0x224;
  }

  void WriteHeader(std::vector<std::byte>& file) const {
    PutAt<uint8_t>(file, 0x1f1, setup_sects_);
    const auto paragraphs = static_cast<uint32_t>(kernel_size() / 16);
    if (protocol_ >= 0x0204) PutAt<uint32_t>(file, 0x1f4, paragraphs);
    if (protocol_ < 0x0204) PutAt<uint16_t>(file, 0x1f4, static_cast<uint16_t>(paragraphs));
    PutAt<uint16_t>(file, 0x1fe, 0xaa55);
    PutAt<uint8_t>(file, 0x200, 0xeb);
    PutAt<uint8_t>(file, 0x201, static_cast<uint8_t>(HeaderEnd() - 0x202));
    PutAt<uint32_t>(file, 0x202, 0x53726448);
    PutAt<uint16_t>(file, 0x206, protocol_);
    PutAt<uint8_t>(file, 0x211, loadflags_);
    PutAt<uint32_t>(file, 0x214, 0x100000);
    if (protocol_ >= 0x0203) PutAt<uint32_t>(file, 0x22c, initrd_addr_max_);
    if (protocol_ >= 0x0205) PutAt<uint32_t>(file, 0x230, kernel_alignment_);
    if (protocol_ >= 0x0205) PutAt<uint8_t>(file, 0x234, relocatable_ ? 1 : 0);
    if (protocol_ >= 0x020a) PutAt<uint8_t>(file, 0x235, 0x15);
    if (protocol_ >= 0x020c) PutAt<uint16_t>(file, 0x236, xloadflags_);
    if (protocol_ >= 0x0206) PutAt<uint32_t>(file, 0x238, cmdline_size_);
    if (protocol_ >= 0x020a) PutAt<uint64_t>(file, 0x258, pref_address_);
    if (protocol_ >= 0x020a) PutAt<uint32_t>(file, 0x260, init_size_);
    if (!version_.empty()) {
      PutAt<uint16_t>(file, 0x20e, kVersionOffset - 0x200);
      std::memcpy(file.data() + kVersionOffset, version_.c_str(), version_.size() + 1);
    }
  }

  static void WritePe(std::vector<std::byte>& file) {
    PutAt<uint16_t>(file, 0, 0x5a4d);
    PutAt<uint32_t>(file, 0x3c, kPeOffset);
    PutAt<uint32_t>(file, kPeOffset, 0x00004550);
    PutAt<uint16_t>(file, kPeOffset + 24, 0x20b);    // PE32+
    PutAt<uint32_t>(file, kPeOffset + 24 + 108, 6);  // number of data directories
  }

  void Sign(std::vector<std::byte>& file) const {
    PutAt<uint32_t>(file, kPeChecksum, 0xd8d44c);
    PutAt<uint32_t>(file, kPeCertificate, static_cast<uint32_t>(file.size()));
    PutAt<uint32_t>(file, kPeCertificate + 4, static_cast<uint32_t>(*certificate_));
    file.resize(file.size() + *certificate_, std::byte{0x30});
  }

  static constexpr uint16_t kVersionOffset = 0x300;

  uint16_t protocol_ = 0x020f;
  uint8_t setup_sects_ = 4;
  std::string version_ = "6.1.0-test (builder@example.org) #1 SMP";
  size_t kernel_size_ = 0x1000;
  uint8_t loadflags_ = 0x01;
  uint16_t xloadflags_ = 0x7f;
  bool relocatable_ = true;
  uint32_t kernel_alignment_ = 0x200000;
  uint64_t pref_address_ = 0x1000000;
  uint32_t init_size_ = 0x3378000;
  uint32_t cmdline_size_ = 2047;
  uint32_t initrd_addr_max_ = 0x7fffffff;
  bool checksum_ = true;
  std::optional<size_t> certificate_;
  size_t trailing_ = 0;
  std::vector<Patch> pokes_;
  std::vector<Patch> early_pokes_;
};

}  // namespace kexec::testing
