// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/riscv64/harts.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kexec {
namespace {

constexpr const char* kCpus = "/cpus";
// RISC-V Scalar Cryptography 1.0, chapters "Zkn" and "Zk": both include Zknh.
constexpr std::array<std::string_view, 3> kWithZknh = {"zknh", "zkn", "zk"};

bool MeansZknh(std::string_view extension) {
  return std::ranges::find(kWithZknh, extension) != kWithZknh.end();
}

// Of an ISA string, "rv64imafdc_zicsr_zknh": extensions of several letters follow underscores.
bool IsaHasZknh(std::string_view isa) {
  while (!isa.empty()) {
    const size_t length = std::min(isa.find('_'), isa.size());
    if (MeansZknh(isa.substr(0, length))) return true;
    isa.remove_prefix(std::min(length + 1, isa.size()));
  }
  return false;
}

bool HartHasZknh(const DeviceTree& tree, const std::string& path) {
  // riscv,isa-extensions replaces riscv,isa; a tree may have both.
  return std::ranges::any_of(tree.Strings(path, "riscv,isa-extensions"), MeansZknh) ||
         std::ranges::any_of(tree.Strings(path, "riscv,isa"), IsaHasZknh);
}

}  // namespace

uint64_t TimebaseFrequency(const DeviceTree& tree) {
  return tree.Number(kCpus, "timebase-frequency").value_or(0);
}

bool EveryHartHasZknh(const DeviceTree& tree) {
  bool any = false;
  for (const std::string& name : tree.Children(kCpus)) {
    if (!name.starts_with("cpu@")) continue;
    if (!HartHasZknh(tree, fmt::format("{}/{}", kCpus, name))) return false;
    any = true;
  }
  return any;
}

}  // namespace kexec
