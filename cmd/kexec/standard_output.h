// SPDX-License-Identifier: GPL-2.0-or-later
// Standard output of all our programs: an answer that cannot be written must not end with status 0.
#pragma once

#include <string_view>

#include "kexec/error.h"

namespace kexec {

// Keeps descriptors 0 to 2 from being given to files: where one is closed, something is opened in its place
// that can be neither read nor written, so that an answer for a closed standard output is an error, and a
// message for a closed standard error does not end up in the next file that is opened. For the begin of main.
void ReserveStandardDescriptors();

// Written at once, without a buffer. Used by one thread.
class StandardOutput {
 public:
  // After a failure nothing more is written.
  void Write(std::string_view text);
  // Closes it, as some file systems only say then that there is no room. kIo, with the errno of the first
  // failure: something is lost. Nothing written is nothing lost.
  Result<> Close();

 private:
  bool used_ = false;
  int error_ = 0;  // errno
};

}  // namespace kexec
