// SPDX-License-Identifier: GPL-2.0-or-later
// vmcore-dmesg(8): the log of a kernel that panicked.
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "cmd/kexec/standard_output.h"
#include "cmd/vmcore-dmesg/dump_file.h"
#include "cmd/vmcore-dmesg/exit_status.h"
#include "cmd/vmcore-dmesg/run.h"
#include "kexec/mapped_file.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

void Complain(std::string_view message) {
  std::fputs(fmt::format("vmcore-dmesg: {}\n", Printable(message)).c_str(), stderr);
}

int Run(const DmesgOptions& options, StandardOutput& output) {
  switch (options.action) {
    case DmesgOptions::Action::kHelp:
      output.Write(DmesgHelp());
      return kDmesgOk;
    case DmesgOptions::Action::kVersion:
      output.Write(DmesgVersion());
      return kDmesgOk;
    case DmesgOptions::Action::kPrint:
      break;
  }
  const FileWatch files;
  Result<std::shared_ptr<const DumpSource>> source = OpenDumpFile(options.dump);
  if (!source.has_value()) {
    Complain(source.error().message());
    return kDmesgNoFile;
  }
  const auto write = [&output](std::string_view text) { output.Write(text); };
  const int status = PrintDump(options, *std::move(source), write, Complain);
  // A dump may grow while it is read, but not shrink.
  const Result<> intact = files.Intact();
  if (intact.has_value()) return status;
  Complain(intact.error().message());
  return kDmesgCutShort;
}

int Main(int argc, const char* const* argv) {
  ReserveStandardDescriptors();
  Result<DmesgOptions> options = ParseDmesgArguments(argc, argv);
  if (!options.has_value()) {
    Complain(options.error().message() + "; see vmcore-dmesg --help");
    return kDmesgUsage;
  }
  options->terminal = isatty(STDOUT_FILENO) == 1;
  StandardOutput output;
  const int status = Run(*options, output);
  if (const Result<> written = output.Close(); !written.has_value()) {
    Complain(written.error().message());
    return kDmesgWriteFailed;
  }
  return status;
}

}  // namespace
}  // namespace kexec

int main(int argc, char** argv) {
  try {
    return kexec::Main(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "vmcore-dmesg: internal error: %s\n", kexec::Printable(exception.what()).c_str());
  } catch (...) {
    std::fputs("vmcore-dmesg: internal error\n", stderr);
  }
  return kexec::kDmesgUsage;
}
