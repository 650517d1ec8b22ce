// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/error.h"

#include <cstring>

namespace kexec {

Error Error::Context(std::string_view outer) && {
  return Error(code_, sys_errno_, fmt::format("{}: {}", outer, message_));
}

std::string ErrnoText(int sys_errno) {
  // strerrordesc_np (glibc 2.32) is thread-safe and never translated, so scripts can match it.
  const char* text = strerrordesc_np(sys_errno);
  return text != nullptr ? text : fmt::format("errno {}", sys_errno);
}

std::unexpected<Error> FailWith(Errc code, fmt::string_view format, fmt::format_args args) {
  return std::unexpected(Error(code, 0, fmt::vformat(format, args)));
}

std::unexpected<Error> FailErrnoWith(Errc code, int sys_errno, fmt::string_view format,
                                     fmt::format_args args) {
  return std::unexpected(Error(code, sys_errno, fmt::vformat(format, args) + ": " + ErrnoText(sys_errno)));
}

}  // namespace kexec
