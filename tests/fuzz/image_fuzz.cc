// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a kernel for arm64 or RISC-V, and behind a uImage's header whose checksums are right: the
// pieces cover the memory the image says it needs and lie in the file, and no flipped bit of a uImage passes.
#include <zlib.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "loaders/kernel_image.h"
#include "loaders/uimage/uimage.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::testing::FuzzInput;
using kexec::testing::Require;
using ByteVector = std::vector<std::byte>;

// Bytes in front of the data: five numbers for the header, two that choose the bit that is flipped.
constexpr size_t kPrefix = 7;
constexpr size_t kHeaderSize = 64;

bool Inside(kexec::Bytes part, kexec::Bytes file) {
  return part.empty() ||
         (part.data() >= file.data() && part.data() + part.size() <= file.data() + file.size());
}

void CheckImage(const kexec::ImageKernel& image, kexec::Bytes file) {
  Require(image.text_offset % 4096 == 0 && image.image_size >= kHeaderSize && !image.pieces.empty());
  uint64_t end = 0;
  for (const kexec::LoadPiece& piece : image.pieces) {
    Require(piece.address.raw() == end);
    Require(piece.contents.size() <= piece.memory_size && Inside(piece.contents.view(), file));
    end += piece.memory_size;
  }
  Require(end == image.image_size);
}

void CheckKernel(const kexec::SharedBytes& file, const char* machine) {
  kexec::SilentDiagnostics diagnostics;
  const auto kernel = kexec::ParseKernel(file, {}, diagnostics, {.machine = machine});
  if (!kernel.has_value()) {
    Require(!kernel.error().message().empty());
    return;
  }
  Require(kernel->machine == machine && kexec::RunBytes(*kernel) > 0);
  if (const auto* image = std::get_if<kexec::ImageKernel>(&kernel->image)) CheckImage(*image, file.view());
}

void Put32(ByteVector& bytes, size_t offset, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

uint32_t Checksum(kexec::Bytes bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

ByteVector Uimage(FuzzInput& input, kexec::Bytes data) {
  ByteVector file(kHeaderSize);
  Put32(file, 0, 0x27051956);
  Put32(file, 12, static_cast<uint32_t>(data.size()) + static_cast<uint32_t>(input.Byte() == 255));
  Put32(file, 24, Checksum(data));
  for (size_t field = 28; field < 32; ++field) file[field] = std::byte{input.Byte()};
  Put32(file, 4, Checksum(file));
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

void CheckUimage(FuzzInput input, kexec::Bytes data) {
  ByteVector file = Uimage(input, data);
  const size_t high = input.Byte();
  const size_t flipped = (high << 8 | input.Byte()) % file.size();
  const auto whole = kexec::SharedBytes::Own(file);
  Require(kexec::RecognisesUimage(whole.view()));
  const auto payload = kexec::ReadUimage(whole);
  if (!payload.has_value()) {
    Require(!payload.error().message().empty());
    return;
  }
  Require(Inside(payload->data.view(), whole.view()) && !payload->machine.empty());
  Require(std::ranges::equal(payload->data.view(), data));
  file[flipped] ^= std::byte{1};
  Require(!kexec::ReadUimage(kexec::SharedBytes::Own(file)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto file = kexec::SharedBytes::Own({bytes.begin(), bytes.end()});
  for (const char* machine : {"aarch64", "riscv64"}) CheckKernel(file, machine);
  if (kexec::RecognisesUimage(file.view())) {
    const auto payload = kexec::ReadUimage(file);
    Require(!payload.has_value() || Inside(payload->data.view(), file.view()));
  }
  if (size >= kPrefix) CheckUimage(FuzzInput(data, kPrefix), bytes.subspan(kPrefix));
  return 0;
}
