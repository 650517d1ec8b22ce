// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <utility>

#include "bus_faults.h"
#include "kexec/file.h"

namespace kexec {
namespace {

// The innermost of this thread.
constinit thread_local FileWatch* current_watch = nullptr;

bool SameTime(const struct timespec& a, const struct timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

// What has become of a file since it was mapped. Outlives the mapping, with the last look.
class FileState {
 public:
  FileState(UniqueFd fd, std::string name, const struct stat& info, const FaultRegion* region)
      : fd_(std::move(fd)),
        name_(std::move(name)),
        size_(static_cast<uint64_t>(info.st_size)),
        written_(info.st_mtim),
        region_(region) {}

  // The mapping goes.
  void Settle() {
    const std::scoped_lock lock(mutex_);
    found_ = Look();
    region_ = nullptr;
    fd_ = UniqueFd();
  }

  Result<> Check(bool with_writes) const {
    const std::scoped_lock lock(mutex_);
    const Finding now = region_ == nullptr ? found_ : Look();
    if (now.size < size_) {
      return Fail(Errc::kIo,
                  "'{}' shrank while it was read: {} bytes long when opened, {} now; try again when nothing "
                  "writes to it",
                  name_, size_, now.size);
    }
    if (now.fault && !now.written) {
      return Fail(Errc::kIo,
                  "'{}' cannot be read at byte {} of {}: see the kernel log (dmesg) for errors of its device",
                  name_, *now.fault, size_);
    }
    if (now.fault || (with_writes && now.written)) {
      return Fail(Errc::kIo, "'{}' was written to while it was read; try again when nothing writes to it",
                  name_);
    }
    return {};
  }

 private:
  struct Finding {
    uint64_t size = 0;
    bool written = false;  // or was for a while of another length
    std::optional<uint64_t> fault;
  };

  Finding Look() const {
    struct stat now = {};
    const bool known = fstat(fd_.get(), &now) == 0;
    return {
        .size = known ? static_cast<uint64_t>(now.st_size) : size_,
        .written = known && (!SameTime(now.st_mtim, written_) || static_cast<uint64_t>(now.st_size) != size_),
        .fault = FirstFault(*region_)};
  }

  mutable std::mutex mutex_;
  UniqueFd fd_;
  std::string name_;
  uint64_t size_;
  struct timespec written_;
  const FaultRegion* region_;  // nullptr: settled
  Finding found_;
};

Result<std::shared_ptr<const MappedFile>> MappedFile::Map(int fd, std::string name, const struct stat& info) {
  const std::shared_ptr<MappedFile> file(
      new MappedFile);  // its destructor copes with each step below that fails
  UniqueFd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return FailErrno(Errc::kIo, errno, "cannot open");
  const auto size = static_cast<size_t>(info.st_size);
  void* base = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (base == MAP_FAILED) return FailErrno(Errc::kIo, errno, "cannot map {} bytes", size);
  file->bytes_ = Bytes(static_cast<const std::byte*>(base), size);
  const auto begin = reinterpret_cast<uintptr_t>(base);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  file->region_ = AddFaultRegion(begin, begin + (size + page - 1) / page * page);
  file->state_ = std::make_shared<FileState>(std::move(own), std::move(name), info, file->region_);
  for (FileWatch* watch = current_watch; watch != nullptr; watch = watch->outer_) watch->Include(file);
  return file;
}

MappedFile::~MappedFile() {
  if (state_ != nullptr) state_->Settle();
  if (region_ != nullptr) RemoveFaultRegion(region_);
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

FileWatch::FileWatch() : outer_(current_watch), guard_(std::make_unique<BusFaultGuard>()) {
  current_watch = this;
}

FileWatch::~FileWatch() { current_watch = outer_; }

void FileWatch::Include(const std::shared_ptr<const MappedFile>& file) {
  if (file != nullptr) files_.push_back(file->state_);
}

Result<> FileWatch::Intact() const {
  for (const auto& file : files_) KEXEC_TRY(file->Check(false));
  return {};
}

Result<> FileWatch::Unchanged() const {
  for (const auto& file : files_) KEXEC_TRY(file->Check(true));
  return {};
}

}  // namespace kexec
