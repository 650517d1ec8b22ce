// SPDX-License-Identifier: GPL-2.0-or-later
// The digest against published vectors, against libxxhash, and each implementation against the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lib/freestanding/digest.h"

namespace kexec {
namespace {

std::string Hex(const uint8_t* bytes, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; i++) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    hex += digits;
  }
  return hex;
}

std::string Digest(uint32_t kind, uint32_t flags, std::string_view data) {
  kexec_digest_state state;
  kexec_digest_init(&state, kind, flags);
  kexec_digest_update(&state, data.data(), data.size());
  std::array<uint8_t, KEXEC_DIGEST_SIZE> out;
  kexec_digest_final(&state, out.data());
  return Hex(out.data(), out.size());
}

std::string LibraryXxh128(std::string_view data) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data.data(), data.size()));
  return Hex(canonical.digest, sizeof(canonical.digest)) + std::string(32, '0');
}

std::string RandomBytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Appends `data` in pieces of random length, many of them around the sizes of blocks and buffers.
void UpdateInPieces(kexec_digest_state* state, std::string_view data, std::mt19937& random) {
  constexpr size_t kLimits[] = {3, 65, 129, 300, 1100, 5000};
  while (!data.empty()) {
    const size_t piece = std::min<size_t>(random() % kLimits[random() % std::size(kLimits)], data.size());
    kexec_digest_update(state, data.data(), piece);
    data.remove_prefix(piece);
  }
}

class EachImplementation : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Flags, EachImplementation, ::testing::Values(0, KEXEC_DIGEST_PORTABLE),
                         [](const auto& test) { return test.param ? "Portable" : "Fastest"; });

struct Vector {
  std::string message;
  const char* digest;
};

TEST_P(EachImplementation, Sha256AgreesWithThePublishedVectors) {
  // FIPS 180-4 examples and NIST CAVP SHA256ShortMsg/LongMsg, and the classic million of 'a'.
  const Vector vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopq"
       "rst"
       "nopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
      {"\x11\xaf", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"},
      {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
      {"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {std::string(55, '\0'), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
      {std::string(56, '\0'), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
      {std::string(57, '\0'), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
      {std::string(64, '\0'), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
      {std::string(1000, 'A'), "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
  };
  for (const Vector& vector : vectors)
    EXPECT_EQ(Digest(KEXEC_DIGEST_SHA256, GetParam(), vector.message), vector.digest)
        << vector.message.size();
}

TEST_P(EachImplementation, Xxh128AgreesWithLibxxhashAtEveryLength) {
  const std::string data = RandomBytes(4201, 1);
  for (size_t size = 0; size < data.size(); size++) {
    const auto prefix = std::string_view(data).substr(0, size);
    ASSERT_EQ(Digest(KEXEC_DIGEST_XXH128, GetParam(), prefix), LibraryXxh128(prefix)) << size << " bytes";
  }
}

TEST_P(EachImplementation, HowTheDataIsSplitDoesNotMatter) {
  std::mt19937 random(2);
  const std::string data = RandomBytes(20000, 3);
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    for (int round = 0; round < 1500; round++) {
      const auto prefix = std::string_view(data).substr(0, random() % (round % 2 ? data.size() : 1300));
      kexec_digest_state state;
      kexec_digest_init(&state, kind, GetParam());
      UpdateInPieces(&state, prefix, random);
      std::array<uint8_t, KEXEC_DIGEST_SIZE> out;
      kexec_digest_final(&state, out.data());
      ASSERT_EQ(Hex(out.data(), out.size()), Digest(kind, GetParam(), prefix)) << prefix.size() << " bytes";
    }
  }
}

TEST_P(EachImplementation, EverySplitInTwoGivesTheSame) {
  const std::string data = RandomBytes(1290, 4);
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    const std::string whole = Digest(kind, GetParam(), data);
    for (size_t split = 0; split <= data.size(); split++) {
      kexec_digest_state state;
      kexec_digest_init(&state, kind, GetParam());
      kexec_digest_update(&state, data.data(), split);
      std::array<uint8_t, KEXEC_DIGEST_SIZE> out;
      kexec_digest_final(&state, out.data());  // looking half-way changes nothing
      EXPECT_EQ(Hex(out.data(), out.size()),
                Digest(kind, GetParam(), std::string_view(data).substr(0, split)));
      kexec_digest_update(&state, data.data() + split, data.size() - split);
      kexec_digest_final(&state, out.data());
      ASSERT_EQ(Hex(out.data(), out.size()), whole) << "split at " << split;
    }
  }
}

TEST_P(EachImplementation, AlignmentDoesNotMatter) {
  const std::string data = RandomBytes(3000, 5);
  for (size_t shift = 0; shift < 64; shift++) {
    const std::string moved = std::string(shift, 'x') + data;
    const auto view = std::string_view(moved).substr(shift);
    EXPECT_EQ(Digest(KEXEC_DIGEST_XXH128, GetParam(), view), LibraryXxh128(data));
    EXPECT_EQ(Digest(KEXEC_DIGEST_SHA256, GetParam(), view), Digest(KEXEC_DIGEST_SHA256, 0, data));
  }
}

TEST_P(EachImplementation, OneFlippedBitChangesTheDigest) {
  std::string data = RandomBytes(2000, 6);
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    const std::string before = Digest(kind, GetParam(), data);
    for (size_t i = 0; i < data.size(); i++) {
      const char old = data[i];
      data[i] = static_cast<char>(old ^ (1 << (i % 8)));
      EXPECT_NE(Digest(kind, GetParam(), data), before) << "byte " << i;
      data[i] = old;
    }
  }
}

TEST(Sha256Blocks, InstructionsAndPortableCodeAgree) {
  if (!kexec_sha256_instructions_usable()) GTEST_SKIP() << "this CPU has no SHA instructions";
  const std::string data = RandomBytes(64 * 40, 7);
  const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
  for (size_t blocks = 0; blocks <= 40; blocks++) {
    std::array<uint32_t, 8> portable = {1, 2, 3, 4, 5, 6, 7, 0xffffffff}, instructions = portable;
    kexec_sha256_blocks_portable(portable.data(), bytes, blocks);
    kexec_sha256_blocks_instructions(instructions.data(), bytes, blocks);
    EXPECT_EQ(portable, instructions) << blocks << " blocks";
  }
}

TEST(Xxh128Stripes, VectorAndPortableCodeAgree) {
  const std::string data = RandomBytes(64 * 16, 8);
  const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
  for (size_t first = 0; first < 16; first++) {
    std::array<uint64_t, 8> portable = {1, 2, 3, 4, 5, 6, 7, ~0ULL}, vector = portable;
    kexec_xxh128_stripes_portable(portable.data(), bytes, first, 16 - first);
    kexec_xxh128_stripes_vector(vector.data(), bytes, first, 16 - first);
    EXPECT_EQ(portable, vector) << "from stripe " << first;
  }
}

TEST(DigestKinds, HaveNamesAndLengths) {
  EXPECT_STREQ(kexec_digest_name(KEXEC_DIGEST_NONE), "none");
  EXPECT_STREQ(kexec_digest_name(KEXEC_DIGEST_XXH128), "xxh128");
  EXPECT_STREQ(kexec_digest_name(KEXEC_DIGEST_SHA256), "sha256");
  EXPECT_STREQ(kexec_digest_name(3), "unknown");
  EXPECT_EQ(kexec_digest_length(KEXEC_DIGEST_NONE), 0u);
  EXPECT_EQ(kexec_digest_length(KEXEC_DIGEST_XXH128), 16u);
  EXPECT_EQ(kexec_digest_length(KEXEC_DIGEST_SHA256), 32u);
  EXPECT_TRUE(kexec_digest_known(KEXEC_DIGEST_SHA256));
  EXPECT_FALSE(kexec_digest_known(3));
  EXPECT_EQ(Digest(KEXEC_DIGEST_NONE, 0, "anything"), std::string(64, '0'));
}

}  // namespace
}  // namespace kexec
