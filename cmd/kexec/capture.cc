// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/capture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/arm64/lpi_tables.h"
#include "arch/dt/dt_facts.h"
#include "arch/kernel_log.h"
#include "arch/kernel_mapping.h"
#include "arch/machine.h"
#include "arch/x86_64/framebuffer.h"
#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/crash_reservation.h"
#include "cmd/kexec/new_folder.h"
#include "cmd/kexec/redact.h"
#include "kexec/explain.h"
#include "kexec/handed_over.h"
#include "kexec/memory_map.h"
#include "kexec/submit.h"
#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

namespace fs = std::filesystem;

// Worth having in a report even where nothing reads it today.
constexpr std::array<std::string_view, 21> kAlways = {
    "proc/cmdline",
    "proc/iomem",
    "proc/meminfo",
    "proc/version",
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/kexec_load_disabled",
    "proc/sys/kernel/kexec_load_limit_reboot",
    "proc/sys/kernel/kexec_load_limit_panic",
    "sys/kernel/kexec_loaded",
    "sys/kernel/kexec_crash_loaded",
    "sys/kernel/kexec_crash_size",
    "sys/kernel/crash_elfcorehdr_size",
    "sys/kernel/security/lockdown",
    "sys/kernel/boot_params/data",
    "sys/kernel/boot_params/version",
    "proc/xen/capabilities",
    "sys/hypervisor/type",
    "sys/hypervisor/guest_type",
    "sys/hypervisor/properties/features",
    "sys/hypervisor/version/major",
    "sys/hypervisor/version/minor",
};

// Secrets, or endless. Of some, what a crash plan read is recorded all the same: see HeadMayBeCopied.
constexpr std::array<std::string_view, 8> kNever = {
    "proc/kallsyms",     "proc/kcore",     "proc/kmsg", "dev/",
    "proc/self/environ", "proc/self/maps", "proc/keys", "sys/kernel/tracing",
};

// What Explain may be asked; each makes it read the files it looks for causes in.
constexpr std::array kErrnos = {EPERM,   EACCES,       EBUSY,         EINVAL, ENOSYS, ENOMEM,
                                ENOEXEC, ENOTSUP,      EADDRNOTAVAIL, ENODEV, EIO,    ENODATA,
                                ELIBBAD, EKEYREJECTED, ENOKEY,        ENOPKG, EBADMSG};

constexpr std::string_view kTold =
    "the record tells the command line with the secrets in it, addresses that defeat KASLR, and serial "
    "numbers of a device tree: give it to nobody who should not know them, or record again with --redact";
constexpr std::string_view kToldRedacted =
    "the record tells addresses that defeat KASLR, and words of the command line that are not named like "
    "secrets: give it to nobody who should not know them";

// A path that was read, and how much of it: nullopt for all, else the bytes at its start (0: single lines).
using PathsRead = std::map<std::string, std::optional<size_t>>;

bool MayBeCopied(std::string_view path) {
  if (path.find("..") != std::string_view::npos) return false;
  for (const std::string_view prefix : kNever) {
    if (path.starts_with(prefix)) return false;
  }
  return true;
}

// The headers of /proc/kcore say where memory is mapped; what follows them is memory itself.
bool HeadMayBeCopied(std::string_view path) { return path == "proc/kcore" || MayBeCopied(path); }

// Remembers that `path` was read; all of a file is more than any head of it.
void Remember(PathsRead& paths, std::string_view path, std::optional<size_t> head) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto [known, is_new] = paths.try_emplace(std::string(path), head);
  if (!is_new && known->second) known->second = head ? std::max(*known->second, *head) : head;
}

// The paths everything that reads a SystemRoot has asked for. The answers themselves do not matter here.
Result<PathsRead> FindPathsRead(const fs::path& host, Diagnostics& diagnostics) {
  PathsRead paths;
  for (const std::string_view path : kAlways) Remember(paths, path, std::nullopt);
  KEXEC_ASSIGN(SystemRoot root, SystemRoot::Open(host));
  root.Observe([&paths](std::string_view path, std::optional<size_t> head) { Remember(paths, path, head); });
  SilentDiagnostics silent;
  const auto machine = ReadMachine(root, LoadKind::kNormal, silent);
  if (!machine.has_value())
    diagnostics.Warn("the recorded machine cannot be planned for: {}", machine.error().message());
  static_cast<void>(ReadMachine(root, LoadKind::kCrash, silent).has_value());
  static_cast<void>(ReadIomem(root).has_value());
  static_cast<void>(ReadFirmwareMemmap(root, silent).has_value());
  static_cast<void>(ReadCrashReservation(root).has_value());
  static_cast<void>(LockdownState(root));
  static_cast<void>(HandedOver(root));
  static_cast<void>(ReadBoardName(root));
  for (const LoadKind kind : {LoadKind::kNormal, LoadKind::kCrash}) {
    static_cast<void>(IsLoaded(kind, root).has_value());
    for (const KexecCall call : {KexecCall::kLoad, KexecCall::kFileLoad, KexecCall::kReboot}) {
      for (const int error : kErrnos) static_cast<void>(Explain({.call = call, .kind = kind}, error, root));
    }
  }
  return paths;
}

// What Xen answers, as files.
Result<> WriteXenAnswers(const NewFolder& record, const SystemRoot& root, Diagnostics& diagnostics) {
  const Result<std::string> iomem = ReadXenIomem(root);
  if (!iomem.has_value()) {
    diagnostics.Warn("{}; it is left out of the record", iomem.error().message());
    return {};
  }
  KEXEC_TRY(record.WriteFile(kXenIomemRecord, *iomem));
  for (const LoadKind kind : {LoadKind::kNormal, LoadKind::kCrash}) {
    const Result<bool> loaded = IsLoaded(kind, root);
    if (loaded.has_value()) KEXEC_TRY(record.WriteFile(XenLoadedRecord(kind), *loaded ? "1\n" : "0\n"));
  }
  return {};
}

// Answers that come from system calls, as files.
Result<> WriteAnswers(const NewFolder& record, const SystemRoot& root, Diagnostics& diagnostics) {
  KEXEC_ASSIGN(const std::string machine, root.MachineName());
  KEXEC_TRY(record.WriteFile("proc/sys/kernel/arch", machine + "\n"));
  if (XenLoads(root)) KEXEC_TRY(WriteXenAnswers(record, root, diagnostics));
  // Of the kernel's log just what a plan needs.
  if (const auto log = ReadKernelLog(root.path())) {
    const std::string records = LpiRecords(*log);
    if (!records.empty()) KEXEC_TRY(record.WriteFile("dev/kmsg", records));
  }
  // A device, which must not be opened to read it: that it is there is all a choice is made from.
  if (root.Exists(kLiveUpdateDevice)) KEXEC_TRY(record.WriteFile(kLiveUpdateDevice, ""));
  if (const auto framebuffer = ReadFramebuffer(root, diagnostics)) {
    KEXEC_TRY(record.WriteFile(kFramebufferRecord, FormatFramebuffer(*framebuffer)));
  }
  return {};
}

// What a file that was read holds, as far as it is recorded; nullopt: nothing.
Result<std::optional<std::string>> Contents(const SystemRoot& root, const std::string& path,
                                            std::optional<size_t> head) {
  if (path == "proc/kallsyms" && head) {
    KEXEC_ASSIGN(std::string lines, ReadTextSymbols(root));
    return std::optional(std::move(lines));
  }
  if (head && HeadMayBeCopied(path)) {
    KEXEC_ASSIGN(const std::vector<std::byte> bytes, root.ReadHead(path, *head));
    return std::optional(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  if (!MayBeCopied(path)) return std::nullopt;
  KEXEC_ASSIGN(std::string text, root.ReadText(path));
  return std::optional(std::move(text));
}

// What goes into the record of it: less with --redact.
Result<std::optional<std::string>> Recorded(const Session& session, const std::string& path,
                                            std::optional<size_t> head) {
  KEXEC_ASSIGN(std::optional<std::string> contents, Contents(session.root, path, head));
  if (!contents || !session.options.redact) return contents;
  KEXEC_ASSIGN(contents, Redacted(path, *std::move(contents)), fmt::format("'{}'", path));
  return contents;
}

}  // namespace

Result<> CaptureMachine(const fs::path& directory, const Session& session) {
  KEXEC_ASSIGN(const NewFolder record, NewFolder::Make(directory));
  KEXEC_ASSIGN(const PathsRead paths, FindPathsRead(session.root.path(), session.diagnostics));
  size_t files = 0;
  for (const auto& [path, head] : paths) {
    if (path == "proc/sys/kernel/arch" || !session.root.Exists(path)) continue;
    if (MayBeCopied(path) && session.root.List(path).has_value()) {
      KEXEC_TRY(record.MakeFolder(path));
      continue;
    }
    const auto contents = Recorded(session, path, head);
    if (!contents.has_value()) {
      session.diagnostics.Warn("{}; it is left out of the record", contents.error().message());
      continue;
    }
    if (!contents->has_value()) continue;
    KEXEC_TRY(record.WriteFile(path, **contents));
    session.diagnostics.Note("recorded {}", path);
    ++files;
  }
  KEXEC_TRY(WriteAnswers(record, session.root, session.diagnostics));
  session.diagnostics.Note("{} files recorded in '{}'", files, directory.string());
  session.diagnostics.Warn("{}", session.options.redact ? kToldRedacted : kTold);
  return {};
}

}  // namespace kexec
