// SPDX-License-Identifier: LGPL-2.1-or-later
// Every image type -t knows, for `-t help` and for messages: the rows of the registry, and the types that are
// no row of it because they hold a kernel, packed in some way, or because they are known only to be refused.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// A unified kernel image (loaders/pe/uki.h).
inline constexpr std::string_view kUkiType = "uki";

struct ImageType {
  std::string_view name;         // as -t takes it
  std::string_view description;  // one line
  std::string_view refusal;      // why no such file is loaded, and what to do; empty: it is
  // The packing that files of this type are (loaders/decompress.h); empty: it is none. The kernel inside may
  // be of any type.
  std::string_view layer{};
};

// In the order they are listed.
std::vector<ImageType> ImageTypes();

// The type that the kernel itself has to be of if `type` was asked for: none if that is a packing. `layers`
// are those taken off (UnpackKernel). kNotRecognised if the packing is not among them.
Result<std::string_view> TypeInside(std::string_view type, std::span<const std::string> layers);

// The refusal of the type that `file` is by its first bytes; empty for everything that is not refused.
std::string_view RefusalOf(Bytes file);

}  // namespace kexec
KEXEC_PUBLIC_END
