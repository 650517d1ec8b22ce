// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a compressed kernel, behind the magic of a format that the first byte picks: no crash, nothing
// above the limits, one sentence for what is refused, and the same answer twice.
#include <algorithm>
#include <vector>

#include "loaders/decompress.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::testing::Require;
using std::literals::operator""sv;

constexpr std::string_view kMagics[] = {""sv,
                                        "\x1f\x8b\x08"sv,
                                        "\xfd"
                                        "7zXZ\0"sv,
                                        "\x5d\0\0\x01\0"sv,
                                        "\x28\xb5\x2f\xfd"sv,
                                        "\x02\x21\x4c\x18"sv,
                                        "\x04\x22\x4d\x18"sv,
                                        "BZh9"sv,
                                        "\x89LZO\0\r\n\x1a\n"sv};
constexpr kexec::DecompressLimits kLimits{.output = 1 << 20, .memory = 32 << 20};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view magic = kMagics[data[0] % std::size(kMagics)];
  const kexec::Bytes start = std::as_bytes(std::span(magic));
  const kexec::Bytes rest = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> file(start.begin(), start.end());
  file.insert(file.end(), rest.begin(), rest.end());

  const auto format = kexec::IdentifyCompression(file);
  const auto unpacked = kexec::Decompress(file, kLimits);
  Require(format.has_value() || !unpacked.has_value());
  if (unpacked.has_value()) {
    Require(unpacked->format == *format && unpacked->bytes.size() <= kLimits.output);
    Require(unpacked->used <= file.size() && unpacked->ignored == file.size() - unpacked->used);
    const auto again = kexec::Decompress(kexec::Bytes(file).first(unpacked->used), kLimits);
    Require(again.has_value() && std::ranges::equal(again->bytes.view(), unpacked->bytes.view()));
  } else {
    Require(!unpacked.error().message().empty());
  }
  kexec::SilentDiagnostics diagnostics;
  const auto kernel = kexec::UnpackKernel(kexec::SharedBytes::Own(file), diagnostics, kLimits);
  Require(!kernel.has_value() || kernel->layers.size() <= 4);  // packed twice, EFI zboot, uImage
  return 0;
}
