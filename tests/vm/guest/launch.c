// SPDX-License-Identifier: GPL-2.0-or-later
// launch [--uid=NUMBER] [--no-cap=NUMBER] [--enosys=SYSCALL]... -- COMMAND...
//
// Runs COMMAND with less than the machine offers: as another user, without one capability, or on a kernel
// that seems to lack system calls (a seccomp filter answers ENOSYS, which is what a kernel built without
// CONFIG_KEXEC answers).
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void Die(const char* what) {
  perror(what);
  exit(125);
}

// Takes `capability` from the bounding set and from the three sets of this process.
static void DropCapability(unsigned capability) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) Die("PR_CAPBSET_DROP");
  if (syscall(SYS_capget, &header, data) != 0) Die("capget");
  const unsigned mask = ~(1u << (capability % 32));
  data[capability / 32].effective &= mask;
  data[capability / 32].permitted &= mask;
  data[capability / 32].inheritable &= mask;
  if (syscall(SYS_capset, &header, data) != 0) Die("capset");
}

static void AnswerEnosys(unsigned number) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Die("PR_SET_NO_NEW_PRIVS");
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) Die("PR_SET_SECCOMP");
}

static unsigned SyscallNumber(const char* name) {
  if (strcmp(name, "kexec_load") == 0) return SYS_kexec_load;
  if (strcmp(name, "kexec_file_load") == 0) return SYS_kexec_file_load;
  fprintf(stderr, "launch: unknown system call '%s'\n", name);
  exit(125);
}

int main(int argc, char** argv) {
  int next = 1;
  for (; next < argc && strcmp(argv[next], "--") != 0; ++next) {
    if (strncmp(argv[next], "--no-cap=", 9) == 0) {
      DropCapability((unsigned)atoi(argv[next] + 9));
    } else if (strncmp(argv[next], "--uid=", 6) == 0) {
      if (setuid((uid_t)atoi(argv[next] + 6)) != 0) Die("setuid");
    } else if (strncmp(argv[next], "--enosys=", 9) == 0) {
      AnswerEnosys(SyscallNumber(argv[next] + 9));
    } else {
      fprintf(stderr, "launch: unknown option '%s'\n", argv[next]);
      return 125;
    }
  }
  if (next + 1 >= argc) {
    fputs("launch: no command\n", stderr);
    return 125;
  }
  execvp(argv[next + 1], argv + next + 1);
  Die(argv[next + 1]);
}
