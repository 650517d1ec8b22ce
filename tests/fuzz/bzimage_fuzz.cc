// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a kernel file: no crash, and a result that keeps what bzimage.h and kernel_image.h promise. A
// prefix of the file is refused or read as a file that was cut behind the kernel.
#include "loaders/kernel_image.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::BzImage;
using kexec::testing::Require;

void CheckPromises(const kexec::KernelImage& parsed, kexec::Bytes file) {
  const auto& image = std::get<BzImage>(parsed.image);
  const auto inside = [&](kexec::Bytes part) {
    return part.data() >= file.data() && part.data() + part.size() <= file.data() + file.size();
  };
  Require(image.protocol >= 0x0200 && image.protocol < 0x0300);
  Require(!image.kernel.empty() && inside(image.kernel.view()));
  Require(!image.setup_header.empty() && image.setup_header.size() <= 0x90 &&
          inside(image.setup_header.view()));
  Require(!image.setup.empty() && inside(image.setup.view()));
  Require(image.init_size >= image.kernel.size());
  Require(image.pref_address.CheckedAdd(image.init_size).has_value());
  Require(image.relocatable == image.alignment.has_value());
  Require(!image.has_64bit_entry || image.kernel.size() > 0x200);
  Require((parsed.type == "bzImage64") == image.has_64bit_entry);
}

// By name: without one, a file that is no bzImage may be another kernel.
void Try(const kexec::SharedBytes& file, const char* type) {
  kexec::SilentDiagnostics diagnostics;
  const auto parsed = kexec::ParseKernel(file, type, diagnostics, {.verify_checksum = false});
  if (!parsed) return Require(!parsed.error().message().empty());
  CheckPromises(*parsed, file.view());
  const auto& whole = std::get<BzImage>(parsed->image);
  const auto cut =
      kexec::ParseKernel(*file.Slice(0, file.size() - 1), type, diagnostics, {.verify_checksum = false});
  if (!cut) return;
  const auto& shorter = std::get<BzImage>(cut->image);
  Require(shorter.setup_header.size() == whole.setup_header.size() && shorter.protocol == whole.protocol);
  Require(shorter.kernel.size() <= whole.kernel.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto file = kexec::SharedBytes::Own({bytes.begin(), bytes.end()});
  kexec::SilentDiagnostics diagnostics;
  (void)kexec::ParseKernel(file, {}, diagnostics);  // as any kernel, and with the CRC, which few inputs pass
  Try(file, "bzImage64");
  Try(file, "bzImage");
  return 0;
}
