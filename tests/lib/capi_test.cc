// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "capi/context.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/ranges.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

// A context whose kernel is the fake one.
class CapiTest : public ::testing::Test {
 protected:
  explicit CapiTest(FakeMachine machine = {.ram = {Range(0x1000, 0x100000)}}) {
    auto kernel = std::make_unique<FakeKernel>(std::move(machine));
    kernel_ = kernel.get();
    kernel_->Publish(&scratch_);
    context_ = std::make_unique<kexec_context>(scratch_.root(), std::move(kernel));
    request_ = kexec_request_new(context_.get());
  }
  ~CapiTest() override { kexec_request_free(request_); }

  std::string Path(const char* name) const { return (scratch_.path() / name).string(); }
  const char* Text() const { return kexec_error_text(context_.get()); }

  ScratchRoot scratch_;
  FakeKernel* kernel_ = nullptr;
  std::unique_ptr<kexec_context> context_;
  kexec_request* request_ = nullptr;
};

TEST_F(CapiTest, StatusUnloadAndExecuteSpeakOfTheSameKernel) {
  int loaded = 7;
  EXPECT_EQ(kexec_status(context_.get(), KEXEC_KIND_NORMAL, &loaded), KEXEC_OK);
  EXPECT_EQ(loaded, 0);
  EXPECT_EQ(kexec_execute(context_.get()), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "Nothing has been loaded!");
  EXPECT_EQ(kernel_->KexecFileLoad(-1, -1, "", kKexecFileOnCrash | kKexecFileUnload), 0);
  scratch_.File("sys/kernel/kexec_crash_loaded", "1\n");
  EXPECT_EQ(kexec_status(context_.get(), KEXEC_KIND_CRASH, &loaded), KEXEC_OK);
  EXPECT_EQ(loaded, 1);
  EXPECT_EQ(kexec_unload(context_.get(), KEXEC_KIND_CRASH), KEXEC_OK);
  EXPECT_EQ(kernel_->file_loads().back().flags, kKexecFileOnCrash | kKexecFileUnload);
}

TEST_F(CapiTest, ARefusalHasTextCodeAndErrno) {
  scratch_.File("sys/kernel/kexec_loaded", "1\n");
  kernel_->FailNext(KexecCall::kReboot, EBUSY);
  EXPECT_EQ(kexec_execute(context_.get()), KEXEC_ERROR_SYSCALL);
  EXPECT_EQ(kexec_error_code(context_.get()), KEXEC_ERROR_SYSCALL);
  EXPECT_EQ(kexec_error_errno(context_.get()), EBUSY);
  EXPECT_STREQ(
      Text(),
      "reboot: Device or resource busy: another kexec load, unload or reboot is in progress; wait for it and "
      "try again");
}

TEST_F(CapiTest, ImpossibleArgumentsAreUsageErrors) {
  int loaded = 7;
  EXPECT_EQ(kexec_status(context_.get(), 2, &loaded), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "2 is no kind of image; use KEXEC_KIND_NORMAL or KEXEC_KIND_CRASH");
  EXPECT_EQ(loaded, 0);
  EXPECT_EQ(kexec_request_set_kind(request_, -1), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_call(request_, 3), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "3 is no enum kexec_call");
  EXPECT_EQ(kexec_request_set_digest(request_, 9), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "9 is no enum kexec_digest");
  EXPECT_EQ(kexec_request_set_kernel_fd(request_, -1), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "-1 is no open descriptor");
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the request names no kernel; set one first");
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(kernel_->file_loads().empty());
}

TEST_F(CapiTest, AFileThatIsNoKernelReachesNoCall) {
  scratch_.File("passwd", "root:x:0:0:root:/root:/bin/bash\n");
  EXPECT_EQ(kexec_request_set_kernel(request_, Path("missing").c_str()), KEXEC_ERROR_IO);
  EXPECT_EQ(std::string(Text()), "'" + Path("missing") + "': cannot open: No such file or directory");
  EXPECT_EQ(kexec_error_errno(context_.get()), ENOENT);
  EXPECT_EQ(kexec_request_set_kernel(request_, Path("passwd").c_str()), KEXEC_OK);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_NOT_RECOGNISED);
  EXPECT_EQ(std::string(Text()).rfind("cannot load '" + Path("passwd") + "': ", 0), 0u) << Text();
  char* text = nullptr;
  EXPECT_EQ(kexec_request_plan_json(request_, &text), KEXEC_ERROR_NOT_RECOGNISED);
  EXPECT_EQ(text, nullptr);
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(kernel_->file_loads().empty());
}

// A kernel with everything kexec_file_load asks for, on a machine with 255 MiB.
class CapiLoadTest : public CapiTest {
 protected:
  static FakeMachine Machine() { return {.ram = {Range(0x100000, 0x10000000)}}; }
  CapiLoadTest() : CapiTest(Machine()) {
    scratch_.File("proc/sys/kernel/arch", "x86_64\n")
        .File("proc/meminfo", "MemTotal: 261120 kB\n")
        .FirmwareMemory(0x100000, 0xfffffff, "System RAM")
        .File("vmlinuz", Bytes(BzImageBuilder(0x020f).Version("6.1.0").BuildBytes()));
    EXPECT_EQ(kexec_request_set_kernel(request_, Path("vmlinuz").c_str()), KEXEC_OK) << Text();
    EXPECT_EQ(kexec_request_set_command_line(request_, "quiet"), KEXEC_OK);
    kexec_context_set_messages(context_.get(), &Collect, &messages_);
  }
  static void Collect(void* user, int kind, const char* text) {
    if (kind == KEXEC_MESSAGE_WARNING) static_cast<std::vector<std::string>*>(user)->emplace_back(text);
  }
  std::vector<std::string> messages_;
};

TEST_F(CapiLoadTest, PlansAsTextAndJsonWithoutTouchingTheKernel) {
  char* json = nullptr;
  ASSERT_EQ(kexec_request_plan_json(request_, &json), KEXEC_OK) << Text();
  EXPECT_EQ(std::string(json).rfind(R"({"kind":"normal","entry":"0x)", 0), 0u) << json;
  EXPECT_NE(std::string(json).find(R"({"label":"kernel","begin":"0x)"), std::string::npos) << json;
  kexec_text_free(json);
  char* text = nullptr;
  ASSERT_EQ(kexec_request_plan_text(request_, &text), KEXEC_OK) << Text();
  EXPECT_EQ(std::string(text).rfind("entry 0x", 0), 0u) << text;
  kexec_text_free(text);
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(kernel_->file_loads().empty());
}

TEST_F(CapiLoadTest, AsksForNoContiguousMemory) {
  scratch_.File("proc/sys/kernel/osrelease", "7.3.4\n")
      .File("proc/meminfo", "MemTotal: 261120 kB\nCmaTotal: 65536 kB\n");
  ASSERT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  ASSERT_EQ(kernel_->file_loads().size(), 1u);
  EXPECT_EQ(kernel_->file_loads()[0].flags, kKexecFileNoInitramfs | kKexecFileNoCma);
}

TEST_F(CapiLoadTest, AutoHandsOverTheFileItself) {
  ASSERT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  ASSERT_EQ(kernel_->file_loads().size(), 1u);
  EXPECT_EQ(kernel_->file_loads()[0].command_line, "quiet");
  EXPECT_EQ(kernel_->file_loads()[0].flags, kKexecFileNoInitramfs);
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(messages_.empty());
}

TEST_F(CapiLoadTest, AutoFallsBackAndSaysSo) {
  kernel_->FailNext(KexecCall::kFileLoad, ENOEXEC);
  ASSERT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  ASSERT_EQ(kernel_->loads().size(), 1u);
  EXPECT_TRUE(kernel_->Boot().has_value());
  EXPECT_THAT(messages_,
              ElementsAre("kexec_file_load: Exec format error: the running kernel knows no image format that "
                          "fits the file; use kexec -c; falling back to kexec_load"));
}

TEST_F(CapiLoadTest, NothingHandedOverIsLostWithoutBeingAsked) {
  scratch_.File("sys/kernel/debug/kho/out/scratch_len", "0x1000\n");
  kernel_->FailNext(KexecCall::kFileLoad, EADDRNOTAVAIL);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_SYSCALL);
  EXPECT_THAT(Text(),
              ::testing::EndsWith("; kexec_load would lose the memory that Kexec Handover preserves: ask "
                                  "for KEXEC_CALL_LOAD to lose it"));
  ASSERT_EQ(kexec_request_set_digest(request_, KEXEC_DIGEST_SHA256), KEXEC_OK);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_UNSUPPORTED);
  EXPECT_STREQ(Text(),
               "kexec_file_load cannot load this: the digest asked for needs kexec_load; kexec_load would "
               "lose the memory that Kexec Handover preserves: ask for KEXEC_CALL_LOAD to lose it");
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(messages_.empty());
  ASSERT_EQ(kexec_request_set_call(request_, KEXEC_CALL_LOAD), KEXEC_OK);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  EXPECT_THAT(messages_, ElementsAre("the next kernel does not get the memory that Kexec Handover preserves: "
                                     "kexec_load loses it"));
}

TEST_F(CapiLoadTest, AnotherDigestNeedsOurOwnPurgatory) {
  ASSERT_EQ(kexec_request_set_digest(request_, KEXEC_DIGEST_SHA256), KEXEC_OK);
  ASSERT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  EXPECT_TRUE(kernel_->file_loads().empty());
  EXPECT_EQ(kernel_->loads().size(), 1u);
  ASSERT_EQ(kexec_request_set_call(request_, KEXEC_CALL_FILE), KEXEC_OK);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_UNSUPPORTED);
  EXPECT_STREQ(Text(), "kexec_file_load cannot load this: the digest asked for needs kexec_load");
}

TEST(Capi, ARecordedMachineIsPlannedForNotLoaded) {
  ScratchRoot scratch;
  scratch.File("sys/kernel/kexec_loaded", "0\n").File("kernel", "not one");
  kexec_context* context = nullptr;
  ASSERT_EQ(kexec_context_new(scratch.path().c_str(), &context), KEXEC_OK);
  EXPECT_STREQ(kexec_error_text(context), "");
  EXPECT_EQ(kexec_execute(context), KEXEC_ERROR_USAGE);
  EXPECT_EQ(std::string(kexec_error_text(context)),
            "'" + scratch.path().string() + "' is a recorded machine, whose kernel is not here");
  kexec_request* request = kexec_request_new(context);
  EXPECT_EQ(kexec_request_set_kernel(request, (scratch.path() / "kernel").c_str()), KEXEC_OK);
  EXPECT_EQ(kexec_request_load(request), KEXEC_ERROR_USAGE);
  EXPECT_EQ(
      std::string(kexec_error_text(context)),
      "'" + scratch.path().string() + "' is a recorded machine: requests can be planned there, not loaded");
  kexec_request_free(request);
  kexec_context_free(context);
}

TEST(Capi, AMissingMachineLeavesAContextThatSaysSo) {
  kexec_context* context = nullptr;
  EXPECT_EQ(kexec_context_new("/no/such/folder", &context), KEXEC_ERROR_IO);
  ASSERT_NE(context, nullptr);
  EXPECT_STREQ(kexec_error_text(context),
               "cannot open directory '/no/such/folder': No such file or directory");
  int loaded = 0;
  EXPECT_EQ(kexec_status(context, KEXEC_KIND_NORMAL, &loaded), KEXEC_ERROR_USAGE);
  kexec_context_free(context);
  kexec_context_free(nullptr);
  kexec_request_free(nullptr);
}

// Arguments that a C program forgot, and the wrong order.

TEST_F(CapiTest, NullIsAnErrorEverywhere) {
  char not_ours[] = "x";
  char* text = not_ours;  // as a program may have it that frees the text whatever the answer
  int loaded = 7;
  EXPECT_EQ(kexec_context_new(nullptr, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_new(nullptr), nullptr);
  kexec_context_set_messages(nullptr, nullptr, nullptr);
  EXPECT_STREQ(kexec_error_text(nullptr), "the context is NULL");
  EXPECT_EQ(kexec_error_code(nullptr), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_error_errno(nullptr), 0);
  EXPECT_EQ(kexec_unload(nullptr, KEXEC_KIND_NORMAL), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_status(nullptr, KEXEC_KIND_NORMAL, &loaded), KEXEC_ERROR_USAGE);
  EXPECT_EQ(loaded, 0);
  EXPECT_EQ(kexec_execute(nullptr), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_kernel(nullptr, "k"), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_kernel_fd(nullptr, 0), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_add_initrd(nullptr, "i"), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_add_initrd_fd(nullptr, 0), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_command_line(nullptr, ""), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_type(nullptr, ""), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_kind(nullptr, 0), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_call(nullptr, 0), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_set_digest(nullptr, 0), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_plan_text(nullptr, &text), KEXEC_ERROR_USAGE);
  EXPECT_EQ(text, nullptr);
  text = not_ours;
  EXPECT_EQ(kexec_request_plan_json(nullptr, &text), KEXEC_ERROR_USAGE);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(kexec_request_load(nullptr), KEXEC_ERROR_USAGE);
  kexec_text_free(nullptr);

  EXPECT_EQ(kexec_status(context_.get(), KEXEC_KIND_NORMAL, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the place for the answer is NULL");
  EXPECT_EQ(kexec_request_set_kernel(request_, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the kernel's path is NULL");
  EXPECT_EQ(kexec_request_add_initrd(request_, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the initrd's path is NULL");
  EXPECT_EQ(kexec_request_set_command_line(request_, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the command line is NULL");
  EXPECT_EQ(kexec_request_plan_json(request_, nullptr), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "the place for the text is NULL");
  EXPECT_EQ(kexec_request_set_type(request_, nullptr), KEXEC_OK);
}

TEST_F(CapiTest, ARequestWhoseContextIsGoneCanOnlyBeFreed) {
  context_.reset();
  char* text = nullptr;
  EXPECT_EQ(kexec_request_set_command_line(request_, "quiet"), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_plan_text(request_, &text), KEXEC_ERROR_USAGE);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_USAGE);
}

TEST_F(CapiLoadTest, TextsAreFitForATerminal) {
  kexec_request_set_type(request_, "x\x1b[2J\xc2\x9b\xff");
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_USAGE);
  EXPECT_NE(std::string(Text()).find("there is no image type 'x\\x1b[2J\\xc2\\x9b\\xff'"), std::string::npos)
      << Text();
  EXPECT_EQ(kexec_request_set_kernel(request_, "\n\xe2\x80\xae"), KEXEC_ERROR_IO);
  EXPECT_STREQ(Text(), "'\\x0a\\xe2\\x80\\xae': cannot open: No such file or directory");
}

TEST_F(CapiLoadTest, AMessageFunctionMayThrow) {
  kexec_context_set_messages(context_.get(), [](void*, int, const char*) { throw 42; }, nullptr);
  kernel_->FailNext(KexecCall::kFileLoad, ENOEXEC);  // falls back with a warning
  EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_IO);
  EXPECT_STREQ(Text(), "something was thrown that this library does not know");
  EXPECT_EQ(kexec_error_errno(context_.get()), 0);
  EXPECT_EQ(kexec_request_set_kind(request_, 7), KEXEC_ERROR_USAGE);
  EXPECT_STREQ(Text(), "7 is no kind of image; use KEXEC_KIND_NORMAL or KEXEC_KIND_CRASH");
}

// Descriptors, as they were opened.

TEST_F(CapiLoadTest, DescriptorsAreUsedThemselves) {
  const UniqueFd fd(open(Path("vmlinuz").c_str(), O_RDONLY | O_CLOEXEC));
  scratch_.Remove("vmlinuz");
  ASSERT_EQ(lseek(fd.get(), 100, SEEK_SET), 100);
  ASSERT_EQ(kexec_request_set_kernel_fd(request_, fd.get()), KEXEC_OK) << Text();
  ASSERT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  EXPECT_TRUE(kernel_->loaded());
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 100);
}

TEST_F(CapiLoadTest, DescriptorsThatCannotReadAreRefusedWhateverTheFileAllows) {
  const std::string sentence = "is not open for reading: Bad file descriptor";
  for (const int flags : {O_PATH, O_WRONLY}) {
    const UniqueFd fd(open(Path("vmlinuz").c_str(), flags | O_CLOEXEC));
    EXPECT_EQ(kexec_request_set_kernel_fd(request_, fd.get()), KEXEC_ERROR_IO);
    EXPECT_EQ(Text(), fmt::format("'descriptor {}': {}", fd.get(), sentence));
    EXPECT_EQ(kexec_request_add_initrd_fd(request_, fd.get()), KEXEC_ERROR_IO);
  }
  EXPECT_EQ(kexec_request_set_kernel_fd(request_, 1 << 20), KEXEC_ERROR_IO);
  EXPECT_STREQ(Text(), "'descriptor 1048576': cannot open: Bad file descriptor");
}

TEST_F(CapiLoadTest, SocketsAreReadToTheirEnd) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const std::vector<std::byte> kernel = BzImageBuilder(0x020f).Version("6.1.0").BuildBytes();
  std::thread sender([&] {
    for (size_t done = 0; done < kernel.size();) {
      const ssize_t sent = write(ends[1], kernel.data() + done, kernel.size() - done);
      if (sent <= 0) break;
      done += static_cast<size_t>(sent);
    }
    close(ends[1]);
  });
  EXPECT_EQ(kexec_request_set_kernel_fd(request_, ends[0]), KEXEC_OK) << Text();
  sender.join();
  close(ends[0]);
  EXPECT_EQ(kexec_request_load(request_), KEXEC_OK) << Text();
  EXPECT_EQ(kernel_->loads().size(), 1u);  // there is no file to hand over
}

// Files that change.

TEST_F(CapiLoadTest, AFileThatShrinksIsAnErrorAndTheSignalIsAsBefore) {
  struct sigaction before, after;
  sigaction(SIGBUS, nullptr, &before);
  std::filesystem::resize_file(Path("vmlinuz"), 2000);
  const std::string sentence = "'" + Path("vmlinuz") + "' shrank while it was read: ";
  char* text = nullptr;
  EXPECT_EQ(kexec_request_plan_json(request_, &text), KEXEC_ERROR_IO);
  EXPECT_EQ(std::string(Text()).rfind(sentence, 0), 0u) << Text();
  EXPECT_EQ(text, nullptr);
  for (const int call : {KEXEC_CALL_LOAD, KEXEC_CALL_FILE, KEXEC_CALL_AUTO}) {
    kexec_request_set_call(request_, call);
    EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_IO);
    EXPECT_EQ(std::string(Text()).rfind(sentence, 0), 0u) << Text();
  }
  EXPECT_TRUE(kernel_->loads().empty());
  EXPECT_TRUE(kernel_->file_loads().empty());
  sigaction(SIGBUS, nullptr, &after);
  EXPECT_EQ(before.sa_sigaction, after.sa_sigaction);
  EXPECT_EQ(before.sa_flags, after.sa_flags);
}

TEST_F(CapiLoadTest, AFileThatShrinksInTheCallIsUnloadedAgain) {
  for (const int call : {KEXEC_CALL_LOAD, KEXEC_CALL_FILE}) {
    scratch_.File("vmlinuz", Bytes(BzImageBuilder(0x020f).Version("6.1.0").BuildBytes()));
    ASSERT_EQ(kexec_request_set_kernel(request_, Path("vmlinuz").c_str()), KEXEC_OK) << Text();
    kexec_request_set_call(request_, call);
    kernel_->on_load = [&] {
      std::filesystem::resize_file(Path("vmlinuz"), std::filesystem::file_size(Path("vmlinuz")) - 1);
    };
    EXPECT_EQ(kexec_request_load(request_), KEXEC_ERROR_IO);
    EXPECT_NE(std::string(Text()).find("; what was loaded from it is unloaded again"), std::string::npos)
        << Text();
    EXPECT_FALSE(kernel_->loaded());
  }
}

// Several contexts at once, each in a thread, each with files of its own that shrink or do not.
TEST_F(CapiLoadTest, ContextsInThreadsDoNotDisturbEachOther) {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  const std::vector<std::byte> kernel = BzImageBuilder(0x020f).Version("6.1.0").BuildBytes();
  for (int number = 0; number < 4; ++number) {
    const std::string name = fmt::format("kernel{}", number);
    scratch_.File(name, Bytes(kernel));
    threads.emplace_back([&, number, path = Path(name.c_str())] {
      kexec_context* context = nullptr;
      if (kexec_context_new(scratch_.path().c_str(), &context) != KEXEC_OK) ++wrong;
      for (int round = 0; round < 20; ++round) {
        kexec_request* request = kexec_request_new(context);
        const bool cut = (round + number) % 2 == 0;
        char* text = nullptr;
        if (kexec_request_set_kernel(request, path.c_str()) != KEXEC_OK) ++wrong;
        if (cut) std::filesystem::resize_file(path, 3000);
        if (kexec_request_plan_json(request, &text) != (cut ? KEXEC_ERROR_IO : KEXEC_OK)) ++wrong;
        kexec_text_free(text);
        kexec_request_free(request);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(kernel.data()), static_cast<std::streamsize>(kernel.size()));
      }
      kexec_context_free(context);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace kexec::testing
