// SPDX-License-Identifier: GPL-2.0-or-later
// Any argv: words separated by NUL. Whatever is accepted is complete and without contradiction, whatever is
// refused has a sentence, and writing an accepted line in canonical form doesn't change its meaning.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/argv.h"
#include "cmd/kexec/options.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using kexec::testing::Require;

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    words.push_back(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(words.back().size() + 1, text.size()));
  }
  return words;
}

// What options.h promises of each mode.
void CheckAccepted(const kexec::Options& options) {
  const bool file = !options.kernel.empty();
  const bool entry = options.boot_entry.has_value();
  const bool estimates = options.mode == kexec::Mode::kEstimateCrash;
  Require(!(file && entry));
  if (!estimates) Require(kexec::LoadsKernel(options.mode) == (file || entry));
  Require(options.capture.has_value() == (options.mode == kexec::Mode::kCapture));
  Require(!options.root || options.dry_run);
  Require(options.mem_min < options.mem_max);
  for (const auto& initrd : options.initrds) Require(!initrd.empty());
  for (const auto& warning : options.warnings) Require(!warning.empty());
}

// The canonical words, parsed again, mean the same.
void CheckCanonicalForm(const std::vector<std::string_view>& words, const kexec::Options& options) {
  const auto canonical = kexec::CanonicaliseWords(words);
  Require(canonical.has_value());
  std::vector<std::string> again;
  for (const kexec::CanonicalOption& option : canonical->options) {
    again.push_back("--" + std::string(option.row->name));
    if (option.value) again.push_back(*option.value);
  }
  if (!canonical->help && !canonical->version) again.emplace_back("--");
  again.insert(again.end(), canonical->operands.begin(), canonical->operands.end());
  const std::vector<std::string_view> views(again.begin(), again.end());
  auto twice = kexec::ParseArguments(views);
  Require(twice.has_value());
  // Empty words are gone, and so is the warning about them.
  twice->warnings.insert(twice->warnings.begin(), canonical->warnings.begin(), canonical->warnings.end());
  if (!canonical->help && !canonical->version) Require(*twice == options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(data, data + size);
  const std::vector<std::string_view> words = Words(text);
  const auto options = kexec::ParseArguments(words);
  if (options.has_value()) {
    CheckAccepted(*options);
    CheckCanonicalForm(words, *options);
  } else {
    Require(!options.error().message().empty());
    Require(kexec::UsageErrorText(options.error()).ends_with("Try 'kexec --help' for more information.\n"));
  }
  return 0;
}
