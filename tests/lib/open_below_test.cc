// SPDX-License-Identifier: GPL-2.0-or-later
// What lies below a directory, whatever its links say: by openat2(2), step by step, and behind a seccomp
// filter.
#include "kexec/open_below.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <filesystem>

#include "lib/sys/openat2.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

namespace fs = std::filesystem;

using Opener = Opened (*)(int folder, const std::string& path, const OpenHow& how);

class BelowAFolder : public ::testing::TestWithParam<Opener> {
 protected:
  BelowAFolder() : outside_(scratch_.path() / "outside"), top_(scratch_.path() / "top") {
    scratch_.File("outside/secret", "secret").File("top/file", "inside").Folder("top/a/b");
    scratch_.File("top/a/secret", "deep").File("top/a/b/file", "deepest");
    folder_ = UniqueFd(open(top_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void Link(std::string_view path, std::string_view target) { fs::create_symlink(target, top_ / path); }
  // The text of the file, or errno's name.
  std::string Read(const std::string& path, LinkRule links = LinkRule::kInside) {
    return Answer(GetParam()(folder_.get(), path, {.flags = O_RDONLY | O_CLOEXEC, .links = links}));
  }
  static std::string Answer(const Opened& opened) {
    if (!opened) return ErrnoText(opened.error());
    std::array<char, 100> text;
    const ssize_t got = read(opened->get(), text.data(), text.size());
    return got < 0 ? ErrnoText(errno) : std::string(text.data(), static_cast<size_t>(got));
  }

  ScratchRoot scratch_;
  fs::path outside_;
  fs::path top_;
  UniqueFd folder_;
};

TEST_P(BelowAFolder, FilesAreOpened) {
  EXPECT_EQ(Read("file"), "inside");
  EXPECT_EQ(Read("a//./b/file"), "deepest");
  EXPECT_EQ(Read("a/b/../../file"), "inside");
  EXPECT_EQ(Read("a"), "Is a directory");
  EXPECT_EQ(Read("none"), "No such file or directory");
  EXPECT_EQ(Read("none/file"), "No such file or directory");
  EXPECT_EQ(Read("file/file"), "Not a directory");
  EXPECT_EQ(Read("file/.."), "Not a directory");
  EXPECT_EQ(Read(""), "No such file or directory");
}

TEST_P(BelowAFolder, LinksLeadNowhereElse) {
  Link("absolute", (outside_ / "secret").string());
  Link("relative", "../outside/secret");
  Link("folder", outside_.string());
  Link("a/up", "../../../../file");
  Link("top", "/");
  Link("self", "/a/secret");
  EXPECT_EQ(Read("absolute"), "No such file or directory");
  EXPECT_EQ(Read("relative"), "No such file or directory");
  EXPECT_EQ(Read("folder/secret"), "No such file or directory");
  EXPECT_EQ(Read("../outside/secret"), "No such file or directory");
  EXPECT_EQ(Read("a/../../outside/secret"), "No such file or directory");
  EXPECT_EQ(Read("a/up"), "inside");
  EXPECT_EQ(Read("top/a/secret"), "deep");
  EXPECT_EQ(Read("self"), "deep");
}

TEST_P(BelowAFolder, LinksEnd) {
  Link("loop", "loop");
  Link("dangling", "none");
  for (int i = 0; i < 41; ++i) Link(fmt::format("link{}", i), i == 0 ? "file" : fmt::format("link{}", i - 1));
  EXPECT_EQ(Read("loop"), "Too many levels of symbolic links");
  EXPECT_EQ(Read("dangling"), "No such file or directory");
  EXPECT_EQ(Read("link39"), "inside");
  EXPECT_EQ(Read("link40"), "Too many levels of symbolic links");
}

TEST_P(BelowAFolder, WithoutLinksThereAreNone) {
  Link("link", "file");
  Link("folder", "a");
  EXPECT_EQ(Read("a/b/file", LinkRule::kNone), "deepest");
  EXPECT_EQ(Read("link", LinkRule::kNone), "Too many levels of symbolic links");
  EXPECT_EQ(Read("folder/secret", LinkRule::kNone), "Too many levels of symbolic links");
}

TEST_P(BelowAFolder, ALinkItselfIsLookedAt) {
  Link("link", (outside_ / "secret").string());
  const Opened link = GetParam()(folder_.get(), "link", {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC});
  struct stat info = {};
  ASSERT_TRUE(link && fstat(link->get(), &info) == 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
}

TEST_P(BelowAFolder, FilesAreMade) {
  Link("link", (outside_ / "new").string());
  const OpenHow how = {
      .flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, .mode = 0600, .links = LinkRule::kNone};
  EXPECT_TRUE(GetParam()(folder_.get(), "a/new", how).has_value());
  EXPECT_EQ(Read("a/new"), "");
  EXPECT_FALSE(GetParam()(folder_.get(), "link", how).has_value());
  EXPECT_FALSE(fs::exists(outside_ / "new"));
}

INSTANTIATE_TEST_SUITE_P(ByEach, BelowAFolder, ::testing::Values(&OpenBelow, &WalkBelow),
                         [](const auto& each) { return each.index == 0 ? "Call" : "Walk"; });

// From now on openat2(2) of this process answers `error`.
bool RefuseOpenat2(int error) {
  std::array<sock_filter, 4> rules = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter = {rules.size(), rules.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Exits with 0 if a file inside can be read and a link to one outside cannot, although openat2(2) is refused.
[[noreturn]] void ReadBehindAFilter(const ScratchRoot& scratch, int error) {
  const UniqueFd top(open((scratch.path() / "top").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!RefuseOpenat2(error)) _exit(2);
  if (CallOpenat2(top.get(), "file", O_RDONLY, 0, 0) != -error) _exit(3);
  if (!OpenBelow(top.get(), "file", {.flags = O_RDONLY})) _exit(4);
  const Opened outside = OpenBelow(top.get(), "link", {.flags = O_RDONLY});
  _exit(!outside && outside.error() == ENOENT ? 0 : 5);
}

TEST(BelowAFolderDeathTest, OldKernelsAndFiltersAreNoObstacle) {
  ScratchRoot scratch;
  scratch.File("outside", "secret").File("top/file", "inside");
  fs::create_symlink(scratch.path() / "outside", scratch.path() / "top/link");
  for (const int error : {ENOSYS, EPERM}) {
    EXPECT_EXIT(ReadBehindAFilter(scratch, error), ::testing::ExitedWithCode(0), "");
  }
}

}  // namespace
}  // namespace kexec::testing
