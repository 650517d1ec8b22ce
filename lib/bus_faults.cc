// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus_faults.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace kexec {

// A node of the list that the handler walks. Never freed, but used again: a handler may be looking at any of
// them.
class FaultRegion {
 public:
  std::atomic<uintptr_t> begin = 0;
  std::atomic<uintptr_t> end = 0;    // 0: free
  std::atomic<uintptr_t> fault = 0;  // the lowest page that had to be replaced; 0: none
  FaultRegion* next = nullptr;       // set before the node can be found
};

namespace {

constexpr int kCalledOnce = static_cast<int>(SA_RESETHAND);

// What the handler reads: atomics without locks, as nothing else may be touched in one.
static_assert(std::atomic<uintptr_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
constinit std::atomic<FaultRegion*> first_region = nullptr;
constinit std::atomic<uintptr_t> page_size = 0;
// Whoever was asked before us: SIG_DFL, SIG_IGN or a function, and its sa_flags.
constinit std::atomic<uintptr_t> previous_function = 0;
constinit std::atomic<int> previous_flags = 0;

// For those who change the list or the action; never taken in the handler.
constinit std::mutex mutex;
constinit int guards = 0;
struct sigaction previous;      // to be restored; what the atomics above are taken from
constinit bool buried = false;  // somebody has put an action of their own over ours, and may call ours

uintptr_t AddressOf(void (*function)(int)) { return reinterpret_cast<uintptr_t>(function); }

FaultRegion* FindRegion(uintptr_t address) {
  for (FaultRegion* region = first_region; region != nullptr; region = region->next) {
    const uintptr_t end = region->end;
    const uintptr_t begin = region->begin;
    // The same end again: `begin` is of the same mapping, or both are of a later one.
    if (address >= begin && address < end && region->end == end) return region;
  }
  return nullptr;
}

// Puts zeros in the place of `address` and of all that follows in its mapping: beyond the end of a file
// everything is gone.
bool ReplaceByZeros(uintptr_t address) {
  FaultRegion* region = FindRegion(address);
  if (region == nullptr) return false;
  const uintptr_t page = address & ~(page_size - 1);
  void* where = reinterpret_cast<void*>(page);
  if (mmap(where, region->end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
           0) != where) {
    return false;
  }
  uintptr_t known = region->fault;
  while ((known == 0 || page < known) && !region->fault.compare_exchange_weak(known, page)) {
  }
  return true;
}

// As if we were not there.
void PassOn(int signal, siginfo_t* info, void* context) {
  const uintptr_t function = previous_function;
  const int flags = previous_flags;
  // A fault comes again as soon as we return; a signal that was sent, or news of a page that nobody asked
  // for, does not.
  const bool comes_again = info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
  if (function == AddressOf(SIG_IGN) && !comes_again) return;
  if (function == AddressOf(SIG_IGN) || function == AddressOf(SIG_DFL)) {  // the kernel ignores no fault
    struct sigaction fatal = {};
    fatal.sa_handler = SIG_DFL;
    sigaction(signal, &fatal, nullptr);
    if (!comes_again) raise(signal);
    return;
  }
  if ((flags & kCalledOnce) != 0) previous_function = AddressOf(SIG_DFL);
  if ((flags & SA_SIGINFO) != 0) {
    reinterpret_cast<void (*)(int, siginfo_t*, void*)>(function)(signal, info, context);
  } else {
    reinterpret_cast<void (*)(int)>(function)(signal);
  }
}

void OnBusError(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool ours = info->si_code > 0 && ReplaceByZeros(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = error;
  if (!ours) PassOn(signal, info, context);
}

bool IsFunction(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == &OnBusError;
}

// Ours, in the surroundings that the action before asked for: whoever it calls finds the same mask and the
// same stack.
struct sigaction OurAction(const struct sigaction& before) {
  struct sigaction action = {};
  const bool function = IsFunction(before);
  if (function) action.sa_mask = before.sa_mask;
  action.sa_flags =
      SA_SIGINFO | (function ? before.sa_flags & (SA_ONSTACK | SA_NODEFER | SA_RESTART) : SA_ONSTACK);
  action.sa_sigaction = &OnBusError;
  return action;
}

// With `mutex` held.
void Install() {
  struct sigaction now;
  sigaction(SIGBUS, nullptr, &now);
  // Below an action that may pass on to ours, ours stays where it is: on top as well, the two would call each
  // other.
  if (IsOurs(now) || (buried && IsFunction(now))) return;
  previous = now;
  previous_flags = now.sa_flags;
  previous_function = (now.sa_flags & SA_SIGINFO) != 0 ? reinterpret_cast<uintptr_t>(now.sa_sigaction)
                                                       : AddressOf(now.sa_handler);
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const struct sigaction action = OurAction(now);
  sigaction(SIGBUS, &action, nullptr);
}

// With `mutex` held.
void Restore() {
  struct sigaction now;
  sigaction(SIGBUS, nullptr, &now);
  buried = !IsOurs(now);
  if (buried) return;
  if ((previous.sa_flags & kCalledOnce) != 0 &&
      previous_function == AddressOf(SIG_DFL)) {  // called once, as it asked
    previous.sa_flags = 0;
    previous.sa_handler = SIG_DFL;
  }
  sigaction(SIGBUS, &previous, nullptr);
}

sigset_t OnlyBusErrors() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGBUS);
  return set;
}

}  // namespace

FaultRegion* AddFaultRegion(uintptr_t begin, uintptr_t end) {
  const std::scoped_lock lock(mutex);
  FaultRegion* region = first_region;
  while (region != nullptr && region->end != 0) region = region->next;
  const bool is_new = region == nullptr;
  if (is_new) region = new FaultRegion;
  region->fault = 0;
  region->begin = begin;
  region->end = end;
  if (is_new) {
    region->next = first_region;
    first_region = region;
  }
  return region;
}

void RemoveFaultRegion(FaultRegion* region) {
  const std::scoped_lock lock(mutex);
  region->end = 0;
}

std::optional<uint64_t> FirstFault(const FaultRegion& region) {
  const uintptr_t fault = region.fault;
  if (fault == 0) return std::nullopt;
  return fault - region.begin;
}

BusFaultGuard::BusFaultGuard() {
  {
    const std::scoped_lock lock(mutex);
    if (guards++ == 0) Install();
  }
  const sigset_t bus = OnlyBusErrors();
  sigset_t before;
  pthread_sigmask(SIG_UNBLOCK, &bus, &before);
  blocked_ = sigismember(&before, SIGBUS) == 1;
}

BusFaultGuard::~BusFaultGuard() {
  const sigset_t bus = OnlyBusErrors();
  if (blocked_) pthread_sigmask(SIG_BLOCK, &bus, nullptr);
  const std::scoped_lock lock(mutex);
  if (--guards == 0) Restore();
}

}  // namespace kexec
