// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/boot_entries_bls.h"

#include <strings.h>

#include <algorithm>
#include <string_view>

#include "kexec/file.h"
#include "kexec/printable.h"
#include "loaders/boot_entries/grub_menu.h"
#include "loaders/pe/environment_text.h"
#include "loaders/pe/uki.h"

namespace kexec {
namespace {

// More than an image on an EFI system partition is; only its section table and small sections are read.
constexpr uint64_t kMaxImageFile = uint64_t{2} << 30;

bool SameIgnoringCase(const std::string& a, const char* b) { return strcasecmp(a.c_str(), b) == 0; }

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

// What blscfg of GRUB makes of an entry file.
BlsEntry AsGrubReadsIt(BlsEntry entry, const GrubVariables& variables) {
  for (std::string* field : {&entry.title, &entry.version, &entry.kernel, &entry.options}) {
    *field = ExpandGrubVariables(*field, variables);
  }
  std::vector<std::string> initrds;
  for (const std::string& line : entry.initrds) {
    std::ranges::move(SplitAtBlanks(ExpandGrubVariables(line, variables)), std::back_inserter(initrds));
  }
  entry.initrds = std::move(initrds);
  return entry;
}

bool IsUkiFile(const std::filesystem::path& path) {
  const auto image = OpenImageFile(path, kMaxImageFile);
  return image.has_value() && RecognisesUki(image->bytes.view());
}

// Fills in what the entry's files are. Errors are problems of the entry.
Result<> FillFiles(const BlsEntry& bls, const BootFiles& files, std::string_view mount, BootEntry& entry) {
  if (!bls.kernel.empty()) {
    KEXEC_ASSIGN(entry.kernel, files.Find(bls.kernel, mount));
    entry.options = bls.options;
  } else if (!bls.uki.empty()) {
    KEXEC_ASSIGN(entry.kernel, files.Find(bls.uki, mount));
    entry.is_uki = true;
    entry.profile = bls.profile;
    entry.options = bls.options;
  } else if (!bls.uki_url.empty()) {
    return Fail(Errc::kUnsupported, "its image would be fetched from '{}'", Printable(bls.uki_url));
  } else if (!bls.efi.empty()) {
    KEXEC_ASSIGN(const auto program, files.Find(bls.efi, mount));
    if (!IsUkiFile(program)) {
      return Fail(Errc::kUnsupported, "it starts the EFI program '{}', no kernel", program.string());
    }
    entry.kernel = program;
    entry.is_uki = true;
    entry.options = bls.options;
  } else {
    return Fail(Errc::kUnsupported, "it names no kernel");
  }
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
std::vector<RankedEntry> Type2Entries(const CountedName& name, const std::filesystem::path& path) {
  RankedEntry ranked;
  ranked.rank = {.bad = name.bad(), .id = name.id};
  BootEntry& entry = ranked.entry;
  entry.id = name.id;
  entry.title = name.id;
  entry.source = path;
  entry.kernel = path;
  entry.is_uki = true;
  const auto image = OpenImageFile(path, kMaxImageFile);
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

void AddNew(std::vector<RankedEntry> more, std::vector<RankedEntry>& entries) {
  for (RankedEntry& ranked : more) {
    const bool known = std::ranges::any_of(
        entries, [&](const RankedEntry& other) { return other.entry.id == ranked.entry.id; });
    if (!known) entries.push_back(std::move(ranked));
  }
}

}  // namespace

std::vector<std::string> BootMounts() { return {"boot", "efi", "boot/efi"}; }

std::vector<RankedEntry> ReadType1Entries(const BootFiles& files, const GrubVariables* variables,
                                          Diagnostics& diagnostics) {
  std::vector<RankedEntry> entries;
  for (const std::string& mount : BootMounts()) {
    const std::string directory = mount + "/loader/entries";
    for (const std::string& file : files.List(directory)) {
      const auto name = ParseEntryName(file, ".conf");
      if (!name) continue;
      const std::string path = directory + "/" + file;
      const auto text = files.Read(path);
      if (!text.has_value() || !*text) {
        diagnostics.Warn("the boot entry '{}' is left out: {}", Printable(file),
                         text.has_value() ? "it is gone" : text.error().message());
        continue;
      }
      BlsEntry bls = ParseBlsEntry(**text);
      if (variables != nullptr) bls = AsGrubReadsIt(std::move(bls), *variables);
      if (!bls.architecture.empty() && !SameIgnoringCase(bls.architecture, "x64")) {
        diagnostics.Note("boot entry '{}' is for architecture '{}'", Printable(file),
                         Printable(bls.architecture));
        continue;
      }
      AddNew({Type1Entry(*name, bls, files, mount, files.Shown(path))}, entries);
    }
  }
  return entries;
}

std::vector<RankedEntry> ReadType2Entries(const BootFiles& files, Diagnostics& diagnostics) {
  std::vector<RankedEntry> entries;
  for (const std::string& mount : BootMounts()) {
    for (const std::string& file : files.List(mount + "/EFI/Linux")) {
      const auto name = ParseEntryName(file, ".efi");
      if (!name) continue;
      const auto path = files.Find("EFI/Linux/" + file, mount);
      if (!path.has_value()) {
        diagnostics.Warn("the boot entry '{}' is left out: {}", Printable(file), path.error().message());
        continue;
      }
      AddNew(Type2Entries(*name, *path), entries);
    }
  }
  return entries;
}

}  // namespace kexec
