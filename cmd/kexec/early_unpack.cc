// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/early_unpack.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "cmd/kexec/kernel_file.h"
#include "kexec/crash_memory.h"
#include "loaders/direct_linux.h"

namespace kexec {
namespace {

// kexec_file_load is the only call, and takes files as they are: the options count among those that are told
// to be without effect then.
bool NeedsFileLoad(const LoadRequest& request, const Session& session) {
  const LoadFacts facts = GatherFacts(request, session.options, session.root);
  return facts.asked == Call::kFile || !WhyOnlyFileLoad(facts).empty();
}

// What is loaded has to fit: a crash kernel's initrd the memory reserved for it.
DecompressLimits InitrdLimits(const Session& session) {
  DecompressLimits limits = UnpackLimits(session.root);
  if (session.options.slot != LoadKind::kCrash) return limits;
  const auto memory = ReadCrashMemory(session.root);
  if (!memory.has_value()) return limits;  // the load will say why
  uint64_t largest = 0;
  for (const PhysRange& region : memory->regions) largest = std::max(largest, region.size());
  limits.output = std::min(limits.output, largest);
  return limits;
}

}  // namespace

void UnpackKernelEarly(LoadRequest& request, const Session& session) {
  if (!session.options.decompress || NeedsFileLoad(request, session)) return;
  constexpr std::string_view kWithout = "the kernel is loaded as it is, without --decompress";
  if (EntersInRealMode(request.kernel, session.options.rare.real_mode)) {
    session.diagnostics.Warn("{}: {}", kWithout, WhyRealMode(request.kernel));
    return;
  }
  const auto* image = std::get_if<BzImage>(&request.kernel.image);
  if (image == nullptr) {
    session.diagnostics.Note("{}: type {} is not packed", kWithout, request.kernel.type);
    return;
  }
  Result<DirectLinux> unpacked = UnpackBzImage(*image, UnpackLimits(session.root));
  if (!unpacked.has_value()) {
    session.diagnostics.Warn("{}: {}", kWithout, unpacked.error().message());
    return;
  }
  session.diagnostics.Note("--decompress: the kernel is entered unpacked, in {} pieces with {} relocations",
                           unpacked->unpacked.pieces.size(),
                           unpacked->relocations.add64.size() + unpacked->relocations.add32.size() +
                               unpacked->relocations.subtract32.size());
  request.kernel.image = *std::move(unpacked);
}

void UnpackInitrdsEarly(LoadRequest& request, const Session& session) {
  if (!session.options.decompress_initrd || NeedsFileLoad(request, session)) return;
  const DecompressLimits limits = InitrdLimits(session);
  for (RequestedInitrd& initrd : request.initrds) {
    Result<SharedBytes> unpacked = UnpackInitrd(initrd.bytes, limits);
    if (!unpacked.has_value()) {
      session.diagnostics.Warn("initrd '{}' is loaded as it is, without --decompress-initrd: {}",
                               InitrdName(initrd), unpacked.error().message());
      continue;
    }
    if (unpacked->view().data() == initrd.bytes.view().data()) continue;
    session.diagnostics.Note("--decompress-initrd: '{}' unpacks to {} bytes", InitrdName(initrd),
                             unpacked->size());
    initrd.bytes = *std::move(unpacked);
    initrd.fd = UniqueFd();
    initrd.mapped = false;
  }
}

}  // namespace kexec
