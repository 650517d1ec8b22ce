// SPDX-License-Identifier: GPL-2.0-or-later
// handed DIRECTORY COMMAND...
//
// Runs COMMAND and keeps what it would hand to kexec_load: DIRECTORY/table has a line "entry flags", then one
// "address memory-size bytes" for each segment (hexadecimal), DIRECTORY/N the bytes of segment N. The call itself is not made; COMMAND is
// told that it succeeded. Status: COMMAND's, or 125 if it made no such call.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void Die(const char* what) {
  perror(what);
  exit(125);
}

static void ReadMemory(pid_t child, const void* from, void* to, size_t size) {
  const struct iovec local = {to, size};
  const struct iovec remote = {(void*)from, size};
  if (process_vm_readv(child, &local, 1, &remote, 1, 0) != (ssize_t)size) Die("process_vm_readv");
}

static void KeepSegment(pid_t child, const char* folder, unsigned long number,
                        const struct kexec_segment* segment) {
  char path[256];
  char* bytes = malloc(segment->bufsz + 1);
  if (bytes == NULL) Die("malloc");
  if (segment->bufsz != 0) ReadMemory(child, segment->buf, bytes, segment->bufsz);
  snprintf(path, sizeof(path), "%s/%lu", folder, number);
  FILE* file = fopen(path, "wb");
  if (file == NULL || fwrite(bytes, 1, segment->bufsz, file) != segment->bufsz || fclose(file) != 0)
    Die(path);
  free(bytes);
}

static void Keep(pid_t child, const char* folder, const struct user_regs_struct* call) {
  struct kexec_segment segments[KEXEC_SEGMENT_MAX];
  char path[256];
  if (call->rsi > KEXEC_SEGMENT_MAX) Die("number of segments");
  if (call->rsi != 0) ReadMemory(child, (const void*)call->rdx, segments, call->rsi * sizeof(segments[0]));
  snprintf(path, sizeof(path), "%s/table", folder);
  FILE* table = fopen(path, "w");
  if (table == NULL) Die(path);
  fprintf(table, "%llx %llx\n", call->rdi, call->r10);
  for (unsigned long i = 0; i < call->rsi; ++i) {
    fprintf(table, "%lx %zx %zx\n", (unsigned long)segments[i].mem, segments[i].memsz, segments[i].bufsz);
    KeepSegment(child, folder, i, &segments[i]);
  }
  if (fclose(table) != 0) Die(path);
}

// Follows `child` to its end; *kept: whether it handed a kernel over. Returns its wait status.
static int Follow(pid_t child, const char* folder, int* kept) {
  int status = 0;
  int inside = 0;  // between the stop before and the stop after a kexec_load
  while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child &&
         WIFSTOPPED(status)) {
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) Die("PTRACE_GETREGS");
    if (inside) {
      registers.rax = 0;
    } else if (registers.orig_rax == SYS_kexec_load && registers.rsi != 0) {
      Keep(child, folder, &registers);
      registers.orig_rax = (unsigned long long)-1;  // no such call: nothing happens
      *kept = 1;
    } else {
      continue;
    }
    inside = !inside;
    if (ptrace(PTRACE_SETREGS, child, 0, &registers) != 0) Die("PTRACE_SETREGS");
  }
  return status;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: handed DIRECTORY COMMAND...\n", stderr);
    return 125;
  }
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) Die("PTRACE_TRACEME");
    raise(SIGSTOP);
    execvp(argv[2], argv + 2);
    Die(argv[2]);
  }
  int status = 0;
  int kept = 0;
  if (waitpid(child, &status, 0) != child) Die("waitpid");
  if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
    Die("PTRACE_SETOPTIONS");
  status = Follow(child, argv[1], &kept);
  return kept && WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
