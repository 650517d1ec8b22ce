// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped arm64 purgatory on QEMU's 'virt' board, at EL1, and at EL2 as kernels use it with and without
// VHE: from the old kernel's jump to the new kernel's first instruction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "arch/arm64/purgatory/blob.h"
#include "lib/freestanding/digest.h"
#include "tests/emu/board.h"

namespace kexec {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kBase = 0x40800000, kPl011 = 0x09000000, kTree = 0x40000000;
constexpr uint64_t kMmuAndDataCache = 0x5;  // SCTLR.M and .C
constexpr uint64_t kWriteBack = 0xff;       // MAIR as purgatory sets it for its own page tables

enum Told { kX0, kX1, kX2, kX3, kCurrentEl, kSctlr, kMair, kTime, kToldCount };

struct Level {
  const char* name;
  const char* options;
  uint64_t hcr;  // bits for the stub to set
  uint64_t current_el;
  uint32_t conduit;
};

constexpr Level kLevels[] = {
    {"El1", "-M virt -cpu max", 0, 4, KEXEC_ARM64_PSCI_HVC},
    {"El1CortexA53", "-M virt -cpu cortex-a53", 0, 4, KEXEC_ARM64_PSCI_HVC},
    {"El2", "-M virt,virtualization=on -cpu cortex-a57", 0, 8, KEXEC_ARM64_PSCI_SMC},
    // E2H and TGE
    {"El2Vhe", "-M virt,virtualization=on -cpu max", (uint64_t{1} << 34) | (uint64_t{1} << 27), 8,
     KEXEC_ARM64_PSCI_SMC},
};

class Arm64Purgatory : public ::testing::TestWithParam<Level> {
 protected:
  Arm64Purgatory() : board("qemu-system-aarch64", GetParam().options, "-device loader,file=", kBase) {}

  void SetUp() override {
    if (Arm64PurgatoryBlob().empty()) GTEST_SKIP() << "built without aarch64-linux-gnu-gcc";
    if (!CanRun("qemu-system-aarch64")) GTEST_SKIP() << "no qemu-system-aarch64";
    board.LoadStub(KEXEC_PAYLOADS "/arm64_stub.bin");
    board.LoadKernel(KEXEC_PAYLOADS "/arm64_kernel.bin");
    params.kernel_entry = board.kernel();
    params.dtb_address = kTree;
    params.console_kind = KEXEC_ARM64_CONSOLE_PL011;
    params.console_base = kPl011;
    params.psci_conduit = GetParam().conduit;
    params.reset_seconds = 1;
  }

  BoardOutcome Run() {
    const Bytes blob = Arm64PurgatoryBlob();
    std::vector<std::byte> bytes(blob.begin(), blob.end());
    std::memcpy(bytes.data(), &params, sizeof(params));
    return board.Run(bytes, {board.purgatory() + params.entry_offset, GetParam().hcr});
  }

  void ExpectKernelState(const BoardOutcome& outcome) {
    ASSERT_EQ(outcome.told.size(), kToldCount) << outcome.console;
    EXPECT_EQ(outcome.told[kX0], kTree);
    EXPECT_EQ(outcome.told[kX1], 0u);
    EXPECT_EQ(outcome.told[kX2], 0u);
    EXPECT_EQ(outcome.told[kX3], 0u);
    EXPECT_EQ(outcome.told[kCurrentEl], GetParam().current_el);
    EXPECT_EQ(outcome.told[kSctlr] & kMmuAndDataCache, 0u) << "MMU and data cache must be off";
  }

  kexec_arm64_purgatory_params params = Arm64PurgatoryParams();
  Board board;
};

TEST_P(Arm64Purgatory, ChecksWithTheCachesOnAndStartsTheKernelWithThemOff) {
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    board.Seal(params, kind);
    const BoardOutcome outcome = Run();
    ExpectKernelState(outcome);
    ASSERT_EQ(outcome.told.size(), kToldCount);
    EXPECT_EQ(outcome.told[kMair], kWriteBack) << "it has used its own page tables";
    EXPECT_THAT(outcome.console, Not(HasSubstr("kexec:"))) << "quiet when all is well";
  }
}

TEST_P(Arm64Purgatory, RefusesOneFlippedBitAndResets) {
  board.Seal(params, KEXEC_DIGEST_SHA256);
  const std::string expected = board.ExpectedHex(KEXEC_DIGEST_SHA256);
  board.initrd_bytes.back() ^= std::byte{0x10};
  const BoardOutcome outcome = Run();
  EXPECT_EQ(outcome.console,
            "\nkexec: digest mismatch (sha256): what was loaded has been changed since"
            "\nkexec: expected " +
                expected + "\nkexec: found    " + board.ExpectedHex(KEXEC_DIGEST_SHA256) +
                "\nkexec: the new kernel was not started; rebooting in 1 s\n");
  EXPECT_THAT(outcome.told, IsEmpty());
}

TEST_P(Arm64Purgatory, WithoutRoomForPageTablesTheCheckIsAsRight) {
  // The same pages twice cannot be mapped twice: it goes on with the caches off.
  board.initrd_bytes.resize(64);
  board.Seal(params, KEXEC_DIGEST_NONE);
  params.digest_kind = KEXEC_DIGEST_XXH128;
  params.hashed[1] = params.hashed[0];
  kexec_digest_state state;
  kexec_digest_init(&state, KEXEC_DIGEST_XXH128, 0);
  for (int i = 0; i < 2; i++)
    kexec_digest_update(&state, board.kernel_bytes.data(), board.kernel_bytes.size());
  kexec_digest_final(&state, params.digest);
  const BoardOutcome outcome = Run();
  ExpectKernelState(outcome);
  ASSERT_EQ(outcome.told.size(), kToldCount);
  EXPECT_NE(outcome.told[kMair], kWriteBack);
}

TEST_P(Arm64Purgatory, TellsSuccessWhenAsked) {
  board.Seal(params, KEXEC_DIGEST_XXH128);
  params.console_verbose = 1;
  const BoardOutcome outcome = Run();
  ExpectKernelState(outcome);
  EXPECT_THAT(outcome.console,
              HasSubstr("kexec: digest xxh128 matches; starting the new kernel at 0x0000000040a00000\nK "));
}

INSTANTIATE_TEST_SUITE_P(Levels, Arm64Purgatory, ::testing::ValuesIn(kLevels),
                         [](const auto& test) { return std::string(test.param.name); });

class Arm64PurgatoryEl1 : public Arm64Purgatory {};

TEST_P(Arm64PurgatoryEl1, RefusesDamagedParameters) {
  board.Seal(params, KEXEC_DIGEST_XXH128);
  params.hashed_count = KEXEC_PURGATORY_MAX_RANGES + 1;
  EXPECT_EQ(Run().console,
            "\nkexec: purgatory's parameters are damaged"
            "\nkexec: the new kernel was not started; rebooting in 10 s\n");
}

TEST_P(Arm64PurgatoryEl1, TellsOfMemoryThatIsNotThere) {
  board.Seal(params, KEXEC_DIGEST_XXH128);
  params.hashed[1].address = 0x100000000;  // beyond the board's 256 MiB
  const BoardOutcome outcome = Run();
  EXPECT_THAT(outcome.console, HasSubstr("kexec: exception during the check: ESR 0x"));
  EXPECT_THAT(outcome.console, HasSubstr("FAR 0x00000001000000"));
  EXPECT_THAT(outcome.console, HasSubstr("rebooting in 1 s"));
  EXPECT_THAT(outcome.told, IsEmpty());
}

// Budgets for what one more MiB costs, in instructions.
TEST_P(Arm64PurgatoryEl1, TakesFewInstructionsForAMebibyte) {
  board.count_instructions = true;
  for (const auto& [kind, most] :
       {std::pair<uint32_t, double>{KEXEC_DIGEST_XXH128, 0.8e6}, {KEXEC_DIGEST_SHA256, 4.5e6}}) {
    double nanoseconds[2];
    for (const size_t mebibytes : {size_t{1}, size_t{9}}) {
      board.initrd_bytes.resize(mebibytes << 20);
      board.Seal(params, kind);
      const BoardOutcome outcome = Run();
      ExpectKernelState(outcome);
      ASSERT_EQ(outcome.told.size(), kToldCount);
      nanoseconds[mebibytes == 9] = static_cast<double>(outcome.told[kTime]) * 16;  // 62.5 MHz
    }
    const double each = (nanoseconds[1] - nanoseconds[0]) / 8;
    RecordProperty(kexec_digest_name(kind), std::to_string(each));
    std::printf("%s: %.2f instructions a byte\n", kexec_digest_name(kind), each / (1 << 20));
    EXPECT_LT(each, most) << kexec_digest_name(kind);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Arm64PurgatoryEl1, ::testing::Values(kLevels[0]),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace kexec
