// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/x86_64/running_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/recording_diagnostics.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;

const std::string kFolder = "sys/kernel/boot_params/setup_data/";

TEST(RunningKernel, ReadsBootParamsFromSysfsOrDebugfs) {
  RecordingDiagnostics diagnostics;
  ScratchRoot scratch;
  EXPECT_FALSE(ReadRunningBootParams(scratch.root(), diagnostics).has_value());
  std::string bytes(4096, '\0');
  bytes[0x1ec] = 3;
  scratch.File("sys/kernel/debug/boot_params/data", bytes);
  EXPECT_EQ(ReadRunningBootParams(scratch.root(), diagnostics)->secure_boot, 3);
  bytes[0x1ec] = 2;
  scratch.File("sys/kernel/boot_params/data", bytes);
  EXPECT_EQ(ReadRunningBootParams(scratch.root(), diagnostics)->secure_boot, 2);
}

TEST(RunningKernel, WarnsOfBootParamsThatAreCutShort) {
  RecordingDiagnostics diagnostics;
  ScratchRoot scratch;
  scratch.File("sys/kernel/boot_params/data", std::string(4095, '\0'));
  EXPECT_FALSE(ReadRunningBootParams(scratch.root(), diagnostics).has_value());
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre(fmt::format("'{}' has 0xfff bytes, boot_params have 0x1000; it is not used",
                                      (scratch.path() / "sys/kernel/boot_params/data").string())));
}

TEST(RunningKernel, CarriesWhatDescribesTheMachineOnly) {
  RecordingDiagnostics diagnostics;
  ScratchRoot scratch;
  for (int type = 0; type <= 11; ++type) {
    scratch.File(fmt::format("{}{}/type", kFolder, type), fmt::format("{:#x}\n", type));
    scratch.File(fmt::format("{}{}/data", kFolder, type), std::string(static_cast<size_t>(type), 'x'));
  }
  std::vector<uint32_t> types;
  for (const SetupData& data : ReadCarriedSetupData(scratch.root(), diagnostics)) {
    types.push_back(static_cast<uint32_t>(data.type));
    EXPECT_EQ(data.payload.size(), types.back());
  }
  EXPECT_THAT(types, ElementsAre(2, 3, 5, 6, 7));
}

TEST(RunningKernel, CarriesAnIndirectNodeAsADirectOne) {
  RecordingDiagnostics diagnostics;
  ScratchRoot scratch;
  scratch.File(kFolder + "0/type", "0x80000003\n").File(kFolder + "0/data", "rom");
  const auto carried = ReadCarriedSetupData(scratch.root(), diagnostics);
  ASSERT_EQ(carried.size(), 1u);
  EXPECT_EQ(carried[0].type, SetupDataType::kPci);
}

TEST(RunningKernel, WarnsOfNodesItCannotCarry) {
  RecordingDiagnostics diagnostics;
  ScratchRoot scratch;
  scratch.File(kFolder + "0/type", "three\n").File(kFolder + "0/data", "x");
  scratch.File(kFolder + "1/type", "0x3\n").File(kFolder + "1/data", std::string((16 << 20) + 1, 'x'));
  scratch.File(kFolder + "2/type", "0x3\n").File(kFolder + "2/data", "fits");
  EXPECT_EQ(ReadCarriedSetupData(scratch.root(), diagnostics).size(), 1u);
  EXPECT_THAT(
      diagnostics.TakeWarnings(),
      ElementsAre(fmt::format("'{}/type': 'three' is not a type; it is not handed on",
                              (scratch.path() / kFolder / "0").string()),
                  "'sys/kernel/boot_params/setup_data/1' is not handed on: with its 0x1000001 bytes all "
                  "nodes exceed 0x1000000"));
}

}  // namespace
}  // namespace kexec::testing
