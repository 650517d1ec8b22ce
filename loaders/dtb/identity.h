// SPDX-License-Identifier: LGPL-2.1-or-later
// What in a device tree tells one machine from others of its kind, and how to take it out.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// True of properties with serial numbers or MAC addresses, by their names.
bool IdentifiesMachine(std::string_view property);

// Makes `value` say nothing in as many bytes: a string becomes x's, anything else zeros.
void BlankValue(std::span<std::byte> value);

// The same tree, written anew with every such property blanked. Errors are those of DeviceTree::Parse.
Result<std::vector<std::byte>> WithoutIdentity(Bytes blob);

}  // namespace kexec
KEXEC_PUBLIC_END
