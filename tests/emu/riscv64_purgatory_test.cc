// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped riscv64 purgatory behind OpenSBI on QEMU's 'virt' board, with and without Zknh: from the old
// kernel's jump to the new kernel's first instruction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "arch/riscv64/purgatory/blob.h"
#include "lib/freestanding/digest.h"
#include "tests/emu/board.h"

namespace kexec {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kBase = 0x80200000, kTree = 0x8a000000;
constexpr uint64_t kTimeFrequency = 10000000;  // of this board

enum Told { kHart, kTreeRegister, kSatp, kTime, kToldCount };

struct Cpu {
  const char* name;
  const char* options;
  uint32_t flags;
};

constexpr Cpu kCpus[] = {{"Rv64", "-M virt -cpu rv64", 0},
                         {"Zknh", "-M virt -cpu rv64,zknh=true", KEXEC_DIGEST_RISCV_ZKNH}};

class Riscv64Purgatory : public ::testing::TestWithParam<Cpu> {
 protected:
  Riscv64Purgatory() : board("qemu-system-riscv64", GetParam().options, "-kernel ", kBase) {}

  void SetUp() override {
    if (Riscv64PurgatoryBlob().empty()) GTEST_SKIP() << "built without riscv64-linux-gnu-gcc";
    if (!CanRun("qemu-system-riscv64")) GTEST_SKIP() << "no qemu-system-riscv64";
    board.LoadStub(KEXEC_PAYLOADS "/riscv64_stub.bin");
    board.LoadKernel(KEXEC_PAYLOADS "/riscv64_kernel.bin");
    params.kernel_entry = board.kernel();
    params.dtb_address = kTree;
    params.digest_flags = GetParam().flags;
    params.timebase_frequency = kTimeFrequency;
    params.reset_seconds = 1;
  }

  BoardOutcome Run() {
    const Bytes blob = Riscv64PurgatoryBlob();
    std::vector<std::byte> bytes(blob.begin(), blob.end());
    std::memcpy(bytes.data(), &params, sizeof(params));
    return board.Run(bytes, {board.purgatory() + params.entry_offset});
  }

  static void ExpectKernelState(const BoardOutcome& outcome) {
    ASSERT_EQ(outcome.told.size(), kToldCount) << outcome.console;
    EXPECT_EQ(outcome.told[kHart], 0u);
    EXPECT_EQ(outcome.told[kTreeRegister], kTree);
    EXPECT_EQ(outcome.told[kSatp], 0u);
  }

  kexec_riscv64_purgatory_params params = Riscv64PurgatoryParams();
  Board board;
};

TEST_P(Riscv64Purgatory, StartsTheKernelWithHartAndTree) {
  for (const uint32_t kind : {KEXEC_DIGEST_NONE, KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    board.Seal(params, kind);
    const BoardOutcome outcome = Run();
    ExpectKernelState(outcome);
    EXPECT_THAT(outcome.console, Not(HasSubstr("kexec:"))) << "quiet when all is well";
  }
}

TEST_P(Riscv64Purgatory, RefusesOneFlippedBitAndResets) {
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    board.Seal(params, kind);
    const std::string expected = board.ExpectedHex(kind);
    board.initrd_bytes.back() ^= std::byte{0x10};
    const BoardOutcome outcome = Run();
    EXPECT_THAT(outcome.console,
                HasSubstr(std::string("\nkexec: digest mismatch (") + kexec_digest_name(kind) +
                          "): what was loaded has been changed since\nkexec: expected " + expected +
                          "\nkexec: found    " + board.ExpectedHex(kind) +
                          "\nkexec: the new kernel was not started; rebooting in 1 s\n"));
    EXPECT_THAT(outcome.told, IsEmpty());
  }
}

TEST_P(Riscv64Purgatory, PortableDigestAgrees) {
  params.digest_flags = KEXEC_DIGEST_PORTABLE;
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    board.Seal(params, kind);
    ExpectKernelState(Run());
  }
}

TEST_P(Riscv64Purgatory, TellsSuccessWhenAsked) {
  board.Seal(params, KEXEC_DIGEST_SHA256);
  params.console_verbose = 1;
  const BoardOutcome outcome = Run();
  ExpectKernelState(outcome);
  EXPECT_THAT(outcome.console,
              HasSubstr("kexec: digest sha256 matches; starting the new kernel at 0x0000000080400000\nK "));
}

// Budgets for what one more MiB costs, in instructions. kexec-tools has no check here.
TEST_P(Riscv64Purgatory, TakesFewInstructionsForAMebibyte) {
  board.count_instructions = true;
  const double sha = (params.digest_flags & KEXEC_DIGEST_RISCV_ZKNH) != 0 ? 40e6 : 70e6;
  for (const auto& [kind, most] :
       {std::pair<uint32_t, double>{KEXEC_DIGEST_XXH128, 3e6}, {KEXEC_DIGEST_SHA256, sha}}) {
    double nanoseconds[2];
    for (const size_t mebibytes : {size_t{1}, size_t{9}}) {
      board.initrd_bytes.resize(mebibytes << 20);
      board.Seal(params, kind);
      const BoardOutcome outcome = Run();
      ExpectKernelState(outcome);
      ASSERT_EQ(outcome.told.size(), kToldCount);
      nanoseconds[mebibytes == 9] = static_cast<double>(outcome.told[kTime]) * 100;  // 10 MHz
    }
    const double each = (nanoseconds[1] - nanoseconds[0]) / 8;
    std::printf("%s: %.2f instructions a byte\n", kexec_digest_name(kind), each / (1 << 20));
    EXPECT_LT(each, most) << kexec_digest_name(kind);
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Riscv64Purgatory, ::testing::ValuesIn(kCpus),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace kexec
