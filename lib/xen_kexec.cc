// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/xen_kexec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "xen_hypercalls.h"

namespace kexec {
namespace {

// xen/include/public/kexec.h, as 64-bit domains lay it out.
struct XenSegment {
  uint64_t buffer;
  uint64_t buffer_size;
  uint64_t destination;
  uint64_t destination_size;
};
static_assert(sizeof(XenSegment) == 32);

struct LoadArguments {
  uint8_t type;
  uint8_t padding;
  uint16_t elf_machine;
  uint32_t segments;
  uint64_t list;
  uint64_t entry;
};
static_assert(sizeof(LoadArguments) == 24);

struct TypeArgument {  // of unload and status
  uint8_t type;
};
struct ExecuteArgument {
  int32_t type;
};

constexpr uint64_t kFirstMiB = uint64_t{1} << 20;
constexpr uint16_t kElfMachineX86_64 = 62;  // EM_X86_64, elf.h

XenSegment Mapped(uint64_t begin, uint64_t end) { return {0, 0, begin, end - begin}; }

// The segments, and in front of and between them what they leave of the first MiB. `buffers` keeps the copies
// that Xen reads. A segment that is all zero fill has a buffer, too: without one Xen would not clear it.
Result<std::vector<XenSegment>> MakeList(std::span<const RawSegment> segments, Privcmd& privcmd,
                                         std::vector<std::unique_ptr<HypercallBuffer>>& buffers) {
  std::vector<RawSegment> ascending(segments.begin(), segments.end());
  std::ranges::sort(ascending, {}, &RawSegment::mem);
  std::vector<XenSegment> list;
  uint64_t mapped_to = 0;
  for (const RawSegment& segment : ascending) {
    const uint64_t next = std::min(segment.mem, kFirstMiB);
    if (next > mapped_to) list.push_back(Mapped(mapped_to, next));
    mapped_to = std::max(mapped_to, segment.mem + segment.memsz);
    KEXEC_ASSIGN(std::unique_ptr<HypercallBuffer> buffer, privcmd.Allocate(segment.bufsz));
    if (segment.bufsz != 0) std::memcpy(buffer->bytes().data(), segment.buf, segment.bufsz);
    list.push_back({AddressOf(*buffer), segment.bufsz, segment.mem, segment.memsz});
    buffers.push_back(std::move(buffer));
  }
  if (mapped_to < kFirstMiB) list.push_back(Mapped(mapped_to, kFirstMiB));
  return list;
}

int64_t StatusOf(XenImage image, Privcmd& privcmd) {
  return KexecOp(KexecCommand::kStatus, TypeArgument{static_cast<uint8_t>(image)}, privcmd);
}

int64_t UnloadOnce(XenImage image, Privcmd& privcmd) {
  return KexecOp(KexecCommand::kUnload, TypeArgument{static_cast<uint8_t>(image)}, privcmd);
}

int ErrnoOf(int64_t answer) { return answer < 0 ? static_cast<int>(-answer) : 0; }

class XenDoor final : public Syscalls {
 public:
  XenDoor(std::unique_ptr<Privcmd> privcmd, XenImage normal)
      : privcmd_(std::move(privcmd)), normal_(normal) {}

  int KexecLoad(uint64_t entry, std::span<const RawSegment> segments, uint64_t flags) override {
    const XenImage image = (flags & kKexecOnCrash) != 0 ? XenImage::kCrash : normal_;
    if (segments.empty()) return XenUnload(image, *privcmd_);
    return XenLoad(image, static_cast<uint16_t>(flags >> 16), entry, segments, *privcmd_);
  }
  int KexecFileLoad(int, int, std::string_view, uint64_t) override { return ENOSYS; }
  int RebootKexec() override { return XenExecute(normal_, *privcmd_); }
  void Sync() override { LinuxSyscalls()->Sync(); }

 private:
  std::unique_ptr<Privcmd> privcmd_;
  XenImage normal_;
};

}  // namespace

int XenLoad(XenImage image, uint16_t elf_machine, uint64_t entry, std::span<const RawSegment> segments,
            Privcmd& privcmd) {
  std::vector<std::unique_ptr<HypercallBuffer>> buffers;
  const Result<std::vector<XenSegment>> list = MakeList(segments, privcmd, buffers);
  if (!list.has_value()) return list.error().sys_errno();
  const auto list_buffer = Placed(std::span<const XenSegment>(*list), privcmd);
  if (!list_buffer.has_value()) return list_buffer.error().sys_errno();
  if (StatusOf(image, privcmd) == 1) UnloadOnce(image, privcmd);
  const LoadArguments arguments = {.type = static_cast<uint8_t>(image),
                                   .padding = 0,
                                   .elf_machine = elf_machine != 0 ? elf_machine : kElfMachineX86_64,
                                   .segments = static_cast<uint32_t>(list->size()),
                                   .list = AddressOf(**list_buffer),
                                   .entry = entry};
  return ErrnoOf(KexecOp(KexecCommand::kLoad, arguments, privcmd));
}

int XenUnload(XenImage image, Privcmd& privcmd) {
  const int error = ErrnoOf(UnloadOnce(image, privcmd));
  if (error != 0 || StatusOf(image, privcmd) != 1) return error;
  return ErrnoOf(UnloadOnce(image, privcmd));
}

int XenExecute(XenImage image, Privcmd& privcmd) {
  return ErrnoOf(KexecOp(KexecCommand::kExecute, ExecuteArgument{static_cast<uint8_t>(image)}, privcmd));
}

Result<bool> XenStatus(XenImage image, Privcmd& privcmd) {
  const int64_t answer = StatusOf(image, privcmd);
  if (answer >= 0) return answer != 0;
  return FailErrno(Errc::kUnsupported, ErrnoOf(answer), "Xen does not say whether a kernel is loaded");
}

std::string_view XenLoadedRecord(LoadKind kind) {
  return kind == LoadKind::kCrash ? "dev/xen/kexec_crash_loaded" : "dev/xen/kexec_loaded";
}

Result<bool> AskXenLoaded(LoadKind kind) {
  KEXEC_ASSIGN(const std::unique_ptr<Privcmd> privcmd, OpenPrivcmd());
  return XenStatus(kind == LoadKind::kCrash ? XenImage::kCrash : XenImage::kDefault, *privcmd);
}

std::unique_ptr<Syscalls> XenSyscalls(std::unique_ptr<Privcmd> privcmd, XenImage normal) {
  return std::make_unique<XenDoor>(std::move(privcmd), normal);
}

}  // namespace kexec
