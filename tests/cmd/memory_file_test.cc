// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "tests/support/result_matchers.h"

namespace kexec {
namespace {

Bytes AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string Contents(int fd) {
  std::string text(64, '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

TEST(MemoryFile, BeginsEachPartAtAMultipleOfFour) {
  const std::array parts = {AsBytes("abcde"), AsBytes("fgh"), AsBytes("ijkl"), AsBytes("m")};
  const UniqueFd fd = MakeMemoryFile("initrd", parts).value();
  EXPECT_EQ(Contents(fd.get()), std::string("abcde\0\0\0fgh\0ijklm", 17));
}

TEST(MemoryFile, IsClosedInChildren) {
  const std::array parts = {AsBytes("x")};
  const UniqueFd fd = MakeMemoryFile("kernel", parts).value();
  EXPECT_EQ(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

// As where memory, a limit of the process or of its cgroup ends.
TEST(MemoryFile, ThatCannotBeWrittenIsAnError) {
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit three = {3, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &three), 0);
  const std::array parts = {AsBytes("abcde")};
  const std::string message = testing::MessageOf(MakeMemoryFile("initrd", parts));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "cannot keep 5 bytes of the initrd in memory: File too large");
}

}  // namespace
}  // namespace kexec
