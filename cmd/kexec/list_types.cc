// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/list_types.h"

#include <fmt/format.h>

#include "loaders/types.h"

namespace kexec {

std::string TypesText() {
  std::string text;
  for (const ImageType& type : ImageTypes()) {
    text +=
        fmt::format("{:<16}{}{}\n", type.name, type.description, type.refusal.empty() ? "" : " (refused)");
  }
  return text;
}

}  // namespace kexec
