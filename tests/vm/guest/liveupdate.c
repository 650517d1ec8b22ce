// SPDX-License-Identifier: GPL-2.0-or-later
// liveupdate DIRECTORY BEGIN SIZE COMMAND...
//
// Runs COMMAND in Xen's first domain as if that Xen could be updated live, with the area of SIZE bytes at BEGIN (hexadecimal) for
// it, and keeps what COMMAND would hand to Xen: DIRECTORY/table has a line "type machine entry", then one "address memory-size
// bytes" for each segment (hexadecimal; bytes "-": without a buffer), DIRECTORY/N the bytes of segment N; DIRECTORY/executed is
// there if the update was to be run. Hypercalls about a live update are answered here and not made; all others are.
// Status: COMMAND's, or 125 if it made no such call. Remove /dev/xen/hypercall before: nobody can read that memory from outside.
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "follow.h"

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

static void WriteMemory(pid_t child, uint64_t to, const void* from, size_t size) {
  const struct iovec local = {(void*)(uintptr_t)from, size};
  const struct iovec remote = {(void*)(uintptr_t)to, size};
  if (process_vm_writev(child, &local, 1, &remote, 1, 0) != (ssize_t)size) Die("process_vm_writev");
}

static void KeepSegment(pid_t child, FILE* table, unsigned number, const struct Segment* segment) {
  if (segment->buffer == 0) {
    fprintf(table, "%lx %lx -\n", segment->address, segment->size);
    return;
  }
  fprintf(table, "%lx %lx %lx\n", segment->address, segment->size, segment->bytes);
  KeepMemory(child, folder, number, segment->buffer, segment->bytes);
}

static void KeepLoad(pid_t child, const struct Load* load) {
  FILE* table = Create(folder, "table");
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
static int IsLiveUpdate(pid_t child, const struct Hypercall* call) {
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
    if (fclose(Create(folder, "executed")) != 0) Die("executed");
    kept = 1;
  } else if (call->arguments[0] != UNLOAD && call->arguments[0] != STATUS) {
    return 0;
  }
  return 1;
}

static int IsOurs(pid_t child, const struct user_regs_struct* call) {
  if (call->orig_rax != SYS_ioctl || call->rsi != HYPERCALL) return 0;
  struct Hypercall hypercall;
  ReadMemory(child, call->rdx, &hypercall, sizeof(hypercall));
  return IsLiveUpdate(child, &hypercall);
}

int main(int argc, char** argv) {
  if (argc < 5) {
    fputs("usage: liveupdate DIRECTORY BEGIN SIZE COMMAND...\n", stderr);
    return 125;
  }
  folder = argv[1];
  area_begin = strtoul(argv[2], NULL, 16);
  area_size = strtoul(argv[3], NULL, 16);
  const int status = FollowCommand(argv + 4, IsOurs);
  return kept ? status : 125;
}
