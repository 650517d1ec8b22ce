// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/zboot.h"

#include <algorithm>
#include <string_view>

namespace kexec {
namespace {

// The start of the file, zboot-header.S.
struct ZbootHeader {
  char magic[4];  // "MZ", padded with zeros
  char type[4];   // "zimg"
  Le<uint32_t> payload_offset;
  Le<uint32_t> payload_size;
  Le<uint32_t> reserved[2];
  char compression[32];  // ends with a zero; at 0x38 the PE magic follows
};
static_assert(sizeof(ZbootHeader) == 0x38);

}  // namespace

bool RecognisesZboot(Bytes file) {
  const auto header = ReadAt<ZbootHeader>(file, 0);
  return header && std::string_view(header->magic, 2) == "MZ" && std::string_view(header->type, 4) == "zimg";
}

Result<ZbootPayload> ReadZboot(const SharedBytes& file) {
  const auto header = ReadAt<ZbootHeader>(file.view(), 0);
  if (!header) return Fail(Errc::kMalformed, "the file ends at {:#x}, inside the header", file.size());
  const auto payload = file.Slice(header->payload_offset, header->payload_size);
  if (!payload) {
    return Fail(Errc::kMalformed, "the payload covers {:#x} bytes from {:#x} on, the file ends at {:#x}",
                uint32_t{header->payload_size}, uint32_t{header->payload_offset}, file.size());
  }
  const auto* const end = std::ranges::find(header->compression, '\0');
  return ZbootPayload{*payload, std::string(std::begin(header->compression), end)};
}

}  // namespace kexec
