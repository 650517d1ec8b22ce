// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/bzimage/checksum.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "loaders/bzimage/crc32.h"

namespace kexec {
namespace {

// Digits at the start of `text`, which is advanced over them.
std::optional<unsigned> TakeNumber(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<PeSigning> FindPeSigning(Bytes file) {
  // PE/COFF specification: "MZ", e_lfanew at 0x3c, "PE\0\0", 20 bytes of COFF header, then the optional
  // header with CheckSum at 64 and the data directories at 96 (PE32) or 112 (PE32+); entry 4 is the
  // certificate table.
  constexpr uint64_t kCoffSize = 4 + 20;
  constexpr uint64_t kEntry4 = 4 * 8;
  const auto mz = ReadAt<Le<uint16_t>>(file, 0);
  const auto pe = ReadAt<Le<uint32_t>>(file, 0x3c);
  if (!mz || *mz != 0x5a4d || !pe) return std::nullopt;
  const auto signature = ReadAt<Le<uint32_t>>(file, *pe);
  const uint64_t optional_header = uint64_t{*pe} + kCoffSize;  // both below 2^33
  const auto magic = ReadAt<Le<uint16_t>>(file, optional_header);
  if (!signature || *signature != 0x00004550 || !magic || (*magic != 0x10b && *magic != 0x20b))
    return std::nullopt;
  PeSigning signing;
  signing.checksum_offset = optional_header + 64;
  signing.certificate_offset = optional_header + (*magic == 0x20b ? 112 : 96) + kEntry4;
  const auto directory_count = ReadAt<Le<uint32_t>>(file, signing.certificate_offset - kEntry4 - 4);
  const auto certificate_size = ReadAt<Le<uint32_t>>(file, signing.certificate_offset + 4);
  if (!directory_count || *directory_count < 5 || !certificate_size) return std::nullopt;
  signing.has_certificate = *certificate_size != 0;
  const auto certificates = ReadAt<Le<uint32_t>>(file, signing.certificate_offset);
  if (signing.has_certificate) signing.certificates_end = uint64_t{*certificates} + *certificate_size;
  return signing;
}

uint32_t ImageChecksum(Bytes image, const std::optional<PeSigning>& signing) {
  constexpr std::array<std::byte, 8> kZeros{};
  uint32_t remainder = 0xffffffff;
  if (signing && signing->certificate_offset + 8 <= image.size()) {
    remainder = Crc32(remainder, image.first(signing->checksum_offset));
    remainder = Crc32(remainder, Bytes(kZeros).first(4));
    const uint64_t between = signing->checksum_offset + 4;
    remainder = Crc32(remainder, image.subspan(between, signing->certificate_offset - between));
    remainder = Crc32(remainder, kZeros);
    image = image.subspan(signing->certificate_offset + 8);
  }
  return Crc32(remainder, image);
}

bool CarriesChecksum(uint16_t protocol, std::string_view version) {
  if (protocol < 0x0208) return false;
  const auto major = TakeNumber(version);
  if (!major || !version.starts_with('.')) return false;
  version.remove_prefix(1);
  const auto minor = TakeNumber(version);
  return minor && std::pair(*major, *minor) < std::pair(6U, 16U);
}

}  // namespace kexec
