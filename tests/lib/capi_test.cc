// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
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

}  // namespace
}  // namespace kexec::testing
