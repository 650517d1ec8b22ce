// SPDX-License-Identifier: GPL-2.0-or-later
// What vmcore-dmesg's exit status means, in one table. The numbers are of kexec-tools' families: scripts tell
// "no dump" (2), "not a dump" (3 to 16) and "a dump without a log we can find" (20 and above) apart.
#pragma once

namespace kexec {

inline constexpr int kDmesgOk = 0;
inline constexpr int kDmesgUsage = 1;        // options or operands are wrong
inline constexpr int kDmesgNoFile = 2;       // the file cannot be opened
inline constexpr int kDmesgNotElf = 4;       // no ELF file; a compressed kdump
inline constexpr int kDmesgBadElf = 10;      // no core file, or its headers are broken
inline constexpr int kDmesgNoInfo = 20;      // no VMCOREINFO note
inline constexpr int kDmesgNoAddress = 30;   // no program header covers an address of the log
inline constexpr int kDmesgCutShort = 40;    // the file ends before the log, or cannot be read
inline constexpr int kDmesgNoLog = 50;       // vmcoreinfo lacks a fact about a log of before 5.10, or any log
inline constexpr int kDmesgNoLockless = 60;  // vmcoreinfo lacks a fact about the lockless log
inline constexpr int kDmesgDamaged = 70;     // the log is damaged; what could be read was printed
inline constexpr int kDmesgWriteFailed = 71;  // standard output is closed or full

}  // namespace kexec
