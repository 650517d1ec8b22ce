// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped purgatory on QEMU's devices: a real serial port, interval timer and reset register, which the
// emulator next door only models. Boots a Multiboot image of a stub, purgatory and a "kernel" that says so
// and exits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "tests/emu/purgatory_machine.h"

extern "C" {
extern const std::byte kexec_qemu_stub_begin[];
extern const std::byte kexec_qemu_stub_end[];
}

namespace kexec {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr uint64_t kStub = 0x100000;
constexpr size_t kJumpSlot = 32;
constexpr int kKernelExit = 0x21;  // what isa-debug-exit makes of 0x10

struct Outcome {
  std::string serial;
  int status;  // of QEMU: 0 after a reset (-no-reboot), kKernelExit when the "kernel" ran
  double seconds;
};

class PurgatoryQemu : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::system("qemu-system-x86_64 --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "no qemu-system-x86_64";
    setup.purgatory = 0x200000;
    setup.kernel = 0x300000;
    setup.initrd = 0x400000;
    setup.params.kernel_entry = setup.kernel + 0x200;
    setup.params.reset_seconds = 1;
    // The same bytes in 32-bit and 64-bit code: 'K' to COM1, 0x10 to the exit device, then hlt for ever.
    const uint8_t code[] = {0x66, 0xba, 0xf8, 0x03, 0xb0, 'K',  0xee,
                            0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd};
    std::memcpy(setup.kernel_bytes.data() + 0x200, code, sizeof(code));
  }

  std::vector<std::byte> Image() const {
    std::vector<std::byte> image(setup.initrd + setup.initrd_bytes.size() - kStub);
    const auto put = [&](uint64_t address, Bytes bytes) {
      std::memcpy(image.data() + (address - kStub), bytes.data(), bytes.size());
    };
    put(kStub, Bytes(kexec_qemu_stub_begin, kexec_qemu_stub_end));
    const uint64_t entry = setup.purgatory + setup.params.entry_offset;
    put(kStub + kJumpSlot, std::as_bytes(std::span(&entry, 1)));
    put(setup.purgatory, PurgatoryBlob());
    put(setup.purgatory, std::as_bytes(std::span(&setup.params, 1)));
    put(setup.kernel, setup.kernel_bytes);
    put(setup.initrd, setup.initrd_bytes);
    return image;
  }

  Outcome Boot() const {
    const std::string file = ::testing::TempDir() + "purgatory-qemu-" + std::to_string(getpid());
    const std::vector<std::byte> image = Image();
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    const std::string command = std::string("timeout 120 qemu-system-x86_64 -accel tcg -M ") + GetParam() +
                                " -cpu max -m 64 -nodefaults -display none -no-reboot -serial stdio"
                                " -device isa-debug-exit,iobase=0xf4 -kernel " +
                                file + " </dev/null 2>/dev/null";
    const auto start = std::chrono::steady_clock::now();
    FILE* pipe = popen(command.c_str(), "r");
    Outcome outcome;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) outcome.serial.push_back(static_cast<char>(c));
    const int status = pclose(pipe);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::remove(file.c_str());
    return outcome;
  }

  PurgatoryMachine setup;
};

TEST_P(PurgatoryQemu, StartsTheKernelQuietly) {
  for (const uint32_t kind : {KEXEC_DIGEST_XXH128, KEXEC_DIGEST_SHA256}) {
    for (const uint32_t entry : {uint32_t{KEXEC_PURGATORY_ENTRY_64}, uint32_t{KEXEC_PURGATORY_ENTRY_32}}) {
      setup.params.entry_kind = entry;
      setup.Seal(kind);
      const Outcome outcome = Boot();
      EXPECT_THAT(outcome.serial, EndsWith("K"));
      EXPECT_THAT(outcome.serial, ::testing::Not(HasSubstr("kexec:")));
      EXPECT_EQ(outcome.status, kKernelExit);
    }
  }
}

TEST_P(PurgatoryQemu, SaysWhatIsWrongWaitsAndResets) {
  setup.Seal(KEXEC_DIGEST_SHA256);
  setup.params.reset_seconds = 3;
  const std::string expected = setup.ExpectedHex(KEXEC_DIGEST_SHA256);
  setup.initrd_bytes[77] ^= std::byte{4};
  const Outcome outcome = Boot();
  EXPECT_THAT(outcome.serial, HasSubstr("\r\nkexec: digest mismatch (sha256)"));
  EXPECT_THAT(outcome.serial, HasSubstr("\r\nkexec: expected " + expected + "\r\n"));
  EXPECT_THAT(outcome.serial,
              HasSubstr("\r\nkexec: found    " + setup.ExpectedHex(KEXEC_DIGEST_SHA256) + "\r\n"));
  EXPECT_THAT(outcome.serial, EndsWith("kexec: the new kernel was not started; rebooting in 3 s\r\n"));
  EXPECT_EQ(outcome.status, 0) << "a reset ends QEMU; the kernel must not have run";
  EXPECT_GT(outcome.seconds, 3.0);
}

INSTANTIATE_TEST_SUITE_P(Machines, PurgatoryQemu, ::testing::Values("pc", "q35"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace kexec
