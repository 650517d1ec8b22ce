// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/emu/board.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "lib/freestanding/digest.h"

namespace kexec {
namespace {

constexpr size_t kSlots = 16;

std::vector<std::byte> Pattern(size_t size) {
  std::vector<std::byte> bytes(size);
  uint32_t seed = 7;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::vector<uint64_t> Told(const std::string& console) {
  const size_t at = console.rfind("K ");
  std::vector<uint64_t> numbers;
  if (at == std::string::npos) return numbers;
  std::istringstream line(console.substr(at + 2));
  for (uint64_t number; line >> std::hex >> number;) numbers.push_back(number);
  return numbers;
}

}  // namespace

Board::Board(std::string program, std::string options, std::string image_option, uint64_t base)
    : initrd_bytes(Pattern(123457)),
      program_(std::move(program)),
      options_(std::move(options)),
      image_option_(std::move(image_option)),
      base_(base) {}

std::vector<std::byte> Board::ReadCode(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (text.empty()) throw std::runtime_error("cannot read " + file);
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void Board::DigestInto(uint32_t kind, uint8_t (&digest)[32]) const {
  kexec_digest_state state;
  kexec_digest_init(&state, kind, 0);
  kexec_digest_update(&state, kernel_bytes.data(), kernel_bytes.size());
  kexec_digest_update(&state, initrd_bytes.data(), initrd_bytes.size());
  kexec_digest_final(&state, digest);
}

std::string Board::ExpectedHex(uint32_t kind) const {
  uint8_t digest[KEXEC_DIGEST_SIZE];
  DigestInto(kind, digest);
  std::string hex;
  for (size_t i = 0; i < kexec_digest_length(kind); i++) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", digest[i]);
    hex += digits;
  }
  return hex;
}

BoardOutcome Board::Run(Bytes purgatory_bytes, const std::vector<uint64_t>& slots) const {
  std::vector<std::byte> image(initrd() + initrd_bytes.size() - base_, std::byte{0xa5});
  const auto put = [&](uint64_t address, Bytes bytes) {
    std::ranges::copy(bytes, image.begin() + static_cast<ptrdiff_t>(address - base_));
  };
  put(base_, stub);
  put(base_ + kSlots, std::as_bytes(std::span(slots)));
  put(purgatory(), purgatory_bytes);
  put(kernel(), kernel_bytes);
  put(initrd(), initrd_bytes);
  const std::string file = ::testing::TempDir() + "board-" + std::to_string(getpid());
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  const std::string command =
      "timeout 300 " + program_ + " -accel tcg " + options_ +
      " -m 256 -nodefaults -display none -no-reboot -serial stdio " + image_option_ + file +
      (image_option_.starts_with("-device") ? ",addr=" + std::to_string(base_) + ",cpu-num=0" : "") +
      (count_instructions ? " -icount shift=0" : "") + " </dev/null 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  BoardOutcome outcome;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
    if (c != '\r') outcome.console.push_back(static_cast<char>(c));  // firmware adds some of its own
  }
  pclose(pipe);
  std::remove(file.c_str());
  outcome.told = Told(outcome.console);
  return outcome;
}

bool CanRun(const std::string& program) {
  return std::system((program + " --version >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace kexec
