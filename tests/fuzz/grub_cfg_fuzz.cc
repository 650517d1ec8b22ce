// SPDX-License-Identifier: GPL-2.0-or-later
// A grub.cfg, or grubenv, of any bytes: read in bounded time, with or without a menu.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/boot_entries/grub_menu.h"
#include "tests/fuzz/fuzz_input.h"

namespace kexec {
namespace {

// Where FindGrubEntry points must be an entry.
void CheckPosition(const std::vector<GrubMenuEntry>& entries, std::string_view wanted) {
  const auto position = FindGrubEntry(entries, wanted);
  if (!position) return;
  const std::vector<GrubMenuEntry>* level = &entries;
  for (const size_t index : *position) {
    testing::Require(index < level->size());
    level = &(*level)[index].children;
  }
}

}  // namespace
}  // namespace kexec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kexec;
  const std::string text(data, data + size);
  const size_t half = text.find('\0') == std::string::npos ? 0 : text.find('\0');
  const GrubSurroundings surroundings{.environment = ParseGrubEnvironment(text.substr(0, half)),
                                      .has_environment = half != 0,
                                      .efi = size % 2 == 0};
  const auto menu = ReadGrubMenu(std::string_view(text).substr(half), surroundings);
  if (!menu.has_value()) return 0;
  for (const auto& [name, value] : menu->variables) CheckPosition(menu->entries, value);
  CheckPosition(menu->entries, "1>0");
  testing::Require(ExpandGrubVariables(text, menu->variables).size() <= size_t{4} << 20);
  return 0;
}
