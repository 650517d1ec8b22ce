// SPDX-License-Identifier: GPL-2.0-or-later
// Headers of dumps that cost more than they should.
#include <elf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "loaders/vmcore/dump.h"
#include "loaders/vmcore/flattened.h"
#include "tests/support/result_matchers.h"
#include "tests/support/work.h"

namespace kexec {
namespace {

using testing::ExpectLinear;
using testing::MeasureWork;
using testing::MessageOf;
using testing::Work;

template <class T>
void Append(std::vector<std::byte>& out, const T& value) {
  out.resize(out.size() + sizeof(value));
  std::memcpy(&out[out.size() - sizeof(value)], &value, sizeof(value));
}

// A core with `count` program headers, told in the section header as there may be more than 65,534 (gABI,
// "Sections").
std::vector<std::byte> Core(uint32_t count) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_shoff = sizeof(Elf64_Ehdr);
  header.e_phoff = sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<uint16_t>(std::min<uint32_t>(count, PN_XNUM));
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 1;
  std::vector<std::byte> out;
  Append(out, header);
  Elf64_Shdr section{};
  section.sh_info = count;
  Append(out, section);
  return out;
}

// A file with nothing behind its beginning.
class SparseSource final : public DumpSource {
 public:
  explicit SparseSource(std::vector<std::byte> head) : head_(std::move(head)) {}
  uint64_t size() const override { return uint64_t{1} << 40; }
  uint64_t stored() const override { return head_.size(); }
  Result<> Read(uint64_t offset, std::span<std::byte> out) const override {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = offset + i < head_.size() ? head_[static_cast<size_t>(offset) + i] : std::byte{0};
    }
    return {};
  }

 private:
  std::vector<std::byte> head_;
};

TEST(HostileDump, HeadersThatASparseFileOnlyClaimsAreBounded) {
  const Work work = MeasureWork([] {
    const auto dump = OpenDump(std::make_shared<SparseSource>(Core(1000000)));
    EXPECT_EQ(MessageOf(dump), "ELF: the headers reach to 0x3567e80, at most 0x1000000 is read");
    return 0;
  });
  EXPECT_LE(work.peak, uint64_t{1} << 20);
}

// Each header begins inside the one before, and splits it.
TEST(HostileDump, OverlappingHeadersCostInProportion) {
  const auto cost = [](uint32_t count) {
    std::vector<std::byte> bytes = Core(count);
    for (uint32_t i = 0; i < count; ++i) {
      Elf64_Phdr header{};
      header.p_type = PT_LOAD;
      header.p_vaddr = header.p_paddr = uint64_t{count - i} << 12;
      header.p_filesz = header.p_memsz = uint64_t{2 * i + 1} << 12;
      Append(bytes, header);
    }
    return MeasureWork([&] {
      const auto dump = OpenDump(SourceOfBytes(SharedBytes::Own(bytes)));
      EXPECT_TRUE(dump.has_value()) << MessageOf(dump);
      return DumpMemory(*dump, VmcoreInfo::Parse("")).stored();
    });
  };
  ExpectLinear(cost(2000), cost(4000));
}

TEST(HostileDump, PiecesOfAFlattenedDumpCostInProportion) {
  const auto cost = [](uint64_t count) {
    std::vector<std::byte> bytes(4096);
    std::memcpy(bytes.data(), "makedumpfile", 12);
    bytes[23] = bytes[31] = std::byte{1};
    for (uint64_t i = 0; i < count; ++i) {
      Append(bytes, Be<uint64_t>(2 * i));
      Append(bytes, Be<uint64_t>(1));
      bytes.push_back({});
    }
    return MeasureWork([&] { return Unflatten(SourceOfBytes(SharedBytes::Own(bytes))); });
  };
  const Work once = cost(2000);
  ExpectLinear(once, cost(4000));
  EXPECT_LE(once.peak, 2000 * 17 * uint64_t{8});
}

}  // namespace
}  // namespace kexec
