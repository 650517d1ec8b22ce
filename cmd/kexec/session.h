// SPDX-License-Identifier: GPL-2.0-or-later
// What every mode of the program works with: the request, and the doors to the world, each of which a test
// replaces. Nothing here is owned but the watch; main.cc keeps it alive.
#pragma once

#include <string>

#include "cmd/kexec/host_actions.h"
#include "cmd/kexec/options.h"
#include "kexec/diagnostics.h"
#include "kexec/mapped_file.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"

namespace kexec {

struct Session {
  const Options& options;
  const SystemRoot& root;
  Syscalls& kernel;
  HostActions& host;
  Diagnostics& diagnostics;
  std::string& out;      // goes to standard output when the mode is done
  FileWatch files = {};  // sees every file that is mapped while the mode runs
};

}  // namespace kexec
