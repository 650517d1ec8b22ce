// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/cmd/cmd_world.h"

#include <gtest/gtest.h>

#include "cmd/kexec/exit_status.h"
#include "cmd/kexec/run.h"
#include "tests/support/elf_core_builder.h"

namespace kexec::testing {
namespace {

constexpr std::string_view kIomem =
    "00000000-00000fff : Reserved\n"
    "00001000-0009fbff : System RAM\n"
    "0009fc00-0009ffff : Reserved\n"
    "000f0000-000fffff : Reserved\n"
    "00100000-3fffffff : System RAM\n"
    "  01000000-01ffffff : Kernel code\n"
    "  34000000-3bffffff : Crash kernel\n"
    "fee00000-fee00fff : Reserved\n";

PhysRange Range(uint64_t first, uint64_t end) {
  return PhysRange::FromBounds(PhysAddr(first), PhysAddr(end)).value();
}

FakeMachine TheMachine() {
  FakeMachine machine;
  machine.ram = {Range(0x1000, 0x9f000), Range(0x100000, 0x40000000)};
  machine.crash_region = Range(0x34000000, 0x3c000000);
  return machine;
}

// The kernel at 16 MiB, and the direct map.
std::string Kcore() {
  constexpr uint16_t kElfMachineX86_64 = 62;
  constexpr uint32_t kLoad = 1;
  const std::vector<std::byte> page(0x1000);
  const std::vector<std::byte> file = ElfCoreBuilder(true, false, kElfMachineX86_64)
                                          .Add({kLoad, 0xffffffff81000000, 0x1000000, page})
                                          .Add({kLoad, 0xffff888000001000, 0x1000, page})
                                          .Build();
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace

CmdWorld::CmdWorld() : kernel(TheMachine()) {
  machine.File("proc/iomem", kIomem)
      .File("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro crashkernel=128M quiet\n")
      .File("proc/sys/kernel/arch", "x86_64\n")
      .File("proc/sys/kernel/osrelease", "6.12.1-test\n")
      .FirmwareMemory(0x0, 0x9fbff, "System RAM")
      .FirmwareMemory(0x9fc00, 0x9ffff, "Reserved")
      .FirmwareMemory(0x100000, 0x3fffffff, "System RAM")
      .File("proc/kcore", Kcore())
      .File("sys/kernel/vmcoreinfo", "0x000000003e2fe000 1024\n")
      .File("sys/devices/system/cpu/possible", "0\n")
      .File("sys/devices/system/cpu/cpu0/crash_notes", "3e239400\n")
      .File("sys/devices/system/cpu/cpu0/crash_notes_size", "368\n");
  kernel.Publish(&machine);
}

std::string CmdWorld::Write(std::string_view name, std::string_view contents) {
  files_.File(name, contents);
  return (files_.path() / name).string();
}

std::string CmdWorld::WriteKernel(const BzImageBuilder& builder) {
  const std::vector<std::byte> file = builder.BuildBytes();
  return Write("vmlinuz", std::string_view(reinterpret_cast<const char*>(file.data()), file.size()));
}

std::string CmdWorld::WriteInitrd(std::string_view name) {
  // One newc archive (buffer-format.rst): header, 11 bytes of name with zero, padding to 4.
  std::string archive = "070701" + std::string(8 * 11, '0') + "0000000B" + std::string(8, '0');
  archive += std::string_view("TRAILER!!!\0", 11);
  archive.resize((archive.size() + 511) / 512 * 512);
  return Write(name, archive);
}

int CmdWorld::Run(std::span<const std::string_view> words) {
  out.clear();
  message.clear();
  const Result<Options> options = ParseArguments(words);
  if (!options.has_value()) {
    message = options.error().message();
    return kExitUsage;
  }
  const SystemRoot root = machine.root();
  const Result<int> status = RunMode({*options, root, *door, host, diagnostics, out});
  if (status.has_value()) return *status;
  message = status.error().message();
  return ExitStatus(status.error().code());
}

}  // namespace kexec::testing
