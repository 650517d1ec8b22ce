// SPDX-License-Identifier: LGPL-2.1-or-later
// How everything below cmd/ reports failure: a Result<T> holds a value or one Error, and an Error is a code
// to branch on, the errno of the failed call (0 if none) and one sentence for a person.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Only for decisions callers make (fallback, exit status); what happened is in the message.
enum class Errc {
  kIo,             // a file could not be opened, read or written
  kUsage,          // options that contradict each other or have impossible values
  kNotRecognised,  // no loader knows this file
  kMalformed,      // the file is damaged or cut short
  kUnsupported,    // understood, but neither we nor this kernel can do it
  kDoesNotFit,     // no room in memory, or too long
  kNoCrashRegion,  // a crash load without reserved memory
  kInvalidImage,   // the plan breaks a rule of the kernel or of ours (Validate)
  kSyscall,        // the kernel refused
};

class [[nodiscard]] Error {
 public:
  Error(Errc code, int sys_errno, std::string message)
      : code_(code), sys_errno_(sys_errno), message_(std::move(message)) {}

  Errc code() const { return code_; }
  // errno of the call that failed; 0 where no system call was involved.
  int sys_errno() const { return sys_errno_; }
  // One sentence: lower case, no final period.
  const std::string& message() const { return message_; }

  // Puts "outer: " before the message. Added once, by the layer that knows the noun.
  Error Context(std::string_view outer) &&;

 private:
  Errc code_;
  int sys_errno_;
  std::string message_;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

// strerror without its race, in the words scripts grep for ("Operation not permitted").
std::string ErrnoText(int sys_errno);

// What Fail and FailErrno come to, once and not in each place that fails: most of a parser would be
// error texts otherwise.
[[gnu::cold]] std::unexpected<Error> FailWith(Errc code, fmt::string_view format, fmt::format_args args);
[[gnu::cold]] std::unexpected<Error> FailErrnoWith(Errc code, int sys_errno, fmt::string_view format,
                                                   fmt::format_args args);

// return Fail(Errc::kMalformed, "setup header ends at {:#x}, file is {:#x} bytes", end, size);
template <class... Args>
std::unexpected<Error> Fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return FailWith(code, format, fmt::make_format_args(args...));
}

// As Fail, for a failed system call; pass errno as it was right after the call. The message gets a colon and
// strerror's words at its end.
template <class... Args>
std::unexpected<Error> FailErrno(Errc code, int sys_errno, fmt::format_string<Args...> format,
                                 Args&&... args) {
  return FailErrnoWith(code, sys_errno, format, fmt::make_format_args(args...));
}

}  // namespace kexec
KEXEC_PUBLIC_END

#define KEXEC_CONCAT_(a, b) a##b
#define KEXEC_CONCAT(a, b) KEXEC_CONCAT_(a, b)

// KEXEC_TRY(Outer(), "context"): returns the error, with context if given, from the enclosing function.
#define KEXEC_TRY(expression, ...)                                                                \
  do {                                                                                            \
    if (auto kexec_result_ = (expression); !kexec_result_.has_value())                            \
      return std::unexpected(std::move(kexec_result_).error() __VA_OPT__(.Context(__VA_ARGS__))); \
  } while (false)

// KEXEC_ASSIGN(int x, Inner(), "context"): declares x, or returns the error. Never as an unbraced if body.
#define KEXEC_ASSIGN(declaration, expression, ...)                                                  \
  auto KEXEC_CONCAT(kexec_value_, __LINE__) = (expression);                                         \
  if (!KEXEC_CONCAT(kexec_value_, __LINE__).has_value())                                            \
    return std::unexpected(                                                                         \
        std::move(KEXEC_CONCAT(kexec_value_, __LINE__)).error() __VA_OPT__(.Context(__VA_ARGS__))); \
  declaration = *std::move(KEXEC_CONCAT(kexec_value_, __LINE__))
