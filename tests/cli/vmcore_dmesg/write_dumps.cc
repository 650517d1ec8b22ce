// SPDX-License-Identifier: GPL-2.0-or-later
// usage: write_dumps DIRECTORY: the synthetic dumps of tests/support, one file each, for programs to read.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/support/vmcore_builder.h"

namespace kexec::testing {
namespace {

void WriteFile(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

std::vector<DumpedRecord> ManyRecords() {
  std::vector<DumpedRecord> records;
  for (unsigned i = 0; i < 60; ++i) {
    records.push_back(
        {i * 1'000'000'007ull, fmt::format("record {} {}", i, std::string(i % 13, 'x')), i % 8});
  }
  records[50].finished = false;
  return records;
}

int Main(const std::filesystem::path& directory) {
  for (const DumpFlavour& flavour : kDumpFlavours) {
    const auto write = [&](const char* name, const DumpedKernel& kernel) {
      WriteFile(directory / fmt::format("{}-{}", name, NameOf(flavour)), kernel.Build());
    };
    write("lockless", LocklessKernel(flavour, OrdinaryRecords()));
    write("lockless-wrapped", LocklessKernel(flavour, ManyRecords()));
    write("lockless-full", LocklessKernel(flavour, ManyRecords(), {4, 7, false}));
    write("structured", StructuredKernel(flavour, OrdinaryRecords()));
    write("structured-wrapped", StructuredKernel(flavour, ManyRecords()));
    const std::string plain = "<5>[    0.000000] Linux version 3.2.0\n<6>no time\n<0>[   12.345678] panic\n";
    write("plain", PlainKernel(flavour, plain));
    write("plain-wrapped", PlainKernel(flavour, plain, 50));
  }
  WriteFile(directory / "flattened", Flattened(LocklessKernel({}, OrdinaryRecords()).Build(), 100));
  return 0;
}

}  // namespace
}  // namespace kexec::testing

int main(int argc, char** argv) { return argc == 2 ? kexec::testing::Main(argv[1]) : 1; }
