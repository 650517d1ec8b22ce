// SPDX-License-Identifier: GPL-2.0-or-later
// Entry files, loader.conf, names of entry files and versions of any bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "loaders/boot_entries/bls_entry.h"
#include "loaders/boot_entries/version_order.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kexec;
  const std::string text(data, data + size);
  const BlsEntry entry = ParseBlsEntry(text);
  DefaultPattern(text);
  const std::string_view first = std::string_view(text).substr(0, text.find('\n'));
  const std::string_view rest = std::string_view(text).substr(first.size());
  for (const std::string_view suffix : {".conf", ".efi"}) {
    const auto name = ParseEntryName(first, suffix);
    testing::Require(!name || name->id.size() <= first.size());
  }
  testing::Require((CompareVersions(first, rest) < 0) == (CompareVersions(rest, first) > 0));
  const EntryRank a{entry.title.empty(), entry.sort_key, entry.machine_id, entry.version, std::string(first)};
  const EntryRank b{false, entry.version, entry.title, entry.sort_key, std::string(rest)};
  testing::Require(!RanksAbove(a, b) || !RanksAbove(b, a));
  testing::Require(!RanksAbove(a, a));
  return 0;
}
