// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/boot_entries_bls.h"

#include <strings.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "cmd/kexec/planned_machine.h"
#include "kexec/printable.h"
#include "kexec/root_file.h"
#include "loaders/boot_entries/grub_menu.h"
#include "loaders/pe/environment_text.h"
#include "loaders/pe/uki.h"

namespace kexec {
namespace {

// More than an image on an EFI system partition is; only its section table and small sections are read.
constexpr uint64_t kMaxImageFile = uint64_t{2} << 30;

// Of all entries together: 4096 of a distribution have some 2 MiB.
constexpr size_t kMaxExpandedBytes = size_t{16} << 20;

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string> SplitAtBlanks(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// What blscfg of GRUB makes of entry files.
class GrubReader {
 public:
  explicit GrubReader(const GrubVariables& variables) : variables_(variables) {}

  BlsEntry Read(BlsEntry entry) {
    for (std::string* field : {&entry.title, &entry.version, &entry.kernel, &entry.options}) {
      *field = Expand(*field);
    }
    std::vector<std::string> initrds;
    for (const std::string& line : entry.initrds) {
      std::ranges::move(SplitAtBlanks(Expand(line)), std::back_inserter(initrds));
    }
    entry.initrds = std::move(initrds);
    return entry;
  }
  bool exhausted() const { return left_ == 0; }

 private:
  std::string Expand(std::string_view value) {
    if (left_ == 0) return {};
    std::string expanded = ExpandGrubVariables(value, variables_);
    left_ -= std::min(left_, expanded.size());
    return expanded;
  }

  const GrubVariables& variables_;
  size_t left_ = kMaxExpandedBytes;
};

bool IsUkiFile(const std::filesystem::path& path, const SystemRoot& root) {
  const auto image = OpenImageFile(path, kMaxImageFile, root);
  return image.has_value() && RecognisesUki(image->bytes.view());
}

// What the entry starts. Errors are problems of the entry.
Result<> FillKernel(const BlsEntry& bls, const BootFiles& files, std::string_view mount, BootEntry& entry) {
  if (!bls.kernel.empty()) {
    KEXEC_ASSIGN(entry.kernel, files.Find(bls.kernel, mount));
    entry.options = bls.options;
  } else if (!bls.uki.empty()) {
    KEXEC_ASSIGN(entry.kernel, files.Find(bls.uki, mount));
    entry.is_uki = true;
    entry.profile = bls.profile;
    entry.options = bls.options;
  } else if (!bls.uki_url.empty()) {
    entry.is_stale = false;
    return Fail(Errc::kUnsupported, "its image would be fetched from '{}'", Printable(bls.uki_url));
  } else if (!bls.efi.empty()) {
    KEXEC_ASSIGN(const auto program, files.Find(bls.efi, mount));
    entry.is_stale = false;
    if (!IsUkiFile(program, files.root())) {
      return Fail(Errc::kUnsupported, "it starts the EFI program '{}', no kernel", program.string());
    }
    entry.kernel = program;
    entry.is_uki = true;
    entry.options = bls.options;
  } else {
    return Fail(Errc::kUnsupported, "it names no kernel");
  }
  entry.is_stale = false;
  return {};
}

// Fills in what the entry's files are. Errors are problems of the entry.
Result<> FillFiles(const BlsEntry& bls, const BootFiles& files, std::string_view mount, BootEntry& entry) {
  entry.is_stale = true;  // until something is there
  KEXEC_TRY(FillKernel(bls, files, mount, entry));
  for (const std::string& initrd : bls.initrds) {
    KEXEC_ASSIGN(auto path, files.Find(initrd, mount));
    entry.initrds.push_back(std::move(path));
  }
  return {};
}

RankedEntry Type1Entry(const CountedName& name, const BlsEntry& bls, const BootFiles& files,
                       std::string_view mount, std::filesystem::path source) {
  RankedEntry ranked;
  ranked.rank = {name.bad(), bls.sort_key, bls.machine_id, bls.version, name.id};
  BootEntry& entry = ranked.entry;
  entry.id = name.id;
  entry.title = bls.title.empty() ? name.id : bls.title;
  entry.version = bls.version;
  entry.source = std::move(source);
  if (const Result<> filled = FillFiles(bls, files, mount, entry); !filled.has_value()) {
    entry.problem = filled.error().message();
  }
  return ranked;
}

// The first of `keys` with a value.
std::string FirstOf(std::string_view os_release, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const auto value = EnvironmentValue(os_release, key);
    if (value && !value->empty()) return *value;
  }
  return {};
}

// Names and versions out of os-release(5), in the order systemd-boot asks.
void DescribeByRelease(std::string_view os_release, RankedEntry& ranked) {
  if (auto title = FirstOf(os_release, {"PRETTY_NAME", "IMAGE_ID", "NAME", "ID"}); !title.empty()) {
    ranked.entry.title = std::move(title);
  }
  ranked.entry.version = FirstOf(os_release, {"IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"});
  ranked.rank.sort_key = FirstOf(os_release, {"IMAGE_ID", "ID"});
  ranked.rank.version = ranked.entry.version;
}

// One entry for the image, or one for each of its profiles: the first has the image's own ID.
std::vector<RankedEntry> Type2Entries(const CountedName& name, const std::filesystem::path& path,
                                      const SystemRoot& root) {
  RankedEntry ranked;
  ranked.rank = {.bad = name.bad(), .id = name.id};
  BootEntry& entry = ranked.entry;
  entry.id = name.id;
  entry.title = name.id;
  entry.source = path;
  entry.kernel = path;
  entry.is_uki = true;
  const auto image = OpenImageFile(path, kMaxImageFile, root);
  const Result<Uki> uki =
      image.has_value() ? ReadUki(image->bytes, std::nullopt) : Result<Uki>(std::unexpected(image.error()));
  if (!uki.has_value()) {
    entry.problem = uki.error().message();
    return {ranked};
  }
  DescribeByRelease(uki->parts.os_release, ranked);
  if (uki->profiles.size() < 2) return {ranked};
  std::vector<RankedEntry> entries;
  for (size_t number = 0; number < uki->profiles.size(); ++number) {
    const UkiProfile& profile = uki->profiles[number];
    RankedEntry one = ranked;
    one.entry.profile = fmt::format("{}", number);
    if (number != 0) {
      one.entry.id += fmt::format("@{}", profile.id.empty() ? *one.entry.profile : profile.id);
      one.entry.title += fmt::format(" ({})", profile.title.empty() ? *one.entry.profile : profile.title);
    }
    entries.push_back(std::move(one));
  }
  return entries;
}

// Entries so far, each ID once.
class EntryList {
 public:
  // False once enough files were looked at, whatever became of them.
  bool TakesFile() { return files_++ < kMaxMenuEntries; }
  void Add(RankedEntry ranked) {
    if (entries_.size() < kMaxMenuEntries && ids_.insert(ranked.entry.id).second)
      entries_.push_back(std::move(ranked));
  }
  std::vector<RankedEntry> Take() { return std::move(entries_); }

 private:
  size_t files_ = 0;
  std::vector<RankedEntry> entries_;
  std::unordered_set<std::string> ids_;
};

// As UAPI.1's key "architecture" names it, and UEFI the boot programs of removable media
// (UEFI 2.10, 3.5.1.1).
std::string_view EfiName(const SystemRoot& root) {
  const auto machine = root.MachineName();
  const auto named = machine.has_value() ? ArchitectureNamed(*machine) : std::nullopt;
  switch (named.value_or(kThisArchitecture)) {
    case Architecture::kArm64:
      return "aa64";
    case Architecture::kRiscv:
      return "riscv64";
    default:
      return "x64";
  }
}

void WarnLeftOut(const BootFiles& files, const std::string& path, std::string_view why,
                 Diagnostics& diagnostics) {
  diagnostics.Warn("boot entries from '{}' on are left out: {}", Printable(files.Shown(path).string()), why);
}

// The files of one directory that `suffix` marks as entries, up to the bound of the list, to `visit`: it
// answers false to stop.
template <class Visit>
void ForEachEntryFile(const BootFiles& files, const std::string& directory, std::string_view suffix,
                      EntryList& list, Diagnostics& diagnostics, Visit visit) {
  for (const std::string& file : files.List(directory)) {
    const auto name = ParseEntryName(file, suffix);
    if (!name) continue;
    const std::string path = directory + "/" + file;
    if (!list.TakesFile()) {
      return WarnLeftOut(files, path, fmt::format("there are more than {}", kMaxMenuEntries), diagnostics);
    }
    if (!visit(*name, file, path)) return;
  }
}

}  // namespace

std::vector<std::string> BootMounts() { return {"boot", "efi", "boot/efi"}; }

std::vector<RankedEntry> ReadType1Entries(const BootFiles& files, const GrubVariables* variables,
                                          Diagnostics& diagnostics) {
  EntryList list;
  const std::string_view machine = EfiName(files.root());
  std::optional<GrubReader> grub;
  if (variables != nullptr) grub.emplace(*variables);
  for (const std::string& mount : BootMounts()) {
    const auto read = [&](const CountedName& name, const std::string& file, const std::string& path) {
      const auto text = files.Read(path, kMaxEntryFileBytes);
      if (!text.has_value() || !*text) {
        diagnostics.Warn("the boot entry '{}' is left out: {}", Printable(file),
                         text.has_value() ? "it is gone" : text.error().message());
        return true;
      }
      BlsEntry bls = ParseBlsEntry(**text);
      if (grub) bls = grub->Read(std::move(bls));
      if (grub && grub->exhausted()) {
        WarnLeftOut(files, path,
                    fmt::format("their variables expand to more than {} bytes", kMaxExpandedBytes),
                    diagnostics);
        return false;
      }
      if (!bls.architecture.empty() && !SameIgnoringCase(bls.architecture, machine)) {
        diagnostics.Note("boot entry '{}' is for architecture '{}', not '{}'", Printable(file),
                         Printable(bls.architecture), machine);
        return true;
      }
      list.Add(Type1Entry(name, bls, files, mount, files.Shown(path)));
      return true;
    };
    ForEachEntryFile(files, mount + "/loader/entries", ".conf", list, diagnostics, read);
  }
  return list.Take();
}

std::vector<RankedEntry> ReadType2Entries(const BootFiles& files, Diagnostics& diagnostics) {
  EntryList list;
  for (const std::string& mount : BootMounts()) {
    const auto read = [&](const CountedName& name, const std::string& file, const std::string&) {
      const auto path = files.Find("EFI/Linux/" + file, mount);
      if (!path.has_value()) {
        diagnostics.Warn("the boot entry '{}' is left out: {}", Printable(file), path.error().message());
        return true;
      }
      for (RankedEntry& entry : Type2Entries(name, *path, files.root())) list.Add(std::move(entry));
      return true;
    };
    ForEachEntryFile(files, mount + "/EFI/Linux", ".efi", list, diagnostics, read);
  }
  return list.Take();
}

}  // namespace kexec
