// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/scratch_root.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <span>

namespace kexec::testing {

namespace fs = std::filesystem;

ScratchRoot::ScratchRoot() {
  std::string name = (fs::temp_directory_path() / "kexec-root-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw fs::filesystem_error("mkdtemp", name, std::error_code(errno, std::generic_category()));
  path_ = name;
}

ScratchRoot::~ScratchRoot() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ScratchRoot& ScratchRoot::File(std::string_view path, std::string_view contents) {
  return File(path, std::as_bytes(std::span(contents)));
}

ScratchRoot& ScratchRoot::File(std::string_view path, Bytes contents) {
  const fs::path full = path_ / path;
  fs::create_directories(full.parent_path());
  std::ofstream out(full, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
  EXPECT_TRUE(out.good()) << full;
  return *this;
}

ScratchRoot& ScratchRoot::Folder(std::string_view path) {
  fs::create_directories(path_ / path);
  return *this;
}

ScratchRoot& ScratchRoot::Remove(std::string_view path) {
  fs::remove_all(path_ / path);
  return *this;
}

ScratchRoot& ScratchRoot::FirmwareMemory(uint64_t first, uint64_t last, std::string_view type) {
  const std::string folder = fmt::format("sys/firmware/memmap/{}", memmap_entries_++);
  File(folder + "/start", fmt::format("{:#x}\n", first));
  File(folder + "/end", fmt::format("{:#x}\n", last));
  return File(folder + "/type", fmt::format("{}\n", type));
}

ScratchRoot& ScratchRoot::CopyFrom(const fs::path& recorded, std::string_view path) {
  const fs::path full = path_ / path;
  fs::create_directories(full.parent_path());
  fs::copy(recorded, full, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  return *this;
}

SystemRoot ScratchRoot::root() const {
  auto root = SystemRoot::Open(path_);
  EXPECT_TRUE(root.has_value());
  return *std::move(root);
}

}  // namespace kexec::testing
