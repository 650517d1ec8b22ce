// SPDX-License-Identifier: GPL-2.0-or-later
// vmcore-dmesg(8): the log of a kernel that panicked.
#include <cerrno>
#include <cstdio>
#include <exception>

#include "cmd/kexec/printable.h"
#include "cmd/vmcore-dmesg/dump_file.h"
#include "cmd/vmcore-dmesg/exit_status.h"
#include "cmd/vmcore-dmesg/run.h"

namespace kexec {
namespace {

void Complain(std::string_view message) {
  std::fputs(fmt::format("vmcore-dmesg: {}\n", Printable(message)).c_str(), stderr);
}

void WriteOut(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int Run(const DmesgOptions& options) {
  switch (options.action) {
    case DmesgOptions::Action::kHelp:
      WriteOut(DmesgHelp());
      return kDmesgOk;
    case DmesgOptions::Action::kVersion:
      WriteOut(DmesgVersion());
      return kDmesgOk;
    case DmesgOptions::Action::kPrint:
      break;
  }
  Result<std::shared_ptr<const DumpSource>> source = OpenDumpFile(options.dump);
  if (!source.has_value()) {
    Complain(source.error().message());
    return kDmesgNoFile;
  }
  return PrintDump(options, *std::move(source), WriteOut, Complain);
}

int Main(int argc, const char* const* argv) {
  const Result<DmesgOptions> options = ParseDmesgArguments(argc, argv);
  if (!options.has_value()) {
    Complain(options.error().message() + "; see vmcore-dmesg --help");
    return kDmesgUsage;
  }
  const int status = Run(*options);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    Complain("cannot write to standard output: " + ErrnoText(errno));
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
    std::fprintf(stderr, "vmcore-dmesg: internal error: %s\n", exception.what());
  } catch (...) {
    std::fputs("vmcore-dmesg: internal error\n", stderr);
  }
  return kexec::kDmesgUsage;
}
