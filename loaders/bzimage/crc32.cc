// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/bzimage/crc32.h"

#include <zlib.h>

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kexec {

uint32_t Crc32Portable(uint32_t remainder, Bytes bytes) {
  if (bytes.empty()) return remainder;  // to zlib, no data means "start"
  // zlib inverts the remainder on the way in and on the way out.
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return ~static_cast<uint32_t>(crc32_z(~remainder & 0xffffffff, data, bytes.size()));
}

#if defined(__x86_64__)
namespace {

// Folding by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction", Intel 2009): the remainder of a 16-byte lane is carried over N bytes by multiplying
// its halves with x^(8N+32) and x^(8N-32) modulo the polynomial, bits reflected.
constexpr size_t kLane = 16;
constexpr size_t kStep = 4 * kLane;

__attribute__((target("pclmul"))) __m128i Fold(__m128i lane, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(lane, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(lane, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__m128i LaneAt(Bytes bytes, size_t offset) {
  __m128i lane;
  std::memcpy(&lane, bytes.data() + offset, kLane);
  return lane;
}

// `bytes` is a positive multiple of kStep.
__attribute__((target("pclmul"))) uint32_t Crc32Folded(uint32_t remainder, Bytes bytes) {
  const __m128i over_step = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);  // N = 64
  const __m128i over_lane = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);  // N = 16
  __m128i lane0 = _mm_xor_si128(LaneAt(bytes, 0), _mm_cvtsi32_si128(static_cast<int>(remainder)));
  __m128i lane1 = LaneAt(bytes, kLane);
  __m128i lane2 = LaneAt(bytes, 2 * kLane);
  __m128i lane3 = LaneAt(bytes, 3 * kLane);
  for (size_t offset = kStep; offset < bytes.size(); offset += kStep) {
    lane0 = Fold(lane0, over_step, LaneAt(bytes, offset));
    lane1 = Fold(lane1, over_step, LaneAt(bytes, offset + kLane));
    lane2 = Fold(lane2, over_step, LaneAt(bytes, offset + 2 * kLane));
    lane3 = Fold(lane3, over_step, LaneAt(bytes, offset + 3 * kLane));
  }
  lane3 = Fold(Fold(Fold(lane0, over_lane, lane1), over_lane, lane2), over_lane, lane3);
  // What is left of all bytes so far is a message of 16 bytes with the same remainder.
  std::byte folded[kLane];
  std::memcpy(folded, &lane3, kLane);
  return Crc32Portable(0, folded);
}

}  // namespace

uint32_t Crc32(uint32_t remainder, Bytes bytes) {
  const size_t folded = bytes.size() / kStep * kStep;
  if (folded == 0 || !__builtin_cpu_supports("pclmul")) return Crc32Portable(remainder, bytes);
  return Crc32Portable(Crc32Folded(remainder, bytes.first(folded)), bytes.subspan(folded));
}
#else
uint32_t Crc32(uint32_t remainder, Bytes bytes) { return Crc32Portable(remainder, bytes); }
#endif

}  // namespace kexec
