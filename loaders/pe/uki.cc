// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/uki.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "loaders/identify.h"
#include "loaders/pe/environment_text.h"

namespace kexec {
namespace {

// An image has a handful; each is one entry of a boot menu.
constexpr size_t kMaxProfiles = 256;
// Of lines for people (UAPI.5, ".profile", ".osrel").
constexpr size_t kMaxText = size_t{64} << 10;
// As many are named in a message.
constexpr size_t kMaxListed = 16;

bool BeginsProfile(const PeSection& section) { return section.name == ".profile"; }

UkiProfile ReadProfile(const PeSection& section) {
  std::string text;
  for (const std::byte b : section.contents.view()) text += std::to_integer<char>(b);
  text.resize(std::min(text.find('\0'), text.size()));
  return {EnvironmentValue(text, "ID").value_or(""), EnvironmentValue(text, "TITLE").value_or("")};
}

// Sections may share bytes of the file. Where they are only handed on that costs nothing, but texts are kept
// and trees are read one after the other.
Result<> CheckSections(std::span<const PeSection> sections, uint64_t file_size) {
  size_t profiles = 0;
  uint64_t unclaimed = file_size;
  for (const PeSection& section : sections) {
    const size_t size = section.contents.size();
    if (BeginsProfile(section) && ++profiles > kMaxProfiles) {
      return Fail(Errc::kMalformed, "the image has more than {} profiles", kMaxProfiles);
    }
    if ((BeginsProfile(section) || section.name == ".osrel") && size > kMaxText) {
      return Fail(Errc::kMalformed, "its section '{}' has {:#x} bytes of text, more than {:#x} are not read",
                  section.name, size, kMaxText);
    }
    if (section.name != ".dtbauto") continue;
    if (size > unclaimed) {
      return Fail(Errc::kMalformed,
                  "its sections '.dtbauto' have more bytes than the {:#x} of the file: they share them",
                  file_size);
    }
    unclaimed -= size;
  }
  return {};
}

std::string Listed(const std::vector<UkiProfile>& profiles) {
  std::string list;
  for (size_t i = 0; i < std::min(profiles.size(), kMaxListed); ++i) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", i);
    if (!profiles[i].id.empty()) list += fmt::format(" '{}'", profiles[i].id.substr(0, 80));
  }
  if (profiles.size() > kMaxListed) list += fmt::format(" and {} more", profiles.size() - kMaxListed);
  return list;
}

std::optional<size_t> Number(std::string_view text) {
  if (text.starts_with('@')) text.remove_prefix(1);
  size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || next != end) return std::nullopt;
  return number;
}

// An ID is looked for first: one may look like a number.
Result<size_t> FindProfile(const std::vector<UkiProfile>& profiles, const std::string& asked) {
  if (profiles.empty()) {
    return Fail(Errc::kUsage, "there is no profile '{}': the image has no profiles", asked);
  }
  const auto named = std::ranges::find(profiles, asked, &UkiProfile::id);
  if (!asked.empty() && named != profiles.end()) return static_cast<size_t>(named - profiles.begin());
  if (const auto number = Number(asked); number && *number < profiles.size()) return *number;
  return Fail(Errc::kUsage, "there is no profile '{}' (there are: {})", asked, Listed(profiles));
}

// The sections behind the .profile section `number`, up to the next.
std::span<const PeSection> SectionsOf(std::span<const PeSection> sections, size_t number) {
  auto begin = std::ranges::find_if(sections, BeginsProfile);
  for (size_t i = 0; i < number; ++i) begin = std::find_if(begin + 1, sections.end(), BeginsProfile);
  return {begin + 1, std::find_if(begin + 1, sections.end(), BeginsProfile)};
}

}  // namespace

bool RecognisesUki(Bytes file) { return HasPeSection(file, ".linux"); }

Result<Uki> ReadUki(const SharedBytes& file, const std::optional<std::string>& profile) {
  if (!RecognisesUki(file.view())) {
    return Fail(Errc::kNotRecognised, "this looks like {}, not like a unified kernel image",
                IdentifyContents(file.view()).looks_like);
  }
  KEXEC_ASSIGN(const PeImage image, ReadPeImage(file));
  const std::span<const PeSection> sections = image.sections;
  KEXEC_TRY(CheckSections(sections, file.size()));
  Uki uki{.machine = image.machine, .parts = {}, .profiles = {}, .profile = {}};
  for (const PeSection& section : sections) {
    if (BeginsProfile(section)) uki.profiles.push_back(ReadProfile(section));
  }
  if (profile) {
    KEXEC_ASSIGN(uki.profile, FindProfile(uki.profiles, *profile));
  } else if (!uki.profiles.empty()) {
    uki.profile = 0;
  }
  KEXEC_ASSIGN(uki.parts, ReadPeResources({sections.begin(), std::ranges::find_if(sections, BeginsProfile)}));
  if (uki.profile) {
    KEXEC_ASSIGN(const PeResources own, ReadPeResources(SectionsOf(sections, *uki.profile)),
                 ProfileName(uki));
    uki.parts = Override(std::move(uki.parts), own);
  }
  if (!uki.parts.kernel || uki.parts.kernel->empty()) {
    return Fail(Errc::kMalformed, "{} has no kernel in a section '.linux'",
                uki.profile ? ProfileName(uki) : "the image");
  }
  return uki;
}

std::string ProfileName(const Uki& uki) {
  if (!uki.profile) return {};
  const std::string& id = uki.profiles[*uki.profile].id;
  return fmt::format("profile {}{}", *uki.profile, id.empty() ? "" : fmt::format(" ('{}')", id));
}

}  // namespace kexec
