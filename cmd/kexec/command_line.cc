// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/command_line.h"

#include <algorithm>
#include <array>

namespace kexec {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

bool IsBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// The offset just behind the word that begins at `begin`.
size_t WordEnd(std::string_view line, size_t begin) {
  bool quoted = false;
  size_t end = begin;
  while (end < line.size() && (quoted || !IsBlank(line[end]))) {
    if (line[end] == '"') quoted = !quoted;
    ++end;
  }
  return end;
}

// What `word` sets: the text in front of '=', without a quote that surrounds the whole word.
std::string_view ParameterName(std::string_view word) {
  if (word.starts_with('"')) {
    word.remove_prefix(1);
    if (word.ends_with('"')) word.remove_suffix(1);
  }
  return word.substr(0, word.find('='));
}

void AddWords(std::string_view words, std::string& line) {
  if (!line.empty() && !words.empty()) line += ' ';
  line += words;
}

// Parts of the names of words with secrets. systemd.set_credential= is one; "macaddr" and "bootif" tell which
// machine this is (smsc95xx.macaddr=, and BOOTIF= of PXE).
constexpr std::array<std::string_view, 7> kSecretParts = {"pass", "key",     "token", "secret",
                                                          "cred", "macaddr", "bootif"};
// Names and keys of encrypted disks (systemd-cryptsetup-generator(8)).
constexpr std::array<std::string_view, 2> kSecretStarts = {"rd.luks.", "luks."};

bool IsSecret(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  return std::ranges::any_of(kSecretParts, [&](std::string_view part) { return lower.contains(part); }) ||
         std::ranges::any_of(kSecretStarts, [&](std::string_view start) { return lower.starts_with(start); });
}

}  // namespace

std::string HideSecrets(std::string_view line) {
  std::string told;
  size_t at = 0;
  while (at < line.size()) {
    const size_t begin = std::min(line.find_first_not_of(kBlanks, at), line.size());
    const size_t end = WordEnd(line, begin);
    const std::string_view word = line.substr(begin, end - begin);
    const std::string_view name = ParameterName(word);
    if (word.contains('=') && IsSecret(name)) {
      told.append(line.substr(at, begin - at)).append(name).append("=redacted");
    } else {
      told.append(line.substr(at, end - at));
    }
    at = end;
  }
  return told;
}

std::string RemoveParameters(std::string_view line, std::span<const std::string_view> names) {
  std::string kept;
  bool removed_first = false;
  size_t at = 0;
  while (at < line.size()) {
    const size_t begin = std::min(line.find_first_not_of(kBlanks, at), line.size());
    const size_t end = WordEnd(line, begin);
    const bool remove =
        begin < end &&
        std::ranges::find(names, ParameterName(line.substr(begin, end - begin))) != names.end();
    if (remove) {
      removed_first = removed_first || kept.empty();
    } else if (kept.empty() && removed_first) {
      kept.append(line.substr(begin, end - begin));  // what is first now needs no blank in front
    } else {
      kept.append(line.substr(at, end - at));
    }
    at = end;
  }
  return kept;
}

std::optional<std::string> LastValue(std::string_view line, std::string_view name) {
  std::optional<std::string> value;
  for (size_t at = line.find_first_not_of(kBlanks); at < line.size();
       at = line.find_first_not_of(kBlanks, at)) {
    const size_t end = WordEnd(line, at);
    std::string word(line.substr(at, end - at));
    std::erase(word, '"');
    if (word.size() > name.size() && word[name.size()] == '=' && word.starts_with(name)) {
      value = word.substr(name.size() + 1);
    }
    at = end;
  }
  return value;
}

Result<std::string> BuildCommandLine(const CommandLineRequest& request, const SystemRoot& root) {
  // The running kernel's file; what only a crash kernel is told, of memory that is gone (the core headers and
  // the keys of its dump: Documentation/admin-guide/kernel-parameters.txt,
  // Documentation/admin-guide/kdump/kdump.rst); and where only this kernel can jump back to.
  constexpr std::array<std::string_view, 5> kOfThisKernel = {"BOOT_IMAGE", "elfcorehdr", "dmcryptkeys",
                                                             "kexec_jump_back_entry", "kexec_jump_back_cr3"};
  constexpr std::array<std::string_view, 1> kReservation = {"crashkernel"};
  std::string line = request.brought.value_or("");
  if (request.reuse) {
    KEXEC_ASSIGN(const std::string running, root.ReadLine("proc/cmdline"), "--reuse-cmdline");
    if (request.reuse_replaces_brought) line.clear();
    AddWords(RemoveParameters(running, kOfThisKernel), line);
  }
  if (request.kind == LoadKind::kCrash) line = RemoveParameters(line, kReservation);
  if (request.append) AddWords(*request.append, line);
  if (const size_t zero = line.find('\0'); zero != std::string::npos) {
    return Fail(Errc::kMalformed, "the command line holds a zero byte at offset {}", zero);
  }
  return line;
}

}  // namespace kexec
