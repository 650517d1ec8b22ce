// SPDX-License-Identifier: GPL-2.0-or-later
// measure time|trace COMMAND...: runs COMMAND once and prints what it cost as 'name=value' lines on stdout.
//
// time:  user_us, sys_us and wall_us of an undisturbed run (wait4's rusage and CLOCK_MONOTONIC).
// trace: the same command under ptrace, stopped at each system call: how many there were, the most private
// memory it had
//        (RssAnon is read at every stop and at the exit; it can only shrink inside a system call, so the
//        largest value is the peak), peak of all resident memory (VmHWM), and the bytes it was given by
//        read() and its like (rchar).
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void Die(const char* what) {
  perror(what);
  exit(125);
}

static long long Microseconds(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

// The number behind `key` in /proc/PID/FILE; -1 if there is none.
static long long ProcNumber(pid_t pid, const char* file, const char* key) {
  char path[64];
  char line[256];
  long long value = -1;
  snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
  FILE* stream = fopen(path, "re");
  if (stream == NULL) return -1;
  while (fgets(line, sizeof(line), stream) != NULL) {
    if (strncmp(line, key, strlen(key)) == 0) value = atoll(line + strlen(key));
  }
  fclose(stream);
  return value;
}

static int Report(int status) {
  printf("status=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

static int Time(pid_t child) {
  struct timespec start, end;
  struct rusage usage;
  int status;
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (kill(child, SIGCONT) != 0) Die("kill");
  if (wait4(child, &status, 0, &usage) != child) Die("wait4");
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("user_us=%lld\nsys_us=%lld\nwall_us=%lld\n", Microseconds(usage.ru_utime),
         Microseconds(usage.ru_stime),
         (end.tv_sec - start.tv_sec) * 1000000LL + (end.tv_nsec - start.tv_nsec) / 1000);
  return Report(status);
}

static int Trace(pid_t child) {
  long long stops = 0, peak_anon = 0, peak_rss = 0, read_bytes = 0;
  int status;
  if (ptrace(PTRACE_SEIZE, child, 0,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) != 0) {
    Die("ptrace");
  }
  if (kill(child, SIGCONT) != 0) Die("kill");
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    if (signal == (SIGTRAP | 0x80) || event == PTRACE_EVENT_EXIT) {
      const long long anon = ProcNumber(child, "status", "RssAnon:");
      if (anon > peak_anon) peak_anon = anon;
    }
    if (signal == (SIGTRAP | 0x80)) ++stops;
    if (event == PTRACE_EVENT_EXEC) stops = peak_anon = 0;  // what came before was ours
    if (event == PTRACE_EVENT_EXIT) {
      peak_rss = ProcNumber(child, "status", "VmHWM:");
      read_bytes = ProcNumber(child, "io", "rchar:");
    }
    const int deliver =
        signal == (SIGTRAP | 0x80) || event != 0 || signal == SIGSTOP || signal == SIGCONT ? 0 : signal;
    if (ptrace(PTRACE_SYSCALL, child, 0, deliver) != 0 && errno != ESRCH) Die("PTRACE_SYSCALL");
  }
  // Each call stops twice, but execve is only seen to return and exit_group only to be entered.
  printf("syscalls=%lld\npeak_anon_kib=%lld\npeak_rss_kib=%lld\nread_bytes=%lld\n", stops / 2, peak_anon,
         peak_rss, read_bytes);
  return Report(status);
}

int main(int argc, char** argv) {
  if (argc < 3 || (strcmp(argv[1], "time") != 0 && strcmp(argv[1], "trace") != 0)) {
    fputs("usage: measure time|trace COMMAND...\n", stderr);
    return 125;
  }
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    raise(SIGSTOP);
    execvp(argv[2], argv + 2);
    Die(argv[2]);
  }
  int status;
  if (waitpid(child, &status, WUNTRACED) != child) Die("waitpid");
  return strcmp(argv[1], "time") == 0 ? Time(child) : Trace(child);
}
