// SPDX-License-Identifier: GPL-2.0-or-later
// --capture --redact: what is gone from a record, and that its plan stays.
#include "cmd/kexec/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "arch/x86_64/boot_params.h"
#include "cmd/kexec/command_line.h"
#include "loaders/dtb/device_tree.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/read_whole.h"
#include "tests/support/result_matchers.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;
using testing::CmdWorld;
using testing::MessageOf;
using testing::ReadWhole;

constexpr std::string_view kSerial = "SN-4711-XYZ";
constexpr std::string_view kAddress("\x52\x54\x00\x12\x34\x56", 6);
constexpr std::string_view kLine =
    "root=/dev/vda1 rd.luks.key=/hunter2 Api_Token=hunter2 quiet systemd.set_credential=\"a:hunter2 x\"\n";

std::string TextOf(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Of all files, one behind the other.
std::string ContentsOf(const fs::path& record) {
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(record)) {
    if (entry.is_regular_file()) all += TextOf(ReadWhole(entry.path()));
  }
  return all;
}

TEST(HideSecrets, TakesOutValuesByTheNamesOfWords) {
  EXPECT_EQ(HideSecrets(kLine),
            "root=/dev/vda1 rd.luks.key=redacted Api_Token=redacted quiet systemd.set_credential=redacted\n");
  EXPECT_EQ(
      HideSecrets("\"wifi.password=a b\" \t MYSECRET=x  luks.uuid=1 rd.luks.name=u=root BOOTIF=01-52-54"),
      "wifi.password=redacted \t MYSECRET=redacted  luks.uuid=redacted rd.luks.name=redacted "
      "BOOTIF=redacted");
  EXPECT_EQ(HideSecrets("smsc95xx.macaddr=B8:27:EB:00:00:01"), "smsc95xx.macaddr=redacted");
  const std::string plain =
      " ro root=UUID=1-2  console=ttyS0,115200 crashkernel=256M dyndbg=\"file a +p\" key \n";
  EXPECT_EQ(HideSecrets(plain), plain);
  EXPECT_EQ(HideSecrets(""), "");
  EXPECT_EQ(HideSecrets("pass="), "pass=redacted");
}

TEST(Redacted, OfATreeLeavesOutWhoseItIs) {
  EXPECT_EQ(Redacted("proc/device-tree/serial-number", std::string("12345\0", 6)).value(),
            std::string("xxxxx\0", 6));
  EXPECT_EQ(Redacted("proc/device-tree/eth@1/local-mac-address", std::string(kAddress)).value(),
            std::string(6, '\0'));
  EXPECT_EQ(Redacted("proc/device-tree/chosen/bootargs", std::string("quiet key=hunter2\0", 18)).value(),
            std::string("quiet key=redacted\0", 19));
  EXPECT_EQ(Redacted("proc/device-tree/compatible", "kept").value(), "kept");
  EXPECT_EQ(MessageOf(Redacted("sys/firmware/fdt", "\xd0\x0d\xfe\xed\xff\xff\xff\xff")),
            MessageOf(DeviceTree::Parse(std::as_bytes(std::span("\xd0\x0d\xfe\xed\xff\xff\xff\xff", 8)))));
}

TEST(Redacted, OfBootParamsLeavesOutTheDisplay) {
  std::string params(sizeof(BootParams), 'x');
  const std::string redacted = Redacted("sys/kernel/boot_params/data", params).value();
  params.replace(offsetof(BootParams, edid_info), 128, 128, '\0');
  EXPECT_EQ(redacted, params);
  EXPECT_EQ(Redacted("sys/kernel/boot_params/data", "short").value(), "short");
  EXPECT_EQ(Redacted("sys/kernel/boot_params/setup_data/0/data", "rom").value(), std::string(3, '\0'));
  EXPECT_EQ(Redacted("sys/kernel/boot_params/setup_data/0/type", "5\n").value(), "5\n");
}

// An arm64 Image of 1 MiB (Documentation/arch/arm64/booting.rst, 4).
std::string Arm64Image() {
  std::string image(1 << 20, '\0');
  image[18] = 0x10;  // image_size, 8 bytes from 16 on
  image[24] = 0x0a;  // flags: pages of 4 KiB, placed anywhere
  image.replace(56, 4, "ARM\x64");
  return image;
}

// Gives the machine's tree, if it has one, what should not be told.
void AddIdentity(testing::ScratchRoot& machine) {
  const fs::path path = machine.path() / "sys/firmware/fdt";
  if (!fs::exists(path)) return;
  DeviceTree tree = DeviceTree::Parse(ReadWhole(path)).value();
  ASSERT_TRUE(tree.SetString("/", "serial-number", kSerial).has_value());
  ASSERT_TRUE(
      tree.SetProperty("/ethernet@1", "local-mac-address", std::as_bytes(std::span(kAddress))).has_value());
  ASSERT_TRUE(tree.SetString("/chosen", "bootargs", kLine).has_value());
  const std::vector<std::byte> blob = tree.Packed();
  machine.File("sys/firmware/fdt", Bytes(blob));
}

class RedactedRecord : public ::testing::TestWithParam<const char*> {
 protected:
  RedactedRecord() {
    world_.machine.Remove("").Folder("").CopyFrom(
        fs::path(KEXEC_SOURCE_DIR) / "tests/golden/machines" / GetParam(), "");
    world_.machine.File("proc/cmdline", kLine).File("sys/firmware/dmi/tables/DMI", kSerial);
    AddIdentity(world_.machine);
    const bool arm = std::string_view(GetParam()).starts_with("arm64");
    kernel_ = arm ? world_.Write("Image", Arm64Image()) : world_.WriteKernel();
  }
  fs::path Capture(const char* name, bool redact) {
    const fs::path record = fs::path(kernel_).parent_path() / name;
    const std::string option = "--capture=" + record.string();
    EXPECT_EQ(redact ? world_.Run({option, "--redact"}) : world_.Run({option}), 0) << world_.message;
    return record;
  }
  nlohmann::json PlanOn(const fs::path& record) {
    CmdWorld other;
    other.machine.Remove("").Folder("").CopyFrom(record, "");
    EXPECT_EQ(other.Run({"-l", "-c", "--dry-run", "--json", "--append=root=/dev/vda1", kernel_}), 0)
        << other.message;
    return nlohmann::json::parse(other.out);
  }

  CmdWorld world_;
  std::string kernel_;
};

TEST_P(RedactedRecord, PlansTheSameAndTellsLess) {
  const fs::path plain = Capture("plain", false);
  EXPECT_THAT(world_.diagnostics.TakeWarnings(),
              ::testing::Contains("the record tells the command line with the secrets in it, addresses that "
                                  "defeat KASLR, and serial numbers of a device tree: give it to nobody who "
                                  "should not know them, or record again with --redact"));
  const fs::path redacted = Capture("redacted", true);
  EXPECT_THAT(
      world_.diagnostics.TakeWarnings(),
      ::testing::Contains("the record tells addresses that defeat KASLR, and words of the command line "
                          "that are not named like secrets: give it to nobody who should not know them"));
  EXPECT_EQ(PlanOn(redacted), PlanOn(plain));
  const bool has_tree = fs::exists(plain / "sys/firmware/fdt");
  for (const std::string_view secret : {std::string_view("hunter2"), kSerial, kAddress}) {
    EXPECT_EQ(ContentsOf(plain).contains(secret), has_tree || secret == "hunter2") << secret;
    EXPECT_FALSE(ContentsOf(redacted).contains(secret)) << secret;
  }
}

INSTANTIATE_TEST_SUITE_P(OfRecordedMachines, RedactedRecord,
                         ::testing::Values("arm64-dt-1g", "bios-2g-smp2", "uefi-1g"), [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kexec
