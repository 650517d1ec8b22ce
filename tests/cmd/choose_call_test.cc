// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/choose_call.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "arch/file_load_drawback.h"
#include "kexec/submit.h"
#include "loaders/file_load.h"
#include "tests/support/result_matchers.h"
#include "tests/support/scratch_root.h"

namespace kexec {
namespace {

using testing::MessageOf;
using testing::ScratchRoot;

struct Row {
  const char* name;
  LoadFacts facts;
  std::string expected;
};

// "kexec_load: REASON", "kexec_load, then kexec_file_load where that may help: REASON", "... keeping X:
// REASON",
// "... ignoring --x", "... losing X", or the refusal.
std::string Told(const Result<CallChoice>& choice) {
  if (!choice.has_value()) return "refused: " + choice.error().message();
  std::string text(CallName(choice->first));
  if (choice->may_fall_back) text = DescribeCall(*choice);
  if (!choice->kept.empty()) text += ", keeping " + choice->kept;
  text += ": " + choice->reason;
  for (const std::string& option : choice->ignored) text += ", ignoring " + option;
  if (!choice->lost.empty()) text += ", losing " + choice->lost;
  return text;
}

class ChooseCallTable : public ::testing::TestWithParam<Row> {};

TEST_P(ChooseCallTable, Decides) { EXPECT_EQ(Told(ChooseCall(GetParam().facts)), GetParam().expected); }

const std::string kKeysWhy = "the dm-crypt keys configured for the crash kernel go with kexec_file_load only";
const std::string kLoadFirst =
    "kexec_load, then kexec_file_load where that may help: its jump is faster, and nothing here asks for a "
    "signature";
const std::string kFileFirst = "kexec_file_load, then kexec_load where that may help: ";
const std::string kKeepsWhy = "kexec_file_load, keeping a list: kexec_load would lose a list";
const std::string kLockedWhy = "kernel lockdown is 'integrity', which forbids kexec_load";

INSTANTIATE_TEST_SUITE_P(
    , ChooseCallTable,
    ::testing::Values(
        Row{"PlainAuto", {}, kLoadFirst}, Row{"AutoOneInitrd", {.initrds = 1}, kLoadFirst},
        Row{"AutoKeepsWhatIsHandedOver", {.handed_over = "a list"}, kKeepsWhy},
        Row{"AutoWhereFileLoadIsWorse",
            {.file_load_drawback = "it checks nothing"},
            "kexec_load, then kexec_file_load where that may help: it checks nothing"},
        Row{"AutoKeepsItWhereFileLoadIsWorse",
            {.handed_over = "a list", .file_load_drawback = "it checks nothing"},
            kKeepsWhy},
        Row{"AutoKeepsItAndDropsComfort",
            {.prefers = {"--no-checks", "--console-serial"}, .handed_over = "a list"},
            kKeepsWhy + ", ignoring --no-checks, ignoring --console-serial"},
        Row{"AutoKeepsItOfTwoInitrds", {.initrds = 2, .handed_over = "a list"}, kKeepsWhy},
        Row{"AutoKeepsItOfAPipe", {.from_pipe = true, .handed_over = "a list"}, kKeepsWhy},
        Row{"AutoKeepsItAndRefusesEntry",
            {.needs = {"--entry", "--dtb"}, .prefers = {"-i"}, .handed_over = "a list"},
            "refused: kexec_load would lose a list, but --entry needs kexec_load; --dtb needs kexec_load; "
            "use -c "
            "to lose it"},
        Row{"AutoKeepsItAndRefusesAnOldKernel",
            {.obstacle = "it is old", .handed_over = "a list"},
            "refused: kexec_load would lose a list, but it is old; use -c to lose it"},
        Row{"LockedDownWithSomethingToKeep",
            {.needs = {"--entry"}, .lockdown = "integrity", .handed_over = "a list"},
            "refused: " + kLockedWhy + ", but --entry needs kexec_load"},
        Row{"AskedLoadLosesIt",
            {.asked = Call::kLoad, .handed_over = "a list"},
            "kexec_load: -c was given, losing a list"},
        Row{"AskedFileKeepsIt",
            {.asked = Call::kFile, .handed_over = "a list"},
            "kexec_file_load: -s was given"},
        Row{"AutoEntry", {.needs = {"--entry"}}, "kexec_load: --entry needs kexec_load"},
        Row{"AutoNoChecks",
            {.prefers = {"--no-checks"}},
            "kexec_load: --no-checks works with kexec_load only"},
        Row{"AutoTwoInitrds", {.initrds = 2}, "kexec_load: kexec_load takes 2 initrds uncopied"},
        Row{"AutoPipe",
            {.from_pipe = true},
            "kexec_load: what comes through a pipe has no file to hand over"},
        Row{"AutoOldKernel",
            {.needs = {"--entry"}, .obstacle = "it is old"},
            "kexec_load: it is old; --entry needs kexec_load"},
        Row{"AutoUnlocked", {.prefers = {"-i"}, .lockdown = ""}, "kexec_load: -i works with kexec_load only"},
        Row{"LockedDown", {.lockdown = "integrity"}, "kexec_file_load: " + kLockedWhy},
        Row{"LockedDownTwoInitrds",
            {.initrds = 2, .lockdown = "integrity"},
            "kexec_file_load: " + kLockedWhy},
        Row{"LockedDownDropsComfort",
            {.prefers = {"--no-checks"}, .lockdown = "integrity"},
            "kexec_file_load: " + kLockedWhy + ", ignoring --no-checks"},
        Row{"LockedDownEntry",
            {.needs = {"--entry"}, .lockdown = "integrity"},
            "refused: " + kLockedWhy + ", but --entry needs kexec_load"},
        Row{"LockedDownOldKernel",
            {.obstacle = "it is old", .lockdown = "confidentiality"},
            "refused: kernel lockdown is 'confidentiality', which forbids kexec_load, but it is old"},
        Row{"AskedLoad", {.asked = Call::kLoad, .lockdown = "integrity"}, "kexec_load: -c was given"},
        Row{"AskedFile", {.asked = Call::kFile, .obstacle = "it is old"}, "kexec_file_load: -s was given"},
        Row{"AskedFileForAFormatItNeverTakes",
            {.asked = Call::kFile, .obstacle = "it takes no such image", .foreign_format = true},
            "refused: it takes no such image; leave out -s"},
        Row{"CrashKernelsGetNothingHandedOver",
            {.kind = LoadKind::kCrash, .prefers = {"-i"}, .handed_over = "a list"},
            "kexec_load: -i works with kexec_load only"},
        Row{"CrashWhereFileLoadIsWorseWithSomethingToKeep",
            {.kind = LoadKind::kCrash, .handed_over = "a list", .file_load_drawback = "it checks nothing"},
            "kexec_load, then kexec_file_load where that may help: it checks nothing"},
        Row{"CrashAskedLoadLosesNothing",
            {.asked = Call::kLoad, .kind = LoadKind::kCrash, .handed_over = "a list"},
            "kexec_load: -c was given"},
        Row{"Crash",
            {.kind = LoadKind::kCrash},
            kFileFirst + "the kernel then keeps the core headers up to date"},
        Row{"CrashWhereFileLoadIsWorse",
            {.kind = LoadKind::kCrash, .file_load_drawback = "it checks nothing"},
            "kexec_load, then kexec_file_load where that may help: it checks nothing"},
        Row{"CrashOldKernel", {.kind = LoadKind::kCrash, .obstacle = "it is old"}, "kexec_load: it is old"},
        Row{"CrashAskedFile",
            {.asked = Call::kFile, .kind = LoadKind::kCrash},
            "kexec_file_load: -s was given"},
        Row{"CrashAskedLoad", {.asked = Call::kLoad, .kind = LoadKind::kCrash}, "kexec_load: -c was given"},
        Row{"CrashWithKeys",
            {.kind = LoadKind::kCrash, .prefers = {"--reset-vga"}, .has_dm_crypt_keys = true},
            "kexec_file_load: " + kKeysWhy + ", ignoring --reset-vga"},
        Row{"CrashWithKeysAndAnOldKernel",
            {.kind = LoadKind::kCrash, .obstacle = "it is old", .has_dm_crypt_keys = true},
            "refused: " + kKeysWhy + ", but it is old"}),
    [](const auto& row) { return row.param.name; });

TEST(FallbackMayHelp, OnlyWhereTheOtherCallNeedNotShareTheReason) {
  for (const int error : {ENOSYS, EINVAL, ENOEXEC, ENOTSUP, EADDRNOTAVAIL, ENOMEM})
    EXPECT_TRUE(FallbackMayHelp(error));
  for (const int error : {0, EPERM, EACCES, EBUSY, ENODATA, ELIBBAD, EKEYREJECTED, ENOKEY, ENOPKG, EBADMSG,
                          EMSGSIZE, EIO, ENODEV}) {
    EXPECT_FALSE(FallbackMayHelp(error)) << error;
  }
}

BzImage Modern() {
  BzImage image;
  image.protocol = 0x020f;
  image.command_line_max = 2047;
  image.has_64bit_entry = true;
  image.can_load_above_4g = true;
  return image;
}

TEST(FileLoadObstacle, NamesWhatTheKernelLacks) {
  BzImage image = Modern();
  EXPECT_EQ(FileLoadObstacle({"bzImage64", image}, 2016), "");
  EXPECT_EQ(FileLoadObstacle({"bzImage64", image}, 2017),
            "kexec_file_load takes 2016 bytes of command line, this one has 2017");
  image.can_load_above_4g = false;
  EXPECT_EQ(FileLoadObstacle({"bzImage64", image}, 0),
            "kexec_file_load needs a kernel that can be loaded above 4 GiB");
  image.has_64bit_entry = false;
  EXPECT_EQ(FileLoadObstacle({"bzImage", image}, 0), "kexec_file_load needs a kernel with a 64-bit entry");
  image.protocol = 0x0209;
  EXPECT_EQ(FileLoadObstacle({"bzImage", image}, 0),
            "kexec_file_load needs boot protocol 2.12, this kernel has 2.09");
}

TEST(FileLoadObstacle, OfAnUnpackedKernelIsThatOfItsFile) {
  DirectLinux direct{Modern(), {}, {}, {}};
  EXPECT_EQ(FileLoadObstacle({"bzImage64", direct}, 0), "");
  direct.packed.can_load_above_4g = false;
  EXPECT_EQ(FileLoadObstacle({"bzImage64", direct}, 0),
            "kexec_file_load needs a kernel that can be loaded above 4 GiB");
  EXPECT_EQ(FileLoadObstacle({"elf-x86_64", ElfKernel()}, 0), "kexec_file_load takes no 'elf-x86_64' image");
}

TEST(FileLoadObstacle, OnTheBoardsDependsOnTheFormat) {
  ImageKernel image;
  EXPECT_EQ(FileLoadObstacle({"Image", image, "aarch64"}, 4096), "");
  EXPECT_EQ(FileLoadObstacle({"vmlinux", image, "aarch64"}, 0), "kexec_file_load takes no 'vmlinux' image");
  EXPECT_EQ(FileLoadObstacle({"elf-riscv", image, "riscv64"}, 4096), "");
  EXPECT_EQ(FileLoadObstacle({"image-riscv", image, "riscv64"}, 0), "") << "newer kernels take it";
  image.image_size_told = false;
  EXPECT_EQ(FileLoadObstacle({"Image", image, "aarch64"}, 0),
            "kexec_file_load needs an Image whose header tells its size");
}

TEST(FileLoadKnowsFormat, WhereSomeKernelOfTheMachineHasALoader) {
  EXPECT_TRUE(FileLoadKnowsFormat({"bzImage64", Modern()}));
  EXPECT_TRUE(FileLoadKnowsFormat({"bzImage64", DirectLinux{Modern(), {}, {}, {}}}));
  EXPECT_TRUE(FileLoadKnowsFormat({"elf-riscv", ImageKernel(), "riscv64"}));
  EXPECT_FALSE(FileLoadKnowsFormat({"elf-x86_64", ElfKernel()}));
  EXPECT_FALSE(FileLoadKnowsFormat({"multiboot-x86", MultibootKernel()}));
}

TEST(FileLoadDrawback, IsTheBoards) {
  EXPECT_EQ(FileLoadDrawback("x86_64", LoadKind::kCrash), "");
  for (const LoadKind kind : {LoadKind::kNormal, LoadKind::kCrash}) {
    EXPECT_EQ(FileLoadDrawback("aarch64", kind), "kexec_file_load of arm64 checks nothing before the jump");
  }
  EXPECT_EQ(FileLoadDrawback("riscv64", LoadKind::kNormal), "");
  EXPECT_EQ(FileLoadDrawback("riscv64", LoadKind::kCrash),
            "kexec_file_load of riscv64 puts memory of the firmware into the dump, where reading it faults");
}

TEST(LockdownState, IsTheWordInBrackets) {
  ScratchRoot machine;
  EXPECT_EQ(LockdownState(machine.root()), std::nullopt);
  machine.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  EXPECT_EQ(LockdownState(machine.root()), "integrity");
  machine.File("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  EXPECT_EQ(LockdownState(machine.root()), std::nullopt);
  machine.File("sys/kernel/security/lockdown", "]rubbish[\n");
  EXPECT_EQ(LockdownState(machine.root()), std::nullopt);
}

}  // namespace
}  // namespace kexec
