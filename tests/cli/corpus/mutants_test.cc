// SPDX-License-Identifier: GPL-2.0-or-later
// 10,000 kernels with something changed, loaded as `kexec -l` would load them on a made-up machine, without a
// call to any kernel: a plan comes out, or one sentence with the code for a file that cannot be loaded.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/run.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/elf_core_builder.h"
#include "tests/support/packed_kernel.h"
#include "tests/support/pe_builder.h"

namespace kexec::testing {
namespace {

constexpr unsigned kMutantsOfEach = 1000;

// One sentence as every message of the program is: no line break, no final period, nothing unprintable.
void ExpectSentence(std::string_view text) {
  EXPECT_FALSE(text.empty());
  EXPECT_LT(text.size(), 2000u);
  EXPECT_TRUE(text.empty() || text.back() != '.') << text;
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) {
    return std::isprint(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
  })) << text;
}

class SentenceDiagnostics final : public Diagnostics {
 public:
  void Warning(std::string message) override { ExpectSentence(message); }
  void Debug(std::string message) override { EXPECT_FALSE(message.empty()); }
};

// Changes a kernel. The same seed makes the same mutant.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Mutate(ByteVector& file) {
    for (uint64_t changes = 1 + Below(3); changes > 0 && !file.empty(); --changes) Change(file);
  }

 private:
  uint64_t Below(uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }

  // Headers stand in front: half of the changes go there.
  uint64_t Place(const ByteVector& file) {
    return Below(2) == 0 ? Below(std::min<uint64_t>(file.size(), 0x400)) : Below(file.size());
  }

  void Number(ByteVector& file, uint64_t size) {
    constexpr std::array<uint64_t, 14> kNumbers = {0,          1,          2,      0x7f,       0xff,
                                                   0x1000,     0x7fff,     0xffff, 0x7fffffff, 0x80000000,
                                                   0xffffffff, 0xfffffff0, ~0ULL,  1ULL << 63};
    const uint64_t place = Place(file) / size * size;
    const uint64_t number = Below(4) == 0 ? file.size() + Below(64) - 32 : kNumbers[Below(kNumbers.size())];
    for (uint64_t i = 0; i < size && place + i < file.size(); ++i) {
      file[place + i] = static_cast<std::byte>(number >> (8 * i));
    }
  }

  void Change(ByteVector& file) {
    const uint64_t place = Place(file);
    const uint64_t length = Below(std::min<uint64_t>(file.size() - place, 64)) + 1;
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(place);
    const auto end = begin + static_cast<std::ptrdiff_t>(length);
    switch (Below(9)) {
      case 0:
        file[place] ^= static_cast<std::byte>(1U << Below(8));
        break;
      case 1:
        file[place] = static_cast<std::byte>(Below(256));
        break;
      case 2:
        Number(file, 2);
        break;
      case 3:
        Number(file, 4);
        break;
      case 4:
        Number(file, 8);
        break;
      case 5:
        file.resize(place);
        break;
      case 6:
        std::fill(begin, end, Below(2) == 0 ? std::byte{0} : std::byte{0xff});
        break;
      case 7:
        file.erase(begin, end);
        break;
      case 8: {
        const ByteVector copy(begin, end);
        file.insert(file.begin() + static_cast<std::ptrdiff_t>(Place(file)), copy.begin(), copy.end());
        break;
      }
    }
  }

  std::mt19937_64 random_;
};

// ---- what is changed

ByteVector BootableBzImage() {
  return BzImageWithPayload(Gzip(SmallVmlinux(true, 0x1000).Build()), BzImageBuilder().InitSize(0x1000000));
}

ByteVector MultibootElf(const std::vector<uint32_t>& header) {
  Packer packed(false, false);
  for (const uint32_t word : header) packed.Uint(word, 4);
  packed.PadTo(0x400);
  packed.bytes().back() = std::byte{1};
  return ElfBuilder(false).Entry(0x100200).Load({0x100000, 0x100000, packed.bytes(), 0x2000}).Build();
}

ByteVector Elf32() {
  return ElfBuilder(false)
      .Entry(0xc0100010)
      .Load({0x100000, 0xc0100000, ByteVector(0x300, std::byte{0x5a}), 0x2000})
      .Load({0x400000, 0xc0400000, ByteVector(0x100, std::byte{0x5a}), 0x1000})
      .LinuxNotes()
      .Build();
}

ByteVector UnifiedImage() {
  return PeBuilder()
      .Section(".osrel", "ID=test\nNAME=Test\n")
      .Section(".cmdline", "root=/dev/vda1 quiet")
      .Section(".initrd", SmallCpio())
      .Section(".linux", BootableBzImage())
      .Section(".profile", "ID=second\nTITLE=Second\n")
      .Section(".cmdline", "root=/dev/vdb1")
      .Build();
}

struct Sample {
  std::string_view name;
  std::function<ByteVector()> build;
  std::vector<std::string_view> options;
};

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

const Sample kSamples[] = {
    {"BzImage", [] { return BzImageBuilder().KernelSize(0x1000).InitSize(0x400000).BuildBytes(); }, {"-c"}},
    {"BzImageForCrashes",
     [] { return BzImageBuilder().KernelSize(0x1000).InitSize(0x400000).BuildBytes(); },
     {"-c", "-p"}},
    {"BzImageUnchecked", BootableBzImage, {"-c", "-i"}},
    {"Packed", BootableBzImage, {"-c", "-i", "--decompress"}},
    {"Vmlinux", [] { return SmallVmlinux(true, 0x1000).Build(); }, {"-c"}},
    {"Elf32", Elf32, {"-c"}},
    {"Multiboot1", [] { return MultibootElf({0x1badb002, 3, -(0x1badb002U + 3)}); }, {"-c"}},
    {"Multiboot2", [] { return MultibootElf({0xe85250d6, 0, 24, -(0xe85250d6U + 24), 0, 8}); }, {"-c"}},
    {"UnifiedImage", UnifiedImage, {"-c", "-i"}},
    {"Gzip", [] { return Gzip(BootableBzImage()); }, {"-c"}},
};

class Mutants : public ::testing::TestWithParam<Sample> {
 protected:
  // As main does it. Whether a plan came out.
  bool Load(const ByteVector& file) {
    const std::string path =
        world_.Write("kernel", std::string_view(reinterpret_cast<const char*>(file.data()), file.size()));
    std::vector<std::string_view> words{"--dry-run", "-l", path};
    const auto& options = GetParam().options;
    words.insert(words.begin(), options.begin(), options.end());
    const Result<Options> parsed = ParseArguments(words);
    EXPECT_TRUE(parsed.has_value());
    if (!parsed.has_value()) return false;
    const SystemRoot root = world_.machine.root();
    SentenceDiagnostics diagnostics;
    std::string out;
    const Result<int> status = RunMode({*parsed, root, world_.kernel, world_.host, diagnostics, out});
    if (status.has_value()) {
      EXPECT_EQ(*status, 0);
      EXPECT_FALSE(out.empty());
      return true;
    }
    const Error& error = status.error();
    ExpectSentence(error.message());
    // Messages about places in memory name the segment instead.
    EXPECT_TRUE(!IsAboutContents(error.code()) || error.message().find(path) != std::string::npos)
        << error.message();
    EXPECT_TRUE(IsAboutTheFile(error.code())) << error.message();
    EXPECT_TRUE(out.empty());
    return false;
  }

  static bool IsAboutContents(Errc code) { return code == Errc::kNotRecognised || code == Errc::kMalformed; }
  static bool IsAboutTheFile(Errc code) {
    constexpr std::array kCodes = {Errc::kNotRecognised, Errc::kMalformed, Errc::kUnsupported,
                                   Errc::kDoesNotFit, Errc::kInvalidImage};
    return std::ranges::find(kCodes, code) != kCodes.end();
  }

 private:
  CmdWorld world_;
};

TEST_P(Mutants, AreLoadedOrRefusedInWords) {
  const ByteVector original = GetParam().build();
  ASSERT_TRUE(Load(original)) << "the sample itself is refused";
  unsigned loaded = 0;
  for (unsigned seed = 0; seed < kMutantsOfEach && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    ByteVector file = original;
    Mutator(seed).Mutate(file);
    if (Load(file)) ++loaded;
  }
  EXPECT_GT(loaded, 0u);
  EXPECT_LT(loaded, kMutantsOfEach);
}

INSTANTIATE_TEST_SUITE_P(Of, Mutants, ::testing::ValuesIn(kSamples),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kexec::testing
