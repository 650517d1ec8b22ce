// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/list_types.h"

#include <fmt/format.h>

#include "loaders/kernel_image.h"

namespace kexec {

std::string TypesText() {
  std::string text;
  for (const Loader& loader : Loaders()) text += fmt::format("{:<16}{}\n", loader.name, loader.description);
  return text;
}

}  // namespace kexec
