// SPDX-License-Identifier: LGPL-2.1-or-later
// Every image type -t knows, for `-t help` and for messages: the rows of the registry, and the types that are
// no row of it because they hold a kernel, or because they are known only to be refused.
#pragma once

#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A unified kernel image (loaders/pe/uki.h).
inline constexpr std::string_view kUkiType = "uki";

struct ImageType {
  std::string_view name;         // as -t takes it
  std::string_view description;  // one line
  std::string_view refusal;      // why no such file is loaded, and what to do; empty: it is
};

// In the order they are listed.
std::vector<ImageType> ImageTypes();

// The refusal of the type that `file` is by its first bytes; empty for everything that is not refused.
std::string_view RefusalOf(Bytes file);

}  // namespace kexec
KEXEC_PUBLIC_END
