// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as an initrd: no crash, archives in order and inside the file, and CheckInitrd refuses exactly
// what the walk found cut or damaged. The unpacked sizes add up and
// stay below what the format can hold.
#include <algorithm>

#include "loaders/initrd.h"
#include "loaders/unpacked_size.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::testing::Require;

bool IsBad(const kexec::ArchiveMember& member) {
  return member.completeness == kexec::Completeness::kTruncated ||
         member.completeness == kexec::Completeness::kDamaged;
}

// No format packs more than this into a byte; 0: its sizes are claims that nothing in the file bounds.
uint64_t LargestRatio(kexec::ArchiveFormat format) {
  switch (format) {
    case kexec::ArchiveFormat::kCpio:
      return 1;
    case kexec::ArchiveFormat::kLz4Legacy:
      return 255;
    default:
      return 0;
  }
}

void RequireSoundSizes(std::span<const kexec::ArchiveMember> members) {
  const kexec::UnpackedSize sum = kexec::SumUnpacked(members);
  Require(sum.source.empty() == members.empty());
  for (const auto& member : members) {
    if (!member.unpacked) continue;
    Require(sum.bytes >= member.unpacked->bytes || !member.unpacked->exact);
    Require(sum.exact <= member.unpacked->exact);
    const uint64_t ratio = LargestRatio(member.format);
    Require(ratio == 0 || member.unpacked->bytes <= ratio * member.size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kexec::Bytes file = std::as_bytes(std::span(data, size));
  for (const auto gzip : {kexec::GzipCheck::kTrailer, kexec::GzipCheck::kInflate}) {
    const auto members = kexec::WalkInitrd(file, gzip);
    uint64_t end = 0;
    for (const auto& member : members) {
      Require(member.offset >= end && member.offset < size);
      Require(member.size > 0 && member.size <= size - member.offset);
      Require(file[member.offset] != std::byte{0});
      Require(!IsBad(member) || (&member == &members.back() && !member.detail.empty()));
      end = member.offset + member.size;
    }
    RequireSoundSizes(members);
    kexec::SilentDiagnostics diagnostics;
    const auto checked = kexec::CheckInitrd(file, "fuzz", diagnostics, gzip);
    Require(checked.has_value() == std::ranges::none_of(members, IsBad));
  }
  return 0;
}
