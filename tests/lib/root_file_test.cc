// SPDX-License-Identifier: GPL-2.0-or-later
// What a path below a record has become since it was looked up: it is opened in the record, or not at all.
#include "kexec/root_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

namespace fs = std::filesystem;

class FileOfARecord : public ::testing::Test {
 protected:
  FileOfARecord() {
    scratch_.File("outside/kernel", "outside").File("record/boot/kernel", "looked up");
    scratch_.File("record/outside/kernel", "inside");
  }
  // The file's text, or the sentence.
  std::string Read(const fs::path& path, const fs::path& root) const {
    const auto opened = SystemRoot::Open(root);
    const auto file = OpenImageFile(path, 100, *opened);
    if (!file.has_value()) return file.error().message();
    const Bytes bytes = file->bytes.view();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string Kernel() const { return Read(kernel_, record_); }

  ScratchRoot scratch_;
  const fs::path record_ = scratch_.path() / "record";
  const fs::path kernel_ = record_ / "boot/kernel";
};

TEST_F(FileOfARecord, IsTheOneThatWasLookedUp) { EXPECT_EQ(Kernel(), "looked up"); }

TEST_F(FileOfARecord, IsOpenedInTheRecordWhereItHasBecomeALink) {
  fs::remove(kernel_);
  fs::create_symlink("/outside/kernel", kernel_);
  EXPECT_EQ(Kernel(), "inside");
  fs::remove(kernel_);
  fs::create_symlink("../../../../../../../../../outside/kernel", kernel_);
  EXPECT_EQ(Kernel(), "inside");
  fs::remove(kernel_);
  fs::create_symlink(scratch_.path() / "outside/kernel", kernel_);
  EXPECT_EQ(Kernel(), "cannot open '" + kernel_.string() + "': No such file or directory");
}

TEST_F(FileOfARecord, IsOpenedInTheRecordWhereAFolderHasBecomeALink) {
  fs::remove_all(record_ / "boot");
  fs::create_directory_symlink("/outside", record_ / "boot");
  EXPECT_EQ(Kernel(), "inside");
}

TEST_F(FileOfARecord, IsRefusedWhereItHasBecomeAFifo) {
  fs::remove(kernel_);
  ASSERT_EQ(mkfifo(kernel_.c_str(), 0600), 0);
  EXPECT_EQ(Kernel(), "'" + kernel_.string() + "' is a FIFO, not a regular file");
}

TEST_F(FileOfARecord, OnlyIfThePathIsPlainlyBelowIt) {
  EXPECT_EQ(Read(scratch_.path() / "outside/kernel", record_), "outside");
  EXPECT_EQ(Read(record_ / "boot/../../outside/kernel", record_), "outside");
  EXPECT_EQ(Read(scratch_.path() / "outside/kernel", "/"), "outside");
}

}  // namespace
}  // namespace kexec::testing
