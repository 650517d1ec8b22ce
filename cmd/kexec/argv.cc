// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/argv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>

namespace kexec {
namespace {

struct Candidate {
  const OptionRow* row;
  std::string_view name;  // the row's name or alias that the abbreviation begins
  Architecture machines;  // where kexec-tools means the option by that name
};

bool SameRow(const std::vector<Candidate>& candidates) {
  return std::ranges::all_of(candidates, [&](const Candidate& c) { return c.row == candidates.front().row; });
}

std::vector<Candidate> CandidatesFor(std::string_view given) {
  std::vector<Candidate> candidates;
  for (const OptionRow& row : OptionTable()) {
    if (row.name.starts_with(given)) candidates.push_back({&row, row.name, row.machines});
    if (!row.alias.empty() && row.alias.starts_with(given)) {
      candidates.push_back({&row, row.alias, row.alias_machines});
    }
  }
  return candidates;
}

// Keeps the candidates for which `preferred` holds, unless there are none.
template <class Predicate>
void Prefer(std::vector<Candidate>& candidates, Predicate preferred) {
  if (std::ranges::any_of(candidates, preferred)) std::erase_if(candidates, std::not_fn(preferred));
}

// The option `given` (without "--") stands for. An abbreviation means an option of this machine if it can,
// and what it means to kexec-tools, which has not all of them; else one that kexec-tools knows on most
// machines, like --dtb, and only then one of a single other architecture.
Result<const OptionRow*> ResolveLong(std::string_view given, Architecture machine) {
  if (given.empty()) return Fail(Errc::kNotRecognised, "unrecognized option '--' with a value but no name");
  if (const OptionRow* exact = FindLongOption(given)) return exact;
  std::vector<Candidate> fitting = CandidatesFor(given);
  if (fitting.empty()) return Fail(Errc::kNotRecognised, "unrecognized option '--{}'", given);
  Prefer(fitting, [&](const Candidate& c) { return Includes(c.machines, machine); });
  Prefer(fitting, [](const Candidate& c) { return !c.row->ours; });
  Prefer(fitting, [](const Candidate& c) { return c.row->group != Group::kCompatibility; });
  if (SameRow(fitting)) return fitting.front().row;
  std::vector<std::string> names;
  for (const Candidate& candidate : fitting) names.push_back(fmt::format("'--{}'", candidate.name));
  return Fail(Errc::kUsage, "option '--{}' is ambiguous; possibilities: {}", given, fmt::join(names, " "));
}

// Walks over argv once; Take* consume one word, and the next one if it is a value.
class FirstPass {
 public:
  FirstPass(std::span<const std::string_view> words, Architecture machine)
      : words_(words), machine_(machine) {}

  Result<CanonicalWords> Run() {
    while (next_ < words_.size() && !out_.help && !out_.version) {
      const std::string_view word = words_[next_++];
      if (word == "--") {
        while (next_ < words_.size()) TakeOperand(words_[next_++]);
      } else if (word.starts_with("--")) {
        KEXEC_TRY(TakeLong(word.substr(2)));
      } else if (word.size() > 1 && word.front() == '-') {
        KEXEC_TRY(TakeCluster(word.substr(1)));
      } else {
        TakeOperand(word);
      }
    }
    return std::move(out_);
  }

 private:
  void TakeOperand(std::string_view word) {
    // Scripts with an empty unquoted-by-mistake variable pass "": no file has that name.
    if (word.empty()) {
      out_.warnings.push_back("an empty argument is ignored");
    } else {
      out_.operands.emplace_back(word);
    }
  }

  Result<> TakeLong(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view given = word.substr(0, equals);
    KEXEC_ASSIGN(const OptionRow* row, ResolveLong(given, machine_));
    if (equals == std::string_view::npos) return Accept(*row, std::nullopt, fmt::format("--{}", row->name));
    const std::string_view value = word.substr(equals + 1);
    if (row->value == Value::kNone) {
      return Fail(Errc::kUsage, "option '--{}' takes no argument, but '{}' was given", row->name, value);
    }
    return Accept(*row, value, {});
  }

  Result<> TakeCluster(std::string_view letters) {
    for (size_t i = 0; i < letters.size() && !out_.help && !out_.version; ++i) {
      const OptionRow* row = FindShortOption(letters[i]);
      if (row == nullptr) return Fail(Errc::kNotRecognised, "invalid option '-{}'", letters[i]);
      const std::string_view rest = letters.substr(i + 1);
      const bool glued = row->value != Value::kNone && !rest.empty();
      KEXEC_TRY(Accept(*row, glued ? std::optional(rest) : std::nullopt, fmt::format("-{}", row->letter)));
      if (row->value != Value::kNone) break;
    }
    return {};
  }

  // `value` if it was written in the same word; else the next word is it, even one that begins with '-'.
  Result<> Accept(const OptionRow& row, std::optional<std::string_view> value, std::string_view spelling) {
    if (row.value != Value::kNone && !value) {
      if (next_ == words_.size()) {
        return Fail(Errc::kUsage, "option '{}' requires an argument: {}", spelling, row.argument);
      }
      value = words_[next_++];
    }
    out_.help = row.id == OptionId::kHelp;
    out_.version = row.id == OptionId::kVersion;
    out_.options.push_back({&row, value ? std::optional<std::string>(*value) : std::nullopt});
    return {};
  }

  std::span<const std::string_view> words_;
  Architecture machine_;
  size_t next_ = 0;
  CanonicalWords out_;
};

}  // namespace

Result<CanonicalWords> CanonicaliseWords(std::span<const std::string_view> words, Architecture machine) {
  return FirstPass(words, machine).Run();
}

}  // namespace kexec
