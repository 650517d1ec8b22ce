// SPDX-License-Identifier: GPL-2.0-or-later
#include "kexec/handed_over.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

using testing::ScratchRoot;

const std::string kIma = "IMA's list of measurements";
const std::string kKho = "the memory that Kexec Handover preserves";

struct Spelling {
  const char* command_line;
  std::optional<bool> expected;
};

class BooleanParameterTable : public ::testing::TestWithParam<Spelling> {};

TEST_P(BooleanParameterTable, ReadsAsTheKernelDoes) {
  EXPECT_EQ(BooleanParameter(GetParam().command_line, "kho"), GetParam().expected) << GetParam().command_line;
}

INSTANTIATE_TEST_SUITE_P(
    , BooleanParameterTable,
    ::testing::Values(
        Spelling{"kho=on", true}, Spelling{"kho=ON", true}, Spelling{"kho=1", true}, Spelling{"kho=y", true},
        Spelling{"kho=Yes", true}, Spelling{"kho=t", true}, Spelling{"kho=True", true},
        Spelling{"kho=e", true}, Spelling{"kho=Enabled", true}, Spelling{"kho=off", false},
        Spelling{"kho=OFF", false}, Spelling{"kho=0", false}, Spelling{"kho=No", false},
        Spelling{"kho=false", false}, Spelling{"kho=disable", false}, Spelling{"quiet kho=on root=x", true},
        Spelling{"kho=\"on\"", true}, Spelling{"\"kho=on\"", true},
        // Nothing that says anything.
        Spelling{"", std::nullopt}, Spelling{"kho", std::nullopt}, Spelling{"kho=", std::nullopt},
        Spelling{"kho=o", std::nullopt}, Spelling{"kho=2", std::nullopt}, Spelling{"kho=maybe", std::nullopt},
        Spelling{"akho=on kho_scratch=1", std::nullopt}, Spelling{"init=/x -- kho=on", std::nullopt},
        Spelling{"dyndbg=\"a kho=on b\"", std::nullopt},
        // The last one that says something counts.
        Spelling{"kho=on kho=off", false}, Spelling{"kho=off kho=on", true},
        Spelling{"kho=on kho=maybe", true}));

constexpr const char* kConfig = "boot/config-7.3.0-test";

// A machine with this command line, whose kernel has these lines in its configuration.
class Machine {
 public:
  explicit Machine(const std::string& command_line) {
    root_.File("proc/sys/kernel/osrelease", "7.3.0-test\n").File("proc/cmdline", command_line + "\n");
  }
  Machine& Config(const std::string& lines) {
    root_.File(kConfig, "CONFIG_KEXEC_FILE=y\n" + lines);
    return *this;
  }
  Machine& File(const std::string& path, const std::string& contents) {
    root_.File(path, contents);
    return *this;
  }
  std::string HandedOver() const { return kexec::HandedOver(root_.root()); }

 private:
  ScratchRoot root_;
};

constexpr const char* kHasKho =
    "CONFIG_KEXEC_HANDOVER=y\n# CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT is not set\n";
constexpr const char* kKhoByDefault = "CONFIG_KEXEC_HANDOVER=y\nCONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT=y\n";

TEST(HandedOver, NothingWhereNothingIsKnown) {
  EXPECT_EQ(HandedOver(ScratchRoot().root()), "");
  EXPECT_EQ(Machine("quiet").HandedOver(), "");
}

TEST(HandedOver, PreservedMemoryWhereTheCommandLineSaysSo) {
  EXPECT_EQ(Machine("quiet kho=ON").HandedOver(), kKho);
  EXPECT_EQ(Machine("kho=y").Config(kHasKho).HandedOver(), kKho);
  EXPECT_EQ(Machine("kho=off").Config(kHasKho).HandedOver(), "");
  EXPECT_EQ(Machine("quiet").Config(kHasKho).HandedOver(), "");
}

TEST(HandedOver, PreservedMemoryWhereItIsTheKernelsDefault) {
  EXPECT_EQ(Machine("quiet").Config(kKhoByDefault).HandedOver(), kKho);
  EXPECT_EQ(Machine("kho=maybe").Config(kKhoByDefault).HandedOver(), kKho);
  EXPECT_EQ(Machine("kho=off").Config(kKhoByDefault).HandedOver(), "");
}

TEST(HandedOver, NothingByAKernelWithoutIt) {
  EXPECT_EQ(Machine("kho=on").Config("# CONFIG_KEXEC_HANDOVER is not set\n").HandedOver(), "");
}

TEST(HandedOver, PreservedMemoryWhereTheKernelShowsIt) {
  EXPECT_EQ(Machine("quiet").File("sys/kernel/debug/kho/out/scratch_len", "0x1000\n").HandedOver(), kKho);
  EXPECT_EQ(Machine("quiet").File("sys/kernel/debug/kho/out/bootmem_len", "0x1000\n").HandedOver(), kKho);
  EXPECT_EQ(Machine("quiet").File("dev/liveupdate", "").HandedOver(), kKho);
}

TEST(HandedOver, MeasurementsBeyondTheFirst) {
  constexpr const char* kCount = "sys/kernel/security/ima/runtime_measurements_count";
  EXPECT_EQ(Machine("quiet").File(kCount, "1\n").HandedOver(), "");
  EXPECT_EQ(Machine("quiet").File(kCount, "2\n").HandedOver(), kIma);
  EXPECT_EQ(Machine("quiet").File(kCount, "rubbish\n").HandedOver(), "");
  EXPECT_EQ(Machine("quiet").Config("CONFIG_IMA_KEXEC=y\n").File(kCount, "2\n").HandedOver(), kIma);
  EXPECT_EQ(Machine("quiet").Config("# CONFIG_IMA_KEXEC is not set\n").File(kCount, "2\n").HandedOver(), "");
  EXPECT_EQ(Machine("kho=1").File(kCount, "20\n").HandedOver(), kIma + " and " + kKho);
}

}  // namespace
}  // namespace kexec
