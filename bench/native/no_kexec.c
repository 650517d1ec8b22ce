// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into kexec-tools so that it can be timed outside a guest: what would reach the kernel's kexec answers 0
// without a system call. bench/native/run also drops CAP_SYS_BOOT, so that nothing could be loaded if this were missing.
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...) {
  if (number == SYS_kexec_load || number == SYS_kexec_file_load) return 0;
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  long result;
  register long r10 __asm__("r10") = a[3];
  register long r8 __asm__("r8") = a[4];
  register long r9 __asm__("r9") = a[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

int reboot(int command) {
  (void)command;
  errno = EPERM;
  return -1;
}
