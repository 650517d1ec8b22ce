// SPDX-License-Identifier: GPL-2.0-or-later
// A whole file of the tests' own: fixtures and fetched kernels.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <vector>

namespace kexec::testing {

// The bytes of `path`; the test fails if it cannot be opened.
inline std::vector<std::byte> ReadWhole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace kexec::testing
