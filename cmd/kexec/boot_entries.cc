// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/boot_entries.h"

#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "cmd/kexec/boot_entries_bls.h"
#include "cmd/kexec/boot_entries_grub.h"
#include "cmd/kexec/boot_files.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

// A variable that systemd-boot and the system agree on (systemd's "Boot Loader Interface"), as text; "" if
// there is none. efivarfs puts four bytes of attributes before the UTF-16 text; entry IDs are ASCII.
std::string LoaderVariable(std::string_view name, const SystemRoot& root) {
  const auto data =
      root.ReadBinary(fmt::format("sys/firmware/efi/efivars/{}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name));
  std::string text;
  if (!data.has_value()) return text;
  constexpr size_t kLongest = 4096;  // no ID or pattern is longer
  for (size_t at = 4; at + 1 < data->size() && text.size() < kLongest; at += 2) {
    const auto low = std::to_integer<unsigned char>((*data)[at]);
    const auto high = std::to_integer<unsigned char>((*data)[at + 1]);
    if (low == 0 && high == 0) break;
    text += high == 0 && low < 0x80 ? static_cast<char>(low) : '?';
  }
  return text;
}

// loader.conf's pattern; of several files the first that has one.
std::string ConfiguredPattern(const BootFiles& files, Diagnostics& diagnostics) {
  for (const std::string& mount : BootMounts()) {
    const auto text = files.Read(mount + "/loader/loader.conf", kMaxEntryFileBytes);
    if (!text.has_value())
      diagnostics.Warn("the default of the menu is not known: {}", text.error().message());
    if (!text.has_value() || !*text) continue;
    if (auto pattern = DefaultPattern(**text); !pattern.empty()) return pattern;
  }
  return {};
}

bool Matches(const std::string& pattern, const std::string& id) {
  return fnmatch(pattern.c_str(), id.c_str(), FNM_CASEFOLD) == 0;
}

// Marks what systemd-boot would start, in the order in which it asks.
void MarkDefault(std::vector<BootEntry>& entries, const BootFiles& files, Diagnostics& diagnostics) {
  std::string configured = ConfiguredPattern(files, diagnostics);
  if (configured == "@saved") configured = LoaderVariable("LoaderEntryLastBooted", files.root());
  for (const std::string& pattern :
       {LoaderVariable("LoaderEntryOneShot", files.root()),
        LoaderVariable("LoaderEntryDefault", files.root()), configured, std::string("*")}) {
    const auto found = std::ranges::find_if(
        entries, [&](const BootEntry& entry) { return !entry.is_stale && Matches(pattern, entry.id); });
    if (found == entries.end()) continue;
    found->is_default = true;
    return;
  }
}

std::vector<BootEntry> Sorted(std::vector<RankedEntry> ranked) {
  std::ranges::stable_sort(ranked, RanksAbove, &RankedEntry::rank);
  std::vector<BootEntry> entries;
  for (RankedEntry& one : ranked) entries.push_back(std::move(one.entry));
  return entries;
}

// With what else it is known by.
using Listed = GrubListed;

// What is listed so far.
class Listing {
 public:
  explicit Listing(std::vector<Listed> first) : listed_(std::move(first)) {
    for (const Listed& one : listed_) ids_.insert(one.entry.id);
  }
  // Behind what is there; an ID that is taken says where it comes from.
  void Add(BootEntry entry, std::vector<std::string> paths = {}) {
    if (ids_.contains(entry.id)) {
      entry.id = fmt::format("{}:{}", entry.source.filename().string(), entry.id);
    }
    ids_.insert(entry.id);
    listed_.push_back({std::move(entry), std::move(paths)});
  }
  void Add(std::vector<BootEntry> entries) {
    for (BootEntry& entry : entries) Add(std::move(entry));
  }
  std::vector<Listed> Take() { return std::move(listed_); }

 private:
  std::vector<Listed> listed_;
  std::unordered_set<std::string> ids_;
};

std::vector<Listed> ListWithNames(const SystemRoot& root, Diagnostics& diagnostics) {
  const BootFiles files(root);
  const std::optional<GrubFile> grub = ReadGrubFile(files, diagnostics);
  // GRUB has a variable of that name, too.
  const bool systemd_boot = LoaderVariable("LoaderInfo", root).starts_with("systemd-boot");
  const bool grub_reads_bls = grub && !systemd_boot && ListsBlsEntries(grub->menu);
  auto type1 = ReadType1Entries(files, grub_reads_bls ? &grub->menu.variables : nullptr, diagnostics);
  auto type2 = ReadType2Entries(files, diagnostics);
  if (grub_reads_bls) {
    Listing listing(ListGrubEntries(*grub, Sorted(std::move(type1)), files, diagnostics));
    listing.Add(Sorted(std::move(type2)));
    return listing.Take();
  }
  std::ranges::move(type2, std::back_inserter(type1));
  std::vector<BootEntry> own = Sorted(std::move(type1));
  if (grub && !systemd_boot) {
    Listing listing(ListGrubEntries(*grub, {}, files, diagnostics));
    listing.Add(std::move(own));
    return listing.Take();
  }
  MarkDefault(own, files, diagnostics);
  Listing listing({});
  listing.Add(std::move(own));
  if (!grub) return listing.Take();
  for (Listed& one : ListGrubEntries(*grub, {}, files, diagnostics)) {
    one.entry.is_default = false;
    listing.Add(std::move(one.entry), std::move(one.paths));
  }
  return listing.Take();
}

// The first of their IDs, for a message.
std::string Quoted(const std::vector<const BootEntry*>& entries) {
  constexpr size_t kShown = 32;
  std::vector<std::string> ids;
  for (const BootEntry* entry : entries) {
    if (ids.size() == kShown) {
      ids.push_back(fmt::format("and {} more (see --list-boot-entries)", entries.size() - kShown));
      break;
    }
    ids.push_back(fmt::format("'{}'", Printable(entry->id)));
  }
  return fmt::format("{}", fmt::join(ids, ", "));
}

using Found = std::vector<const BootEntry*>;

template <class Predicate>
Found Filter(const std::vector<Listed>& listed, Predicate holds) {
  Found found;
  for (const Listed& one : listed) {
    if (holds(one)) found.push_back(&one.entry);
  }
  return found;
}

// By the first kind of name that fits anything.
Found Lookup(const std::vector<Listed>& listed, std::string_view id) {
  if (id == "default") {
    return Filter(listed, [](const Listed& one) { return one.entry.is_default; });
  }
  Found found = Filter(listed, [&](const Listed& one) { return one.entry.id == id; });
  for (const std::string_view suffix : {".conf", ".efi"}) {
    if (!found.empty()) return found;
    found =
        Filter(listed, [&](const Listed& one) { return one.entry.id == fmt::format("{}{}", id, suffix); });
  }
  if (!found.empty()) return found;
  size_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc() && end == id.data() + id.size() && number >= 1 && number <= listed.size()) {
    return {&listed[number - 1].entry};
  }
  found = Filter(listed, [&](const Listed& one) {
    return std::ranges::find(one.paths, id) != one.paths.end() || one.entry.title == id;
  });
  if (!found.empty()) return found;
  return Filter(listed, [&](const Listed& one) { return one.entry.title.starts_with(id); });
}

}  // namespace

std::vector<BootEntry> ListBootEntries(const SystemRoot& root, Diagnostics& diagnostics) {
  std::vector<BootEntry> entries;
  for (Listed& one : ListWithNames(root, diagnostics)) entries.push_back(std::move(one.entry));
  return entries;
}

std::string SearchedPlaces(const SystemRoot& root) {
  std::vector<std::string> places;
  for (const std::string& mount : BootMounts()) {
    places.push_back(fmt::format("'{}'", (root.path() / mount).string()));
  }
  return fmt::format("{} have no loader/entries, EFI/Linux or grub/grub.cfg", fmt::join(places, ", "));
}

Result<BootEntry> FindBootEntry(const SystemRoot& root, std::string_view id, Diagnostics& diagnostics) {
  const std::vector<Listed> listed = ListWithNames(root, diagnostics);
  if (listed.empty()) {
    return Fail(Errc::kUsage, "there is no boot entry '{}': {}", Printable(id), SearchedPlaces(root));
  }
  const Found found = Lookup(listed, id);
  const Found all = Filter(listed, [](const Listed&) { return true; });
  if (found.empty() && id == "default") {
    return Fail(Errc::kUsage, "the boot menu has no default entry; there are {}", Quoted(all));
  }
  if (found.empty()) {
    return Fail(Errc::kUsage, "there is no boot entry '{}'; there are {}", Printable(id), Quoted(all));
  }
  if (found.size() > 1) {
    return Fail(Errc::kUsage, "'{}' means several boot entries: {}", Printable(id), Quoted(found));
  }
  const BootEntry& entry = *found.front();
  if (!entry.problem.empty()) {
    return Fail(Errc::kUsage, "the boot entry '{}' cannot be loaded: {}", Printable(entry.id), entry.problem);
  }
  return entry;
}

}  // namespace kexec
