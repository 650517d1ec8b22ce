// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/pe_resources.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kexec {
namespace {

constexpr std::array<std::string_view, 8> kUnused = {".splash", ".hwids",   ".fwauto", ".efifw",
                                                     ".pcrsig", ".pcrpkey", ".sbat",   ".sdmagic"};
constexpr std::string_view kBlanks = " \t\r\n\v\f";

// Text up to the first zero: tools end it with one, or fill the section up.
std::string TextOf(const SharedBytes& contents) {
  std::string text;
  for (const std::byte b : contents.view()) {
    if (b == std::byte{0}) break;
    text += std::to_integer<char>(b);
  }
  return text;
}

std::string Line(const SharedBytes& contents) {
  std::string text = TextOf(contents);
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
  std::ranges::replace(text, '\n', ' ');
  return text;
}

template <class T>
void Take(T& into, const T& from) {
  if (from != T()) into = from;
}

void TakeBytes(std::optional<SharedBytes>& into, const std::optional<SharedBytes>& from) {
  if (from) into = from;
}

}  // namespace

Result<PeResources> ReadPeResources(std::span<const PeSection> sections) {
  PeResources found;
  std::vector<std::string_view> seen;
  for (const PeSection& section : sections) {
    const std::string_view name = section.name;
    if (std::ranges::find(kUnused, name) != kUnused.end()) {
      if (std::ranges::find(found.unused, name) == found.unused.end()) found.unused.emplace_back(name);
      continue;
    }
    if (name == ".dtbauto") {
      found.auto_trees.push_back(section.contents);
      continue;
    }
    if (name == ".linux") {
      found.kernel = section.contents;
    } else if (name == ".initrd") {
      found.initrd = section.contents;
    } else if (name == ".ucode") {
      found.microcode = section.contents;
    } else if (name == ".dtb") {
      found.tree = section.contents;
    } else if (name == ".cmdline") {
      found.command_line = Line(section.contents);
    } else if (name == ".uname") {
      found.release = Line(section.contents);
    } else if (name == ".osrel") {
      found.os_release = TextOf(section.contents);
    } else {
      continue;
    }
    if (std::ranges::find(seen, name) != seen.end()) {
      return Fail(Errc::kMalformed, "PE: there are two sections '{}'", name);
    }
    seen.push_back(name);
  }
  return found;
}

PeResources Override(PeResources base, const PeResources& profile) {
  TakeBytes(base.kernel, profile.kernel);
  TakeBytes(base.initrd, profile.initrd);
  TakeBytes(base.microcode, profile.microcode);
  TakeBytes(base.tree, profile.tree);
  if (!profile.auto_trees.empty()) base.auto_trees = profile.auto_trees;
  Take(base.command_line, profile.command_line);
  Take(base.release, profile.release);
  Take(base.os_release, profile.os_release);
  for (const std::string& name : profile.unused) {
    if (std::ranges::find(base.unused, name) == base.unused.end()) base.unused.push_back(name);
  }
  return base;
}

}  // namespace kexec
