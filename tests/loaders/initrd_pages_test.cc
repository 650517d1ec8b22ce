// SPDX-License-Identifier: GPL-2.0-or-later
// The check must not page in what it checks. A private anonymous mapping has a page only where somebody
// touched it, so counting pages counts touches, without timing anything.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "loaders/initrd.h"
#include "tests/support/archive_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

constexpr size_t kPage = 4096;

// `size` bytes of zeros that cost nothing until touched.
class HugeMapping {
 public:
  explicit HugeMapping(size_t size) : size_(size) {
    void* address =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(address, MAP_FAILED);
    madvise(address, size, MADV_NOHUGEPAGE);
    bytes_ = static_cast<std::byte*>(address);
  }
  HugeMapping(const HugeMapping&) = delete;
  HugeMapping& operator=(const HugeMapping&) = delete;
  ~HugeMapping() { munmap(bytes_, size_); }

  Bytes view() const { return {bytes_, size_}; }
  void Put(size_t offset, const ByteVector& bytes) {
    std::memcpy(bytes_ + offset, bytes.data(), bytes.size());
  }
  size_t PagesTouched() const {
    std::vector<unsigned char> resident(size_ / kPage);
    EXPECT_EQ(mincore(bytes_, size_, resident.data()), 0);
    size_t touched = 0;
    for (unsigned char page : resident) touched += page & 1U;
    return touched;
  }

 private:
  std::byte* bytes_ = nullptr;
  size_t size_;
};

// The header and name of a member with `size` bytes of data, which are not there yet.
ByteVector MemberHeader(std::string_view name, size_t size) {
  ByteVector header = CpioBuilder().File(name, "").Build();
  const std::string digits = fmt::format("{:08x}", size);
  std::memcpy(header.data() + 54, digits.data(), digits.size());
  return header;
}

TEST(InitrdPages, ACpioArchiveOfSixGigabytesCostsAPageForEachMember) {
  constexpr size_t kMember = size_t{3} << 30;
  HugeMapping mapping(size_t{7} << 30);
  size_t offset = 0;
  for (int i = 0; i < 2; ++i) {
    const ByteVector header = MemberHeader("usr.squashfs", kMember);
    mapping.Put(offset, header);
    offset += header.size() + kMember;
  }
  const ByteVector trailer = CpioBuilder().Trailer().Build();
  mapping.Put(offset, trailer);
  const size_t before = mapping.PagesTouched();
  RecordingDiagnostics diagnostics;
  const size_t size = offset + trailer.size();
  EXPECT_EQ(MessageOf(CheckInitrd(mapping.view().first(size), "huge", diagnostics)), "success");
  EXPECT_LE(mapping.PagesTouched(), before + 3);
  EXPECT_EQ(
      MessageOf(CheckInitrd(mapping.view().first(size - trailer.size() - kMember / 2), "huge", diagnostics)),
      "initrd 'huge' is cut short: the cpio archive at 0x0 ends inside its member 'usr.squashfs': 0xc0000000 "
      "bytes "
      "of data from 0xc00000f8 on, 0x60000000 are there");
}

TEST(InitrdPages, ZstdFramesAreWalkedByTheirBlockHeaders) {
  // 1000 raw blocks of 128 KiB (RFC 8878, 3.1.1.2), then a last one of one byte.
  constexpr size_t kBlocks = 1000;
  constexpr size_t kBlock = 128 << 10;
  HugeMapping mapping(size_t{160} << 20);
  mapping.Put(0, BytesOf(std::string_view("\x28\xb5\x2f\xfd\x00\x58", 6)));
  size_t offset = 6;
  for (size_t i = 0; i < kBlocks; ++i) {
    mapping.Put(offset, BytesOf(std::string_view("\x00\x00\x10", 3)));  // size << 3, raw, not last
    offset += 3 + kBlock;
  }
  mapping.Put(offset, BytesOf(std::string_view("\x09\x00\x00x", 4)));
  const size_t before = mapping.PagesTouched();
  const auto members = WalkInitrd(mapping.view().first(offset + 4));
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].completeness, Completeness::kComplete);
  EXPECT_EQ(members[0].size, offset + 4);
  EXPECT_LE(mapping.PagesTouched(), before + 2);
}

TEST(InitrdPages, AnXzStreamIsProvedFromItsEnd) {
  // One block of 1 GiB less a little, "unpadded size" in the index; the block itself is never looked at.
  HugeMapping mapping(size_t{2} << 30);
  constexpr uint64_t kUnpadded = (uint64_t{1} << 30) - 24;
  const auto crc_of = [](const ByteVector& bytes) {
    const Le<uint32_t> crc(static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))));
    ByteVector stored(4);
    std::memcpy(stored.data(), &crc, 4);
    return stored;
  };
  const ByteVector flags = BytesOf(std::string_view("\0\x01", 2));
  mapping.Put(0, BytesOf(std::string_view("\xfd"
                                          "7zXZ\0",
                                          6)) +
                     flags + crc_of(flags));
  ByteVector index = BytesOf(std::string_view("\0\x01", 2));  // indicator, one record
  for (uint64_t number : {kUnpadded, kUnpadded}) {
    for (; number >= 0x80; number >>= 7) index.push_back(static_cast<std::byte>(0x80 | (number & 0x7f)));
    index.push_back(static_cast<std::byte>(number));
  }
  index.resize((index.size() + 3) / 4 * 4);
  index = index + crc_of(index);
  const ByteVector backward = {static_cast<std::byte>(index.size() / 4 - 1), {}, {}, {}};
  const ByteVector footer = crc_of(backward + flags) + backward + flags + BytesOf("YZ");
  const size_t index_offset = 12 + kUnpadded;
  mapping.Put(index_offset, index + footer);
  const size_t size = index_offset + index.size() + footer.size();
  const size_t before = mapping.PagesTouched();
  const auto members = WalkInitrd(mapping.view().first(size));
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].completeness, Completeness::kComplete);
  EXPECT_EQ(members[0].size, size);
  EXPECT_LE(mapping.PagesTouched(), before + 1);
}

}  // namespace
}  // namespace kexec::testing
