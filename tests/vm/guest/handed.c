// SPDX-License-Identifier: GPL-2.0-or-later
// handed DIRECTORY COMMAND...
//
// Runs COMMAND and keeps what it would hand to kexec_load: DIRECTORY/table has a line "entry flags", then one
// "address memory-size bytes" for each segment (hexadecimal), DIRECTORY/N the bytes of segment N. The call itself is not made; COMMAND is
// told that it succeeded. Status: COMMAND's, or 125 if it made no such call.
#define _GNU_SOURCE
#include <linux/kexec.h>

#include "follow.h"

static const char* folder;
static int kept;

static void Keep(pid_t child, const struct user_regs_struct* call) {
  struct kexec_segment segments[KEXEC_SEGMENT_MAX];
  if (call->rsi > KEXEC_SEGMENT_MAX) Die("number of segments");
  ReadMemory(child, call->rdx, segments, call->rsi * sizeof(segments[0]));
  FILE* table = Create(folder, "table");
  fprintf(table, "%llx %llx\n", call->rdi, call->r10);
  for (unsigned long i = 0; i < call->rsi; ++i) {
    fprintf(table, "%lx %zx %zx\n", (unsigned long)segments[i].mem, segments[i].memsz, segments[i].bufsz);
    KeepMemory(child, folder, i, (uintptr_t)segments[i].buf, segments[i].bufsz);
  }
  if (fclose(table) != 0) Die("table");
  kept = 1;
}

static int IsLoad(pid_t child, const struct user_regs_struct* call) {
  if (call->orig_rax != SYS_kexec_load || call->rsi == 0) return 0;
  Keep(child, call);
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: handed DIRECTORY COMMAND...\n", stderr);
    return 125;
  }
  folder = argv[1];
  const int status = FollowCommand(argv + 2, IsLoad);
  return kept ? status : 125;
}
