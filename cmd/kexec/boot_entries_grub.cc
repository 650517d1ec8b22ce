// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/boot_entries_grub.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "cmd/kexec/boot_entries_bls.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

using Kind = GrubMenuEntry::Kind;

// Of all names in the list together: a submenu's are those of its entries, too. 4096 entries of a
// distribution have some 2 MiB.
constexpr size_t kMaxNameBytes = size_t{16} << 20;

// The release in the usual name of a kernel: "vmlinuz-6.1.0-49-amd64".
std::string VersionIn(const std::filesystem::path& kernel) {
  const std::string name = kernel.filename().string();
  for (const std::string_view prefix : {"vmlinuz-", "vmlinux-", "kernel-", "linux-"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return {};
}

// Errors are problems of the entry.
Result<> FillFiles(const GrubMenuEntry& from, const BootFiles& files, std::string_view mount,
                   BootEntry& entry) {
  if (!from.other.empty()) {
    return Fail(Errc::kUnsupported, "it starts no kernel, but uses '{}'", Printable(from.other));
  }
  if (from.kernel.empty()) return Fail(Errc::kUnsupported, "it starts no kernel");
  KEXEC_ASSIGN(entry.kernel, files.Find(from.kernel, mount));
  for (const std::string& initrd : from.initrds) {
    KEXEC_ASSIGN(auto path, files.Find(initrd, mount));
    entry.initrds.push_back(std::move(path));
  }
  for (const GrubModule& module : from.modules) {
    KEXEC_ASSIGN(const auto path, files.Find(module.file, mount));
    entry.modules.push_back(path.string() + (module.arguments.empty() ? "" : " " + module.arguments));
  }
  return {};
}

// Walks over the menu once.
class Unfolding {
 public:
  Unfolding(const GrubFile& file, const std::vector<BootEntry>& bls, const BootFiles& files)
      : file_(file), files_(files) {
    for (const BootEntry& entry : bls) bls_.emplace(entry.id, &entry);
  }

  // `place` is where `entries` stand: positions, IDs and titles of the submenus above them.
  struct Place {
    GrubPosition position;
    std::string numbers, ids, titles;  // each empty or with '>' at its end
  };
  void Unfold(const std::vector<GrubMenuEntry>& entries, const Place& place);

  std::vector<GrubListed> listed;
  std::vector<GrubPosition> positions;  // of each
  bool cut = false;                     // kMaxNameBytes was met: the rest is left out

 private:
  void Add(const GrubMenuEntry& from, const Place& place, const GrubPosition& position);
  std::string UniqueId(const GrubMenuEntry& from, const Place& place);
  BootEntry Entry(const GrubMenuEntry& from, const Place& place);
  // False if names of `bytes` more are too much.
  bool Charge(size_t bytes);

  const GrubFile& file_;
  const BootFiles& files_;
  std::unordered_map<std::string_view, const BootEntry*> bls_;  // by ID
  std::unordered_set<std::string> ids_;                         // of `listed`
  std::unordered_map<std::string, size_t> numbers_;  // the last behind each name that had to get one
  size_t name_bytes_left_ = kMaxNameBytes;
};

std::string Name(const GrubMenuEntry& entry) { return entry.id.empty() ? entry.title : entry.id; }

bool Unfolding::Charge(size_t bytes) {
  cut = cut || bytes > name_bytes_left_;
  if (!cut) name_bytes_left_ -= bytes;
  return !cut;
}

std::string Unfolding::UniqueId(const GrubMenuEntry& from, const Place& place) {
  const std::string whole = place.ids + Name(from);
  // An ID is meant to be unique; a title says where it stands.
  std::string id = from.id.empty() || ids_.contains(from.id) ? whole : from.id;
  if (!ids_.contains(id)) return id;
  for (size_t& number = numbers_.try_emplace(whole, 1).first->second; ids_.contains(id);) {
    id = fmt::format("{}#{}", whole, ++number);
  }
  return id;
}

BootEntry Unfolding::Entry(const GrubMenuEntry& from, const Place& place) {
  if (from.kind == Kind::kBlsEntries) return *bls_.at(from.id);
  BootEntry entry;
  entry.id = UniqueId(from, place);
  entry.title = from.title.empty() ? entry.id : from.title;
  entry.source = files_.Shown(file_.path);
  entry.options = from.options;
  if (const Result<> filled = FillFiles(from, files_, file_.mount, entry); !filled.has_value()) {
    entry.problem = filled.error().message();
  }
  entry.version = VersionIn(entry.kernel);
  return entry;
}

void Unfolding::Add(const GrubMenuEntry& from, const Place& place, const GrubPosition& position) {
  if (!Charge(place.numbers.size() + 2 * place.ids.size() + place.titles.size() +
              2 * (from.id.size() + from.title.size()))) {
    return;
  }
  GrubListed one{.entry = Entry(from, place), .paths = {}};
  if (!place.position.empty()) {
    one.paths = {place.numbers + fmt::format("{}", position.back()), place.ids + Name(from),
                 place.titles + from.title};
  }
  ids_.insert(one.entry.id);
  listed.push_back(std::move(one));
  positions.push_back(position);
}

void Unfolding::Unfold(const std::vector<GrubMenuEntry>& entries, const Place& place) {
  for (size_t i = 0; i < entries.size() && !cut; ++i) {
    GrubPosition position = place.position;
    position.push_back(i);
    if (entries[i].kind == Kind::kBlsEntries && entries[i].id.empty()) continue;  // in a submenu, by hand
    if (entries[i].kind != Kind::kSubmenu) {
      Add(entries[i], place, position);
      continue;
    }
    const size_t names = 2 * entries[i].title.size() + entries[i].id.size();
    if (!Charge(place.numbers.size() + place.ids.size() + place.titles.size() + names)) return;
    Unfold(entries[i].children, {position, place.numbers + fmt::format("{}>", i),
                                 place.ids + Name(entries[i]) + ">", place.titles + entries[i].title + ">"});
  }
}

// The top level with an entry for each of `bls` in the place of the marker. GRUB knows them without ".conf".
std::vector<GrubMenuEntry> WithBlsEntries(const std::vector<GrubMenuEntry>& menu,
                                          const std::vector<BootEntry>& bls) {
  std::vector<GrubMenuEntry> entries;
  bool placed = false;
  for (const GrubMenuEntry& entry : menu) {
    if (entry.kind != Kind::kBlsEntries) {
      entries.push_back(entry);
      continue;
    }
    if (std::exchange(placed, true)) continue;
    for (const BootEntry& one : bls) {
      entries.push_back({.kind = Kind::kBlsEntries, .title = one.title, .id = one.id});
    }
  }
  return entries;
}

// The default by a name that GRUB's BLS entries have without their suffix.
std::optional<GrubPosition> FindDefault(const std::vector<GrubMenuEntry>& entries,
                                        const std::string& wanted) {
  if (auto found = FindGrubEntry(entries, wanted)) return found;
  if (auto found = FindGrubEntry(entries, wanted + ".conf")) return found;
  return FindGrubEntry(entries, "0");
}

}  // namespace

std::optional<GrubFile> ReadGrubFile(const BootFiles& files, Diagnostics& diagnostics) {
  for (const std::string& mount : BootMounts()) {
    for (const std::string_view name : {"grub", "grub2"}) {
      const std::string directory = fmt::format("{}/{}", mount, name);
      const std::string path = directory + "/grub.cfg";
      const auto text = files.Read(path);
      if (text.has_value() && !*text) continue;
      GrubSurroundings around{.efi = files.root().Exists("sys/firmware/efi")};
      const auto environment = files.Read(directory + "/grubenv", kMaxEntryFileBytes);
      if (environment.has_value() && *environment) {
        around.environment = ParseGrubEnvironment(**environment);
        around.has_environment = true;
      }
      auto menu =
          text.has_value() ? ReadGrubMenu(**text, around) : Result<GrubMenu>(std::unexpected(text.error()));
      if (menu.has_value() && menu->cut) {
        diagnostics.Warn("'{}' has more than {} entries: the rest is left out", files.Shown(path).string(),
                         kMaxMenuEntries);
      }
      if (menu.has_value()) return GrubFile{path, mount, *std::move(menu)};
      diagnostics.Warn("'{}' is left out: {}", files.Shown(path).string(), menu.error().message());
    }
  }
  return std::nullopt;
}

bool ListsBlsEntries(const GrubMenu& menu) {
  return std::ranges::any_of(menu.entries,
                             [](const GrubMenuEntry& entry) { return entry.kind == Kind::kBlsEntries; });
}

std::vector<GrubListed> ListGrubEntries(const GrubFile& file, std::vector<BootEntry> bls,
                                        const BootFiles& files, Diagnostics& diagnostics) {
  const std::vector<GrubMenuEntry> entries = WithBlsEntries(file.menu.entries, bls);
  Unfolding unfolding(file, bls, files);
  unfolding.Unfold(entries, {});
  if (unfolding.cut) {
    diagnostics.Warn(
        "the names in '{}' take more than {} bytes: the entries behind the first {} are left out",
        files.Shown(file.path).string(), kMaxNameBytes, unfolding.listed.size());
  }
  const auto wanted = file.menu.variables.find("default");
  const auto position = FindDefault(entries, wanted == file.menu.variables.end() ? "0" : wanted->second);
  const auto found = std::ranges::find(unfolding.positions, position.value_or(GrubPosition{}));
  if (found != unfolding.positions.end()) {
    unfolding.listed[static_cast<size_t>(found - unfolding.positions.begin())].entry.is_default = true;
  }
  return std::move(unfolding.listed);
}

}  // namespace kexec
