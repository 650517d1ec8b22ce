// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a command and answers some of its system calls instead of the kernel (x86_64, ptrace(2)). _GNU_SOURCE is the includer's.
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void Die(const char* what) {
  perror(what);
  exit(125);
}

static inline void ReadMemory(pid_t child, uint64_t from, void* to, size_t size) {
  const struct iovec local = {to, size};
  const struct iovec remote = {(void*)(uintptr_t)from, size};
  if (process_vm_readv(child, &local, 1, &remote, 1, 0) != (ssize_t)size) Die("process_vm_readv");
}

// A new file in `folder`.
static inline FILE* Create(const char* folder, const char* name) {
  char path[256];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE* file = fopen(path, "wb");
  if (file == NULL) Die(path);
  return file;
}

// A file of that number with `size` bytes of the child's memory.
static inline void KeepMemory(pid_t child, const char* folder, unsigned long number, uint64_t from,
                              size_t size) {
  char name[24];
  snprintf(name, sizeof(name), "%lu", number);
  char* bytes = malloc(size + 1);
  if (bytes == NULL) Die("malloc");
  if (size != 0) ReadMemory(child, from, bytes, size);
  FILE* file = Create(folder, name);
  if (fwrite(bytes, 1, size, file) != size || fclose(file) != 0) Die(name);
  free(bytes);
}

// Whether a call that begins is answered here; then it is not made, and succeeds.
typedef int Answer(pid_t child, const struct user_regs_struct* call);

// Follows `child` to its end; returns its wait status.
static inline int FollowChild(pid_t child, Answer* answer) {
  int status = 0;
  int inside = 0;  // between the stop before and the stop after a call that is answered here
  while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child &&
         WIFSTOPPED(status)) {
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) Die("PTRACE_GETREGS");
    if (inside) {  // rax is -ENOSYS at the stop before any call
      registers.rax = 0;
    } else if (registers.rax == (unsigned long long)-ENOSYS && answer(child, &registers)) {
      registers.orig_rax = (unsigned long long)-1;  // no such call: nothing happens
    } else {
      continue;
    }
    inside = !inside;
    if (ptrace(PTRACE_SETREGS, child, 0, &registers) != 0) Die("PTRACE_SETREGS");
  }
  return status;
}

// Runs `command` to its end; returns its exit status, or 125 if it did not exit.
static inline int FollowCommand(char** command, Answer* answer) {
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) Die("PTRACE_TRACEME");
    raise(SIGSTOP);
    execvp(command[0], command);
    Die(command[0]);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) Die("waitpid");
  if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
    Die("PTRACE_SETOPTIONS");
  status = FollowChild(child, answer);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
