// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/fake_kernel.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tests/support/image_builder.h"

namespace kexec::testing {
namespace {

constexpr uint64_t kPage = PhysicalMemory::kPage;
constexpr uint64_t kArchMask = 0xffff0000;
constexpr uint64_t kKnownLoadFlags = kKexecOnCrash | kKexecPreserveContext | kKexecUpdateElfcorehdr;
constexpr uint64_t kKnownFileFlags = kKexecFileUnload | kKexecFileOnCrash | kKexecFileNoInitramfs |
                                     kKexecFileDebug | kKexecFileNoCma | kKexecFileForceDtb;
constexpr size_t kSegmentMax = 16;

// What the descriptor holds from its beginning; nullopt: no readable regular file.
std::optional<std::string> Slurp(int fd) {
  struct stat info = {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::string text(static_cast<size_t>(info.st_size), '\0');
  if (pread(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return std::nullopt;
  return text;
}

// Whether the kernel could copy the segments out of this process.
bool KernelCanRead(std::span<const RawSegment> segments) {
  const int fd = memfd_create("segments", MFD_CLOEXEC);
  bool readable = fd >= 0;
  for (const RawSegment& segment : segments) {
    readable = readable && write(fd, segment.buf, segment.bufsz) == static_cast<ssize_t>(segment.bufsz);
  }
  close(fd);
  return readable;
}

}  // namespace

int FakeKernel::KexecLoad(uint64_t entry, std::span<const RawSegment> segments, uint64_t flags) {
  loads_.push_back({entry, flags, {segments.begin(), segments.end()}});
  const bool crash = (flags & kKexecOnCrash) != 0;
  if (const int error = TakeFailure(KexecCall::kLoad); error != 0) return error;
  if (!TakeLoadPermission(crash)) return EPERM;
  if ((flags & ~kArchMask & ~kKnownLoadFlags) != 0 || segments.size() > kSegmentMax) return EINVAL;
  if ((flags & kArchMask) != machine_.arch_flag && (flags & kArchMask) != 0) return EINVAL;
  if (segments.empty()) {
    crash ? void(crash_loaded_ = false) : image_.reset();
    UpdateRoot();
    return 0;
  }
  if (crash) DropCrashImage();
  if (const int error = CheckSegments(entry, segments, crash); error != 0) return error;
  if (on_load) on_load();
  if (on_load && !KernelCanRead(segments)) return EFAULT;
  if (crash) return LoadCrash(segments);

  std::vector<PhysRange> wanted;
  for (const RawSegment& segment : segments) {
    wanted.push_back(*PhysRange::FromSize(PhysAddr(segment.mem), segment.memsz));
  }
  PageSource source(machine_.ram, wanted, machine_.order, machine_.seed);
  ImageBuilder builder(memory_, source, segments);
  if (const int error = builder.Build(); error != 0) return error;
  image_ = Image{entry, builder.head(), builder.swap_page()};
  UpdateRoot();
  return 0;
}

int FakeKernel::KexecFileLoad(int kernel_fd, int initrd_fd, std::string_view cmdline, uint64_t flags) {
  RecordedFileLoad call;
  call.command_line = cmdline;
  call.flags = flags;
  const auto kernel = Slurp(kernel_fd);
  call.kernel = kernel.value_or("");
  call.has_initrd = initrd_fd >= 0;
  if (call.has_initrd) call.initrd = Slurp(initrd_fd).value_or("");
  file_loads_.push_back(std::move(call));

  const bool crash = (flags & kKexecFileOnCrash) != 0;
  if (const int error = TakeFailure(KexecCall::kFileLoad); error != 0) return error;
  if (!TakeLoadPermission(crash)) return EPERM;
  if ((flags & ~kKnownFileFlags) != 0) return EINVAL;
  if ((flags & kKexecFileUnload) != 0) {
    crash ? void(crash_loaded_ = false) : image_.reset();
  } else {
    if (crash) DropCrashImage();
    if (!kernel) return EBADF;
    if (on_load) on_load();
    crash ? void(crash_loaded_ = true) : void(image_ = Image{0, 0, 0});
  }
  UpdateRoot();
  return 0;
}

int FakeKernel::RebootKexec() {
  ++reboots_;
  if (const int error = TakeFailure(KexecCall::kReboot); error != 0) return error;
  return image_ ? 0 : EINVAL;
}

int FakeKernel::CheckSegments(uint64_t entry, std::span<const RawSegment> segments, bool crash) const {
  uint64_t pages_wanted = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    const uint64_t start = segments[i].mem;
    const uint64_t end = start + segments[i].memsz;  // may wrap, as in the kernel
    if (start > end || start % kPage != 0 || end % kPage != 0) return EADDRNOTAVAIL;
    if (end >= machine_.destination_limit) return EADDRNOTAVAIL;
    for (size_t j = 0; j < i; ++j) {
      if (end > segments[j].mem && start < segments[j].mem + segments[j].memsz) return EINVAL;
    }
    if (segments[i].bufsz > segments[i].memsz) return EINVAL;
    const uint64_t pages = (segments[i].memsz + kPage - 1) / kPage;
    if (pages > TotalPages() / 2) return EINVAL;
    pages_wanted += pages;
  }
  if (pages_wanted > TotalPages() / 2) return EINVAL;
  if (!crash) return 0;
  if (!machine_.crash_region || !machine_.crash_region->Contains(PhysAddr(entry))) return EADDRNOTAVAIL;
  for (const RawSegment& segment : segments) {
    if (segment.mem < machine_.crash_region->begin().raw()) return EADDRNOTAVAIL;
    if (segment.mem + segment.memsz > machine_.crash_region->end().raw()) return EADDRNOTAVAIL;
  }
  return 0;
}

void FakeKernel::Publish(ScratchRoot* root) {
  root_ = root;
  UpdateRoot();
}

std::optional<PhysAddr> FakeKernel::Boot() {
  if (!image_) return std::nullopt;
  if (image_->head != 0) Relocate(*image_);
  return PhysAddr(image_->entry);
}

// x86 exchanges source and destination by way of the swap page, for every page.
void FakeKernel::Relocate(const Image& image) {
  uint64_t table = image.head;
  uint64_t destination = 0;
  for (size_t slot = 0;; ++slot) {
    const auto entry = memory_.ReadAs<Le<uint64_t>>(PhysAddr(table + slot * sizeof(uint64_t)));
    const uint64_t page = entry & ~(kPage - 1);
    if ((entry & kIndDone) != 0) return;
    if ((entry & kIndDestination) != 0) destination = page;
    if ((entry & kIndIndirection) != 0) {
      table = page;
      slot = SIZE_MAX;  // the loop's step makes it 0
    }
    if ((entry & kIndSource) != 0) {
      memory_.At(image.swap_page) = memory_.At(page);
      memory_.At(page) = memory_.At(destination);
      memory_.At(destination) = memory_.At(image.swap_page);
      destination += kPage;
    }
  }
}

int FakeKernel::TakeFailure(KexecCall call) {
  const auto failure = std::ranges::find(failures_, call, &Failure::call);
  if (failure == failures_.end()) return 0;
  const int error = failure->sys_errno;
  failures_.erase(failure);
  return error;
}

// Every call counts, unloading too.
bool FakeKernel::TakeLoadPermission(bool crash) {
  int& limit = crash ? limit_panic_ : limit_reboot_;
  if (limit == 0) return false;
  if (limit > 0) --limit;
  return true;
}

uint64_t FakeKernel::TotalPages() const {
  if (machine_.total_ram_pages != 0) return machine_.total_ram_pages;
  uint64_t bytes = 0;
  for (const PhysRange& range : machine_.ram) bytes += range.size();
  return bytes / kPage;
}

// The reserved memory is about to be overwritten, so what was loaded there goes first, even if the load then
// fails.
void FakeKernel::DropCrashImage() {
  crash_loaded_ = false;
  UpdateRoot();
}

int FakeKernel::LoadCrash(std::span<const RawSegment> segments) {
  for (const RawSegment& segment : segments) {
    for (uint64_t done = 0; done < segment.memsz; done += kPage) {
      memory_.At(segment.mem + done).fill(std::byte{0});
    }
    memory_.Write(segment.mem, Bytes(static_cast<const std::byte*>(segment.buf), segment.bufsz));
  }
  crash_loaded_ = true;
  UpdateRoot();
  return 0;
}

void FakeKernel::UpdateRoot() const {
  if (root_ == nullptr) return;
  root_->File("sys/kernel/kexec_loaded", image_ ? "1\n" : "0\n");
  root_->File("sys/kernel/kexec_crash_loaded", crash_loaded_ ? "1\n" : "0\n");
}

}  // namespace kexec::testing
