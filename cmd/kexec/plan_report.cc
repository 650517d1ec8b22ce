// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/plan_report.h"

#include <functional>
#include <variant>

namespace kexec {
namespace {

// True if `part` lies in the memory of `whole`.
bool LiesIn(Bytes part, Bytes whole) {
  const std::less_equal<const std::byte*> not_after;
  return !part.empty() && not_after(whole.data(), part.data()) &&
         not_after(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

uint64_t PlanReport::Flags() const {
  const bool crash = options.slot == LoadKind::kCrash;
  if (choice.first == KexecCall::kLoad) {
    if (prepared == nullptr) return crash ? kKexecOnCrash : 0;
    return prepared->machine->arch_flag() | prepared->image.plan().flags | (crash ? kKexecOnCrash : 0);
  }
  return file_load_flags | (crash ? kKexecFileOnCrash : 0) |
         (request.initrds.empty() ? kKexecFileNoInitramfs : 0);
}

std::string_view DigestName(DigestKind kind) {
  switch (kind) {
    case DigestKind::kNone:
      return "none";
    case DigestKind::kXxh128:
      return "xxh128";
    case DigestKind::kSha256:
      return "sha256";
  }
  return {};
}

std::string SegmentSource(const Segment& segment, const LoadRequest& request) {
  const Bytes contents = segment.contents.view();
  if (LiesIn(contents, request.kernel_file.bytes.view())) return request.kernel_file.path.string();
  // Relocated copies of what the file packs.
  if (std::holds_alternative<DirectLinux>(request.kernel.image) && segment.label.starts_with("kernel")) {
    return request.kernel_file.path.string();
  }
  for (const RequestedInitrd& initrd : request.initrds) {
    if (LiesIn(contents, initrd.bytes.view())) return InitrdName(initrd);
  }
  for (const RequestedModule& module : request.modules) {
    if (LiesIn(contents, module.file.bytes.view())) return module.file.path.string();
  }
  return {};
}

}  // namespace kexec
