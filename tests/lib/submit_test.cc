// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/submit.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "kexec/file.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/ranges.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kX86 = 62u << 16;

class SubmitTest : public ::testing::Test {
 protected:
  SubmitTest() : kernel_({.ram = {Range(0x1000, 0x100000)}, .crash_region = Range(0x40000, 0x80000)}) {
    kernel_.Publish(&scratch_);
  }

  ValidatedImage Image(LoadKind kind) {
    SharedBytes bytes = SharedBytes::Own(std::vector<std::byte>(0x1800, std::byte{7}));
    LoadPlan plan{kind, PhysAddr(0x50004), {{"kernel", Pages(0x50000, 0x53000), bytes}}};
    return *Validate(
        std::move(plan),
        {.destination = Range(0, 1ull << 46), .memory = &map_, .crash_regions = {Range(0x40000, 0x80000)}});
  }

  MemoryMap map_ = RamMap({Range(0x1000, 0x100000)});
  ScratchRoot scratch_;
  FakeKernel kernel_;
};

TEST_F(SubmitTest, HandsEverySegmentToTheKernel) {
  ASSERT_EQ(MessageOf(Submit(Image(LoadKind::kNormal), kernel_, scratch_.root(), kX86)), "success");
  ASSERT_EQ(kernel_.loads().size(), 1u);
  const RecordedLoad& load = kernel_.loads()[0];
  EXPECT_EQ(load.entry, 0x50004u);
  EXPECT_EQ(load.flags, kX86);
  ASSERT_EQ(load.segments.size(), 1u);
  EXPECT_EQ(load.segments[0].bufsz, 0x1800u);
  EXPECT_EQ(load.segments[0].mem, 0x50000u);
  EXPECT_EQ(load.segments[0].memsz, 0x3000u);
  EXPECT_EQ(kernel_.Boot(), PhysAddr(0x50004));
  EXPECT_EQ(kernel_.memory().Read(PhysAddr(0x517ff), 2),
            (std::vector<std::byte>{std::byte{7}, std::byte{0}}));
}

TEST_F(SubmitTest, ACrashPlanGetsTheCrashFlag) {
  ASSERT_EQ(MessageOf(Submit(Image(LoadKind::kCrash), kernel_, scratch_.root(), kX86)), "success");
  EXPECT_EQ(kernel_.loads()[0].flags, kX86 | kKexecOnCrash);
  EXPECT_TRUE(kernel_.crash_loaded());
  EXPECT_FALSE(kernel_.loaded());
}

TEST_F(SubmitTest, ARefusalCarriesErrnoAndCause) {
  kernel_.FailNext(KexecCall::kLoad, EPERM);
  scratch_.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  const auto result = Submit(Image(LoadKind::kNormal), kernel_, scratch_.root(), kX86);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Errc::kSyscall);
  EXPECT_EQ(result.error().sys_errno(), EPERM);
  EXPECT_EQ(result.error().message(),
            "kexec_load: Operation not permitted: kernel lockdown is 'integrity'; use kexec -s with a signed "
            "kernel");
}

TEST_F(SubmitTest, FilesGoAsTheyAre) {
  scratch_.File("vmlinuz", "kernel bytes").File("initrd", "initrd bytes");
  const auto kernel_file = OpenImageFile(scratch_.path() / "vmlinuz", 1 << 20);
  const auto initrd_file = OpenImageFile(scratch_.path() / "initrd", 1 << 20);
  ASSERT_TRUE(kernel_file.has_value() && initrd_file.has_value());
  FileLoad load{
      .kernel_fd = kernel_file->fd.get(), .initrd_fd = initrd_file->fd.get(), .command_line = "a b"};
  ASSERT_EQ(MessageOf(SubmitFile(load, kernel_, scratch_.root())), "success");
  load.initrd_fd = -1;
  load.kind = LoadKind::kCrash;
  load.flags = kKexecFileDebug;
  ASSERT_EQ(MessageOf(SubmitFile(load, kernel_, scratch_.root())), "success");
  ASSERT_EQ(kernel_.file_loads().size(), 2u);
  EXPECT_EQ(kernel_.file_loads()[0].kernel, "kernel bytes");
  EXPECT_EQ(kernel_.file_loads()[0].initrd, "initrd bytes");
  EXPECT_EQ(kernel_.file_loads()[0].command_line, "a b");
  EXPECT_EQ(kernel_.file_loads()[0].flags, 0u);
  EXPECT_EQ(kernel_.file_loads()[1].flags, kKexecFileNoInitramfs | kKexecFileOnCrash | kKexecFileDebug);
}

TEST_F(SubmitTest, UnloadUsesTheFileCallFirst) {
  ASSERT_TRUE(Submit(Image(LoadKind::kNormal), kernel_, scratch_.root(), kX86).has_value());
  ASSERT_EQ(MessageOf(Unload(LoadKind::kNormal, kernel_, scratch_.root(), kX86)), "success");
  EXPECT_FALSE(kernel_.loaded());
  ASSERT_EQ(kernel_.file_loads().size(), 1u);
  EXPECT_EQ(kernel_.file_loads()[0].flags, kKexecFileUnload);
  EXPECT_EQ(kernel_.loads().size(), 1u);
}

TEST_F(SubmitTest, UnloadFallsBackWhereTheFileCallIsMissing) {
  ASSERT_TRUE(Submit(Image(LoadKind::kCrash), kernel_, scratch_.root(), kX86).has_value());
  kernel_.FailNext(KexecCall::kFileLoad, ENOSYS);
  ASSERT_EQ(MessageOf(Unload(LoadKind::kCrash, kernel_, scratch_.root(), kX86)), "success");
  EXPECT_FALSE(kernel_.crash_loaded());
  EXPECT_EQ(kernel_.loads().back().flags, kX86 | kKexecOnCrash);
  EXPECT_TRUE(kernel_.loads().back().segments.empty());
}

TEST_F(SubmitTest, UnloadingNothingIsSuccessWithoutACall) {
  kernel_.SetLoadLimits(0, 0);
  EXPECT_EQ(MessageOf(Unload(LoadKind::kNormal, kernel_, scratch_.root(), kX86)), "success");
  EXPECT_TRUE(kernel_.loads().empty());
  EXPECT_TRUE(kernel_.file_loads().empty());
}

TEST_F(SubmitTest, UnloadReportsTheCallThatFailed) {
  scratch_.Remove("sys/kernel/kexec_loaded")
      .File("boot/config-1", "# nothing\n")
      .File("proc/sys/kernel/osrelease", "1\n");
  kernel_.FailNext(KexecCall::kFileLoad, ENOSYS);
  kernel_.FailNext(KexecCall::kLoad, ENOSYS);
  EXPECT_EQ(MessageOf(Unload(LoadKind::kNormal, kernel_, scratch_.root(), kX86)),
            "kexec_load (unload): Function not implemented: the running kernel is built without kexec "
            "(CONFIG_KEXEC, "
            "CONFIG_KEXEC_FILE); use another kernel");
}

TEST_F(SubmitTest, FilesBiggerThanHalfOfRamAreNotEvenOffered) {
  scratch_.File("proc/meminfo", "MemTotal:        1024 kB\nMemFree:          900 kB\n");
  EXPECT_EQ(MessageOf(SubmitFile({.kernel_fd = 0, .bytes = 524289}, kernel_, scratch_.root())),
            "kernel and initrd are 524289 bytes long, the kernel takes at most 524288, half of its 1048576 "
            "bytes of "
            "RAM; use smaller files");
  EXPECT_TRUE(kernel_.file_loads().empty());
}

TEST_F(SubmitTest, ExecuteRefusesWhenNothingIsLoaded) {
  const auto result = Execute(kernel_, scratch_.root());
  EXPECT_EQ(MessageOf(result), "Nothing has been loaded!");
  EXPECT_EQ(kernel_.reboots(), 0);
}

TEST_F(SubmitTest, ExecuteAsksTheKernelWhereSysfsIsSilent) {
  scratch_.Remove("sys/kernel/kexec_loaded");
  EXPECT_EQ(MessageOf(Execute(kernel_, scratch_.root())),
            "reboot: Invalid argument: no kernel is loaded, or this process runs in a PID namespace (a "
            "container); load "
            "one, and run it outside");
  EXPECT_EQ(kernel_.reboots(), 1);
}

TEST_F(SubmitTest, ExecuteRebootsIntoWhatIsLoaded) {
  ASSERT_TRUE(Submit(Image(LoadKind::kNormal), kernel_, scratch_.root(), kX86).has_value());
  EXPECT_EQ(MessageOf(Execute(kernel_, scratch_.root())), "success");
  EXPECT_EQ(kernel_.reboots(), 1);
}

TEST_F(SubmitTest, IsLoadedReadsBothPlacesOfSysfs) {
  EXPECT_EQ(IsLoaded(LoadKind::kCrash, scratch_.root()), false);
  scratch_.File("sys/kernel/kexec/crash_loaded", "1\n");
  EXPECT_EQ(IsLoaded(LoadKind::kCrash, scratch_.root()), true);
  EXPECT_EQ(IsLoaded(LoadKind::kNormal, scratch_.root()), false);
  scratch_.File("sys/kernel/kexec_loaded", "maybe\n");
  EXPECT_EQ(
      MessageOf(IsLoaded(LoadKind::kNormal, scratch_.root())),
      fmt::format("'{}/sys/kernel/kexec_loaded' holds 'maybe', expected 0 or 1", scratch_.path().string()));
  scratch_.Remove("sys/kernel/kexec_loaded");
  EXPECT_EQ(MessageOf(IsLoaded(LoadKind::kNormal, scratch_.root())),
            fmt::format(
                "cannot open '{}/sys/kernel/kexec_loaded': the kernel is built without kexec, or /sys is not "
                "mounted",
                scratch_.path().string()));
}

}  // namespace
}  // namespace kexec::testing
