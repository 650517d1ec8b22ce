// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/option_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "cmd/kexec/option_rows_other.h"
#include "cmd/kexec/option_rows_usual.h"

namespace kexec {
namespace {

constexpr size_t kRowCount = std::size(kUsualRows) + std::size(kOtherRows);

constexpr auto JoinRows() {
  std::array<OptionRow, kRowCount> rows{};
  const auto middle = std::copy(std::begin(kUsualRows), std::end(kUsualRows), rows.begin());
  std::copy(std::begin(kOtherRows), std::end(kOtherRows), middle);
  return rows;
}

constexpr std::array<OptionRow, kRowCount> kRows = JoinRows();

constexpr bool IdsAreIndices() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].id) != i) return false;
  }
  return static_cast<size_t>(OptionId::kMiniroot) + 1 == kRows.size();
}
static_assert(IdsAreIndices(), "the rows follow the order of OptionId");

constexpr bool FlagsHaveNoArgument() {
  return std::ranges::all_of(
      kRows, [](const OptionRow& row) { return (row.value == Value::kNone) == row.argument.empty(); });
}
static_assert(FlagsHaveNoArgument(), "an option has an argument and its name, or neither");

}  // namespace

std::span<const OptionRow> OptionTable() { return kRows; }

const OptionRow& RowOf(OptionId id) { return kRows[static_cast<size_t>(id)]; }

const OptionRow* FindLongOption(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto row = std::ranges::find_if(
      kRows, [&](const OptionRow& candidate) { return candidate.name == name || candidate.alias == name; });
  return row == kRows.end() ? nullptr : &*row;
}

const OptionRow* FindShortOption(char letter) {
  if (letter == '\0') return nullptr;
  const auto row = std::ranges::find(kRows, letter == '?' ? 'h' : letter, &OptionRow::letter);
  return row == kRows.end() ? nullptr : &*row;
}

std::string_view GroupTitle(Group group) {
  switch (group) {
    case Group::kMode:
      return "What to do";
    case Group::kWhat:
      return "What to load";
    case Group::kCall:
      return "Which system call";
    case Group::kPlacement:
      return "Where it goes and how it starts";
    case Group::kPurgatory:
      return "Purgatory: the code between the two kernels";
    case Group::kOutput:
      return "Output and planning";
    case Group::kRare:
      return "Rarely needed";
    case Group::kCompatibility:
      return "Accepted for scripts of other architectures";
  }
  return {};
}

}  // namespace kexec
