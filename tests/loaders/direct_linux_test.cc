// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/direct_linux.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/packed_kernel.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"
#include "tests/support/work.h"

namespace kexec::testing {
namespace {

using ::testing::HasSubstr;

BzImage Parsed(const std::vector<std::byte>& file) {
  SilentDiagnostics diagnostics;
  auto image = ParseKernel(SharedBytes::Own(file), {}, diagnostics);
  EXPECT_EQ(MessageOf(image), "success");
  return std::get<BzImage>(image->image);
}

Result<DirectLinux> Unpack(const std::vector<std::byte>& payload, const BzImageBuilder& builder = {}) {
  return UnpackBzImage(Parsed(BzImageWithPayload(payload, builder)));
}

DirectLinux Unpacked(const ElfBuilder& elf) {
  auto direct = Unpack(Gzip(elf.Build()));
  EXPECT_EQ(MessageOf(direct), "success");
  return direct.has_value() ? *std::move(direct) : DirectLinux{};
}

// The memory the pieces make, byte by byte.
std::map<uint64_t, std::byte> Memory(const std::vector<LoadPiece>& pieces) {
  std::map<uint64_t, std::byte> memory;
  for (const LoadPiece& piece : pieces) {
    const Bytes contents = piece.contents.view();
    for (size_t i = 0; i < contents.size(); ++i) memory[piece.address.raw() + i] = contents[i];
  }
  return memory;
}

uint64_t ReadLittle(const std::map<uint64_t, std::byte>& memory, uint64_t address, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i) {
    value |= uint64_t{std::to_integer<uint8_t>(memory.at(address + i))} << (8 * i);
  }
  return value;
}

TEST(UnpackBzImage, ReadsKernelAndRelocations) {
  const DirectLinux direct = Unpacked(SmallVmlinux());
  EXPECT_EQ(direct.why_fixed, "");
  EXPECT_TRUE(direct.unpacked.is_linux);
  EXPECT_EQ(direct.unpacked.entry, PhysAddr(0x1000040));
  EXPECT_EQ(direct.unpacked.pieces.size(), 4u);
  EXPECT_EQ(direct.packed.protocol, 0x020f);
  EXPECT_EQ(direct.relocations.add64.size(), 5u);
  EXPECT_EQ(direct.relocations.subtract32.size(), 2u);
  EXPECT_EQ(direct.relocations.add32.size(), 3u);
  EXPECT_EQ(direct.relocations.add64.front(), 0x81000100u);
  EXPECT_EQ(direct.relocations.subtract32.front(), 0x81000200u);
  EXPECT_EQ(direct.relocations.add32.front(), 0x81000300u);
}

TEST(UnpackBzImage, ReadsTheTableOfLinux615) {
  const DirectLinux direct = Unpacked(SmallVmlinux(false));
  EXPECT_EQ(direct.why_fixed, "");
  EXPECT_EQ(direct.relocations.add64.size(), 5u);
  EXPECT_TRUE(direct.relocations.subtract32.empty());
  EXPECT_EQ(direct.relocations.add32.size(), 3u);
}

TEST(UnpackBzImage, SaysWhyAKernelStaysWhereItWasLinked) {
  const auto why = [](ElfBuilder elf) {
    const DirectLinux direct = Unpacked(elf);
    EXPECT_TRUE(direct.relocations.empty());
    EXPECT_EQ(direct.unpacked.pieces.size(), 4u);
    return direct.why_fixed;
  };
  EXPECT_EQ(why(SmallVmlinux().Trailing({})), "no relocations follow it");
  EXPECT_EQ(why(SmallVmlinux().Trailing(Zeros(7))), "the 7 bytes behind it are no table of 32-bit words");
  EXPECT_EQ(why(SmallVmlinux().Trailing(Zeros(4))),
            "the 1 words behind it are no relocations as we know them");
  EXPECT_EQ(why(SmallVmlinux().Trailing(Zeros(16))),
            "the 4 words behind it are no relocations as we know them");
  EXPECT_EQ(why(SmallVmlinux().Trailing(BytesOf("abcdabcd"))),
            "the 2 words behind it are no relocations as we know them");
  for (const uint32_t outside : {0x80ffffffU, 0x81002ff9U, 0x7fffffffU, 0xffffffffU, 1U}) {
    EXPECT_EQ(why(SmallVmlinux().Relocations({outside}, std::nullopt, {})),
              "a relocation behind it lies in nothing that is loaded");
  }
  EXPECT_EQ(why(SmallVmlinux().Relocations({}, std::vector{0x81002ffdU}, {})),
            "a relocation behind it lies in nothing that is loaded");
  EXPECT_EQ(Unpacked(SmallVmlinux().Relocations({0x81002ff8}, std::nullopt, {0x81002ffc})).why_fixed, "");
}

TEST(UnpackBzImage, TakesAnEmptyTableForOne) {
  const DirectLinux direct = Unpacked(SmallVmlinux().Relocations({}, std::nullopt, {}));
  EXPECT_EQ(direct.why_fixed, "");
  EXPECT_TRUE(direct.relocations.empty());
}

TEST(UnpackBzImage, RefusesWhatCannotBeEnteredDirectly) {
  const std::vector<std::byte> packed = Gzip(SmallVmlinux().Build());
  const auto refused = [&](const Result<DirectLinux>& direct, Errc code) {
    EXPECT_FALSE(direct.has_value());
    EXPECT_TRUE(direct.has_value() || direct.error().code() == code);
    return MessageOf(direct);
  };
  EXPECT_EQ(refused(Unpack(packed, BzImageBuilder().XLoadFlags(0)), Errc::kUnsupported),
            "the kernel has no 64-bit entry point");
  EXPECT_EQ(refused(Unpack({}), Errc::kUnsupported), "its header does not say where the packed kernel lies");
  EXPECT_EQ(refused(Unpack(BytesOf("hello")), Errc::kUnsupported),
            "its payload is not packed in a known format: it looks like text");
  EXPECT_EQ(refused(Unpack(Gzip(BytesOf("hello"))), Errc::kUnsupported),
            "its payload is no ELF kernel for x86: it looks like text");
  const auto arm64 =
      ElfBuilder().Machine(183).Load({0x1000000, 0, std::vector<std::byte>(0x1000), {}}).Build();
  EXPECT_THAT(refused(Unpack(Gzip(arm64)), Errc::kUnsupported),
              ::testing::StartsWith("its payload is no ELF kernel for x86: it looks like "));
  EXPECT_EQ(refused(Unpack(Gzip(ElfBuilder(false).Entry(64).Load({0, 0, BytesOf("x"), 4096}).Build())),
                    Errc::kUnsupported),
            "its payload is a 32-bit kernel");
}

TEST(UnpackBzImage, RefusesDamage) {
  const std::vector<std::byte> packed = Gzip(SmallVmlinux().Build());
  EXPECT_THAT(MessageOf(Unpack(Cut(packed, packed.size() - 9))), HasSubstr("the payload's gzip data: "));
  std::vector<std::byte> elf = SmallVmlinux().Build();
  elf[54] = std::byte{57};  // e_phentsize
  EXPECT_EQ(MessageOf(Unpack(Gzip(elf))),
            "the payload: ELF: a program header has 57 bytes, in this class it has 56");
  BzImage image = Parsed(BzImageWithPayload(packed));
  image.kernel = *image.kernel.Slice(0, kPayloadOffset + packed.size() - 1);
  EXPECT_THAT(MessageOf(UnpackBzImage(image)), HasSubstr("ends behind the kernel's "));
  EXPECT_THAT(MessageOf(UnpackBzImage(Parsed(BzImageWithPayload(packed)), {.output = 0x1000})),
              HasSubstr("unpacks to more than the 4096 bytes allowed"));
}

class Relocated : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Tables, Relocated, ::testing::Bool());

TEST_P(Relocated, MovesEveryFieldAndNothingElse) {
  const DirectLinux direct = Unpacked(SmallVmlinux(GetParam()));
  constexpr uint64_t kDistance = 0x1e600000;
  auto before = Memory(direct.unpacked.pieces);
  const auto after = Memory(Relocate(direct.unpacked, direct.relocations, kDistance));
  ASSERT_EQ(before.size(), after.size());
  const auto check = [&](const std::vector<uint32_t>& fields, unsigned size, uint64_t distance) {
    const uint64_t mask = size == 8 ? ~uint64_t{0} : 0xffffffff;
    for (const uint32_t field : fields) {
      const uint64_t address = field - 0x80000000U;
      EXPECT_EQ((ReadLittle(before, address, size) + distance) & mask, ReadLittle(after, address, size));
      for (unsigned i = 0; i < size; ++i) before.at(address + i) = after.at(address + i);
    }
  };
  check(direct.relocations.add64, 8, kDistance);
  check(direct.relocations.add32, 4, kDistance);
  check(direct.relocations.subtract32, 4, -kDistance);
  EXPECT_TRUE(before == after) << "a byte changed that is in no field";
}

TEST(Relocate, LeavesAKernelThatStaysAlone) {
  const DirectLinux direct = Unpacked(SmallVmlinux());
  const auto pieces = Relocate(direct.unpacked, direct.relocations, 0);
  ASSERT_EQ(pieces.size(), 4u);
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].contents.view().data(), direct.unpacked.pieces[i].contents.view().data());
  }
}

TEST(Relocate, CopiesOnlyWhatChanges) {
  const DirectLinux direct = Unpacked(SmallVmlinux().Relocations({0x81000100}, std::nullopt, {}));
  const auto pieces = Relocate(direct.unpacked, direct.relocations, 0x200000);
  EXPECT_NE(pieces[0].contents.view().data(), direct.unpacked.pieces[0].contents.view().data());
  for (size_t i = 1; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].contents.view().data(), direct.unpacked.pieces[i].contents.view().data());
  }
  EXPECT_EQ(pieces[0].memory_size, direct.unpacked.pieces[0].memory_size);
}

// ---- initrds

ByteVector Cpio(std::string_view name) { return CpioBuilder().File(name, "contents").Trailer().Build(); }

ByteVector UnpackedInitrd(const ByteVector& initrd) {
  const auto unpacked = UnpackInitrd(SharedBytes::Own(initrd));
  EXPECT_EQ(MessageOf(unpacked), "success");
  if (!unpacked.has_value()) return {};
  const Bytes bytes = unpacked->view();
  return {bytes.begin(), bytes.end()};
}

// Each relocation lies in another piece than the one before.
TEST(Relocate, LooksForPiecesByTheirAddress) {
  const auto cost = [](uint32_t count) {
    ElfKernel kernel;
    KernelRelocations relocations;
    for (uint32_t i = 0; i < count; ++i) {
      kernel.pieces.push_back({.address = PhysAddr(0x1000000 + i * 0x1000),
                               .contents = SharedBytes::Own(ByteVector(16)),
                               .memory_size = 16});
      relocations.add64.push_back(0x81000000 + (i * 7919 % count) * 0x1000);
    }
    return MeasureWork([&] { return Relocate(kernel, relocations, 0x200000); });
  };
  ExpectLinear(cost(2000), cost(4000));
}

TEST(UnpackInitrd, KeepsOneWithoutCompressedArchives) {
  for (const ByteVector& file : {Cpio("a"), ByteVector(), Zeros(64), Cpio("a") + Zeros(4) + Cpio("b"),
                                 BytesOf("not an archive at all")}) {
    const SharedBytes initrd = SharedBytes::Own(file);
    const auto unpacked = UnpackInitrd(initrd);
    ASSERT_EQ(MessageOf(unpacked), "success");
    EXPECT_EQ(unpacked->view().data(), initrd.view().data());
    EXPECT_EQ(unpacked->size(), initrd.size());
  }
}

TEST(UnpackInitrd, UnpacksArchivesAndKeepsTheOthersInOrder) {
  EXPECT_EQ(UnpackedInitrd(Gzip(Cpio("a"))), Cpio("a"));
  EXPECT_EQ(UnpackedInitrd(Cpio("ucode") + Zeros(512) + Gzip(Cpio("main"))), Cpio("ucode") + Cpio("main"));
  EXPECT_EQ(UnpackedInitrd(Gzip(Cpio("a")) + Gzip(Cpio("b"))), Cpio("a") + Cpio("b"));
  // What follows begins at a multiple of four, wherever the one before ends.
  const ByteVector odd = Cpio("a") + Zeros(1);
  EXPECT_EQ(UnpackedInitrd(Gzip(odd) + Gzip(Cpio("b"))), odd + Zeros(3) + Cpio("b"));
  EXPECT_EQ(UnpackedInitrd(Gzip(odd) + Zeros(5) + Gzip(Cpio("b"))), odd + Zeros(3) + Cpio("b"));
}

TEST(UnpackInitrd, KeepsABootConfigurationAtTheEnd) {
  ByteVector config = BytesOf("key = v\n");
  ByteVector footer = BytesOf("\x08") + Zeros(3) + BytesOf("sum_#BOOTCONFIG\n");
  EXPECT_EQ(UnpackedInitrd(Gzip(Cpio("a")) + config + footer), Cpio("a") + config + footer);
}

TEST(UnpackInitrd, KeepsWhatIsNoArchiveBehindOne) {
  EXPECT_EQ(UnpackedInitrd(Gzip(Cpio("a")) + Zeros(3) + BytesOf("?????")), Cpio("a") + BytesOf("?????"));
}

TEST(UnpackInitrd, RefusesDamageAndTooMuch) {
  const ByteVector packed = Gzip(Cpio("a"));
  EXPECT_THAT(MessageOf(UnpackInitrd(SharedBytes::Own(Cut(packed, packed.size() - 10)))),
              HasSubstr("the gzip archive at 0x0: "));
  EXPECT_THAT(MessageOf(UnpackInitrd(SharedBytes::Own(Cpio("x") + Gzip(Cpio("a")) + Cut(Cpio("b"), 60)))),
              HasSubstr("the cpio archive at 0x"));
  EXPECT_THAT(
      MessageOf(UnpackInitrd(SharedBytes::Own(packed), {.output = 100})),
      HasSubstr("unpacks to 244 bytes by what it says (its gzip trailer), more than the 100 allowed"));
}

}  // namespace
}  // namespace kexec::testing
