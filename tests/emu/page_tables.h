// SPDX-License-Identifier: GPL-2.0-or-later
// Page tables that map memory one to one, as the kernel builds them for a kexec.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace kexec {

// The tables to place at `base` (page-aligned; the top level comes first): every gigabyte of `gigabytes`
// (numbers) in pages of 2 MiB, four or five levels.
std::vector<uint64_t> IdentityPageTables(uint64_t base, const std::set<uint64_t>& gigabytes, bool five_level);

}  // namespace kexec
