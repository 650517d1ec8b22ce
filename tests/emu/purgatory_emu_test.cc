// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped purgatory, from the old kernel's jump to the new kernel's first instruction.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <span>

#include "tests/emu/purgatory_machine.h"

namespace kexec {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using Stop = Emulator::Stop;

constexpr uint64_t kFlatCode64 = 0x00af9b000000ffff, kFlatCode32 = 0x00cf9b000000ffff;
constexpr uint64_t kFlatData = 0x00cf93000000ffff;

void ExpectSegments(const Emulator& machine, uint64_t code_descriptor) {
  EXPECT_EQ(machine.cs(), 0x10);
  EXPECT_THAT(machine.data_segments(), Each(0x18));
  EXPECT_EQ(machine.descriptor(0x10), code_descriptor);
  EXPECT_EQ(machine.descriptor(0x18), kFlatData);
  EXPECT_EQ(machine.flags() & 0x600, 0u) << "IF and DF must be clear";
}

uint64_t StackEnd(const PurgatoryMachine& setup) { return setup.purgatory + PurgatoryMemSize(); }

void ExpectLinux64(const Emulator& machine, const PurgatoryMachine& setup) {
  ExpectSegments(machine, kFlatCode64);
  EXPECT_EQ(machine.pc(), setup.params.kernel_entry);
  EXPECT_EQ(machine.reg(Emulator::kRsi), 0x90000u);
  EXPECT_EQ(machine.reg(Emulator::kRsp), StackEnd(setup));
  for (int i = Emulator::kRax; i <= Emulator::kR15; i++) {
    if (i == Emulator::kRsi || i == Emulator::kRsp) continue;
    EXPECT_EQ(machine.reg(static_cast<Emulator::Reg>(i)), 0u) << "register " << i;
  }
  EXPECT_EQ(machine.cr0(), setup.options.cr0);
  EXPECT_EQ(machine.cr4() & ~uint64_t{0x1000}, setup.options.cr4);
  EXPECT_EQ(machine.efer() & 0x500, 0x500u) << "long mode enabled and active";
  EXPECT_EQ(machine.serial(), "") << "quiet when all is well";
}

struct Where {
  const char* name;
  uint64_t purgatory, kernel, initrd;
};

class Addresses : public ::testing::TestWithParam<std::tuple<Where, uint32_t>> {};

TEST_P(Addresses, StartsTheKernelInThe64BitState) {
  const auto& [where, kind] = GetParam();
  PurgatoryMachine setup;
  setup.purgatory = where.purgatory;
  setup.kernel = where.kernel;
  setup.initrd = where.initrd;
  setup.params.kernel_entry = setup.kernel + 0x200;
  setup.Seal(kind);
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  ExpectLinux64(machine, setup);
}

class Tampering : public Addresses {};

TEST_P(Tampering, RefusesOneFlippedBit) {
  const auto& [where, kind] = GetParam();
  PurgatoryMachine setup;
  setup.purgatory = where.purgatory;
  setup.kernel = where.kernel;
  setup.initrd = where.initrd;
  setup.params.kernel_entry = setup.kernel + 0x200;
  setup.Seal(kind);
  const std::string expected = setup.ExpectedHex(kind);
  setup.initrd_bytes.back() ^= std::byte{0x10};
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(machine.serial(), std::string("\r\nkexec: digest mismatch (") + kexec_digest_name(kind) +
                                  "): what was loaded has been changed since\r\nkexec: expected " + expected +
                                  "\r\nkexec: found    " + setup.ExpectedHex(kind) +
                                  "\r\nkexec: the new kernel was not started; rebooting in 2 s\r\n");
  EXPECT_EQ(machine.ports().reset, "0xcf9");
  EXPECT_EQ(machine.ports().timer_ticks, 200u) << "of 10 ms each";
}

constexpr Where kPlaces[] = {{"Low", 0x9000, 0x1000000, 0x7f000000},
                             {"BelowFourGiB", 0xfff00000, 0xe0000000, 0x2000},
                             {"AboveFourGiB", 0x1234567000, 0x140000000, 0x1c0000000}};

std::string Name(const ::testing::TestParamInfo<std::tuple<Where, uint32_t>>& test) {
  return std::string(std::get<0>(test.param).name) + "_" + kexec_digest_name(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Addresses,
                         ::testing::Combine(::testing::ValuesIn(kPlaces),
                                            ::testing::Values(KEXEC_DIGEST_NONE, KEXEC_DIGEST_XXH128,
                                                              KEXEC_DIGEST_SHA256)),
                         Name);
INSTANTIATE_TEST_SUITE_P(Everywhere, Tampering,
                         ::testing::Combine(::testing::ValuesIn(kPlaces),
                                            ::testing::Values(KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256)),
                         Name);

TEST(PurgatoryEmu, PortableDigestAgreesWithTheLibrary) {
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    PurgatoryMachine setup;
    setup.Seal(kind);
    setup.params.digest_flags = KEXEC_DIGEST_PORTABLE;
    Emulator machine;
    setup.LoadInto(machine);
    EXPECT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  }
}

TEST(PurgatoryEmu, GivesBackTheControlRegistersItWasEnteredWith) {
  // Emulation and task-switched set: XMM use would fault if purgatory did not prepare; and SSE already on.
  for (const auto& [cr0, cr4] : {std::pair<uint64_t, uint64_t>{0x8000003f, 0x20}, {0x80000033, 0x620}}) {
    PurgatoryMachine setup;
    setup.options = {.cr0 = cr0, .cr4 = cr4};
    Emulator machine(setup.options);
    setup.LoadInto(machine);
    ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
    ExpectLinux64(machine, setup);
  }
}

TEST(PurgatoryEmu, WorksUnderFiveLevelPaging) {
  PurgatoryMachine setup;
  setup.options.five_level = true;
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  ExpectLinux64(machine, setup);
  EXPECT_EQ(machine.cr4(), 0x1020u);
}

TEST(PurgatoryEmu, HandsOverEveryRegister) {
  PurgatoryMachine setup;
  auto& r = setup.params.registers;
  r = {0x1111111111111101,
       0x02,
       0x03,
       0x04,
       0x05,
       0x06,
       0x07,
       0x08,
       0x09,
       0x0a,
       0x0b,
       0x0c,
       0x0d,
       0x0e,
       ~0ULL};
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached);
  const std::vector<std::pair<Emulator::Reg, uint64_t>> expected = {
      {Emulator::kRax, r.rax}, {Emulator::kRbx, r.rbx}, {Emulator::kRcx, r.rcx}, {Emulator::kRdx, r.rdx},
      {Emulator::kRsi, r.rsi}, {Emulator::kRdi, r.rdi}, {Emulator::kRbp, r.rbp}, {Emulator::kR8, r.r8},
      {Emulator::kR9, r.r9},   {Emulator::kR10, r.r10}, {Emulator::kR11, r.r11}, {Emulator::kR12, r.r12},
      {Emulator::kR13, r.r13}, {Emulator::kR14, r.r14}, {Emulator::kR15, r.r15}};
  for (const auto& [reg, value] : expected) EXPECT_EQ(machine.reg(reg), value) << "register " << reg;
}

TEST(PurgatoryEmu, ClearsZeroRangesAfterTheCheckThenCopiesTheBackup) {
  PurgatoryMachine setup;
  const uint64_t behind = setup.kernel + setup.kernel_bytes.size(), low = 0x3000, backup = 0x2000000;
  setup.params.zeroed_count = 2;
  setup.params.zeroed[0] = {behind, 0x20000};
  setup.params.zeroed[1] = {backup, 0x5007};
  setup.params.backup_source = low;
  setup.params.backup_destination = backup;
  setup.params.backup_size = 0x5003;
  Emulator machine;
  setup.LoadInto(machine);
  machine.LoadSegment(low, setup.initrd_bytes, 0x5003, 0x77);
  machine.LoadSegment(backup, {}, 0x6000, 0xa5);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  EXPECT_THAT(machine.Read(behind, 0x20000), Each(std::byte{0}));
  EXPECT_EQ(machine.Read(setup.kernel, setup.kernel_bytes.size()), setup.kernel_bytes);
  EXPECT_EQ(machine.Read(backup, 0x5003), machine.Read(low, 0x5003));
  EXPECT_THAT(machine.Read(backup + 0x5003, 4), Each(std::byte{0}));
  EXPECT_THAT(machine.Read(backup + 0x5007, 0x6000 - 0x5007), Each(std::byte{0xa5}));
}

TEST(PurgatoryEmu, WritesDownWhereTheOldKernelWaits) {
  PurgatoryMachine setup;
  const uint64_t stack = 0x5ff8, line = 0x8000;
  setup.options.rsp = stack;
  setup.params.jump_back_digits = line + 3;
  setup.params.jump_back_cr3_digits = line + 21;
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  machine.LoadSegment(line, {}, 0x1000, 'x');
  machine.LoadSegment(stack, std::as_bytes(std::span("\xef\xcd\xab\x89\x67\x45\x03\x12", 8)), 8, 0xa5);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  std::string text;
  for (const std::byte byte : machine.Read(line, 38)) text += static_cast<char>(byte);
  EXPECT_EQ(text, fmt::format("xxx1203456789abcdefxx{:016x}x", machine.cr3()));
  ExpectLinux64(machine, setup);
}

// Two kernels that wait in turns, each a single instruction that the run stops in front of.
TEST(PurgatoryEmu, GoesBackAndForthBetweenTwoKernels) {
  PurgatoryMachine setup;
  const uint64_t goes = 0x2000000, goes_stack = 0x2001ff8, waits = 0x3000000, waits_stack = 0x3001ff8;
  const auto word = [](const Emulator& machine, uint64_t address) {
    uint64_t value = 0;
    std::memcpy(&value, machine.Read(address, sizeof(value)).data(), sizeof(value));
    return value;
  };
  setup.params.jump_back_entry = waits;
  setup.options.rsp = goes_stack;
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  machine.LoadSegment(goes, {}, 0x2000, 0x90);
  // What waits calls back whoever is on top of its stack: mov rax, [rsp]; mov rsp, its own; jmp rax.
  const std::array<uint8_t, 14> calls = {0x48, 0x8b, 0x04, 0x24, 0x48, 0xc7, 0xc4,
                                         0xf8, 0x1f, 0x00, 0x03, 0xff, 0xe0, 0x90};
  machine.LoadSegment(waits, std::as_bytes(std::span(calls)), 0x2000, 0x90);
  for (uint64_t trip = 0; trip < 3; ++trip) {
    const std::array<uint64_t, 1> goes_on = {goes + trip}, next = {waits + 0x100 * (trip + 1)};
    machine.Write(goes_stack, std::as_bytes(std::span(goes_on)));
    machine.Write(waits_stack, std::as_bytes(std::span(next)));
    machine.LoadSegment(next[0], std::as_bytes(std::span(calls)), calls.size(), 0x90);
    machine.set_reg(Emulator::kRsp, goes_stack);
    const uint64_t entry = setup.purgatory + setup.params.jump_back_offset;
    ASSERT_EQ(machine.RunTo(entry, goes_on[0]), Stop::kReached) << trip << ": " << machine.detail();
    EXPECT_EQ(word(machine, machine.reg(Emulator::kRsp)), entry) << "where the kernel that goes on will call";
    EXPECT_EQ(word(machine, setup.purgatory + offsetof(kexec_purgatory_params, jump_back_entry)), next[0]);
  }
}

TEST(PurgatoryEmu, GoesBackWithTheGivenPageTables) {
  PurgatoryMachine setup;
  const uint64_t stack = 0x5ff8;
  Emulator machine(setup.options);
  setup.LoadInto(machine);
  machine.LoadSegment(stack, {}, 8);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail();
  // The same tables by a value that differs: uncached (Intel SDM volume 3, 4.5, PCD).
  setup.params.jump_back_cr3 = machine.cr3() | 0x10;
  setup.params.jump_back_entry = setup.params.kernel_entry;
  machine.Write(setup.purgatory, std::as_bytes(std::span(&setup.params, 1)));
  machine.set_reg(Emulator::kRsp, stack);
  ASSERT_EQ(machine.RunTo(setup.purgatory + setup.params.jump_back_offset, setup.params.kernel_entry),
            Stop::kReached)
      << machine.detail();
  EXPECT_EQ(machine.cr3(), setup.params.jump_back_cr3);
}

TEST(PurgatoryEmu, TouchesNothingOutsideWhenThereIsNothingToDo) {
  PurgatoryMachine setup;
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached);
  EXPECT_EQ(machine.Read(setup.kernel, setup.kernel_bytes.size()), setup.kernel_bytes);
  EXPECT_THAT(machine.Read(setup.kernel + setup.kernel_bytes.size(), 0x20000), Each(std::byte{0xa5}));
  EXPECT_EQ(machine.Read(setup.initrd, setup.initrd_bytes.size()), setup.initrd_bytes);
  EXPECT_EQ(machine.ports().reads, 0u);
  EXPECT_TRUE(machine.ports().writes.empty());
}

class Exit32 : public ::testing::Test {
 protected:
  Exit32() {
    setup.params.entry_kind = KEXEC_PURGATORY_ENTRY_32;
    // inc eax in 32-bit code, a REX prefix of the nop in 64-bit code.
    setup.kernel_bytes[0x200] = std::byte{0x40};
    setup.kernel_bytes[0x201] = std::byte{0x90};
    setup.Seal(KEXEC_DIGEST_SHA256);
  }
  PurgatoryMachine setup;
};

TEST_F(Exit32, StartsTheKernelInProtectedModeWithoutPaging) {
  for (const bool five_level : {false, true}) {
    setup.options.five_level = five_level;
    Emulator machine(setup.options);
    setup.LoadInto(machine);
    ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
    ExpectSegments(machine, kFlatCode32);
    EXPECT_EQ(machine.reg(Emulator::kRsi), 0x90000u);
    EXPECT_EQ(machine.reg(Emulator::kRsp), StackEnd(setup));
    for (const auto zero :
         {Emulator::kRax, Emulator::kRbx, Emulator::kRcx, Emulator::kRdx, Emulator::kRdi, Emulator::kRbp})
      EXPECT_EQ(machine.reg(zero), 0u) << "register " << zero;
    EXPECT_EQ(machine.cr0(), 0x33u);
    EXPECT_EQ(machine.cr4(), 0u);
    EXPECT_EQ(machine.efer() & 0x500, 0u) << "long mode neither enabled nor active";
    ASSERT_EQ(machine.RunTo(machine.pc(), setup.params.kernel_entry + 2), Stop::kReached);
    EXPECT_EQ(machine.reg(Emulator::kRax), 1u) << "the instructions are 32-bit ones";
  }
}

TEST_F(Exit32, TakesTheLowerHalvesOfTheRegisters) {
  setup.params.registers = {0x12badb002, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0};
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReached) << machine.detail() << machine.serial();
  const std::vector<std::pair<Emulator::Reg, uint64_t>> expected = {
      {Emulator::kRax, 0x2badb002}, {Emulator::kRbx, 2}, {Emulator::kRcx, 3}, {Emulator::kRdx, 4},
      {Emulator::kRsi, 5},          {Emulator::kRdi, 6}, {Emulator::kRbp, 7}};
  for (const auto& [reg, value] : expected) EXPECT_EQ(machine.reg(reg), value) << "register " << reg;
}

TEST_F(Exit32, RefusesToRunAboveFourGiB) {
  setup.purgatory = 0x100000000;
  Emulator machine;
  setup.LoadInto(machine);
  EXPECT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_THAT(machine.serial(), HasSubstr("kexec: purgatory's parameters are damaged"));
}

TEST_F(Exit32, RefusesAKernelAboveFourGiB) {
  setup.kernel = 0x100000000;
  setup.params.kernel_entry = setup.kernel + 0x200;
  setup.Seal(KEXEC_DIGEST_SHA256);
  Emulator machine;
  setup.LoadInto(machine);
  EXPECT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
}

struct Damage {
  const char* name;
  void (*apply)(kexec_purgatory_params&);
};

class DamagedParameters : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedParameters, AreToldAndNeverJumpedOn) {
  PurgatoryMachine setup;
  GetParam().apply(setup.params);
  Emulator machine;
  setup.LoadInto(machine);
  ASSERT_EQ(setup.Run(machine), Stop::kReset) << machine.detail();
  EXPECT_EQ(machine.serial(),
            "\r\nkexec: purgatory's parameters are damaged\r\n"
            "kexec: the new kernel was not started; rebooting in 10 s\r\n");
  EXPECT_EQ(machine.ports().timer_ticks, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Each, DamagedParameters,
                         ::testing::Values(Damage{"Magic", [](auto& p) { p.magic ^= 1; }},
                                           Damage{"Version", [](auto& p) { p.version++; }},
                                           Damage{"Size", [](auto& p) { p.params_size--; }},
                                           Damage{"EntryKindZero", [](auto& p) { p.entry_kind = 0; }},
                                           Damage{"EntryKindFour", [](auto& p) { p.entry_kind = 4; }},
                                           Damage{"HashedCount", [](auto& p) { p.hashed_count = 17; }},
                                           Damage{"ZeroedCount", [](auto& p) { p.zeroed_count = ~0U; }},
                                           Damage{"DigestKind", [](auto& p) { p.digest_kind = 3; }}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace kexec
