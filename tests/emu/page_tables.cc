// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/emu/page_tables.h"

#include <cstddef>
#include <utility>

namespace kexec {
namespace {

constexpr size_t kEntries = 512;
constexpr uint64_t kPresentWritable = 0x3, kLargePage = 0x80;

class Tables {
 public:
  explicit Tables(uint64_t base) : base_(base) { New(); }
  std::vector<uint64_t> Take() { return std::move(words_); }

  // The table below entry `index` of the table at word `table`, made if it is not there.
  size_t Below(size_t table, size_t index) {
    if (words_[table + index] == 0) {
      const size_t made = New();
      words_[table + index] = (base_ + made * 8) | kPresentWritable;
    }
    return ((words_[table + index] & ~uint64_t{0xfff}) - base_) / 8;
  }
  void Set(size_t table, size_t index, uint64_t value) { words_[table + index] = value; }

 private:
  size_t New() {
    words_.resize(words_.size() + kEntries);
    return words_.size() - kEntries;
  }
  uint64_t base_;
  std::vector<uint64_t> words_;
};

}  // namespace

std::vector<uint64_t> IdentityPageTables(uint64_t base, const std::set<uint64_t>& gigabytes,
                                         bool five_level) {
  Tables tables(base);
  for (const uint64_t gigabyte : gigabytes) {
    size_t table = 0;
    if (five_level) table = tables.Below(table, (gigabyte >> 18) % kEntries);
    table = tables.Below(table, (gigabyte >> 9) % kEntries);
    table = tables.Below(table, gigabyte % kEntries);
    for (uint64_t i = 0; i < kEntries; i++)
      tables.Set(table, i, ((gigabyte << 30) + (i << 21)) | kPresentWritable | kLargePage);
  }
  return tables.Take();
}

}  // namespace kexec
