// SPDX-License-Identifier: GPL-2.0-or-later
// The folder of a record, where somebody else would like files to end up elsewhere.
#include "cmd/kexec/new_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;
using testing::MessageOf;
using testing::ScratchRoot;

std::string TextOf(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(NewFolder, IsMadeForItsOwnerAlone) {
  ScratchRoot scratch;
  const auto folder = NewFolder::Make(scratch.path() / "new");
  ASSERT_TRUE(folder.has_value()) << MessageOf(folder);
  EXPECT_EQ(MessageOf(folder->WriteFile("proc/sys/kernel/arch", "x86_64\n")), "success");
  EXPECT_EQ(MessageOf(folder->MakeFolder("sys/firmware")), "success");
  EXPECT_EQ(TextOf(scratch.path() / "new/proc/sys/kernel/arch"), "x86_64\n");
  EXPECT_TRUE(fs::is_directory(scratch.path() / "new/sys/firmware"));
  EXPECT_EQ(fs::status(scratch.path() / "new").permissions(), fs::perms::owner_all);
  EXPECT_EQ(MessageOf(folder->WriteFile("proc/sys/kernel/arch", "")),
            fmt::format("cannot write '{}/new/proc/sys/kernel/arch': File exists", scratch.path().string()));
}

TEST(NewFolder, MayBeThereIfItIsEmpty) {
  ScratchRoot scratch;
  scratch.Folder("own").File("full/file", "x");
  const std::string path = scratch.path().string();
  EXPECT_EQ(MessageOf(NewFolder::Make(scratch.path() / "own")), "success");
  for (const char* name : {"full", "full/file"}) {
    EXPECT_EQ(MessageOf(NewFolder::Make(scratch.path() / name)),
              fmt::format("'{}/{}' is not an empty directory; name one that does not exist yet", path, name));
  }
  EXPECT_EQ(MessageOf(NewFolder::Make(scratch.path() / "none/new")),
            fmt::format("cannot make directory '{}/none/new': No such file or directory", path));
}

TEST(NewFolder, IsNobodyElsesToWriteTo) {
  ScratchRoot scratch;
  const fs::path shared = scratch.Folder("shared").path() / "shared";
  for (const mode_t mode : {0775U, 0707U, 01777U}) {
    ASSERT_EQ(chmod(shared.c_str(), mode), 0);
    EXPECT_EQ(MessageOf(NewFolder::Make(shared)),
              fmt::format("others may write to '{}' (mode {:04o}): they could exchange files while they are "
                          "written; name one that does not exist yet",
                          shared.string(), mode));
  }
  ASSERT_EQ(chmod(shared.c_str(), 0755), 0);
  EXPECT_EQ(MessageOf(NewFolder::Make(shared)), "success");
}

TEST(NewFolder, IsNobodyElses) {
  ScratchRoot scratch;
  fs::path other = "/";  // root's, unless that is who tests
  uid_t owner = 0;
  if (geteuid() == 0) {
    other = scratch.Folder("other").path() / "other";
    owner = 12345;
    ASSERT_EQ(chown(other.c_str(), owner, owner), 0);
  }
  EXPECT_EQ(MessageOf(NewFolder::Make(other)),
            fmt::format("'{}' belongs to user {}, not to user {}, who runs this: its owner could exchange "
                        "files while they are written; name one that does not exist yet",
                        other.string(), owner, geteuid()));
}

TEST(NewFolder, FollowsNoLinkThatIsPlantedMeanwhile) {
  ScratchRoot scratch;
  const fs::path outside = scratch.File("outside/file", "kept").path() / "outside";
  const fs::path record = scratch.path() / "record";
  const auto folder = NewFolder::Make(record);
  ASSERT_TRUE(folder.has_value());
  fs::create_symlink(outside, record / "proc");
  fs::create_symlink(outside / "file", record / "file");
  fs::create_symlink(outside / "new", record / "new");
  EXPECT_EQ(MessageOf(folder->WriteFile("proc/iomem", "x")),
            fmt::format("cannot make '{}/proc': Too many levels of symbolic links", record.string()));
  EXPECT_EQ(MessageOf(folder->MakeFolder("proc/sys")),
            fmt::format("cannot make '{}/proc': Too many levels of symbolic links", record.string()));
  EXPECT_NE(MessageOf(folder->WriteFile("file", "x")), "success");
  EXPECT_NE(MessageOf(folder->WriteFile("new", "x")), "success");
  // Another folder under its name is not written to, either.
  fs::rename(record, scratch.path() / "moved");
  fs::create_symlink(outside, record);
  EXPECT_EQ(MessageOf(folder->WriteFile("sys/kernel", "x")), "success");
  EXPECT_EQ(TextOf(scratch.path() / "moved/sys/kernel"), "x");
  EXPECT_EQ(TextOf(outside / "file"), "kept");
  EXPECT_EQ(std::distance(fs::directory_iterator(outside), {}), 1);
}

}  // namespace
}  // namespace kexec
