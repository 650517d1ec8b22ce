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
#include "tests/support/fake_kernel.h"
#include "tests/support/ranges.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

// A context whose kernel is the fake one.
class CapiTest : public ::testing::Test {
 protected:
  CapiTest() {
    auto kernel = std::make_unique<FakeKernel>(FakeMachine{.ram = {Range(0x1000, 0x100000)}});
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
