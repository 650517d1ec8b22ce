// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/xen_domain.h"

#include <optional>
#include <string>

#include "text.h"

namespace kexec {
namespace {

// XENFEAT_*, xen/include/public/features.h.
constexpr uint64_t kAutoTranslatedPhysmap = uint64_t{1} << 2;  // of every guest but a paravirtual one
constexpr uint64_t kFirstDomain = uint64_t{1} << 11;

// xen_feature_show in drivers/xen/sys-hypervisor.c: hexadecimal without 0x.
std::optional<uint64_t> ReadFeatures(const SystemRoot& root) {
  const auto text = root.ReadText("sys/hypervisor/properties/features");
  return text.has_value() ? WholeNumber<uint64_t>(Trim(*text), 16) : std::nullopt;
}

bool IsParavirtual(const SystemRoot& root, const std::optional<uint64_t>& features) {
  const auto guest_type = root.ReadLine("sys/hypervisor/guest_type");
  if (guest_type.has_value()) return *guest_type == "PV";
  return features && (*features & kAutoTranslatedPhysmap) == 0;
}

}  // namespace

XenDomain ReadXenDomain(const SystemRoot& root) {
  const auto capabilities = root.ReadText("proc/xen/capabilities");
  const bool controls = capabilities.has_value() && capabilities->find("control_d") != std::string::npos;
  const auto type = root.ReadLine("sys/hypervisor/type");
  if (!controls && (!type.has_value() || *type != "xen")) return XenDomain::kNone;
  const std::optional<uint64_t> features = ReadFeatures(root);
  const bool first = controls || (features && (*features & kFirstDomain) != 0);
  if (IsParavirtual(root, features)) return first ? XenDomain::kPvFirst : XenDomain::kPvGuest;
  return first ? XenDomain::kPvhFirst : XenDomain::kOtherGuest;
}

bool XenLoads(const SystemRoot& root) {
  const XenDomain domain = ReadXenDomain(root);
  return domain == XenDomain::kPvFirst || domain == XenDomain::kPvhFirst;
}

}  // namespace kexec
