// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions of kexec/kexec.h: handles in, numbers out. Nothing thrown crosses them.
#include "kexec/kexec.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "capi/context.h"
#include "capi/load.h"
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
  return kexec::OpenImageFile(fmt::format("/proc/self/fd/{}", fd), max_bytes);
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

int StoreText(kexec_context& context, Result<std::string> made, char** text) {
  *text = nullptr;
  if (!made) return context.Remember(std::unexpected(std::move(made).error()));
  *text = strdup(made->c_str());
  if (*text == nullptr)
    return context.Remember(Fail(Errc::kIo, "no memory for {} bytes of text", made->size()));
  return KEXEC_OK;
}

Result<> Unload(kexec_context& context, int number) {
  KEXEC_ASSIGN(const SystemRoot* root, LiveRoot(context));
  KEXEC_ASSIGN(const LoadKind kind, KindOf(number));
  // No architecture in the flags means the kernel's own (KEXEC_ARCH_DEFAULT).
  return kexec::Unload(kind, *context.kernel, *root, 0);
}

Result<> Status(kexec_context& context, int number, int* loaded) {
  if (!context.root) return Fail(Errc::kUsage, "the machine of this context could not be opened");
  KEXEC_ASSIGN(const LoadKind kind, KindOf(number));
  KEXEC_ASSIGN(const bool is_loaded, kexec::IsLoaded(kind, *context.root));
  *loaded = is_loaded ? 1 : 0;
  return {};
}

Result<> Execute(kexec_context& context) {
  KEXEC_ASSIGN(const SystemRoot* root, LiveRoot(context));
  return kexec::Execute(*context.kernel, *root);
}

}  // namespace

int kexec_context::Remember(const Result<>& result) {
  if (result.has_value()) return KEXEC_OK;
  last_error = result.error();
  last_code = NumberOf(last_error.code());
  return last_code;
}

extern "C" {

const char* kexec_version(void) { return KEXEC_VERSION_TEXT; }

int kexec_context_new(const char* root, kexec_context** context) {
  *context = new (std::nothrow) kexec_context;
  if (*context == nullptr) return KEXEC_ERROR_IO;
  auto opened = SystemRoot::Open(root == nullptr ? "/" : root);
  if (!opened) return (*context)->Remember(std::unexpected(std::move(opened).error()));
  if (opened->live()) (*context)->kernel = kexec::LinuxSyscalls();
  (*context)->root.emplace(std::move(*opened));
  return KEXEC_OK;
}

void kexec_context_free(kexec_context* context) { delete context; }

void kexec_context_set_messages(kexec_context* context, kexec_message_function* function, void* user) {
  context->messages.Set(function, user);
}

const char* kexec_error_text(const kexec_context* context) { return context->last_error.message().c_str(); }
int kexec_error_code(const kexec_context* context) { return context->last_code; }
int kexec_error_errno(const kexec_context* context) { return context->last_error.sys_errno(); }

kexec_request* kexec_request_new(kexec_context* context) { return new (std::nothrow) kexec_request(context); }
void kexec_request_free(kexec_request* request) { delete request; }

int kexec_request_set_kernel(kexec_request* request, const char* path) {
  return request->context->Remember(SetKernel(*request, kexec::OpenImageFile(path, kMaxKernelFile)));
}

int kexec_request_set_kernel_fd(kexec_request* request, int fd) {
  return request->context->Remember(SetKernel(*request, OpenDescriptor(fd, kMaxKernelFile)));
}

int kexec_request_add_initrd(kexec_request* request, const char* path) {
  return request->context->Remember(AddInitrd(*request, kexec::OpenImageFile(path, kMaxInitrdFile)));
}

int kexec_request_add_initrd_fd(kexec_request* request, int fd) {
  return request->context->Remember(AddInitrd(*request, OpenDescriptor(fd, kMaxInitrdFile)));
}

int kexec_request_set_command_line(kexec_request* request, const char* command_line) {
  request->command_line = command_line;
  return KEXEC_OK;
}

int kexec_request_set_type(kexec_request* request, const char* type) {
  request->type = type == nullptr ? "" : type;
  return KEXEC_OK;
}

int kexec_request_set_kind(kexec_request* request, int kind) {
  const Result<LoadKind> known = KindOf(kind);
  if (!known) return request->context->Remember(std::unexpected(known.error()));
  request->kind = *known;
  return KEXEC_OK;
}

int kexec_request_set_call(kexec_request* request, int call) {
  if (call < KEXEC_CALL_AUTO || call > KEXEC_CALL_FILE) {
    return request->context->Remember(Fail(Errc::kUsage, "{} is no enum kexec_call", call));
  }
  request->call = call;
  return KEXEC_OK;
}

int kexec_request_set_digest(kexec_request* request, int digest) {
  switch (digest) {
    case KEXEC_DIGEST_XXH128:
      request->digest = kexec::DigestKind::kXxh128;
      return KEXEC_OK;
    case KEXEC_DIGEST_SHA256:
      request->digest = kexec::DigestKind::kSha256;
      return KEXEC_OK;
    case KEXEC_DIGEST_NONE:
      request->digest = kexec::DigestKind::kNone;
      return KEXEC_OK;
    default:
      return request->context->Remember(Fail(Errc::kUsage, "{} is no enum kexec_digest", digest));
  }
}

int kexec_request_plan_text(kexec_request* request, char** text) {
  return StoreText(*request->context, kexec::capi::PlanText(*request), text);
}

int kexec_request_plan_json(kexec_request* request, char** text) {
  return StoreText(*request->context, kexec::capi::PlanJson(*request), text);
}

void kexec_text_free(char* text) { free(text); }

int kexec_request_load(kexec_request* request) {
  return request->context->Remember(kexec::capi::Load(*request));
}

int kexec_unload(kexec_context* context, int kind) { return context->Remember(Unload(*context, kind)); }

int kexec_status(kexec_context* context, int kind, int* loaded) {
  *loaded = 0;
  return context->Remember(Status(*context, kind, loaded));
}

int kexec_execute(kexec_context* context) { return context->Remember(Execute(*context)); }

}  // extern "C"
