// SPDX-License-Identifier: GPL-2.0-or-later
// Unified kernel images from the words of the command line to what reaches the kernel.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "cmd/kexec/exit_status.h"
#include "kexec/file.h"
#include "tests/cmd/cmd_world.h"
#include "tests/support/archive_builder.h"
#include "tests/support/pe_builder.h"

namespace kexec {
namespace {

using ::testing::AllOf;
using testing::AsText;
using testing::CmdWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PeBuilder;
using ::testing::SizeIs;
using ::testing::StartsWith;

// An initrd of 512 bytes that can be told from others.
std::string Initrd(std::string_view mark) {
  const auto archive = testing::CpioBuilder().File(mark, mark).Trailer().Pad(512).Build();
  return AsText(archive);
}

std::string Kernel() { return AsText(CmdWorld::SmallKernel().BuildBytes()); }

PeBuilder Image() {
  return PeBuilder()
      .Section(".text", "stub")
      .Section(".osrel", "PRETTY_NAME=\"Test OS 1\"\n")
      .Section(".uname", "6.1.0-test")
      .Section(".cmdline", "root=/dev/vda crashkernel=1M")
      .Section(".sbat", "sbat")
      .Section(".initrd", Initrd("inside"))
      .Section(".ucode", Initrd("microcode"))
      .Section(".linux", Kernel());
}

PeBuilder WithProfiles() {
  return Image()
      .Section(".profile", "ID=regular")
      .Section(".profile", "ID=reset")
      .Section(".cmdline", "reset=1");
}

std::string WriteImage(CmdWorld& world, const PeBuilder& builder, std::string_view name = "linux.efi") {
  return world.Write(name, AsText(builder.Build()));
}

// The one load by the file call.
testing::RecordedFileLoad LoadByFile(CmdWorld& world, std::initializer_list<std::string_view> words) {
  EXPECT_EQ(world.Run(words), kExitOk) << world.message;
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(1));
  return world.kernel.file_loads().empty() ? testing::RecordedFileLoad() : world.kernel.file_loads().back();
}

nlohmann::json PlanOf(CmdWorld& world, std::initializer_list<std::string_view> words) {
  EXPECT_EQ(world.Run(words), kExitOk) << world.message;
  return nlohmann::json::parse(world.out);
}

std::string CommandLineOf(CmdWorld& world, std::initializer_list<std::string_view> words) {
  return PlanOf(world, words)["command_line"]["text"];
}

// x86 takes none; the guest arm64/uki has a kernel that does.
TEST(Uki, LeavesDeviceTreesOutOnX86) {
  CmdWorld world;
  const PeBuilder image = Image().Section(".dtb", "tree").Section(".dtbauto", "no tree");
  const auto load = LoadByFile(world, {"-l", "-s", WriteImage(world, image)});
  EXPECT_TRUE(load.kernel == Kernel());
}

TEST(Uki, ReachesKexecFileLoadAsKernelInitrdAndCommandLine) {
  CmdWorld world;
  const auto load = LoadByFile(world, {"-l", "-s", WriteImage(world, Image())});
  EXPECT_TRUE(load.kernel == Kernel());
  EXPECT_TRUE(load.initrd == Initrd("microcode") + Initrd("inside"));
  EXPECT_EQ(load.command_line, "root=/dev/vda crashkernel=1M");
}

TEST(Uki, ReachesKexecLoadFromTheMappedFile) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  const auto plan = PlanOf(world, {"--dry-run", "--json", "-c", "-l", file});
  EXPECT_EQ(plan["kernel"]["path"], file);
  EXPECT_EQ(plan["kernel"]["bytes"], std::filesystem::file_size(file));
  EXPECT_EQ(plan["kernel"]["unpacked_bytes"], Kernel().size());
  EXPECT_EQ(plan["kernel"]["mapped"], true);
  EXPECT_EQ(plan["kernel"]["type"], "bzImage64");
  EXPECT_EQ(plan["kernel"]["embedded_in"]["type"], "uki");
  EXPECT_EQ(plan["kernel"]["embedded_in"]["os_name"], "Test OS 1");
  EXPECT_EQ(plan["kernel"]["embedded_in"]["release"], "6.1.0-test");
  EXPECT_TRUE(plan["kernel"]["embedded_in"]["profile"].is_null());
  EXPECT_EQ(plan["initrds"][0]["section"], ".ucode");
  EXPECT_EQ(plan["initrds"][1]["section"], ".initrd");
  EXPECT_EQ(plan["initrds"][1]["mapped"], true);
  EXPECT_THAT(plan["plan"]["segments"].dump(), HasSubstr(file + ":.initrd"));
  EXPECT_EQ(world.Run({"-l", "-c", file}), kExitOk) << world.message;
  EXPECT_TRUE(world.kernel.Boot().has_value());
}

TEST(Uki, IsShownInPlans) {
  CmdWorld world;
  const std::string file = WriteImage(world, WithProfiles());
  ASSERT_EQ(world.Run({"--dry-run", "-c", "-l", file, "--profile=reset"}), kExitOk) << world.message;
  EXPECT_THAT(world.out, AllOf(StartsWith("kernel        " + file + " ("),
                               HasSubstr("\n              uki, profile 1 ('reset'), its kernel 66.5 KiB\n"
                                         "              Test OS 1\n"
                                         "              bzImage64, boot protocol 2.15, 6.1.0-test\n"),
                               HasSubstr("\ninitrd        " + file + ":.ucode (512 bytes)\n"),
                               HasSubstr("\n              reset=1\n")));
  EXPECT_THAT(world.diagnostics.notes(),
              Contains("unified kernel image for x86-64, profile 1 ('reset'), Test OS 1"));
  EXPECT_THAT(world.diagnostics.notes(), Contains("of no use here: .sbat"));
}

TEST(UkiInitrds, AreCheckedLikeFiles) {
  CmdWorld world;
  const std::string file = WriteImage(
      world, PeBuilder().Section(".linux", Kernel()).Section(".initrd", Initrd("inside").substr(0, 200)));
  EXPECT_EQ(world.Run({"-l", file}), kExitFailed);
  EXPECT_THAT(world.message, StartsWith("initrd '" + file + ":.initrd'"));
}

TEST(UkiAddons, LieBesideTheImageOrAreNamed) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  const auto addon = [](std::string_view mark) {
    return PeBuilder()
        .Section(".cmdline", fmt::format("{}=1", mark))
        .Section(".ucode", Initrd(fmt::format("{}-ucode", mark)))
        .Section(".initrd", Initrd(mark));
  };
  WriteImage(world, addon("b"), "linux.efi.extra.d/b.addon.efi");
  WriteImage(world, addon("a"), "linux.efi.extra.d/a.addon.efi");
  WriteImage(world, addon("no"), "linux.efi.extra.d/no.efi");
  const std::string named = WriteImage(world, addon("named"), "named.efi");
  const auto load = LoadByFile(world, {"-l", "-s", file, "--addon", named});
  EXPECT_TRUE(load.initrd == Initrd("named-ucode") + Initrd("b-ucode") + Initrd("a-ucode") +
                                 Initrd("microcode") + Initrd("inside") + Initrd("a") + Initrd("b") +
                                 Initrd("named"));
  EXPECT_EQ(load.command_line, "root=/dev/vda crashkernel=1M a=1 b=1 named=1");
  const auto plan = PlanOf(world, {"--dry-run", "--json", "-l", file});
  EXPECT_EQ(plan["kernel"]["embedded_in"]["addons"].size(), 2u);
  const UniqueFd open_file(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  for (const char* folder : {"/proc/self/fd/", "/dev/fd/"}) {
    const auto by_descriptor =
        PlanOf(world, {"--dry-run", "--json", "-l", folder + std::to_string(open_file.get())});
    EXPECT_EQ(by_descriptor["kernel"]["embedded_in"]["addons"], plan["kernel"]["embedded_in"]["addons"])
        << folder;
  }
  const auto alone = PlanOf(world, {"--dry-run", "--json", "-l", file, "--no-embedded"});
  EXPECT_EQ(alone["kernel"]["embedded_in"]["addons"].size(), 0u);
}

TEST(UkiAddons, OfOthersAreLeftOutOfTheFolder) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  const std::string folder = file + ".extra.d/";
  WriteImage(world, PeBuilder().Section(".cmdline", "x").Section(".uname", "5.0"),
             "linux.efi.extra.d/1.addon.efi");
  WriteImage(world, PeBuilder(0xaa64).Section(".cmdline", "x"), "linux.efi.extra.d/2.addon.efi");
  world.Write("linux.efi.extra.d/3.addon.efi", "text\n");
  ASSERT_EQ(mkfifo((folder + "4.addon.efi").c_str(), 0600), 0);
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", file}), "root=/dev/vda crashkernel=1M");
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre(
          "an add-on is left out: '" + folder +
              "1.addon.efi' is for the kernel '5.0', the image has '6.1.0-test'",
          "an add-on is left out: '" + folder + "2.addon.efi': it is for arm64, the image for x86-64",
          "an add-on is left out: '" + folder + "3.addon.efi': this looks like text, not like a PE image",
          "an add-on is left out: '" + folder + "4.addon.efi' is not a regular file"));
}

TEST(UkiAddons, OfARecordAreThoseInIt) {
  CmdWorld world;
  const std::string outside =
      WriteImage(world, PeBuilder().Section(".cmdline", "of this machine"), "outside.addon.efi");
  const auto add = [&](std::string_view path, const PeBuilder& image) {
    world.machine.File(path, AsText(image.Build()));
  };
  world.machine.Folder("boot/EFI/Linux/a.efi.extra.d");
  add("boot/EFI/Linux/a.efi", Image());
  add("boot/inside.efi", PeBuilder().Section(".cmdline", "of the record"));
  const std::filesystem::path folder = world.machine.path() / "boot/EFI/Linux/a.efi.extra.d";
  std::filesystem::create_symlink("/boot/inside.efi", folder / "1.addon.efi");
  std::filesystem::create_symlink(outside, folder / "2.addon.efi");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", "--boot-entry=a.efi"}),
            "root=/dev/vda crashkernel=1M of the record");
  const std::string root = world.machine.path().string();
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("an add-on is left out: there is no file "
                          "'boot/EFI/Linux/a.efi.extra.d/2.addon.efi' below '" +
                          root + "/' or '" + root + "'"));
}

TEST(UkiAddons, ThatWereAskedForMustBeSome) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  const std::string text = world.Write("text", "text\n");
  EXPECT_EQ(world.Run({"-l", file, "--addon", text}), kExitFailed);
  EXPECT_EQ(world.message,
            "cannot load '" + file + "': --addon: '" + text + "': this looks like text, not like a PE image");
  EXPECT_EQ(world.Run({"-l", file, "--addon", file}), kExitFailed);
  EXPECT_EQ(world.message, "cannot load '" + file + "': --addon: '" + file +
                               "': not an add-on, but a unified kernel image: it has a section '.linux'");
  const std::string old =
      WriteImage(world, PeBuilder().Section(".cmdline", "x").Section(".uname", "5.0"), "old.addon.efi");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", file, "--addon", old}),
            "root=/dev/vda crashkernel=1M x");
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("the add-on '" + old + "' is for the kernel '5.0', the image has '6.1.0-test'"));
}

TEST(UkiProfile, IsChosen) {
  CmdWorld world;
  const std::string file = WriteImage(world, WithProfiles());
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", file}), "root=/dev/vda crashkernel=1M");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", file, "--profile=reset"}), "reset=1");
  EXPECT_EQ(CommandLineOf(
                world, {"--dry-run", "--json", "-l", file, "--profile=1", "--keep-embedded", "--append=x"}),
            "reset=1 x");
  EXPECT_EQ(world.Run({"-l", file, "--profile=other"}), kExitUsage);
  EXPECT_EQ(world.message,
            "cannot load '" + file + "': there is no profile 'other' (there are: 0 'regular', 1 'reset')");
}

TEST(UkiOptions, NeedAUki) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-l", kernel, "--profile=1"}), kExitUsage);
  EXPECT_EQ(world.message,
            "--profile needs a unified kernel image: '" + kernel + "' looks like a bzImage kernel");
  EXPECT_EQ(world.Run({"-l", kernel, "--addon=x.efi"}), kExitUsage);
  EXPECT_EQ(world.message,
            "--addon needs a unified kernel image: '" + kernel + "' looks like a bzImage kernel");
  EXPECT_EQ(world.Run({"-l", "-t", "uki", kernel}), kExitFailed);
  EXPECT_EQ(world.message,
            "cannot load '" + kernel + "': not of type 'uki': this looks like a bzImage kernel");
  const std::string file = WriteImage(world, Image());
  EXPECT_EQ(world.Run({"-l", "-t", "uki", file}), kExitOk) << world.message;
  EXPECT_EQ(world.Run({"-l", "-t", "bzImage64", file}), kExitFailed);
  EXPECT_THAT(world.message, HasSubstr("not of type 'bzImage64': this looks like a unified kernel image"));
}

TEST(Uki, MayBePackedAndMayHoldAPackedKernel) {
  CmdWorld world;
  const auto packed_kernel = testing::Gzip(CmdWorld::SmallKernel().BuildBytes());
  const auto image = PeBuilder().Section(".linux", packed_kernel).Section(".cmdline", "inner").Build();
  const std::string file = world.Write("linux.efi.gz", AsText(testing::Gzip(image)));
  const auto plan = PlanOf(world, {"--dry-run", "--json", "-l", file});
  EXPECT_EQ(plan["kernel"]["compression"], "gzip");
  EXPECT_EQ(plan["kernel"]["embedded_in"]["kernel_compression"], "gzip");
  EXPECT_EQ(plan["kernel"]["embedded_in"]["bytes"], image.size());
  EXPECT_EQ(plan["command_line"]["text"], "inner");
  const auto load = LoadByFile(world, {"-l", "-s", file});
  EXPECT_TRUE(load.kernel == Kernel());
}

TEST(Uki, IsRefusedInsideAUki) {
  CmdWorld world;
  const auto inner = PeBuilder().Section(".linux", Kernel()).Build();
  const std::string file = WriteImage(world, PeBuilder().Section(".linux", inner));
  EXPECT_EQ(world.Run({"-l", file}), kExitUsage);
  EXPECT_EQ(world.message,
            "cannot load '" + file + "': .linux: a unified kernel image inside a unified kernel image");
}

TEST(Uki, MustHoldAKernel) {
  CmdWorld world;
  const std::string file = WriteImage(world, PeBuilder().Section(".linux", "hello\n"));
  EXPECT_EQ(world.Run({"-l", file}), kExitFailed);
  EXPECT_THAT(world.message,
              StartsWith("Cannot determine the file type of " + file +
                         ": the kernel inside the unified kernel image: this looks like text"));
}

TEST(Uki, WarnsWhereItNamesAnotherKernel) {
  CmdWorld world;
  const std::string file =
      WriteImage(world, PeBuilder().Section(".linux", Kernel()).Section(".uname", "5.0"));
  EXPECT_EQ(world.Run({"-l", file}), kExitOk) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre(
          "the unified kernel image says that its kernel is '5.0', but the kernel says '6.1.0-test'"));
}

TEST(Uki, UnderLockdownSaysWhichSignatureCounts) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  world.machine.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  EXPECT_EQ(world.Run({"-l", file}), kExitOk) << world.message;
  EXPECT_THAT(
      world.diagnostics.TakeWarnings(),
      ElementsAre(
          "the kernel inside the unified kernel image is handed over, in a file in memory: a "
          "signature or IMA label of the image itself does not count, one of the kernel inside does"));
  EXPECT_THAT(world.kernel.file_loads(), SizeIs(1));
}

TEST(Uki, LendsItsCommandLineToTheEstimate) {
  CmdWorld world;
  const std::string file = WriteImage(world, Image());
  ASSERT_EQ(world.Run({"--estimate-crashkernel", "--json", file}), kExitOk) << world.message;
  const auto json = nlohmann::json::parse(world.out);
  EXPECT_EQ(json["command_line"]["text"], "root=/dev/vda");
  EXPECT_EQ(json["command_line"]["running"], false);
  EXPECT_EQ(json["initrds"].size(), 2u);
}

TEST(BootEntry, BringsItsInitrdsAndCommandLine) {
  CmdWorld world;
  world.machine
      .File("boot/loader/entries/one.conf",
            "title One\nlinux /vmlinuz\ninitrd /initrd.img\noptions root=/dev/vdb crashkernel=1M\n")
      .File("boot/vmlinuz", Kernel())
      .File("boot/initrd.img", Initrd("entry"));
  const std::string own = world.Write("own.img", Initrd("own"));
  const auto load = LoadByFile(world, {"-l", "-s", "--boot-entry=one", "--initrd", own, "--append=quiet"});
  EXPECT_TRUE(load.kernel == Kernel());
  EXPECT_TRUE(load.initrd == Initrd("entry") + Initrd("own"));
  EXPECT_EQ(load.command_line, "root=/dev/vdb crashkernel=1M quiet");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", "--boot-entry=one", "--reuse-cmdline"}),
            "root=/dev/vda1 ro crashkernel=128M quiet");
  const auto plan = PlanOf(world, {"--dry-run", "--json", "-l", "--boot-entry=one", "--no-embedded"});
  EXPECT_EQ(plan["command_line"]["text"], "");
  EXPECT_EQ(plan["initrds"].size(), 0u);
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-p", "--boot-entry=one"}), "root=/dev/vdb");
}

// There what is given adds, as to any entry.
TEST(BootEntry, OfAUnifiedKernelImageKeepsWhatTheImageBrings) {
  CmdWorld world;
  world.machine.File("boot/EFI/Linux/linux.efi", AsText(Image().Build()));
  const std::string own = world.Write("own.img", Initrd("own"));
  const auto load = LoadByFile(world, {"-l", "-s", "--boot-entry=linux", "--initrd", own, "--append=quiet"});
  EXPECT_TRUE(load.initrd == Initrd("microcode") + Initrd("inside") + Initrd("own"));
  EXPECT_EQ(load.command_line, "root=/dev/vda crashkernel=1M quiet");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", "--boot-entry=linux", "--reuse-cmdline"}),
            "root=/dev/vda1 ro crashkernel=128M quiet");
}

TEST(BootEntry, MayBeAUnifiedKernelImage) {
  CmdWorld world;
  const auto image = AsText(WithProfiles().Build());
  world.machine.File("boot/EFI/Linux/linux.efi", image);
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", "--boot-entry=linux"}),
            "root=/dev/vda crashkernel=1M");
  EXPECT_EQ(CommandLineOf(world, {"--dry-run", "--json", "-l", "--boot-entry=linux", "--profile=reset"}),
            "reset=1");
}

TEST(RefusedTypes, AreRefusedWithAReason) {
  CmdWorld world;
  const std::string file = world.Write("beo", "BeoB and more");
  EXPECT_EQ(world.Run({"-l", file}), kExitUsage);
  EXPECT_THAT(world.message, StartsWith("cannot load '" + file + "': beoboot images are not loaded: "));
  EXPECT_EQ(world.Run({"-l", "-t", "nbi-x86", world.WriteKernel()}), kExitUsage);
  EXPECT_THAT(world.message, HasSubstr("': network boot images (NBI) are not loaded: "));
}

TEST(Decompress, LoadsTheKernelAsItIsWhereItCannotBeUnpacked) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  EXPECT_EQ(world.Run({"-l", "-s", "--decompress", kernel}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre("option '--decompress' is ignored: kexec_file_load cannot honour it"));
  EXPECT_EQ(world.Run({"-l", "-c", "--decompress", kernel}), kExitOk) << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              ElementsAre(StartsWith("the kernel is loaded as it is, without --decompress: ")));
}

TEST(DecompressInitrd, UnpacksEachArchive) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  const std::string plain = Initrd("packed");
  const std::string packed = world.Write("packed.img", AsText(testing::Gzip(testing::BytesOf(plain))));
  const auto plan =
      PlanOf(world, {"--dry-run", "--json", "-l", kernel, "--initrd", packed, "--decompress-initrd"});
  EXPECT_EQ(plan["initrds"][0]["bytes"], std::filesystem::file_size(packed));
  EXPECT_EQ(plan["initrds"][0]["unpacked_bytes"], plain.size());
  EXPECT_EQ(plan["initrds"][0]["mapped"], false);
  EXPECT_EQ(world.Run({"-l", "-c", kernel, "--initrd", packed, "--decompress-initrd"}), kExitOk)
      << world.message;
  EXPECT_TRUE(world.kernel.Boot().has_value());
}

// 160 MiB of zeros in few bytes, and bytes that do not shrink, by which the file may unpack to that.
TEST(DecompressInitrd, OfACrashKernelIsToFitItsMemory) {
  CmdWorld world;
  const std::string kernel = world.WriteKernel();
  testing::ByteVector noise(size_t{2} << 20);
  std::minstd_rand random(1);
  for (std::byte& byte : noise) byte = static_cast<std::byte>(random() >> 8);
  const std::string bomb = AsText(testing::Gzip(testing::Zeros(size_t{16} << 20)));
  std::string contents = AsText(testing::Gzip(testing::CpioBuilder().File("noise", AsText(noise)).Build()));
  for (int i = 0; i < 10; ++i) contents += bomb;
  const std::string packed = world.Write("packed.img", contents);
  EXPECT_EQ(world.Run({"-l", "-c", kernel, "--initrd", packed, "--decompress-initrd"}), kExitOk)
      << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(), IsEmpty());
  EXPECT_EQ(world.Run({"-p", "-c", kernel, "--initrd", packed, "--decompress-initrd"}), kExitOk)
      << world.message;
  EXPECT_THAT(world.diagnostics.TakeWarnings(),
              Contains(::testing::EndsWith("unpacks to more than the 134217728 bytes allowed")));
}

}  // namespace
}  // namespace kexec
