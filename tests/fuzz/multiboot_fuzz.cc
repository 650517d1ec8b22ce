// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a Multiboot kernel: no crash, and a result that keeps what multiboot.h promises.
#include "loaders/kernel_image.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::MultibootKernel;
using kexec::testing::Require;

constexpr uint64_t k4GiB = uint64_t{1} << 32;

void CheckPromises(const MultibootKernel& kernel, int version) {
  Require(kernel.version == version && !kernel.pieces.empty());
  uint64_t end = 0;
  bool entry_inside = false;
  for (const kexec::LoadPiece& piece : kernel.pieces) {
    const uint64_t begin = piece.address.raw();
    Require(begin >= end && begin < k4GiB && piece.memory_size != 0 && piece.memory_size <= k4GiB - begin);
    Require(piece.contents.size() <= piece.memory_size);
    end = begin + piece.memory_size;
    entry_inside |= kernel.entry.raw() >= begin && kernel.entry.raw() < end;
  }
  Require(entry_inside);
  if (kernel.relocation) Require(kernel.relocation->lowest <= kernel.relocation->highest);
  if (version == 1) Require(!kernel.relocation && kernel.requested_tags.empty());
}

void Try(const kexec::SharedBytes& file, const char* type, int version) {
  kexec::SilentDiagnostics diagnostics;
  const auto parsed = kexec::ParseKernel(file, type, diagnostics);
  if (parsed) {
    CheckPromises(std::get<MultibootKernel>(parsed->image), version);
  } else {
    Require(!parsed.error().message().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto file = kexec::SharedBytes::Own({bytes.begin(), bytes.end()});
  Try(file, "multiboot-x86", 1);
  Try(file, "multiboot2-x86", 2);
  return 0;
}
