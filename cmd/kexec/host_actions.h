// SPDX-License-Identifier: GPL-2.0-or-later
// What kexec does to the running system besides the kexec calls themselves, as an interface so that tests
// stand behind it and a dry run has nothing to do harm with.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kexec/diagnostics.h"
#include "kexec/error.h"

namespace kexec {

class HostActions {
 public:
  virtual ~HostActions() = default;
  // Takes every network interface down that is up and no loopback; answers their names. One that stays up is
  // a warning: the kernel is about to be replaced anyway.
  virtual Result<std::vector<std::string>> BringInterfacesDown(Diagnostics& diagnostics) = 0;
  // Becomes `shutdown -r now`. Returns only if no shutdown program could be run.
  virtual Error RunShutdown() = 0;
  // A seed for the new kernel's random number generator; nullopt if the running kernel has none yet.
  virtual std::optional<std::array<std::byte, 32>> RandomSeed() = 0;
};

std::unique_ptr<HostActions> LinuxHostActions();

}  // namespace kexec
