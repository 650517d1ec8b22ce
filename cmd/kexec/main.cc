// SPDX-License-Identifier: GPL-2.0-or-later
// kexec(8): parse, run the mode, exit.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/kexec/console.h"
#include "cmd/kexec/exit_status.h"
#include "cmd/kexec/host_actions.h"
#include "cmd/kexec/options.h"
#include "cmd/kexec/planned_machine.h"
#include "cmd/kexec/run.h"
#include "cmd/kexec/standard_output.h"
#include "cmd/kexec/xen_door.h"
#include "kexec/printable.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"

namespace kexec {
namespace {

// A lost answer to -S is no answer: 1 would say that a kernel is loaded.
int LostAnswerStatus(const Options& options, const Error& error) {
  return options.mode == Mode::kStatus ? kExitFailed : ExitStatus(error.code());
}

int RunWith(const Options& options, Console& console) {
  const auto fail = [&console](const Error& error) {
    console.Failure(error);
    return ExitStatus(error.code());
  };
  const Result<SystemRoot> root = SystemRoot::Open(options.root.value_or("/"));
  if (!root.has_value()) return fail(root.error());
  const Result<std::unique_ptr<Syscalls>> kernel = OpenDoor(options, *root);
  if (!kernel.has_value()) return fail(kernel.error());
  const std::unique_ptr<HostActions> host = LinuxHostActions();
  std::string out;
  const Result<int> status = RunMode({options, *root, **kernel, *host, console, out});
  StandardOutput output;
  output.Write(out);
  const int answer = status.has_value() ? *status : fail(status.error());
  const Result<> written = output.Close();
  if (written.has_value()) return answer;
  console.Failure(written.error());
  return status.has_value() ? LostAnswerStatus(options, written.error()) : answer;
}

int Main(int argc, const char* const* argv) {
  ReserveStandardDescriptors();
  const std::vector<std::string_view> words(argv + 1, argv + std::max(argc, 1));
  const Result<Options> options = ParseArguments(words, PlannedArchitecture(words));
  if (!options.has_value()) {
    std::fputs(UsageErrorText(options.error()).c_str(), stderr);
    return kExitUsage;
  }
  Console console({.color = options->color, .debug = options->debug, .quiet = options->quiet});
  return RunWith(*options, console);
}

}  // namespace
}  // namespace kexec

int main(int argc, char** argv) {
  try {
    return kexec::Main(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "kexec: internal error: %s\n", kexec::Printable(exception.what()).c_str());
  } catch (...) {
    std::fputs("kexec: internal error\n", stderr);
  }
  return kexec::kExitUsage;
}
