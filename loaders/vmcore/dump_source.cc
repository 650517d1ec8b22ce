// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/vmcore/dump_source.h"

#include <algorithm>

namespace kexec {
namespace {

class BytesSource final : public DumpSource {
 public:
  explicit BytesSource(SharedBytes bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<> Read(uint64_t offset, std::span<std::byte> out) const override {
    const auto part = SliceAt(bytes_.view(), offset, out.size());
    if (!part) {
      return Fail(Errc::kIo, "{:#x} bytes at {:#x} are not in the file, it has {:#x}", out.size(), offset,
                  bytes_.size());
    }
    std::ranges::copy(*part, out.begin());
    return {};
  }

 private:
  SharedBytes bytes_;
};

}  // namespace

std::shared_ptr<const DumpSource> SourceOfBytes(SharedBytes bytes) {
  return std::make_shared<BytesSource>(std::move(bytes));
}

}  // namespace kexec
