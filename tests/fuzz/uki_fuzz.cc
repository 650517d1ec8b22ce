// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a PE file: a unified kernel image by each of its profiles, an add-on, an EFI zboot kernel.
// What comes out lies in the file; a file cut by one byte gives the same or nothing.
#include <algorithm>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"
#include "loaders/pe/addon.h"
#include "loaders/pe/uki.h"
#include "loaders/pe/zboot.h"
#include "loaders/types.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::testing::Require;

bool Inside(kexec::Bytes part, kexec::Bytes file) {
  return part.empty() ||
         (part.data() >= file.data() && part.data() + part.size() <= file.data() + file.size());
}

bool IsKernel(kexec::Bytes file) {
  return std::ranges::any_of(kexec::Loaders(), [&](const auto& loader) { return loader.recognises(file); });
}

void CheckParts(const kexec::PeResources& parts, kexec::Bytes file) {
  for (const auto& part : {parts.kernel, parts.initrd, parts.microcode, parts.tree}) {
    Require(!part || Inside(part->view(), file));
  }
  Require(!parts.command_line || parts.command_line->find('\0') == std::string::npos);
}

void CheckUki(const kexec::SharedBytes& file, const std::optional<std::string>& profile) {
  const auto uki = kexec::ReadUki(file, profile);
  if (!uki.has_value()) {
    Require(!uki.error().message().empty());
    return;
  }
  Require(kexec::RecognisesUki(file.view()) && uki->parts.kernel && !uki->parts.kernel->empty());
  Require(uki->profile.has_value() == !uki->profiles.empty());
  Require(!uki->profile || *uki->profile < uki->profiles.size());
  CheckParts(uki->parts, file.view());
  const auto cut = kexec::ReadUki(*file.Slice(0, file.size() - 1), profile);
  if (cut.has_value()) Require(cut->parts.kernel->size() == uki->parts.kernel->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto file = kexec::SharedBytes::Own({bytes.begin(), bytes.end()});
  CheckUki(file, std::nullopt);
  for (const char* profile : {"0", "1", "@2", "id"}) CheckUki(file, profile);
  if (const auto addon = kexec::ReadPeAddon(file); addon.has_value()) {
    Require(!addon->parts.kernel);
    CheckParts(addon->parts, file.view());
  } else {
    Require(!addon.error().message().empty());
  }
  if (kexec::RecognisesZboot(file.view())) {
    const auto payload = kexec::ReadZboot(file);
    Require(!payload.has_value() || Inside(payload->packed.view(), file.view()));
    kexec::SilentDiagnostics diagnostics;
    const auto kernel = kexec::UnpackKernel(file, diagnostics, {.output = 1 << 20, .memory = 32 << 20});
    // Its packing is taken off as well, unless the file passes for another kernel that is loaded as it is.
    Require(!kernel.has_value() || kernel->layers.size() >= 2 || IsKernel(file.view()));
  }
  Require(kexec::RefusalOf(file.view()).empty() || size >= 4);
  return 0;
}
