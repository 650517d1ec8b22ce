// SPDX-License-Identifier: GPL-2.0-or-later
// A bzImage around any payload (boot.rst, payload_offset and payload_length).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/bzimage_builder.h"

namespace kexec::testing {

// Where the payload begins in the protected-mode part.
inline constexpr uint32_t kPayloadOffset = 0x300;

// `builder` decides the header; kernel size and payload fields are set here.
inline std::vector<std::byte> BzImageWithPayload(Bytes payload, BzImageBuilder builder = {}) {
  builder.Checksum(false).Version("6.17.0-test (builder@example.org) #1 SMP");
  builder.KernelSize(kPayloadOffset + payload.size() + 64);
  builder.Poke<uint32_t>(0x248, kPayloadOffset).Poke<uint32_t>(0x24c, static_cast<uint32_t>(payload.size()));
  std::vector<std::byte> file = builder.BuildBytes();
  std::ranges::copy(payload, file.begin() + static_cast<ptrdiff_t>(builder.setup_size() + kPayloadOffset));
  return file;
}

}  // namespace kexec::testing
