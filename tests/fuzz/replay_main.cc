// SPDX-License-Identifier: GPL-2.0-or-later
// Gives a fuzz target the files of a folder, whole and cut short, and the empty input. A fault ends the
// program.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kCuts = 64;

void Replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  for (size_t cut = 0; cut <= kCuts; ++cut) {
    // A copy of its own, so that a read past its end is seen by the sanitizer.
    const std::vector<uint8_t> part(bytes.begin(),
                                    bytes.end() - static_cast<ptrdiff_t>(bytes.size() * cut / kCuts));
    LLVMFuzzerTestOneInput(part.data(), part.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_NAME CORPUS\n", stderr);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) Replay(file);
  std::printf("%zu files replayed\n", files.size());
  return files.empty() ? 1 : 0;
}
