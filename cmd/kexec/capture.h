// SPDX-License-Identifier: GPL-2.0-or-later
// --capture DIR: the machine as a directory that --root DIR plans from, on any computer and without
// privilege.
#pragma once

#include <filesystem>

#include "cmd/kexec/session.h"
#include "kexec/error.h"

namespace kexec {

// Copies every file that planning and the explanation of errors read from session.root into `directory`, at
// the same relative paths, and what they ask by other means than files (proc/sys/kernel/arch, dev/fb0.txt).
// `directory` is made, readable by its owner only, or must be an empty one of the caller's (NewFolder). Of
// what a record tells, --redact takes out what no plan depends on (Redacted). Memory, logs and random seeds
// are never copied. Where the kernel lies in memory is, because a crash plan depends on it: the headers of
// /proc/kcore, without the notes and memory behind them, or, where those cannot be read, the lines of _text,
// _stext and _end in /proc/kallsyms. Other symbols are not.
Result<> CaptureMachine(const std::filesystem::path& directory, const Session& session);

}  // namespace kexec
