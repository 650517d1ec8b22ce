// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/elf/elf_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/kernel_image.h"
#include "tests/support/archive_builder.h"
#include "tests/support/elf_builder.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/result_matchers.h"

namespace kexec::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::vector<std::byte> Filled(size_t size) { return std::vector<std::byte>(size, std::byte{0x5a}); }

// One piece at 1 MiB.
ElfBuilder OnePiece(bool is_64bit = true) {
  ElfBuilder builder(is_64bit);
  return builder.Entry(0x100010).Load({0x100000, 0xc0100000, Filled(0x40), 0x1000});
}

std::string Refusal(const ElfBuilder& builder) {
  RecordingDiagnostics diagnostics;
  return MessageOf(ReadElfKernel(builder.BuildShared(), diagnostics));
}

ElfKernel Read(const ElfBuilder& builder) {
  RecordingDiagnostics diagnostics;
  auto kernel = ReadElfKernel(builder.BuildShared(), diagnostics);
  EXPECT_EQ(MessageOf(kernel), "success");
  return kernel.has_value() ? *std::move(kernel) : ElfKernel{};
}

TEST(ElfKernel, ReadsAVmlinux) {
  const SharedBytes file = SmallVmlinux().BuildShared();
  RecordingDiagnostics diagnostics;
  const auto image = ParseKernel(file, {}, diagnostics);
  ASSERT_EQ(MessageOf(image), "success");
  EXPECT_EQ(image->type, "elf-x86_64");
  const auto& kernel = std::get<ElfKernel>(image->image);
  EXPECT_TRUE(kernel.is_64bit && kernel.is_linux && !kernel.position_independent);
  EXPECT_EQ(kernel.version, "6.1.0-test (builder@example.org) (gcc) #1 SMP");
  EXPECT_EQ(kernel.alignment, Alignment::Of<0x200000>());
  EXPECT_EQ(kernel.entry, PhysAddr(0x1000040));
  EXPECT_EQ(kernel.pvh_entry, PhysAddr(0x1000050));
  ASSERT_EQ(kernel.pieces.size(), 4u);
  EXPECT_EQ(kernel.pieces[0].address, PhysAddr(0x1000000));
  EXPECT_EQ(kernel.pieces[0].virtual_address, 0xffffffff81000000);
  EXPECT_EQ(kernel.pieces[2].virtual_address, 0u);
  EXPECT_EQ(kernel.pieces[3].memory_size, 0x9000u);
  EXPECT_EQ(kernel.pieces[3].contents.size(), 0x1800u);
  // Nothing is copied.
  EXPECT_GE(kernel.pieces[0].contents.view().data(), file.view().data());
  EXPECT_LT(kernel.pieces[0].contents.view().data(), file.view().data() + file.size());
  EXPECT_EQ(RunBytes(*image), kernel.pieces[3].address.raw() + 0x9000 - 0x1000000);
}

TEST(ElfKernel, ReadsThe32BitRow) {
  RecordingDiagnostics diagnostics;
  for (const uint16_t machine : {uint16_t{3}, uint16_t{6}}) {
    const auto image = ParseKernel(OnePiece(false).Machine(machine).BuildShared(), {}, diagnostics);
    ASSERT_EQ(MessageOf(image), "success");
    EXPECT_EQ(image->type, "elf-x86");
    const auto& kernel = std::get<ElfKernel>(image->image);
    EXPECT_FALSE(kernel.is_64bit || kernel.is_linux || kernel.pvh_entry);
    EXPECT_EQ(kernel.version, "");
    EXPECT_EQ(kernel.entry, PhysAddr(0x100010));
    EXPECT_EQ(kernel.alignment, Alignment::Of<4096>());
  }
}

TEST(ElfKernel, SortsPiecesAndLeavesOutEmptyOnes) {
  const ElfKernel kernel = Read(ElfBuilder()
                                    .Entry(0x3000)
                                    .Load({0x3000, 0, Filled(8), 0x1000})
                                    .Load({0x9000, 0, {}, 0})
                                    .Load({0x1000, 0, Filled(8), 0x2000}));
  ASSERT_EQ(kernel.pieces.size(), 2u);
  EXPECT_EQ(kernel.pieces[0].address, PhysAddr(0x1000));
  EXPECT_EQ(kernel.pieces[1].address, PhysAddr(0x3000));
}

TEST(ElfKernel, LeavesOutZerosAtThePiecesEnd) {
  std::vector<std::byte> contents = Filled(0x21);
  contents.resize(0x3000);
  const ElfKernel kernel = Read(ElfBuilder()
                                    .Entry(0x1000)
                                    .Load({0x1000, 0, contents, 0x3000})
                                    .Load({0x8000, 0, std::vector<std::byte>(0x11), {}}));
  EXPECT_EQ(kernel.pieces[0].contents.size(), 0x21u);
  EXPECT_EQ(kernel.pieces[0].memory_size, 0x3000u);
  EXPECT_EQ(kernel.pieces[1].contents.size(), 0u);
  EXPECT_EQ(kernel.pieces[1].memory_size, 0x11u);
}

TEST(ElfKernel, TranslatesAVirtualEntry) {
  EXPECT_EQ(Read(OnePiece().Entry(0xc0100ffe)).entry, PhysAddr(0x100ffe));
  EXPECT_EQ(Refusal(OnePiece().Entry(0xc0101000)),
            "ELF: the entry point 0xc0101000 lies in nothing that is loaded");
  EXPECT_EQ(Refusal(OnePiece().Entry(0xfffff)),
            "ELF: the entry point 0xfffff lies in nothing that is loaded");
}

TEST(ElfKernel, MayBePositionIndependent) { EXPECT_TRUE(Read(OnePiece().Type(3)).position_independent); }

TEST(ElfKernel, KnowsLinuxByEitherNote) {
  EXPECT_FALSE(Read(OnePiece().Note("Xen", 6, "FreeBSD")).is_linux);
  EXPECT_TRUE(Read(OnePiece().Note("Xen", 6, std::string_view("linux\0", 6))).is_linux);
  EXPECT_TRUE(Read(OnePiece().Note("Xen", 6, "linux")).is_linux);
  EXPECT_FALSE(Read(OnePiece().Note("Xen", 7, "linux")).is_linux);
  EXPECT_TRUE(Read(OnePiece().Note("Linux", 0x100, "salt")).is_linux);
  EXPECT_TRUE(Read(OnePiece().NotesInSection().Note("Linux", 0x100, "salt")).is_linux);
  EXPECT_FALSE(Read(OnePiece().NotesInSection().NoSections().Note("Linux", 0x100, "salt")).is_linux);
  // Behind others, in either padding.
  for (const unsigned alignment : {4u, 8u}) {
    EXPECT_TRUE(Read(OnePiece()
                         .NoteAlignment(alignment)
                         .Note("GNU", 3, "12345")
                         .Note("N", 1, "")
                         .Note("Linux", 0x100, "salt"))
                    .is_linux);
  }
}

TEST(ElfKernel, ReadsThePvhEntryOfEitherSize) {
  EXPECT_EQ(Read(OnePiece().NumberNote("Xen", 18, 0x100020, 4)).pvh_entry, PhysAddr(0x100020));
  EXPECT_EQ(Read(OnePiece(false).NumberNote("Xen", 18, 0x100020, 8)).pvh_entry, PhysAddr(0x100020));
  EXPECT_EQ(Read(OnePiece().NumberNote("Xen", 18, 0x100020, 2)).pvh_entry, std::nullopt);
  EXPECT_EQ(Read(OnePiece().NumberNote("xen", 18, 0x100020, 4)).pvh_entry, std::nullopt);
}

TEST(ElfKernel, WarnsOfAPvhEntryOutside) {
  RecordingDiagnostics diagnostics;
  const auto kernel =
      ReadElfKernel(OnePiece().NumberNote("Xen", 18, 0x1100020, 8).BuildShared(), diagnostics);
  ASSERT_TRUE(kernel.has_value());
  EXPECT_EQ(kernel->pvh_entry, std::nullopt);
  EXPECT_THAT(diagnostics.TakeWarnings(),
              ElementsAre("ELF: the PVH entry point 0x1100020 lies in nothing that is loaded; not using it"));
}

TEST(ElfKernel, StopsAtADamagedNote) {
  // The second note's name is said to be 0xffffffff bytes long.
  ElfBuilder builder = OnePiece().Note("Linux", 0x100, "salt").Note("Xen", 18, "1234");
  std::vector<std::byte> file = builder.Build();
  const uint64_t notes = *ReadAt<Le<uint64_t>>(file, builder.HeaderOffset(1) + 8);
  for (size_t i = 0; i < 4; ++i) file[notes + 24 + i] = std::byte{0xff};
  RecordingDiagnostics diagnostics;
  const auto kernel = ReadElfKernel(SharedBytes::Own(std::move(file)), diagnostics);
  ASSERT_TRUE(kernel.has_value());
  EXPECT_TRUE(kernel->is_linux);
  EXPECT_EQ(kernel->pvh_entry, std::nullopt);
}

TEST(ElfKernel, RefusesPiecesThatCannotBe) {
  EXPECT_EQ(Refusal(ElfBuilder().Segment(4, Filled(4))),
            "ELF: nothing to load: no program header asks for memory");
  EXPECT_EQ(Refusal(ElfBuilder().Entry(0x1000).Load({0x1000, 0, Filled(9), 8})),
            "ELF: program header 0 has 0x9 bytes in the file and only 0x8 in memory");
  EXPECT_EQ(Refusal(ElfBuilder().Entry(0x1000).Load({0xfffffffffffff000, 0, Filled(9), 0x2000})),
            "ELF: program header 0 takes 0x2000 bytes of memory at 0xfffffffffffff000, beyond 2^64");
  EXPECT_EQ(Refusal(OnePiece().Load({0x100fff, 0, Filled(9), 0x2000}).Load({0x200000, 0, Filled(9), 0x2000})),
            "ELF: program headers 0 and 1 both load to 0x100fff");
  EXPECT_EQ(Refusal(OnePiece().Load({0x800000, 0, Filled(9), 0x1000, 0x3000})),
            "ELF: program header 1 is aligned to 0x3000, it must be a power of two");
}

TEST(ElfKernel, RefusesContentsBehindTheFilesEnd) {
  const ElfBuilder builder = OnePiece();
  std::vector<std::byte> file = builder.Build();
  file[builder.HeaderOffset(0) + 9] = std::byte{0x10};  // p_offset, now 0x1080 or so
  RecordingDiagnostics diagnostics;
  EXPECT_THAT(MessageOf(ReadElfKernel(SharedBytes::Own(file), diagnostics)),
              StartsWith("ELF: program header 0 covers 0x40 bytes at 0x10"));
}

TEST(ElfKernel, HasBoundedProgramHeaders) {
  ElfBuilder builder = OnePiece();
  for (int i = 1; i < 1024; ++i) builder.Segment(0x6474e551, {});  // PT_GNU_STACK
  EXPECT_EQ(Read(builder).pieces.size(), 1u);
  builder.Segment(0x6474e551, {});
  EXPECT_EQ(Refusal(builder), "ELF: 1025 program headers; more than 1024 are not read");
}

// PN_XNUM, and a count that a sparse file has room for (gABI, "Program Header").
TEST(ElfKernel, TakesNoCountOfASparseFile) {
  ByteVector file = OnePiece().NoSections().Build();
  const auto put = [&](size_t at, auto number) {
    file.resize(std::max(file.size(), at + sizeof(number)));
    std::memcpy(file.data() + at, &number, sizeof(number));
  };
  const size_t section = (file.size() + 7) / 8 * 8;
  file.resize(section + 64);
  put(0x28, uint64_t{section});             // e_shoff
  put(0x38, uint16_t{0xffff});              // e_phnum
  put(0x3a, uint16_t{64});                  // e_shentsize
  put(0x3c, uint16_t{1});                   // e_shnum
  put(section + 0x2c, uint32_t{30000000});  // sh_info
  RecordingDiagnostics diagnostics;
  const auto read = [&] { return MessageOf(ReadElfKernel(SharedBytes::Own(file), diagnostics)); };
  EXPECT_EQ(read(), "ELF: 30000000 program headers; more than 1024 are not read");
  put(0x38, uint16_t{1});
  put(0x3c, uint16_t{0});
  put(section + 0x20, uint64_t{0xff00});  // sh_size: so many sections
  EXPECT_EQ(read(), "ELF: 65280 section headers; more than 65279 are not read");
}

TEST(ElfKernel, LoadsNoByteTwice) {
  ElfBuilder builder = OnePiece();
  builder.Load({0x200000, 0, Filled(0x2000)}).Load({0x300000, 0, Filled(1)});
  ByteVector file = builder.Build();
  const auto offset = ReadAt<Le<uint64_t>>(file, builder.HeaderOffset(1) + 8);
  const Le<uint64_t> fields[] = {*offset, 0, 0x300000, 0x2000, 0x2000};  // p_offset and what follows it
  std::memcpy(file.data() + builder.HeaderOffset(2) + 8, fields, sizeof(fields));
  RecordingDiagnostics diagnostics;
  EXPECT_EQ(
      MessageOf(ReadElfKernel(SharedBytes::Own(file), diagnostics)),
      fmt::format(
          "ELF: its program headers load more bytes than the {:#x} of the file, up to header 2: they share "
          "bytes, which no linker makes them do",
          file.size()));
}

TEST(ElfKernel, LooksForNotesInOneMebibyte) {
  const auto kernel = [](size_t before) {
    return Read(OnePiece().Note("Other", 1, std::string(before, 'x')).LinuxNotes());
  };
  EXPECT_TRUE(kernel(0x80000).is_linux);
  EXPECT_FALSE(kernel(0x100000).is_linux);
}

TEST(ElfKernel, EveryShorterFileIsRefusedOrLacksOnlySections) {
  const std::vector<std::byte> file = SmallVmlinux(true, 0x1000).Build();
  const uint64_t sections = *ReadAt<Le<uint64_t>>(file, 40);
  SilentDiagnostics diagnostics;
  for (size_t size = 0; size < file.size(); size += size < 0x400 ? 1 : 97) {
    const auto kernel = ReadElfKernel(SharedBytes::Own(Cut(file, size)), diagnostics);
    EXPECT_TRUE(size + 0x70 >= sections || !kernel.has_value()) << size;
    EXPECT_TRUE(kernel.has_value() || !kernel.error().message().empty()) << size;
  }
}

TEST(ElfKernel, ProgramsAndLibrariesAreNoKernels) {
  const auto recognised = [](const ElfBuilder& builder) { return RecognisesElf64(builder.Build()); };
  EXPECT_TRUE(recognised(OnePiece()));
  EXPECT_FALSE(recognised(OnePiece().Segment(3, BytesOf("/lib64/ld-linux-x86-64.so.2"))));
  EXPECT_FALSE(recognised(OnePiece().Note("GNU", 1, "0123456789abcdef")));
  EXPECT_FALSE(recognised(OnePiece().Note("Go", 4, "id")));
  EXPECT_TRUE(recognised(OnePiece().Note("GNU", 3, "build id")));
  std::vector<std::byte> dynamic(48);
  dynamic[0] = std::byte{7};  // DT_RELA: it moves itself
  EXPECT_TRUE(recognised(OnePiece().Type(3).Segment(2, dynamic)));
  dynamic[16] = std::byte{1};  // DT_NEEDED
  EXPECT_FALSE(recognised(OnePiece().Type(3).Segment(2, dynamic)));
  dynamic[16] = std::byte{14};  // DT_SONAME
  EXPECT_FALSE(recognised(OnePiece().Type(3).Segment(2, dynamic)));
  dynamic[0] = std::byte{0};  // the table ends before it
  EXPECT_TRUE(recognised(OnePiece().Type(3).Segment(2, dynamic)));
}

TEST(ElfKernel, OtherMachinesClassesAndTypesAreNot) {
  for (const uint16_t type : std::initializer_list<uint16_t>{0, 1, 4, 5})
    EXPECT_FALSE(RecognisesElf64(OnePiece().Type(type).Build()));
  EXPECT_FALSE(RecognisesElf64(OnePiece().Machine(183).Build()));
  EXPECT_FALSE(RecognisesElf64(OnePiece().Machine(3).Build()));
  EXPECT_FALSE(RecognisesElf64(OnePiece(false).Build()));
  EXPECT_FALSE(RecognisesElf32(OnePiece().Build()));
  EXPECT_FALSE(RecognisesElf32(OnePiece(false).Machine(62).Build()));  // x32
  RecordingDiagnostics diagnostics;
  const auto kernel = ReadElfKernel(OnePiece().Machine(21).BuildShared(), diagnostics);  // EM_PPC64
  ASSERT_FALSE(kernel.has_value());
  EXPECT_EQ(kernel.error().code(), Errc::kNotRecognised);
}

}  // namespace
}  // namespace kexec::testing
