// SPDX-License-Identifier: GPL-2.0-or-later
// kexec -l, -p, -f and `kexec KERNEL`, from the words to what reaches the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cmd/kexec/exit_status.h"
#include "tests/cmd/cmd_world.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::BzImageBuilder;
using testing::CmdWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kBefore = "; the kernel loaded before is still in place";
constexpr std::string_view kNothing = "; nothing is loaded";

TEST(Load, HandsTheFilesThemselvesToKexecFileLoad) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  EXPECT_EQ(world.Run({"-l", "-s", kernel, "--initrd", initrd, "--append=root=/dev/vda"}), 0)
      << world.message;
  ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
  const auto& call = world.kernel.file_loads().front();
  EXPECT_EQ(call.command_line, "root=/dev/vda");
  EXPECT_EQ(call.flags, 0u);
  EXPECT_TRUE(call.has_initrd);
  EXPECT_THAT(call.initrd, StartsWith("070701"));
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
  EXPECT_EQ(world.out, "");
}

TEST(Load, ADryRunIsRefusedAsTheLoadWouldBe) {
  struct Row {
    const char *path, *text;
    std::string_view why;
  };
  const Row rows[] = {
      {"proc/sys/kernel/kexec_load_disabled", "1\n", "kernel.kexec_load_disabled is 1"},
      {"proc/sys/kernel/kexec_load_limit_reboot", "0\n", "kernel.kexec_load_limit_reboot is 0"},
      {"sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
       "kernel lockdown is 'integrity'"},
  };
  for (const Row& row : rows) {
    CmdWorld world;
    const std::string kernel = world.WriteKernel();
    EXPECT_EQ(world.Run({"-c", "-l", "--dry-run", kernel}), kExitOk) << world.message;
    world.machine.File(row.path, row.text);
    EXPECT_EQ(world.Run({"-c", "-l", "--dry-run", kernel}), kExitFailed) << row.path;
    EXPECT_THAT(world.message, AllOf(HasSubstr("kexec_load: "), HasSubstr(row.why), EndsWith(kNothing)));
    EXPECT_THAT(world.kernel.loads(), IsEmpty());
  }
}

TEST(Load, ADryRunIsRefusedByFilesAboveHalfOfRamAsTheLoadIs) {
  CmdWorld world;
  world.machine.File("proc/meminfo", "MemTotal:  4 kB\n");
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-s", "-l", kernel}), kExitFailed);
  const std::string loaded = world.message;
  EXPECT_THAT(loaded, HasSubstr("the kernel takes at most 2048, half of its 4096 bytes of RAM"));
  EXPECT_EQ(world.Run({"-s", "-l", "--dry-run", kernel}), kExitFailed);
  EXPECT_EQ(world.message, loaded);
}

TEST(Load, AsksForNoInitrdWhereNoneIsGiven) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-l", "-s", world.WriteKernel()}), 0) << world.message;
  EXPECT_EQ(world.kernel.file_loads().at(0).flags, kKexecFileNoInitramfs);
}

TEST(Load, WithCGoesToKexecLoadAlone) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-c", "-l", world.WriteKernel()}), 0) << world.message;
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_TRUE(world.kernel.loaded());
}

TEST(Load, TellsTheMemoryItPlansWithForDebugging) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-d", "-c", "-l", world.WriteKernel()}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.notes(), Contains(StartsWith("memory: ")));
  EXPECT_THAT(world.diagnostics.notes(), Contains(AllOf(StartsWith("  ["), EndsWith(") RAM"))));
}

TEST(Load, DoesNotMindTheOrderOfOptions) {
  for (const bool kernel_first : {true, false}) {
    CmdWorld world;
    world.HandOverMeasurements();
    const std::string kernel = world.WriteKernel();
    EXPECT_EQ(kernel_first ? world.Run({kernel, "--append", "a", "-l", "-a"})
                           : world.Run({"-la", "--append=a", kernel}),
              0);
    EXPECT_EQ(world.kernel.file_loads().at(0).command_line, "a");
  }
}

TEST(Load, ReusesTheRunningCommandLine) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-ls", world.WriteKernel(), "--reuse-cmdline", "--append=single"}), 0)
      << world.message;
  EXPECT_EQ(world.kernel.file_loads().at(0).command_line, "root=/dev/vda1 ro crashkernel=128M quiet single");
}

class Fallback : public ::testing::TestWithParam<int> {};

TEST_P(Fallback, HelpsUnderAutoWithOneLine) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kFileLoad, GetParam());
  EXPECT_EQ(world.Run({"-p", kernel}), 0) << world.message;  // where kexec_file_load comes first
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre(AllOf(StartsWith("kexec_file_load: " + ErrnoText(GetParam())),
                                EndsWith("; falling back to kexec_load"))));
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
}

TEST_P(Fallback, DoesNotHappenWithS) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kFileLoad, GetParam());
  EXPECT_EQ(world.Run({"-s", "-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message,
              AllOf(StartsWith("kexec_file_load: " + ErrnoText(GetParam())), EndsWith(kNothing)));
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

TEST_P(Fallback, DoesNotHappenWhereItWouldLoseWhatIsHandedOver) {
  CmdWorld world;
  world.HandOverMeasurements();
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kFileLoad, GetParam());
  EXPECT_EQ(world.Run({"-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message, AllOf(StartsWith("kexec_file_load: " + ErrnoText(GetParam())),
                                   EndsWith("; kexec_load is not tried: it would lose IMA's list of "
                                            "measurements; use -c to lose it; nothing is loaded")));
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, Fallback,
                         ::testing::Values(ENOSYS, EINVAL, ENOEXEC, ENOTSUP, EADDRNOTAVAIL, ENOMEM));

TEST(Load, PrefersTheCallWithTheFasterJump) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-l", world.WriteKernel()}), 0) << world.message;
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

TEST(Load, FallsBackToTheFileCallWhereTheOtherIsNotThere) {
  for (const int error : {ENOSYS, EACCES}) {
    CmdWorld world;
    const std::string kernel = world.WriteKernel();
    world.kernel.FailNext(KexecCall::kLoad, error);
    EXPECT_EQ(world.Run({"-l", kernel}), 0) << world.message;
    EXPECT_THAT(world.diagnostics.TakeWarnings(),
                ElementsAre(AllOf(StartsWith("kexec_load: " + ErrnoText(error)),
                                  EndsWith("; falling back to kexec_file_load"))));
    EXPECT_THAT(world.kernel.file_loads(), SizeIs(1));
  }
}

TEST(Load, FallsBackToTheFileCallWhereNoPlanCanBeMade) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.machine.File("proc/iomem", "00001000-003fffff : System RAM\n");
  EXPECT_EQ(world.Run({"-l", kernel}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(EndsWith("; falling back to kexec_file_load")));
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(1));
}

class Refusal : public ::testing::TestWithParam<int> {};

TEST_P(Refusal, OfTheFileCallIsFinal) {
  CmdWorld world;
  world.HandOverMeasurements();
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kFileLoad, GetParam());
  EXPECT_EQ(world.Run({"-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message,
              AllOf(StartsWith("kexec_file_load: " + ErrnoText(GetParam())), EndsWith(kNothing)));
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

TEST_P(Refusal, OfTheLoadCallIsFinal) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kLoad, GetParam());
  EXPECT_EQ(world.Run({"-c", "-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message, AllOf(StartsWith("kexec_load: " + ErrnoText(GetParam())), EndsWith(kNothing)));
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, Refusal,
                         ::testing::Values(EPERM, EACCES, EBUSY, ENODATA, ELIBBAD, EKEYREJECTED, ENOKEY,
                                           ENOPKG, EBADMSG, EIO));

TEST(Load, SaysThatTheKernelLoadedBeforeIsStillThere) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  ASSERT_EQ(world.Run({"-l", kernel}), 0);
  world.kernel.FailNext(KexecCall::kLoad, EPERM);
  EXPECT_EQ(world.Run({"-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message, EndsWith(kBefore));
  EXPECT_EQ(world.Run({"-l", world.Write("text", "no kernel at all\n")}), kExitFailed);
  EXPECT_THAT(world.message, AllOf(StartsWith("Cannot determine the file type of "), EndsWith(kBefore)));
  EXPECT_TRUE(world.kernel.loaded());
}

TEST(Load, NamesAFileThatIsNoKernelInTheWordsScriptsKnow) {
  CmdWorld world;
  const std::string path = world.Write("passwd", "root:x:0:0:root:/root:/bin/bash\n");
  EXPECT_EQ(world.Run({"-l", path}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("Cannot determine the file type of " + path));
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

TEST(Load, RefusesDamageWhicheverCallIsAsked) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  std::filesystem::resize_file(kernel, 0x8000);
  const std::string cut = world.Write("cut.img", "070701" + std::string(40, '0'));
  for (const char* call : {"-a", "-s", "-c"}) {
    EXPECT_EQ(world.Run({"-l", call, kernel}), kExitFailed);
    EXPECT_THAT(world.message, AllOf(HasSubstr("cannot load '" + kernel), HasSubstr("cut short")));
  }
  const std::string whole = world.WriteKernel();
  for (const char* call : {"-a", "-s", "-c"}) {
    EXPECT_EQ(world.Run({"-l", call, whole, "--initrd", cut}), kExitFailed);
    EXPECT_THAT(world.message, HasSubstr(cut));
  }
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

TEST(Load, TakesAKernelChangedOnPurposeWithoutChecks) {
  CmdWorld world;
  const std::string kernel =
      world.WriteKernel(CmdWorld::SmallKernel().Version("6.1.0-test").Poke(0x3000, uint8_t{0x55}));
  EXPECT_EQ(world.Run({"-c", "-l", kernel}), kExitFailed);
  EXPECT_THAT(world.message, HasSubstr("the file is damaged"));
  EXPECT_EQ(world.Run({"-c", "-i", "-l", kernel}), kExitOk) << world.message;
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));
}

TEST(Load, MissingFilesAreStatusOne) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-l", "/nonexistent/vmlinuz"}), kExitUsage);
  EXPECT_EQ(world.message,
            "cannot read the kernel: '/nonexistent/vmlinuz': cannot open: No such file or directory");
  EXPECT_EQ(world.Run({"-l", world.WriteKernel(), "--initrd=/nonexistent/initrd"}), kExitUsage);
  EXPECT_EQ(world.message,
            "cannot read the initrd: '/nonexistent/initrd': cannot open: No such file or directory");
}

TEST(Load, RefusesACommandLineThatIsTooLongWithBothNumbers) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-l", kernel, "--append", std::string(2048, 'x')}), kExitFailed);
  EXPECT_EQ(world.message, "the command line is 2048 bytes long, and this kernel takes 2047");
  EXPECT_EQ(world.Run({"-l", kernel, "--append", std::string(2047, 'x')}), 0) << world.message;
  EXPECT_THAT(world.kernel.loads(), SizeIs(1));  // the other call counts the final zero
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

TEST(Load, TakesSeveralInitrdsThroughEitherCall) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string first = world.WriteInitrd("first.img");
  const std::string second = world.WriteInitrd("second.img");
  EXPECT_EQ(world.Run({"-l", kernel, "--initrd", first, "--initrd", second}), 0) << world.message;
  ASSERT_THAT(world.kernel.loads(), SizeIs(1));
  EXPECT_EQ(world.Run({"-s", "-l", kernel, "--initrd", first, "--initrd", second}), 0) << world.message;
  ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
  EXPECT_THAT(world.kernel.file_loads().at(0).initrd, SizeIs(1024));
}

TEST(Load, UnderLockdownStaysWithTheFileCall) {
  CmdWorld world;
  world.machine.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-l", "-i", kernel}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre(AllOf(StartsWith("option '--no-checks' is ignored: "))));
  world.kernel.FailNext(KexecCall::kFileLoad, ENOEXEC);
  EXPECT_EQ(world.Run({"-l", kernel}), kExitFailed);
  EXPECT_THAT(world.kernel.loads(), IsEmpty());
}

TEST(Load, AsksForDebuggingOnlyWhereTheKernelKnowsIt) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  EXPECT_EQ(world.Run({"-d", "-s", "-l", kernel, "--initrd", initrd}), 0) << world.message;
  world.machine.File("proc/sys/kernel/osrelease", "6.7.99-test\n");
  EXPECT_EQ(world.Run({"-d", "-s", "-l", kernel, "--initrd", initrd}), 0) << world.message;
  EXPECT_EQ(world.kernel.file_loads().at(0).flags, kKexecFileDebug);
  EXPECT_EQ(world.kernel.file_loads().at(1).flags, 0u);
}

TEST(Load, AsksForNoContiguousMemoryWhereItWouldCostTheInitrd) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string initrd = world.WriteInitrd();
  const auto flags = [&](const char* release, const char* meminfo, std::vector<std::string_view> words) {
    world.machine.File("proc/sys/kernel/osrelease", release).File("proc/meminfo", meminfo);
    words.insert(words.end(), {kernel, "--initrd", initrd});
    EXPECT_EQ(world.Run(std::span<const std::string_view>(words)), 0) << world.message;
    return world.kernel.file_loads().back().flags;
  };
  const char* some = "MemTotal:        1048576 kB\nCmaTotal:          65536 kB\n";
  const char* none = "MemTotal:        1048576 kB\nCmaTotal:              0 kB\n";
  EXPECT_EQ(flags("7.3.4-test\n", some, {"-s", "-l"}), kKexecFileNoCma);
  EXPECT_EQ(flags("6.17.0-test\n", some, {"-s", "-l"}), kKexecFileNoCma);
  EXPECT_EQ(flags("7.3.4-test\n", none, {"-s", "-l"}), 0u);
  EXPECT_EQ(flags("7.3.4-test\n", none, {"-s", "--no-cma", "-l"}), kKexecFileNoCma);
  EXPECT_EQ(flags("6.16.12-test\n", some, {"-s", "-l"}), 0u) << "it refuses the flag";
  EXPECT_EQ(flags("7.3.4-test\n", some, {"-p"}), kKexecFileOnCrash);
}

TEST(LoadCrash, GoesThroughTheFileCall) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-p", world.WriteKernel(), "--reuse-cmdline", "--append=irqpoll"}), 0)
      << world.message;
  ASSERT_THAT(world.kernel.file_loads(), SizeIs(1));
  EXPECT_EQ(world.kernel.file_loads().at(0).flags, kKexecFileOnCrash | kKexecFileNoInitramfs);
  EXPECT_EQ(world.kernel.file_loads().at(0).command_line, "root=/dev/vda1 ro quiet irqpoll");
  EXPECT_TRUE(world.kernel.crash_loaded());
}

TEST(LoadCrash, WithoutReservedMemorySaysHowToReserveIt) {
  CmdWorld world;
  world.machine.File("proc/iomem", "00001000-3fffffff : System RAM\n");
  EXPECT_EQ(world.Run({"-p", world.WriteKernel()}), kExitUsage);
  EXPECT_THAT(world.message,
              AllOf(StartsWith("Memory for crashkernel is not reserved"), HasSubstr("crashkernel=256M")));
  EXPECT_THAT(world.kernel.file_loads(), IsEmpty());
}

TEST(LoadCrash, GoesThroughKexecLoadOnRequest) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-p", "-c", world.WriteKernel(), "--append=irqpoll"}), 0) << world.message;
  ASSERT_THAT(world.kernel.loads(), SizeIs(1));
  EXPECT_EQ(world.kernel.loads().at(0).flags, (62u << 16) | kKexecOnCrash);
  EXPECT_TRUE(world.kernel.crash_loaded());
  EXPECT_FALSE(world.kernel.loaded());
}

TEST(LoadCrash, FallsBackToKexecLoad) {
  CmdWorld world;
  world.kernel.FailNext(KexecCall::kFileLoad, ENOSYS);
  EXPECT_EQ(world.Run({"-p", world.WriteKernel()}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), ElementsAre(HasSubstr("falling back to kexec_load")));
  EXPECT_TRUE(world.kernel.crash_loaded());
}

TEST(LoadCrash, LetsTheKernelUpdateTheHeadersWhereItCan) {
  CmdWorld world;
  world.machine.File("sys/kernel/crash_elfcorehdr_size", "8192\n");
  EXPECT_EQ(world.Run({"-p", "-c", "--hotplug", world.WriteKernel()}), 0) << world.message;
  EXPECT_EQ(world.kernel.loads().at(0).flags, (62u << 16) | kKexecOnCrash | kKexecUpdateElfcorehdr);
}

TEST(LoadCrash, SaysThatKexecLoadCannotHandKeysOver) {
  CmdWorld world;
  world.machine.File("sys/kernel/config/crash_dm_crypt_keys/count", "1\n");
  EXPECT_EQ(world.Run({"-p", "-c", world.WriteKernel()}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("the dm-crypt keys configured for the crash kernel are not handed over: kexec_load "
                          "cannot; leave out -c"));
  EXPECT_EQ(world.Run({"-p", "--entry=0x100000", world.WriteKernel()}), kExitUsage);
  EXPECT_THAT(world.message, HasSubstr("the dm-crypt keys configured for the crash kernel go with "
                                       "kexec_file_load only, but --entry needs kexec_load"));
}

TEST(Load, RefusesInitrdsThatNoMachineMemoryHoldsBeforeReadingThem) {
  CmdWorld world;
  world.machine.File("proc/meminfo", "MemTotal:        1048576 kB\n");
  // Were they looked into, these would be told to be damaged.
  const std::string large = world.Write("large.img", "\x1f\x8b");
  std::filesystem::resize_file(large, (uint64_t{1} << 30) + 1);
  EXPECT_EQ(world.Run({"-l", world.WriteKernel(), "--initrd", large}), kExitFailed);
  EXPECT_EQ(world.message, "the initrds do not fit into this machine's memory: '" + large +
                               "': is 1073741825 bytes long, longer than the 1073741824 bytes allowed");
  // Each fits, both do not.
  const std::string half = world.WriteInitrd();
  std::filesystem::resize_file(half, 600 << 20);
  EXPECT_EQ(world.Run({"-l", world.WriteKernel(), "--initrd", half, "--initrd", half}), kExitFailed);
  EXPECT_EQ(world.message, "the initrds do not fit into this machine's memory: '" + half +
                               "': is 629145600 bytes long, longer than the 444596224 bytes allowed");
  world.Run({"-l", world.WriteKernel(), "--initrd", "/none"});
  EXPECT_EQ(world.message, "cannot read the initrd: '/none': cannot open: No such file or directory");
}

TEST(Load, TakesTheInitrdTheRunningKernelShows) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string other = world.WriteInitrd();
  std::stringstream archive;
  archive << std::ifstream(other).rdbuf();
  world.machine.Remove("proc/cmdline");
  EXPECT_EQ(world.Run({"-l", "--reuseinitrd", kernel}), kExitUsage);
  const std::string root = world.machine.path().string();
  EXPECT_EQ(world.message,
            fmt::format("--reuseinitrd: '{0}/sys/firmware/initrd' is missing, and whether the running "
                        "kernel was started with 'retain_initrd' does not show: cannot open "
                        "'{0}/proc/cmdline': No such file or directory; name the file with --initrd=FILE",
                        root));
  world.machine.File("proc/cmdline", "quiet\n");
  EXPECT_EQ(world.Run({"-l", "--reuseinitrd", kernel}), kExitUsage);
  EXPECT_EQ(
      world.message,
      "--reuseinitrd: the running kernel was started without 'retain_initrd' and has not kept its initrd; "
      "name the file with --initrd=FILE");
  world.machine.File("proc/cmdline", "quiet retain_initrd\n");
  EXPECT_EQ(world.Run({"-l", "--reuseinitrd", kernel}), kExitUsage);
  EXPECT_THAT(world.message, HasSubstr("sys/firmware/initrd' is missing: kernels since 6.8 show there"));
  world.machine.File("sys/firmware/initrd", archive.str());
  const std::string initrd = "--initrd=" + other;
  ASSERT_EQ(world.Run({"-l", "--reuseinitrd", initrd, "--dry-run", "--json", kernel}), 0) << world.message;
  const size_t first = world.out.find("sys/firmware/initrd");
  ASSERT_NE(first, std::string::npos) << world.out;
  EXPECT_NE(world.out.find(other, first), std::string::npos) << "--initrd follows";
  EXPECT_EQ(world.Run({"-l", "-c", "--reuseinitrd", kernel}), 0) << world.message;
  EXPECT_TRUE(world.kernel.loaded());
}

BzImageBuilder Memdisk() { return BzImageBuilder(0x0203).Version("MEMDISK 6.04").KernelSize(0x6000); }

TEST(RealMode, IsChosenForWhatStartsNoOtherWay) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel(Memdisk());
  const std::string disk = "--initrd=" + world.Write("floppy.img", std::string(1024, 'x'));
  ASSERT_EQ(world.Run({"-l", disk, "--dry-run", kernel}), 0) << world.message;
  EXPECT_THAT(world.out,
              HasSubstr("\n              entered in real mode because only real-mode code can start this "
                        "kernel: it is syslinux' memdisk\n"));
  EXPECT_THAT(world.out, HasSubstr("\nR real-mode code [0x10000, 0x20000)"));
  EXPECT_THAT(world.out, HasSubstr("because kexec_file_load enters no kernel in real mode\n"));
  ASSERT_EQ(world.Run({"-l", disk, "--dry-run", "--json", kernel}), 0) << world.message;
  EXPECT_THAT(world.out, HasSubstr(R"("entered_as": "real-mode")"));
  EXPECT_EQ(world.Run({"-l", disk, kernel}), 0) << world.message;
  EXPECT_TRUE(world.kernel.loaded());
}

TEST(RealMode, IsAskedForByItsOption) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  ASSERT_EQ(world.Run({"-l", "--real-mode", "--dry-run", kernel}), 0) << world.message;
  EXPECT_THAT(world.out, HasSubstr("\n              entered in real mode because --real-mode was given\n"));
  ASSERT_EQ(world.Run({"-l", "--real-mode", "--decompress", "--dry-run", kernel}), 0) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("the kernel is loaded as it is, without --decompress: --real-mode was given"));
}

TEST(RealMode, IsRefusedWithWhatContradictsIt) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel(Memdisk());
  EXPECT_EQ(world.Run({"-l", "-s", kernel}), kExitUsage);
  EXPECT_EQ(
      world.message,
      "only real-mode code can start this kernel: it is syslinux' memdisk; kexec_file_load cannot enter it "
      "so: leave out '--kexec-file-syscall'");
  EXPECT_EQ(world.Run({"-l", "--entry-32bit", kernel}), kExitUsage);
  EXPECT_EQ(world.message,
            "only real-mode code can start this kernel: it is syslinux' memdisk; that contradicts "
            "'--entry-32bit'");
  EXPECT_EQ(world.Run({"-l", "--append=" + std::string(497, 'x'), kernel}), kExitFailed);
  EXPECT_EQ(world.message, "the command line is 497 bytes long, and this kernel takes 496");
  world.machine.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  EXPECT_EQ(world.Run({"-l", kernel}), kExitUsage);
  EXPECT_EQ(
      world.message,
      "kernel lockdown is 'integrity', which forbids kexec_load, but kexec_file_load enters no kernel in "
      "real mode");
  EXPECT_FALSE(world.kernel.loaded());
}

TEST(LoadAndExecute, LoadsWritesBackAndJumps) {
  CmdWorld world;
  EXPECT_EQ(world.Run({"-f", world.WriteKernel()}), 0) << world.message;
  EXPECT_TRUE(world.kernel.loaded());
  EXPECT_EQ(world.kernel.syncs(), 1);
  EXPECT_EQ(world.kernel.reboots(), 1);
  EXPECT_THAT(world.host.events, ElementsAre("interfaces down"));
}

TEST(LoadAndExecute, DoesNotJumpAfterARefusal) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  world.kernel.FailNext(KexecCall::kLoad, EPERM);
  EXPECT_EQ(world.Run({"-f", kernel}), kExitFailed);
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, IsEmpty());
}

TEST(LoadAndShutdown, LoadsAndBecomesShutdown) {
  CmdWorld world;
  EXPECT_EQ(world.Run({world.WriteKernel()}), kExitFailed);  // the fake's shutdown comes back
  EXPECT_TRUE(world.kernel.loaded());
  EXPECT_EQ(world.kernel.reboots(), 0);
  EXPECT_THAT(world.host.events, ElementsAre("shutdown"));
}

}  // namespace
}  // namespace kexec
