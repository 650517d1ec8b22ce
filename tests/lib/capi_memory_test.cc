// SPDX-License-Identifier: GPL-2.0-or-later
// The C interface where memory ends: each allocation of each function fails once. Nothing thrown reaches the
// caller (the functions would end the process), nothing is leaked (ASan), and the objects work afterwards.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "capi/context.h"
#include "kexec/syscalls.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/scratch_root.h"

namespace {

thread_local long allocations_left = -1;  // of this thread, before one fails; below 0: all succeed

void* Allocate(size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) return nullptr;
  return std::malloc(size != 0 ? size : 1);
}

void* AllocateOrThrow(size_t size) {
  void* memory = Allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// NOLINTBEGIN: whole families, as ASan's own would take the members that are missing
void* operator new(size_t size) { return AllocateOrThrow(size); }
void* operator new[](size_t size) { return AllocateOrThrow(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
// NOLINTEND

namespace kexec::testing {
namespace {

// Takes everything, and allocates nothing.
class EasyKernel final : public Syscalls {
 public:
  int KexecLoad(uint64_t, std::span<const RawSegment>, uint64_t) override { return 0; }
  int KexecFileLoad(int, int, std::string_view, uint64_t) override { return 0; }
  int RebootKexec() override { return 0; }
  void Sync() override {}
};

// `call` with its first allocation failing, then with its second, until it needs no more; how many failed.
long FailEach(const std::function<int()>& call, const std::function<void(int)>& check) {
  for (long number = 0;; ++number) {
    allocations_left = number;
    const int code = call();
    const bool failed = allocations_left < 0;
    allocations_left = -1;
    if (!failed) {
      EXPECT_EQ(code, KEXEC_OK);
      return number;
    }
    check(code);
  }
}

class CapiMemory : public ::testing::Test {
 protected:
  CapiMemory() {
    scratch_.File("proc/sys/kernel/arch", "x86_64\n")
        .File("proc/meminfo", "MemTotal: 261120 kB\n")
        .File("sys/kernel/kexec_loaded", "0\n")
        .FirmwareMemory(0x100000, 0xfffffff, "System RAM")
        .File("vmlinuz", Bytes(BzImageBuilder(0x020f).Version("6.1.0").BuildBytes()));
    kernel_path_ = (scratch_.path() / "vmlinuz").string();
    EXPECT_EQ(kexec_context_new(scratch_.path().c_str(), &context_), KEXEC_OK);
    request_ = kexec_request_new(context_);
    EXPECT_EQ(kexec_request_set_kernel(request_, kernel_path_.c_str()), KEXEC_OK);
  }
  ~CapiMemory() override {
    kexec_request_free(request_);
    kexec_context_free(context_);
  }

  // What is asked of a call during which an allocation failed; some can be done without.
  void Check(int code) const {
    if (code != KEXEC_OK) {
      EXPECT_STRNE(kexec_error_text(context_), "");
    }
  }
  long FailEachOf(const std::function<int()>& call) const {
    return FailEach(call, [this](int code) { Check(code); });
  }

  ScratchRoot scratch_;
  std::string kernel_path_;
  kexec_context* context_ = nullptr;
  kexec_request* request_ = nullptr;
};

TEST_F(CapiMemory, NewContextsAndRequests) {
  const auto context_call = [this] {
    kexec_context* context = nullptr;
    const int code = kexec_context_new(scratch_.path().c_str(), &context);
    kexec_context_free(context);
    return code;
  };
  EXPECT_GE(FailEach(context_call, [](int code) { EXPECT_NE(code, KEXEC_OK); }), 3);
  const auto request_call = [this] {
    kexec_request* request = kexec_request_new(context_);
    kexec_request_free(request);
    return request == nullptr ? KEXEC_ERROR_IO : KEXEC_OK;
  };
  EXPECT_GE(FailEach(request_call, [](int) {}), 2);
}

TEST_F(CapiMemory, Settings) {
  const std::string longer(100, 'x');  // than std::string holds in itself
  EXPECT_GE(FailEachOf([&] { return kexec_request_set_kernel(request_, kernel_path_.c_str()); }), 3);
  EXPECT_GE(FailEachOf([&] { return kexec_request_add_initrd(request_, kernel_path_.c_str()); }), 3);
  EXPECT_GE(FailEachOf([&] { return kexec_request_set_command_line(request_, longer.c_str()); }), 1);
  FailEachOf([&] { return kexec_request_set_type(request_, "bzImage64"); });
  FailEachOf([&] { return kexec_request_set_kind(request_, KEXEC_KIND_NORMAL); });
  int loaded = 7;
  FailEachOf([&] { return kexec_status(context_, KEXEC_KIND_NORMAL, &loaded); });
  EXPECT_EQ(loaded, 0);
}

TEST_F(CapiMemory, Plans) {
  for (const auto plan : {kexec_request_plan_text, kexec_request_plan_json}) {
    const auto call = [&] {
      char* text = nullptr;
      const int code = plan(request_, &text);
      kexec_text_free(text);
      return code;
    };
    EXPECT_GE(FailEachOf(call), 100);
  }
}

TEST_F(CapiMemory, ErrorsOfEveryFunction) {
  // The sentence itself is what there is no memory for.
  const auto sentence = [this](const std::function<int()>& call) {
    for (long number = 0; number < 10; ++number) {
      allocations_left = number;
      const int code = call();
      allocations_left = -1;
      EXPECT_NE(code, KEXEC_OK);
      EXPECT_STRNE(kexec_error_text(context_), "");
    }
  };
  sentence([this] { return kexec_request_set_kernel(request_, "/no/such/file/with/a/long/name"); });
  sentence([this] { return kexec_request_set_kernel(request_, nullptr); });
  sentence([this] { return kexec_request_set_kernel_fd(request_, -1); });
  sentence([this] { return kexec_request_set_call(request_, 99); });
  sentence([this] { return kexec_request_load(request_); });
  sentence([this] { return kexec_execute(context_); });
  sentence([this] { return kexec_unload(context_, KEXEC_KIND_NORMAL); });
}

TEST_F(CapiMemory, Loads) {
  kexec_context context(scratch_.root(), std::make_unique<EasyKernel>());
  kexec_request request(&context);
  ASSERT_EQ(kexec_request_set_kernel(&request, kernel_path_.c_str()), KEXEC_OK);
  for (const int call : {KEXEC_CALL_LOAD, KEXEC_CALL_FILE}) {
    ASSERT_EQ(kexec_request_set_call(&request, call), KEXEC_OK);
    EXPECT_GE(FailEach([&] { return kexec_request_load(&request); }, [](int) {}), 20);
  }
  EXPECT_GE(FailEach([&] { return kexec_unload(&context, KEXEC_KIND_CRASH); }, [](int) {}), 1);
}

}  // namespace
}  // namespace kexec::testing
