// SPDX-License-Identifier: GPL-2.0-or-later
// The new kernel's command line, from what its image brings, --append, --reuse-cmdline and the running
// kernel's own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kexec/error.h"
#include "kexec/plan.h"
#include "kexec/system_root.h"

namespace kexec {

// `line` without the words that set one of `names`: `name` alone or `name=...`, never a word that only begins
// like it. Words end at blanks outside double quotes, and a word may be quoted as a whole ("name=a b"), as
// the kernel reads them (next_arg in lib/cmdline.c). Every other word stays as it is, with the blanks in
// front of it.
std::string RemoveParameters(std::string_view line, std::span<const std::string_view> names);

// `line` with "redacted" for the value of each word whose name contains "pass", "key", "token", "secret" or
// "cred", begins with "rd.luks." or "luks.", or tells a MAC address. Every other word stays as it is.
std::string HideSecrets(std::string_view line);

// What the last word of `line` that sets `name` sets it to, without quotes around it; nullopt: none does.
std::optional<std::string> LastValue(std::string_view line, std::string_view name);

struct CommandLineRequest {
  std::optional<std::string> append;  // --append
  bool reuse = false;                 // --reuse-cmdline
  LoadKind kind = LoadKind::kNormal;
  std::optional<std::string> brought;  // what a unified kernel image or a boot entry brings
  bool reuse_replaces_brought = true;  // --reuse-cmdline: else what is brought stands in front of it
};

// --append follows what is brought; alone it is the whole line. With --reuse-cmdline /proc/cmdline stands in
// the place of what is brought or behind it, without BOOT_IMAGE= (it names the running kernel's file),
// elfcorehdr=, dmcryptkeys= and kexec_jump_back_entry= (what only a running crash kernel or the one it jumps
// back from has). For a crash kernel crashkernel= is taken out of either (it would reserve memory again).
// Without any of them the line is empty. kMalformed for a zero byte, which would end the line early.
Result<std::string> BuildCommandLine(const CommandLineRequest& request, const SystemRoot& root);

}  // namespace kexec
