// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kexec/submit.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "explain_causes.h"
#include "kexec/explain.h"
#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

std::unexpected<Error> Refused(const CallFacts& facts, int sys_errno, const SystemRoot& root) {
  return std::unexpected(Error(Errc::kSyscall, sys_errno, Explain(facts, sys_errno, root)));
}

// Where the kernel says what is loaded: since 6.19 in a folder of its own, and still at the old place.
struct LoadedFiles {
  std::string_view current, old;
};
LoadedFiles FilesOf(LoadKind kind) {
  if (kind == LoadKind::kCrash) return {"sys/kernel/kexec/crash_loaded", "sys/kernel/kexec_crash_loaded"};
  return {"sys/kernel/kexec/loaded", "sys/kernel/kexec_loaded"};
}

bool KnownToBeEmpty(LoadKind kind, const SystemRoot& root) {
  const auto loaded = IsLoaded(kind, root);
  return loaded.has_value() && !*loaded;
}

}  // namespace

Result<> CheckFilesFit(uint64_t bytes, const SystemRoot& root) {
  const auto total = MemInfo("MemTotal", root);
  if (!total || bytes <= *total / 2) return {};
  return Fail(
      Errc::kDoesNotFit,
      "kernel and initrd are {} bytes long, the kernel takes at most {}, half of its {} bytes of RAM; use "
      "smaller files",
      bytes, *total / 2, *total);
}

Result<> Submit(const ValidatedImage& image, Syscalls& kernel, const SystemRoot& root, uint64_t flags) {
  const LoadPlan& plan = image.plan();
  CallFacts facts{.call = KexecCall::kLoad, .kind = plan.kind, .flags = flags | plan.flags};
  if (plan.kind == LoadKind::kCrash) facts.flags |= kKexecOnCrash;
  std::vector<RawSegment> segments;
  for (const Segment& segment : plan.segments) {
    const Bytes bytes = segment.contents.view();
    segments.push_back({bytes.data(), bytes.size(), segment.dest.begin().raw(), segment.dest.size()});
    facts.bytes += segment.dest.size();  // validated segments are disjoint: no overflow
  }
  const int error = kernel.KexecLoad(plan.entry.raw(), segments, facts.flags);
  if (error != 0) return Refused(facts, error, root);
  return {};
}

Result<> SubmitFile(const FileLoad& load, Syscalls& kernel, const SystemRoot& root) {
  CallFacts facts{.call = KexecCall::kFileLoad, .kind = load.kind, .bytes = load.bytes, .flags = load.flags};
  if (load.kind == LoadKind::kCrash) facts.flags |= kKexecFileOnCrash;
  if (load.initrd_fd < 0) facts.flags |= kKexecFileNoInitramfs;
  KEXEC_TRY(CheckFilesFit(load.bytes, root));
  const int error = kernel.KexecFileLoad(load.kernel_fd, load.initrd_fd, load.command_line, facts.flags);
  if (error != 0) return Refused(facts, error, root);
  return {};
}

bool FallbackMayHelp(int sys_errno) {
  static constexpr std::array kHelped = {ENOSYS, EINVAL, ENOEXEC, ENOTSUP, EADDRNOTAVAIL, ENOMEM};
  return std::ranges::find(kHelped, sys_errno) != kHelped.end();
}

Result<> Unload(LoadKind kind, Syscalls& kernel, const SystemRoot& root, uint64_t arch_flag) {
  // A call would count against kernel.kexec_load_limit_*, and may be forbidden where there is nothing to do.
  if (!XenLoads(root) && KnownToBeEmpty(kind, root)) return {};
  const bool crash = kind == LoadKind::kCrash;
  CallFacts facts{.call = KexecCall::kFileLoad, .kind = kind, .unload = true, .flags = kKexecFileUnload};
  if (crash) facts.flags |= kKexecFileOnCrash;
  int error = kernel.KexecFileLoad(-1, -1, {}, facts.flags);
  if (error == ENOSYS) {  // no CONFIG_KEXEC_FILE; any other errno would be the other call's, too
    facts.call = KexecCall::kLoad;
    facts.flags = arch_flag | (crash ? kKexecOnCrash : 0);
    error = kernel.KexecLoad(0, {}, facts.flags);
  }
  if (error != 0) return Refused(facts, error, root);
  return {};
}

Result<> Execute(Syscalls& kernel, const SystemRoot& root) {
  // Scripts know this text.
  const bool by_xen = XenLoads(root);  // which may hold one that it does not tell of
  if (!by_xen && KnownToBeEmpty(LoadKind::kNormal, root))
    return Fail(Errc::kUsage, "Nothing has been loaded!");
  const int error = kernel.RebootKexec();
  if (by_xen && error == ENOENT) return Fail(Errc::kUsage, "Nothing has been loaded!");
  if (error != 0) return Refused({.call = KexecCall::kReboot}, error, root);
  return {};
}

Result<> ExecuteLiveUpdate(Syscalls& kernel, const SystemRoot& root) {
  const int error = kernel.RebootKexec();
  if (error != 0) return Refused({.call = KexecCall::kReboot}, error, root);
  return {};
}

Result<bool> IsLoaded(LoadKind kind, const SystemRoot& root) {
  const bool by_xen = XenLoads(root);
  if (by_xen && root.live()) return AskXenLoaded(kind);
  const LoadedFiles files =
      by_xen ? LoadedFiles{XenLoadedRecord(kind), XenLoadedRecord(kind)} : FilesOf(kind);
  const std::string_view path = root.Exists(files.current) ? files.current : files.old;
  auto line = root.ReadLine(path);
  if (!line && line.error().sys_errno() == ENOENT) {
    return std::unexpected(
        Error(Errc::kUnsupported, ENOENT,
              fmt::format("cannot open '{}': the kernel is built without kexec, or /sys is not mounted",
                          (root.path() / path).string())));
  }
  KEXEC_TRY(line);
  const std::string_view text = *line;
  if (text != "0" && text != "1") {
    return Fail(Errc::kMalformed, "'{}' holds '{}', expected 0 or 1", (root.path() / path).string(), text);
  }
  return text == "1";
}

}  // namespace kexec
