// SPDX-License-Identifier: GPL-2.0-or-later
// Which loader gets a file, and what people are told about files no loader knows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loaders/kernel_image.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using std::literals::operator""sv;

SharedBytes FileOf(std::string_view text, size_t size = 0) {
  std::vector<std::byte> bytes;
  for (char c : text) bytes.push_back(static_cast<std::byte>(c));
  if (size > bytes.size()) bytes.resize(size);
  return SharedBytes::Own(std::move(bytes));
}

std::string Refusal(const SharedBytes& file, std::string_view type = {}) {
  RecordingDiagnostics diagnostics;
  return MessageOf(ParseKernel(file, type, diagnostics));
}

// " (supported: bzImage64, …)"
std::string Supported() {
  std::string names;
  for (const Loader& loader : Loaders()) names += fmt::format("{}{}", names.empty() ? "" : ", ", loader.name);
  return fmt::format(" (supported: {})", names);
}

TEST(Registry, AsksTheTellingFormatsFirst) {
  std::vector<std::string_view> names;
  for (const Loader& loader : Loaders()) names.push_back(loader.name);
  const auto place = [&](std::string_view name) { return std::ranges::find(names, name) - names.begin(); };
  EXPECT_EQ(place("bzImage64"), 0);
  EXPECT_EQ(place("bzImage"), 1);
  // A multiboot kernel may be an ELF file.
  EXPECT_LT(place("multiboot-x86"), place("elf-x86_64"));
  EXPECT_LT(place("multiboot2-x86"), place("elf-x86"));
}

TEST(Registry, TellsWhatAnUnknownFileLooksLike) {
  const std::string tail = Supported();
  const auto not_yet = [&](std::string_view what) {
    return "this looks like " + std::string(what) + ", which is not supported yet" + tail;
  };
  const auto no_kernel = [&](std::string_view what) {
    return "this looks like " + std::string(what) + ", not like a kernel" + tail;
  };
  EXPECT_EQ(Refusal(FileOf("")), no_kernel("an empty file"));
  EXPECT_EQ(Refusal(FileOf("root:x:0:0:root:/root:/bin/bash\n")), no_kernel("text"));
  EXPECT_EQ(Refusal(FileOf("#!/bin/sh\n")), no_kernel("a script"));
  EXPECT_EQ(Refusal(FileOf("\0"sv, 700)), no_kernel("zero bytes"));
  EXPECT_EQ(Refusal(FileOf("\x01\x02\x03\x04\x05")),
            no_kernel("unknown data (it starts with the bytes 01 02 03 04)"));
  EXPECT_EQ(Refusal(FileOf("\x01")), no_kernel("unknown data (it starts with the bytes 01)"));
  EXPECT_EQ(Refusal(FileOf("070701", 200)), no_kernel("a cpio archive (an initrd?)"));
  EXPECT_EQ(Refusal(FileOf("\x1f\x8b\x08\0"sv)), not_yet("gzip-compressed data"));
  EXPECT_EQ(Refusal(FileOf("\xfd"
                           "7zXZ\0"sv)),
            not_yet("xz-compressed data"));
  EXPECT_EQ(Refusal(FileOf("\x28\xb5\x2f\xfd")), not_yet("zstd-compressed data"));
  EXPECT_EQ(Refusal(FileOf("\x27\x05\x19\x56")), not_yet("a U-Boot image (uImage)"));
  EXPECT_EQ(Refusal(FileOf("\xd0\x0d\xfe\xed")), no_kernel("a device tree blob"));
}

// Also of machines that have a loader: whose kernel it would be is not the point.
TEST(Registry, SaysThatAnElfFileIsCutInsideItsHeader) {
  const auto elf = [](char file_class, char machine, size_t size) {
    std::string file =
        "\x7f"
        "ELF\x02\x01\x01";
    file.resize(size);
    file[4] = file_class;
    file[16] = 2;
    file[18] = machine;
    return file;
  };
  const std::string cut =
      "this looks like an ELF file cut off inside its header, not like a kernel" + Supported();
  for (size_t size = 20; size < 64; ++size) {
    EXPECT_EQ(Refusal(FileOf(elf(2, 62, size))), cut) << size;
    EXPECT_EQ(Refusal(FileOf(elf(2, static_cast<char>(183), size))), cut) << size;
  }
  for (size_t size = 20; size < 52; ++size) EXPECT_EQ(Refusal(FileOf(elf(1, 3, size))), cut) << size;
  EXPECT_EQ(Refusal(FileOf(elf(2, 62, 64))), "elf-x86_64: ELF: version is 0, only 1 is defined");
  EXPECT_EQ(Refusal(FileOf(elf(1, 3, 52))), "elf-x86: ELF: version is 0, only 1 is defined");
}

TEST(Registry, NamesTheMachineOfAnElfFile) {
  std::string elf =
      "\x7f"
      "ELF\x02\x01\x01";
  elf.resize(64);
  elf[16] = 2;
  elf[18] = 21;
  EXPECT_EQ(Refusal(FileOf(elf)),
            "this looks like an ELF executable (ppc64), which is not supported yet" + Supported());
  elf[18] = static_cast<char>(183);
  EXPECT_EQ(Refusal(FileOf(elf)), "vmlinux: ELF: version is 0, only 1 is defined");
  elf[18] = 62;
  EXPECT_EQ(Refusal(FileOf(elf)), "elf-x86_64: ELF: version is 0, only 1 is defined");
  elf[4] = 1;  // x32: no kernel
  EXPECT_EQ(Refusal(FileOf(elf)),
            "this looks like an ELF executable (x86-64), not like a kernel" + Supported());
  elf[5] = 2;  // big-endian
  elf[16] = 0, elf[17] = 1, elf[18] = 0, elf[19] = 22;
  EXPECT_EQ(Refusal(FileOf(elf)),
            "this looks like an ELF object file or kernel module (s390), not like a kernel" + Supported());
  for (size_t size = 4; size < 20; ++size) {
    EXPECT_EQ(Refusal(FileOf(elf.substr(0, size))),
              "this looks like an ELF file cut off inside its header, not like a kernel" + Supported());
  }
}

std::string PeWithSection(std::string_view section) {
  std::string pe(0x200, '\0');
  pe.replace(0, 2, "MZ");
  pe[0x3c] = 0x40;
  pe.replace(0x40, 4, "PE\0\0"sv);
  pe[0x46] = 2;     // two sections
  pe[0x54] = 0x10;  // 16 bytes of optional header
  pe.replace(0x58 + 0x10 + 40, section.size(), section);
  return pe;
}

TEST(Registry, TellsUnifiedKernelImagesFromOtherPrograms) {
  EXPECT_EQ(Refusal(FileOf(PeWithSection(".linux\0\0"sv))),
            "this looks like a unified kernel image (a PE image with a '.linux' section), which is not "
            "supported yet" +
                Supported());
  EXPECT_EQ(Refusal(FileOf(PeWithSection(".text\0\0\0"sv))),
            "this looks like a PE image without a Linux setup header, not like a kernel" + Supported());
}

TEST(Registry, ATypeIsTakenAtItsWordAndCheckedAgainstTheFile) {
  EXPECT_EQ(Refusal(BzImageBuilder(0x0204).Build(), "bzImage64"),
            "not of type 'bzImage64': this looks like a bzImage kernel");
  EXPECT_EQ(Refusal(FileOf("hello"), "bzImage"), "not of type 'bzImage': this looks like text");
  EXPECT_EQ(Refusal(BzImageBuilder().Build(), "elf-x86_64"),
            "not of type 'elf-x86_64': this looks like a bzImage kernel");
  EXPECT_EQ(Refusal(BzImageBuilder().Build(), "linux"), "there is no image type 'linux'" + Supported());
}

TEST(Registry, CodesLetCallersTellThemApart) {
  SilentDiagnostics diagnostics;
  EXPECT_EQ(ParseKernel(FileOf("hello"), {}, diagnostics).error().code(), Errc::kNotRecognised);
  EXPECT_EQ(ParseKernel(FileOf("hello"), "bzImage", diagnostics).error().code(), Errc::kNotRecognised);
  EXPECT_EQ(ParseKernel(FileOf("hello"), "linux", diagnostics).error().code(), Errc::kUsage);
}

}  // namespace
}  // namespace kexec::testing
