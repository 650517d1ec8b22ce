// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the device trees a unified kernel image brings is for this machine (systemd-stub(7), ".dtb" and
// ".dtbauto").
#pragma once

#include <optional>
#include <string_view>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/pe/pe_resources.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

struct UkiTree {
  std::string_view section;  // ".dtb" or ".dtbauto"
  SharedBytes blob;
};

// The first .dtbauto whose root node is "compatible" by its first name with `board`, else the .dtb; nullopt:
// none is for this machine. `board`: the first such name of the machine's own tree, empty if it has none; a
// machine that only hardware IDs tell apart (.hwids) is not recognised. kMalformed: a .dtbauto is no device
// tree.
Result<std::optional<UkiTree>> ChooseUkiTree(const PeResources& parts, std::string_view board);

}  // namespace kexec
KEXEC_PUBLIC_END
