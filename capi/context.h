// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands behind the opaque handles of kexec/kexec.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/explain.h"
#include "kexec/file.h"
#include "kexec/kexec.h"
#include "kexec/printable.h"
#include "kexec/syscalls.h"
#include "kexec/system_root.h"

namespace kexec::capi {

// Hands messages to the program's function, or drops them.
class CallbackDiagnostics final : public Diagnostics {
 public:
  void Set(kexec_message_function* function, void* user) { function_ = function, user_ = user; }
  void Warning(std::string message) override { Say(KEXEC_MESSAGE_WARNING, message); }
  void Debug(std::string message) override { Say(KEXEC_MESSAGE_DEBUG, message); }

 private:
  void Say(int kind, const std::string& message) {
    if (function_ != nullptr) function_(user_, kind, Printable(message).c_str());
  }
  kexec_message_function* function_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace kexec::capi

struct kexec_context {
  // A context for tests, with a kernel of their own.
  kexec_context(kexec::SystemRoot system, std::unique_ptr<kexec::Syscalls> syscalls)
      : root(std::move(system)), kernel(std::move(syscalls)) {}
  kexec_context() = default;
  kexec_context(const kexec_context&) = delete;
  kexec_context& operator=(const kexec_context&) = delete;
  ~kexec_context();

  // Remembers the error of a failed result, with its text printable, and answers with its number or KEXEC_OK.
  int Remember(const kexec::Result<>& result);
  // The same of an error that leaves no memory to say more; `text` stays forever.
  int Remember(kexec::Errc code, const char* text) noexcept;
  const char* LastText() const { return last_text != nullptr ? last_text : last_error.message().c_str(); }

  std::optional<kexec::SystemRoot> root;    // none if it could not be opened
  std::unique_ptr<kexec::Syscalls> kernel;  // none for a recorded machine
  kexec::capi::CallbackDiagnostics messages;
  kexec::Error last_error{kexec::Errc::kIo, 0, ""};
  const char* last_text = nullptr;  // instead of last_error's
  int last_code = KEXEC_OK;
  std::vector<kexec_request*> requests;  // that name this context
};

struct kexec_request {
  explicit kexec_request(kexec_context* owner) : context(owner) { owner->requests.push_back(this); }
  kexec_request(const kexec_request&) = delete;
  kexec_request& operator=(const kexec_request&) = delete;
  ~kexec_request();

  kexec_context* context;  // nullptr: it was freed, and nothing can be asked any more
  std::optional<kexec::ImageFile> kernel;
  std::vector<kexec::ImageFile> initrds;
  std::string command_line;
  std::string type;
  kexec::LoadKind kind = kexec::LoadKind::kNormal;
  int call = KEXEC_CALL_AUTO;
  kexec::DigestKind digest = kexec::DigestKind::kXxh128;
};
