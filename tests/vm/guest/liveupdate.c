// SPDX-License-Identifier: GPL-2.0-or-later
// liveupdate DIRECTORY BEGIN SIZE COMMAND...
//
// Runs COMMAND in Xen's first domain as if that Xen could be updated live, with the area of SIZE bytes at BEGIN (hexadecimal) for
// it, and keeps what COMMAND would hand to Xen: DIRECTORY/table has a line "type machine entry", then one "address memory-size
// bytes" for each segment (hexadecimal; bytes "-": without a buffer), DIRECTORY/N the bytes of segment N; DIRECTORY/executed is
// there if the update was to be run. Hypercalls about a live update are answered here and not made; all others are.
// Status: COMMAND's, or 125 if it made no such call. Remove /dev/xen/hypercall before: nobody can read that memory from outside.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// include/uapi/xen/privcmd.h.
struct Hypercall {
  uint64_t op;
  uint64_t arguments[5];
};
#define HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct Hypercall))
// xen/include/public/xen.h and kexec.h; the numbers of live updates as kexec-tools has them (kexec/kexec-xen.h).
enum {
  KEXEC_OP = 37,
  EXECUTE = 0,
  GET_RANGE = 3,
  LOAD = 4,
  UNLOAD = 5,
  STATUS = 6,
  LIVE_UPDATE_RANGE = 7,
  LIVE_UPDATE = 2
};
struct Range {
  int32_t name, number;
  uint64_t size, begin;
};
struct Load {
  uint8_t type, padding;
  uint16_t machine;
  uint32_t segments;
  uint64_t list, entry;
};
struct Segment {
  uint64_t buffer, bytes, address, size;
};

static const char* folder;
static uint64_t area_begin, area_size;
static int kept;

static void Die(const char* what) {
  perror(what);
  exit(125);
}

static void ReadMemory(pid_t child, uint64_t from, void* to, size_t size) {
  const struct iovec local = {to, size};
  const struct iovec remote = {(void*)(uintptr_t)from, size};
  if (process_vm_readv(child, &local, 1, &remote, 1, 0) != (ssize_t)size) Die("process_vm_readv");
}

static void WriteMemory(pid_t child, uint64_t to, const void* from, size_t size) {
  const struct iovec local = {(void*)(uintptr_t)from, size};
  const struct iovec remote = {(void*)(uintptr_t)to, size};
  if (process_vm_writev(child, &local, 1, &remote, 1, 0) != (ssize_t)size) Die("process_vm_writev");
}

static FILE* Create(const char* name) {
  char path[256];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE* file = fopen(path, "wb");
  if (file == NULL) Die(path);
  return file;
}

static void KeepSegment(pid_t child, FILE* table, unsigned number, const struct Segment* segment) {
  if (segment->buffer == 0) {
    fprintf(table, "%lx %lx -\n", segment->address, segment->size);
    return;
  }
  fprintf(table, "%lx %lx %lx\n", segment->address, segment->size, segment->bytes);
  char name[16];
  snprintf(name, sizeof(name), "%u", number);
  char* bytes = malloc(segment->bytes + 1);
  if (bytes == NULL) Die("malloc");
  if (segment->bytes != 0) ReadMemory(child, segment->buffer, bytes, segment->bytes);
  FILE* file = Create(name);
  if (fwrite(bytes, 1, segment->bytes, file) != segment->bytes || fclose(file) != 0) Die(name);
  free(bytes);
}

static void KeepLoad(pid_t child, const struct Load* load) {
  FILE* table = Create("table");
  fprintf(table, "%x %x %lx\n", load->type, load->machine, load->entry);
  for (unsigned i = 0; i < load->segments; ++i) {
    struct Segment segment;
    ReadMemory(child, load->list + i * sizeof(segment), &segment, sizeof(segment));
    KeepSegment(child, table, i, &segment);
  }
  if (fclose(table) != 0) Die("table");
  kept = 1;
}

// Whether the call is about a live update; then it is answered.
static int Answer(pid_t child, const struct Hypercall* call) {
  if (call->op != KEXEC_OP) return 0;
  if (call->arguments[0] == GET_RANGE) {
    struct Range range;
    ReadMemory(child, call->arguments[1], &range, sizeof(range));
    if (range.name != LIVE_UPDATE_RANGE) return 0;
    range.size = area_size;
    range.begin = area_begin;
    WriteMemory(child, call->arguments[1], &range, sizeof(range));
    return 1;
  }
  uint8_t type = 0;  // of all other calls' arguments the first byte
  ReadMemory(child, call->arguments[1], &type, sizeof(type));
  if (type != LIVE_UPDATE) return 0;
  if (call->arguments[0] == LOAD) {
    struct Load load;
    ReadMemory(child, call->arguments[1], &load, sizeof(load));
    KeepLoad(child, &load);
  } else if (call->arguments[0] == EXECUTE) {
    if (fclose(Create("executed")) != 0) Die("executed");
    kept = 1;
  } else if (call->arguments[0] != UNLOAD && call->arguments[0] != STATUS) {
    return 0;
  }
  return 1;
}

// Follows `child` to its end; returns its wait status.
static int Follow(pid_t child) {
  int status = 0;
  int inside = 0;  // between the stop before and the stop after a call that is answered here
  while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child &&
         WIFSTOPPED(status)) {
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) Die("PTRACE_GETREGS");
    if (inside) {
      registers.rax = 0;
    } else if (registers.orig_rax == SYS_ioctl && registers.rsi == HYPERCALL &&
               registers.rax == (unsigned long long)-ENOSYS) {
      struct Hypercall call;
      ReadMemory(child, registers.rdx, &call, sizeof(call));
      if (!Answer(child, &call)) continue;
      registers.orig_rax = (unsigned long long)-1;  // no such call: nothing happens
    } else {
      continue;
    }
    inside = !inside;
    if (ptrace(PTRACE_SETREGS, child, 0, &registers) != 0) Die("PTRACE_SETREGS");
  }
  return status;
}

int main(int argc, char** argv) {
  if (argc < 5) {
    fputs("usage: liveupdate DIRECTORY BEGIN SIZE COMMAND...\n", stderr);
    return 125;
  }
  folder = argv[1];
  area_begin = strtoul(argv[2], NULL, 16);
  area_size = strtoul(argv[3], NULL, 16);
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) Die("PTRACE_TRACEME");
    raise(SIGSTOP);
    execvp(argv[4], argv + 4);
    Die(argv[4]);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) Die("waitpid");
  if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
    Die("PTRACE_SETOPTIONS");
  status = Follow(child);
  return kept && WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
