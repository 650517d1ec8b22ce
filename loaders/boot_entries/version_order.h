// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of version strings by UAPI.10, "Version Format Specification": menus show the newest kernel
// first.
#pragma once

#include <compare>
#include <string_view>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Which of two versions, or names with a version in them, is older. Different texts may be equal: characters
// that are no letter, digit or one of - . ~ ^ only separate.
std::weak_ordering CompareVersions(std::string_view a, std::string_view b);

}  // namespace kexec
KEXEC_PUBLIC_END
