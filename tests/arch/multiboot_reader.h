// SPDX-License-Identifier: GPL-2.0-or-later
// What a Multiboot kernel reads from memory: from purgatory's registers to the information and all it names.
// Made from the specifications' tables, not from our code's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "arch/x86_64/purgatory/params.h"
#include "kexec/plan.h"
#include "tests/support/physical_memory.h"

namespace kexec::testing {

struct ReadMultibootModule {
  uint32_t begin = 0, end = 0;
  std::string arguments;
};

struct ReadMultiboot {
  int version = 0;
  uint64_t entry = 0;
  uint64_t information = 0;  // its address
  uint32_t flags = 0;        // version 1
  std::string command_line, loader;
  uint32_t lower_kib = 0, upper_kib = 0;
  std::vector<std::tuple<uint64_t, uint64_t, uint32_t>> memory;  // begin, length, type
  std::vector<ReadMultibootModule> modules;
  std::vector<std::byte> screen;  // from its address on; empty: none
  // Version 2: every other tag by its type, without type and size. No type may be there twice.
  std::map<uint32_t, std::vector<std::byte>> tags;
};

// Fails the test where something is not as the specification says.
ReadMultiboot FollowMultiboot(const LoadPlan& plan);

// Where a plan's entry leads to.
kexec_purgatory_params PurgatoryOf(const LoadPlan& plan);

}  // namespace kexec::testing
