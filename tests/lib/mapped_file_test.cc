// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are cut short while they are mapped: what reads on, what is said, and what the process finds
// afterwards.
#include "kexec/mapped_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "kexec/file.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

constexpr size_t kPages = 4;
const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));

struct sigaction ActionNow() {
  struct sigaction action;
  sigaction(SIGBUS, nullptr, &action);
  return action;
}

bool SameAction(const struct sigaction& a, const struct sigaction& b) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&a.sa_mask, signal) != sigismember(&b.sa_mask, signal)) return false;
  }
  // SA_RESTORER: sigaction(3) of glibc sets it for itself, in whatever it is given.
  constexpr int kRestorer = 0x04000000;
  return a.sa_sigaction == b.sa_sigaction && (a.sa_flags | kRestorer) == (b.sa_flags | kRestorer);
}

class MappedFileTest : public ::testing::Test {
 protected:
  MappedFileTest() { scratch_.File("image", std::string(kPages * kPage, 'x')); }
  ~MappedFileTest() override { EXPECT_TRUE(SameAction(ActionNow(), before_)) << "SIGBUS is not what it was"; }

  std::string Path() const { return (scratch_.path() / "image").string(); }
  ImageFile Open() const { return OpenImageFile(Path(), 1 << 30).value(); }
  void Cut(size_t bytes) const { std::filesystem::resize_file(Path(), bytes); }
  std::string Shrank(size_t now) const {
    return fmt::format(
        "'{}' shrank while it was read: {} bytes long when opened, {} now; try again when nothing writes to "
        "it",
        Path(), kPages * kPage, now);
  }
  static int At(const ImageFile& file, size_t page) {
    const volatile std::byte& read_now = file.bytes.view()[page * kPage];
    return static_cast<int>(read_now);
  }

  ScratchRoot scratch_;
  struct sigaction before_ = ActionNow();
};

TEST_F(MappedFileTest, ReadsZerosBeyondTheEndAndSaysSo) {
  const FileWatch watch;
  const ImageFile file = Open();
  EXPECT_EQ(At(file, 3), 'x');
  Cut(kPage);
  EXPECT_EQ(At(file, 0), 'x');
  EXPECT_EQ(At(file, 2), 0);
  EXPECT_EQ(At(file, 3), 0);
  EXPECT_EQ(At(file, 1), 0);  // below the first fault: one more
  EXPECT_EQ(MessageOf(watch.Unchanged()), Shrank(kPage));
  EXPECT_EQ(MessageOf(watch.Intact()), Shrank(kPage));
}

TEST_F(MappedFileTest, KnowsWithoutAFault) {
  const FileWatch watch;
  const ImageFile file = Open();
  EXPECT_EQ(MessageOf(watch.Unchanged()), "success");
  Cut(kPages * kPage - 1);  // the last page is still there, and ends in a zero
  EXPECT_EQ(At(file, 3), 'x');
  EXPECT_EQ(MessageOf(watch.Unchanged()), Shrank(kPages * kPage - 1));
}

TEST_F(MappedFileTest, RemembersAFaultAfterTheFileHasGrownAgain) {
  const FileWatch watch;
  const ImageFile file = Open();
  Cut(0);
  EXPECT_EQ(At(file, 1), 0);
  Cut(kPages * kPage);
  EXPECT_EQ(MessageOf(watch.Intact()),
            "'" + Path() + "' was written to while it was read; try again when nothing writes to it");
}

TEST_F(MappedFileTest, TellsOfWritesToThoseWhoAsk) {
  const FileWatch watch;
  const ImageFile file = Open();
  const struct timespec times[] = {{0, UTIME_OMIT},
                                   {1, 0}};  // as a write does, without waiting for the clock to tick
  ASSERT_EQ(utimensat(AT_FDCWD, Path().c_str(), times, 0), 0);
  EXPECT_EQ(MessageOf(watch.Intact()), "success");
  EXPECT_EQ(MessageOf(watch.Unchanged()),
            "'" + Path() + "' was written to while it was read; try again when nothing writes to it");
}

TEST_F(MappedFileTest, RemembersFilesThatAreClosed) {
  const FileWatch watch;
  {
    const ImageFile file = Open();
    Cut(kPage);
    EXPECT_EQ(At(file, 1), 0);
  }
  scratch_.File("image", std::string(kPages * kPage, 'y'));
  EXPECT_EQ(MessageOf(watch.Unchanged()), Shrank(kPage));
}

TEST_F(MappedFileTest, SeesFilesOfItsOwnTimeAndThoseIncluded) {
  const ImageFile early = Open();
  FileWatch watch;
  Cut(kPage);
  EXPECT_EQ(At(early, 2), 0);  // safe, whoever opened it
  EXPECT_EQ(MessageOf(watch.Unchanged()), "success");
  watch.Include(early.mapping);
  EXPECT_EQ(MessageOf(watch.Unchanged()), Shrank(kPage));
}

TEST_F(MappedFileTest, AnOuterWatchSeesTheFilesOfAnInnerOne) {
  const FileWatch outer;
  {
    const FileWatch inner;
    const ImageFile file = Open();
    Cut(1);
    EXPECT_EQ(MessageOf(inner.Unchanged()), Shrank(1));
  }
  EXPECT_EQ(MessageOf(outer.Unchanged()), Shrank(1));
}

TEST_F(MappedFileTest, WorksWhereTheThreadBlocksTheSignal) {
  sigset_t bus, before, after;
  sigemptyset(&bus);
  sigaddset(&bus, SIGBUS);
  pthread_sigmask(SIG_BLOCK, &bus, &before);
  {
    const FileWatch watch;
    const ImageFile file = Open();
    Cut(0);
    EXPECT_EQ(At(file, 3), 0);
  }
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(sigismember(&after, SIGBUS), 1);
}

TEST_F(MappedFileTest, KeepsErrno) {
  const FileWatch watch;
  const ImageFile file = Open();
  Cut(0);
  errno = EXDEV;
  const volatile std::byte* there = file.bytes.view().data();
  const std::byte read = there[kPage];
  EXPECT_EQ(read, std::byte{0});
  EXPECT_EQ(errno, EXDEV);
}

// Every thread opens, cuts and reads files of its own, and one file of all, while guards come and go.
TEST_F(MappedFileTest, ThreadsDoNotDisturbEachOther) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 200;
  const ImageFile shared = Open();
  Cut(kPage);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    const std::string path = (scratch_.path() / fmt::format("file{}", number)).string();
    scratch_.File(fmt::format("file{}", number), std::string(kPages * kPage, 'x'));
    threads.emplace_back([&, path, number] {
      for (int round = 0; round < kRounds; ++round) {
        const FileWatch watch;
        const auto file = OpenImageFile(path, 1 << 30);
        const bool cut = (round + number) % 2 == 0;
        if (cut) std::filesystem::resize_file(path, kPage);
        const bool right = file.has_value() && At(*file, 3) == (cut ? 0 : 'x') && At(shared, 3) == 0 &&
                           watch.Unchanged().has_value() != cut;
        if (!right) ++wrong;
        if (cut) std::filesystem::resize_file(path, kPages * kPage);
        const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
        const std::string again(kPages * kPage, 'x');
        if (pwrite(fd, again.data(), again.size(), 0) != static_cast<ssize_t>(again.size())) ++wrong;
        close(fd);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Faults that are none of ours.

sigjmp_buf foreign_jump;
volatile sig_atomic_t foreign_calls;
volatile sig_atomic_t foreign_code;
volatile sig_atomic_t foreign_blocked;

void OnForeignFault(int, siginfo_t* info, void*) {
  foreign_calls = foreign_calls + 1;
  foreign_code = info->si_code;
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  foreign_blocked = sigismember(&now, SIGUSR1);
  siglongjmp(foreign_jump, 1);
}

void OnForeignSignal(int) { foreign_calls = foreign_calls + 1; }

// A mapping that somebody else has made, cut short.
class ForeignMapping {
 public:
  ForeignMapping() : fd_(memfd_create("foreign", MFD_CLOEXEC)) {
    EXPECT_EQ(ftruncate(fd_.get(), static_cast<off_t>(kPage)), 0);
    base_ = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd_.get(), 0);
    EXPECT_EQ(ftruncate(fd_.get(), 0), 0);
  }
  ~ForeignMapping() { munmap(base_, kPage); }
  char Read() const { return *static_cast<const volatile char*>(base_); }

 private:
  UniqueFd fd_;
  void* base_;
};

// Puts an action in place for a test.
class WithAction {
 public:
  explicit WithAction(const struct sigaction& action) { sigaction(SIGBUS, &action, &before_); }
  ~WithAction() { sigaction(SIGBUS, &before_, nullptr); }

 private:
  struct sigaction before_;
};

struct sigaction ForeignAction(int flags) {
  struct sigaction action = {};
  action.sa_flags = flags;
  sigaddset(&action.sa_mask, SIGUSR1);
  if ((flags & SA_SIGINFO) != 0) {
    action.sa_sigaction = OnForeignFault;
  } else {
    action.sa_handler = OnForeignSignal;
  }
  return action;
}

TEST_F(MappedFileTest, AForeignFaultGoesToWhoeverHandledItBefore) {
  const WithAction foreign(ForeignAction(SA_SIGINFO));
  const struct sigaction theirs = ActionNow();
  const ForeignMapping mapping;
  foreign_calls = 0;
  {
    const FileWatch watch;
    const ImageFile file = Open();
    Cut(0);
    const auto fault = [&mapping] {  // they jump out of the handler
      if (sigsetjmp(foreign_jump, 1) == 0) {
        mapping.Read();
        ADD_FAILURE() << "read what is not there";
      }
    };
    for (int round = 0; round < 3; ++round) {
      fault();
      EXPECT_EQ(At(file, 2), 0);
    }
  }
  EXPECT_EQ(foreign_calls, 3);
  EXPECT_EQ(foreign_code, BUS_ADRERR);
  EXPECT_EQ(foreign_blocked, 1) << "their sa_mask was not in force";
  EXPECT_TRUE(SameAction(ActionNow(), theirs));
}

TEST_F(MappedFileTest, ASentSignalGoesThereToo) {
  const WithAction foreign(ForeignAction(0));
  foreign_calls = 0;
  const FileWatch watch;
  raise(SIGBUS);
  EXPECT_EQ(foreign_calls, 1);
}

TEST_F(MappedFileTest, AnActionForOneCallIsGoneAfterIt) {
  const WithAction foreign(ForeignAction(static_cast<int>(SA_RESETHAND)));
  foreign_calls = 0;
  {
    const FileWatch watch;
    raise(SIGBUS);
  }
  EXPECT_EQ(foreign_calls, 1);
  EXPECT_EQ(ActionNow().sa_handler, SIG_DFL);
}

TEST_F(MappedFileTest, AnIgnoredSignalStaysIgnored) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  const WithAction foreign(ignore);
  const FileWatch watch;
  raise(SIGBUS);
}

TEST_F(MappedFileTest, OurOwnFaultsDoNotReachAnActionPutOverOurs) {
  const ImageFile file = Open();
  Cut(0);
  struct sigaction ours = {};
  struct sigaction theirs = ForeignAction(SA_SIGINFO);
  foreign_calls = 0;
  {
    const FileWatch watch;
    sigaction(SIGBUS, &theirs, &ours);  // as a library that is loaded meanwhile would
    theirs = ActionNow();               // with the flags that the C library adds
  }
  EXPECT_TRUE(SameAction(ActionNow(), theirs)) << "theirs was taken away";
  {
    const FileWatch watch;  // does not put ours over theirs, which may call ours
    EXPECT_TRUE(SameAction(ActionNow(), theirs));
  }
  sigaction(SIGBUS, &ours, nullptr);  // and is unloaded
  {
    const FileWatch watch;
    EXPECT_EQ(At(file, 1), 0);
  }
  EXPECT_EQ(foreign_calls, 0);
}

using MappedFileDeathTest = MappedFileTest;

TEST_F(MappedFileDeathTest, AForeignFaultThatNobodyHandlesEndsTheProcess) {
  for (const auto handler : {SIG_DFL, SIG_IGN}) {
    EXPECT_EXIT(
        {
          struct sigaction action = {};
          action.sa_handler = handler;
          sigaction(SIGBUS, &action, nullptr);
          const FileWatch watch;
          const ForeignMapping mapping;
          mapping.Read();
        },
        ::testing::KilledBySignal(SIGBUS), "");
  }
  EXPECT_EXIT(
      {
        signal(SIGBUS, SIG_DFL);
        const FileWatch watch;
        raise(SIGBUS);
      },
      ::testing::KilledBySignal(SIGBUS), "");
}

TEST_F(MappedFileDeathTest, WithoutAWatchAFaultIsAFault) {
  EXPECT_EXIT(
      {
        signal(SIGBUS, SIG_DFL);
        const ImageFile file = Open();
        Cut(0);
        At(file, 1);
      },
      ::testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace kexec::testing
