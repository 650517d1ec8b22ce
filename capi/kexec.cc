// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions of kexec/kexec.h: handles in, numbers out. Each that can fail goes through Guarded().
#include "kexec/kexec.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/context.h"
#include "capi/load.h"
#include "kexec/mapped_file.h"
#include "kexec/printable.h"
#include "kexec/submit.h"

using kexec::Errc;
using kexec::Fail;
using kexec::LoadKind;
using kexec::Result;
using kexec::SystemRoot;

namespace {

constexpr uint64_t kMaxKernelFile = uint64_t{2} << 30;  // far above any; they bound what is read from a pipe
constexpr uint64_t kMaxInitrdFile = uint64_t{1} << 40;

int NumberOf(Errc code) { return static_cast<int>(code) + 1; }  // enum kexec_error follows Errc
static_assert(static_cast<int>(Errc::kSyscall) + 1 == KEXEC_ERROR_SYSCALL);
static_assert(static_cast<int>(Errc::kDoesNotFit) + 1 == KEXEC_ERROR_DOES_NOT_FIT);

Result<LoadKind> KindOf(int kind) {
  if (kind == KEXEC_KIND_NORMAL) return LoadKind::kNormal;
  if (kind == KEXEC_KIND_CRASH) return LoadKind::kCrash;
  return Fail(Errc::kUsage, "{} is no kind of image; use KEXEC_KIND_NORMAL or KEXEC_KIND_CRASH", kind);
}

Result<SystemRoot*> LiveRoot(kexec_context& context) {
  if (!context.root) return Fail(Errc::kUsage, "the machine of this context could not be opened");
  if (context.kernel == nullptr) {
    return Fail(Errc::kUsage, "'{}' is a recorded machine, whose kernel is not here",
                context.root->path().string());
  }
  return &*context.root;
}

Result<kexec::ImageFile> OpenDescriptor(int fd, uint64_t max_bytes) {
  if (fd < 0) return Fail(Errc::kUsage, "{} is no open descriptor", fd);
  return kexec::OpenImageDescriptor(fd, fmt::format("descriptor {}", fd), max_bytes);
}

// An argument that a C program forgot.
Result<> NotNull(const void* argument, std::string_view what) {
  if (argument != nullptr) return {};
  return Fail(Errc::kUsage, "{} is NULL", what);
}

Result<kexec::ImageFile> OpenPath(const char* path, std::string_view what, uint64_t max_bytes) {
  KEXEC_TRY(NotNull(path, what));
  return kexec::OpenImageFile(path, max_bytes);
}

Result<> SetKernel(kexec_request& request, Result<kexec::ImageFile> file) {
  KEXEC_ASSIGN(request.kernel, std::move(file));
  return {};
}

Result<> AddInitrd(kexec_request& request, Result<kexec::ImageFile> file) {
  KEXEC_ASSIGN(kexec::ImageFile opened, std::move(file));
  request.initrds.push_back(std::move(opened));
  return {};
}

// `what` for the C program, in memory of its own.
Result<> StoreText(const Result<std::string>& what, char** text) {
  KEXEC_TRY(what);
  *text = strdup(what->c_str());
  if (*text == nullptr) return Fail(Errc::kIo, "no memory for {} bytes of text", what->size());
  return {};
}

Result<> PlanOnce(const kexec_request& request, Result<std::string> (*plan)(const kexec_request&),
                  char** text) {
  KEXEC_TRY(NotNull(text, "the place for the text"));
  kexec::FileWatch files;
  kexec::capi::WatchFiles(request, files);
  const Result<std::string> made = plan(request);
  KEXEC_TRY(files.Unchanged());  // first: where a file changed, that is why anything else failed
  return StoreText(made, text);
}

Result<> Unload(kexec_context& context, int number) {
  KEXEC_ASSIGN(const SystemRoot* root, LiveRoot(context));
  KEXEC_ASSIGN(const LoadKind kind, KindOf(number));
  // No architecture in the flags means the kernel's own (KEXEC_ARCH_DEFAULT).
  return kexec::Unload(kind, *context.kernel, *root, 0);
}

Result<> Status(kexec_context& context, int number, int* loaded) {
  KEXEC_TRY(NotNull(loaded, "the place for the answer"));
  if (!context.root) return Fail(Errc::kUsage, "the machine of this context could not be opened");
  KEXEC_ASSIGN(const LoadKind kind, KindOf(number));
  KEXEC_ASSIGN(const bool is_loaded, kexec::IsLoaded(kind, *context.root));
  *loaded = is_loaded ? 1 : 0;
  return {};
}

Result<> OpenMachine(kexec_context& context, const char* path) {
  KEXEC_ASSIGN(SystemRoot root, SystemRoot::Open(path == nullptr ? "/" : path));
  if (root.live()) context.kernel = kexec::LinuxSyscalls();
  context.root.emplace(std::move(root));
  return {};
}

Result<> SetDigest(kexec_request& request, int digest) {
  switch (digest) {
    case KEXEC_DIGEST_XXH128:
      request.digest = kexec::DigestKind::kXxh128;
      return {};
    case KEXEC_DIGEST_SHA256:
      request.digest = kexec::DigestKind::kSha256;
      return {};
    case KEXEC_DIGEST_NONE:
      request.digest = kexec::DigestKind::kNone;
      return {};
    default:
      return Fail(Errc::kUsage, "{} is no enum kexec_digest", digest);
  }
}

Result<> Execute(kexec_context& context) {
  KEXEC_ASSIGN(const SystemRoot* root, LiveRoot(context));
  return kexec::Execute(*context.kernel, *root);
}

// What every function does around its work: files that shrink meanwhile do no harm, and nothing that is
// thrown, here or by the program's message function, reaches a caller in C.
template <class Work>
int Guarded(kexec_context* context, Work work) noexcept {
  if (context == nullptr) return KEXEC_ERROR_USAGE;
  try {
    const kexec::FileWatch files;
    return context->Remember(work(*context));
  } catch (const std::bad_alloc&) {
    return context->Remember(Errc::kIo, "there is not enough memory");
  } catch (...) {
    return context->Remember(Errc::kIo, "something was thrown that this library does not know");
  }
}

template <class Work>
int GuardedRequest(kexec_request* request, Work work) noexcept {
  if (request == nullptr) return KEXEC_ERROR_USAGE;
  return Guarded(request->context, [&](kexec_context&) { return Result<>(work(*request)); });
}

}  // namespace

kexec_context::~kexec_context() {
  for (kexec_request* request : requests) request->context = nullptr;
}

int kexec_context::Remember(const Result<>& result) {
  if (result.has_value()) return KEXEC_OK;
  const kexec::Error& error = result.error();
  last_error = kexec::Error(error.code(), error.sys_errno(), kexec::Printable(error.message()));
  last_text = nullptr;
  last_code = NumberOf(error.code());
  return last_code;
}

int kexec_context::Remember(Errc code, const char* text) noexcept {
  last_text = text;
  last_code = NumberOf(code);
  return last_code;
}

kexec_request::~kexec_request() {
  if (context != nullptr) std::erase(context->requests, this);
}

extern "C" {

const char* kexec_version(void) { return KEXEC_VERSION_TEXT; }

int kexec_context_new(const char* root, kexec_context** context) {
  if (context == nullptr) return KEXEC_ERROR_USAGE;
  *context = new (std::nothrow) kexec_context;
  if (*context == nullptr) return KEXEC_ERROR_IO;
  return Guarded(*context, [&](kexec_context& made) { return OpenMachine(made, root); });
}

void kexec_context_free(kexec_context* context) { delete context; }

void kexec_context_set_messages(kexec_context* context, kexec_message_function* function, void* user) {
  if (context != nullptr) context->messages.Set(function, user);
}

const char* kexec_error_text(const kexec_context* context) {
  return context == nullptr ? "the context is NULL" : context->LastText();
}
int kexec_error_code(const kexec_context* context) {
  return context == nullptr ? KEXEC_ERROR_USAGE : context->last_code;
}
int kexec_error_errno(const kexec_context* context) {
  return context == nullptr || context->last_text != nullptr ? 0 : context->last_error.sys_errno();
}

kexec_request* kexec_request_new(kexec_context* context) {
  kexec_request* made = nullptr;
  Guarded(context, [&](kexec_context& owner) {
    made = new kexec_request(&owner);
    return Result<>();
  });
  return made;
}
void kexec_request_free(kexec_request* request) { delete request; }

int kexec_request_set_kernel(kexec_request* request, const char* path) {
  return GuardedRequest(request, [&](kexec_request& changed) {
    return SetKernel(changed, OpenPath(path, "the kernel's path", kMaxKernelFile));
  });
}

int kexec_request_set_kernel_fd(kexec_request* request, int fd) {
  return GuardedRequest(request, [&](kexec_request& changed) {
    return SetKernel(changed, OpenDescriptor(fd, kMaxKernelFile));
  });
}

int kexec_request_add_initrd(kexec_request* request, const char* path) {
  return GuardedRequest(request, [&](kexec_request& changed) {
    return AddInitrd(changed, OpenPath(path, "the initrd's path", kMaxInitrdFile));
  });
}

int kexec_request_add_initrd_fd(kexec_request* request, int fd) {
  return GuardedRequest(request, [&](kexec_request& changed) {
    return AddInitrd(changed, OpenDescriptor(fd, kMaxInitrdFile));
  });
}

int kexec_request_set_command_line(kexec_request* request, const char* command_line) {
  return GuardedRequest(request, [&](kexec_request& changed) -> Result<> {
    KEXEC_TRY(NotNull(command_line, "the command line"));
    changed.command_line = command_line;
    return {};
  });
}

int kexec_request_set_type(kexec_request* request, const char* type) {
  return GuardedRequest(request, [&](kexec_request& changed) -> Result<> {
    changed.type = type == nullptr ? "" : type;
    return {};
  });
}

int kexec_request_set_kind(kexec_request* request, int kind) {
  return GuardedRequest(request, [&](kexec_request& changed) -> Result<> {
    KEXEC_ASSIGN(changed.kind, KindOf(kind));
    return {};
  });
}

int kexec_request_set_call(kexec_request* request, int call) {
  return GuardedRequest(request, [&](kexec_request& changed) -> Result<> {
    if (call < KEXEC_CALL_AUTO || call > KEXEC_CALL_FILE)
      return Fail(Errc::kUsage, "{} is no enum kexec_call", call);
    changed.call = call;
    return {};
  });
}

int kexec_request_set_digest(kexec_request* request, int digest) {
  return GuardedRequest(request, [&](kexec_request& changed) { return SetDigest(changed, digest); });
}

int kexec_request_plan_text(kexec_request* request, char** text) {
  if (text != nullptr) *text = nullptr;
  return GuardedRequest(
      request, [&](kexec_request& planned) { return PlanOnce(planned, kexec::capi::PlanText, text); });
}

int kexec_request_plan_json(kexec_request* request, char** text) {
  if (text != nullptr) *text = nullptr;
  return GuardedRequest(
      request, [&](kexec_request& planned) { return PlanOnce(planned, kexec::capi::PlanJson, text); });
}

void kexec_text_free(char* text) { free(text); }

int kexec_request_load(kexec_request* request) {
  return GuardedRequest(request, [&](kexec_request& loaded) { return kexec::capi::Load(loaded); });
}

int kexec_unload(kexec_context* context, int kind) {
  return Guarded(context, [&](kexec_context& machine) { return Unload(machine, kind); });
}

int kexec_status(kexec_context* context, int kind, int* loaded) {
  if (loaded != nullptr) *loaded = 0;
  return Guarded(context, [&](kexec_context& machine) { return Status(machine, kind, loaded); });
}

int kexec_execute(kexec_context* context) {
  return Guarded(context, [&](kexec_context& machine) { return Execute(machine); });
}

}  // extern "C"
