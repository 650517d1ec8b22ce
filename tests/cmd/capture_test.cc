// SPDX-License-Identifier: GPL-2.0-or-later
// --capture, and what it records for crash kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cmd/cmd_world.h"
#include "tests/support/read_whole.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;
using testing::CmdWorld;
using testing::ReadWhole;

constexpr std::string_view kSecret = "the registers of a process";

std::string TextOf(const fs::path& path) {
  const std::vector<std::byte> bytes = ReadWhole(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A machine that QEMU recorded, with what the record leaves out behind its /proc/kcore and /proc/kallsyms.
class CaptureForCrashKernels : public ::testing::Test {
 protected:
  CaptureForCrashKernels() {
    const fs::path recorded = fs::path(KEXEC_SOURCE_DIR) / "tests/golden/machines/bios-2g-smp2";
    world_.machine.CopyFrom(recorded, "");
    headers_ = TextOf(recorded / "proc/kcore");
    world_.machine.File("proc/kcore", headers_ + std::string(kSecret));
    world_.machine.File("proc/kallsyms", "0000000000000000 A fixed_percpu_data\n" +
                                             TextOf(recorded / "proc/kallsyms") +
                                             "ffffffffc0000000 t secret\t[module]\n");
    kernel_ = world_.WriteKernel();
    record_ = fs::path(kernel_).parent_path() / "record";
  }
  std::string PlanOn(CmdWorld& world) {
    EXPECT_EQ(world.Run({"-p", "-c", "--dry-run", "--json", "--append=console=ttyS0", kernel_}), 0)
        << world.message;
    return world.out;
  }
  // The plan of a machine that is nothing but the record.
  std::string PlanOnRecord() {
    CmdWorld other;
    fs::remove_all(other.machine.path());
    fs::copy(record_, other.machine.path(), fs::copy_options::recursive);
    const std::string plan = PlanOn(other);
    EXPECT_EQ(other.diagnostics.TakeWarnings().size(), closed_ ? 1u : 0u);
    return plan;
  }

  CmdWorld world_;
  std::string headers_;
  std::string kernel_;
  fs::path record_;
  bool closed_ = false;  // /proc/kcore is: one warning for each plan
};

TEST_F(CaptureForCrashKernels, RecordsTheHeadersOfKcoreAndNothingBehindThem) {
  ASSERT_EQ(world_.Run({"--capture", record_.string()}), 0) << world_.message;
  EXPECT_THAT(world_.diagnostics.TakeWarnings(), ::testing::SizeIs(1));  // what the record tells
  EXPECT_EQ(TextOf(record_ / "proc/kcore"), headers_);
  EXPECT_FALSE(fs::exists(record_ / "proc/kallsyms"));
  EXPECT_EQ(TextOf(record_ / "sys/kernel/vmcoreinfo"), "0x00000000011ee000 1024\n");
  EXPECT_EQ(TextOf(record_ / "sys/devices/system/cpu/possible"), "0-1\n");
  EXPECT_EQ(TextOf(record_ / "sys/devices/system/cpu/cpu1/crash_notes"), "7d739400\n");
  EXPECT_EQ(PlanOnRecord(), PlanOn(world_));
}

TEST_F(CaptureForCrashKernels, RecordsThreeSymbolsWhereKcoreIsClosed) {
  closed_ = true;
  world_.machine.Remove("proc/kcore").File("sys/kernel/kexec_crash_cma_ranges", "10000000-10ffffff\n");
  ASSERT_EQ(world_.Run({"--capture", record_.string()}), 0) << world_.message;
  EXPECT_FALSE(fs::exists(record_ / "proc/kcore"));
  EXPECT_EQ(TextOf(record_ / "proc/kallsyms"),
            "ffffffff88c00000 T _stext\nffffffff88c00000 T _text\nffffffff8b430000 B _end\n");
  EXPECT_EQ(TextOf(record_ / "sys/kernel/kexec_crash_cma_ranges"), "10000000-10ffffff\n");
  EXPECT_THAT(world_.diagnostics.TakeWarnings(), ::testing::SizeIs(1));  // what the record tells
  EXPECT_EQ(PlanOnRecord(), PlanOn(world_));
  EXPECT_EQ(world_.diagnostics.TakeWarnings().size(), 1u);
}

}  // namespace
}  // namespace kexec
