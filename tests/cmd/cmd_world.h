// SPDX-License-Identifier: GPL-2.0-or-later
// A machine, a kernel that only pretends, and files to load: what the stories of the kexec command are told
// with.
#pragma once

#include <array>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/host_actions.h"
#include "cmd/kexec/options.h"
#include "cmd/kexec/session.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/recording_diagnostics.h"
#include "tests/support/scratch_root.h"

namespace kexec::testing {

class FakeHost final : public HostActions {
 public:
  Result<std::vector<std::string>> BringInterfacesDown(Diagnostics&) override {
    events.emplace_back("interfaces down");
    return interfaces;
  }
  Error RunShutdown() override {
    events.emplace_back("shutdown");
    return Error(Errc::kSyscall, ENOENT, "no shutdown here");
  }
  std::optional<std::array<std::byte, 32>> RandomSeed() override { return std::array<std::byte, 32>{}; }

  std::vector<std::string> events;
  std::vector<std::string> interfaces;  // that are up
};

// A PC with 1 GiB of memory and 128 MiB of it reserved for a crash kernel; files lie beside it.
class CmdWorld {
 public:
  CmdWorld();

  // Writes `name` beside the machine and answers its path.
  std::string Write(std::string_view name, std::string_view contents);
  std::string WriteKernel(const BzImageBuilder& kernel = SmallKernel());
  // A kernel of this world: both calls take it.
  static BzImageBuilder SmallKernel() { return BzImageBuilder().KernelSize(0x10000).InitSize(0x400000); }
  // A small cpio archive.
  std::string WriteInitrd(std::string_view name = "initrd.img");

  // IMA has measured something: auto keeps it by kexec_file_load.
  void HandOverMeasurements() { machine.File("sys/kernel/security/ima/runtime_measurements_count", "2\n"); }

  // As main does it with these words. The status is Status() afterwards; a failure's message is in message.
  int Run(std::initializer_list<std::string_view> words) {
    return Run(std::span(words.begin(), words.size()));
  }
  int Run(std::span<const std::string_view> words);

  ScratchRoot machine;
  FakeKernel kernel;
  Syscalls* door = &kernel;  // or Xen's
  FakeHost host;
  RecordingDiagnostics diagnostics;
  std::string out;      // of the last run
  std::string message;  // of the last run's failure; empty: none

 private:
  ScratchRoot files_;
};

}  // namespace kexec::testing
