// SPDX-License-Identifier: GPL-2.0-or-later
// Network interfaces are taken down whatever protocols the kernel has. Tried in a network namespace of its
// own, which has a loopback interface and nothing else, under filters that make the kernel lack something.
#include "cmd/kexec/host_actions.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "tests/support/recording_diagnostics.h"

namespace kexec {
namespace {

constexpr int kNoNamespace = 77, kOther = 1, kAsExpected = 0;

// From here on socket(2) fails with `error` for `family`, or for every one (0).
bool LoseSockets(int family, int error) {
  const auto fail = SECCOMP_RET_ERRNO | static_cast<unsigned>(error);
  const sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | (family == 0 ? BPF_JGE : BPF_JEQ) | BPF_K, static_cast<unsigned>(family), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, fail),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof(filter) / sizeof(filter[0]), const_cast<sock_filter*>(filter)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// What BringInterfacesDown says where sockets are lost so: "" or its error.
int InANamespace(int family, int error, const char* expected) {
  const pid_t child = fork();
  if (child == 0) {
    // Without it this would be about the interfaces of the machine.
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(kNoNamespace);
    if (!LoseSockets(family, error)) _exit(kNoNamespace);
    testing::RecordingDiagnostics diagnostics;
    const auto down = LinuxHostActions()->BringInterfacesDown(diagnostics);
    const std::string said = down.has_value() ? "" : down.error().message();
    const bool fine =
        said == expected && diagnostics.TakeWarnings().empty() && (!down.has_value() || down->empty());
    _exit(fine ? kAsExpected : kOther);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void ExpectIn(int family, int error, const char* expected) {
  const int status = InANamespace(family, error, expected);
  if (status == kNoNamespace) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, kAsExpected);
}

TEST(BringInterfacesDown, NeedsNoIpv4) { ExpectIn(AF_INET, EAFNOSUPPORT, ""); }

TEST(BringInterfacesDown, HasNothingToDoWithoutNetworks) { ExpectIn(0, ENOSYS, ""); }

TEST(BringInterfacesDown, SaysWhatIsForbidden) {
  ExpectIn(0, EAFNOSUPPORT, "cannot reach the network interfaces: Address family not supported by protocol");
}

}  // namespace
}  // namespace kexec
