// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what a bzImage packs, and as an initrd: a kernel that is moved and moved back is the one it
// was, nothing unpacks to more than allowed, and what is refused has one sentence.
#include <algorithm>

#include "loaders/direct_linux.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/archive_builder.h"
#include "tests/support/packed_kernel.h"

namespace {

using namespace kexec;
using kexec::testing::FuzzInput;
using kexec::testing::Require;

constexpr DecompressLimits kLimits{.output = 1 << 20, .memory = 32 << 20};
constexpr size_t kLargestInput = 1 << 16;

bool SameBytes(const std::vector<LoadPiece>& a, const std::vector<LoadPiece>& b) {
  return std::ranges::equal(a, b, [](const LoadPiece& x, const LoadPiece& y) {
    return x.address == y.address && x.memory_size == y.memory_size &&
           std::ranges::equal(x.contents.view(), y.contents.view());
  });
}

void MoveAndComeBack(const DirectLinux& direct, uint64_t distance) {
  const auto& relocations = direct.relocations;
  Require(relocations.empty() || direct.why_fixed.empty());
  ElfKernel moved = direct.unpacked;
  moved.pieces = Relocate(direct.unpacked, relocations, distance);
  Require(moved.pieces.size() == direct.unpacked.pieces.size());
  Require(SameBytes(Relocate(moved, relocations, -distance), direct.unpacked.pieces));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kLargestInput) return 0;
  const uint64_t distance = uint64_t{data[0]} << 21;
  const auto* bytes = reinterpret_cast<const std::byte*>(data + 1);
  const std::vector<std::byte> contents(bytes, bytes + size - 1);

  // An even byte: the contents are packed first; an odd one: they are the payload.
  const auto file = testing::BzImageWithPayload(data[0] % 2 == 0 ? testing::Gzip(contents) : contents);
  SilentDiagnostics diagnostics;
  const auto image = ParseKernel(SharedBytes::Own(file), "bzImage64", diagnostics);
  Require(image.has_value());
  const auto direct = UnpackBzImage(std::get<BzImage>(image->image), kLimits);
  if (direct.has_value()) {
    MoveAndComeBack(*direct, distance);
  } else {
    Require(!direct.error().message().empty());
  }
  const auto initrd = UnpackInitrd(SharedBytes::Own(contents), kLimits);
  Require(!initrd.has_value() || initrd->size() <= std::max<uint64_t>(kLimits.output, contents.size()));
  Require(initrd.has_value() || !initrd.error().message().empty());
  return 0;
}
