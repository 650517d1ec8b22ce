// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/run.h"

#include "cmd/vmcore-dmesg/exit_status.h"

namespace kexec {
namespace {

int OpenStatus(Errc code) {
  if (code == Errc::kIo) return kDmesgCutShort;
  return code == Errc::kNotRecognised ? kDmesgNotElf : kDmesgBadElf;
}

// Of ReadKernelLog().
int LogStatus(Errc code, LogFormat format) {
  switch (code) {
    case Errc::kUnsupported:
      return format == LogFormat::kLockless ? kDmesgNoLockless : kDmesgNoLog;
    case Errc::kNotRecognised:
      return kDmesgNoAddress;
    case Errc::kIo:
      return kDmesgCutShort;
    default:
      return kDmesgDamaged;
  }
}

template <class Printer>
int PrintWith(Printer printer, const DumpMemory& memory, const VmcoreInfo& info, LogFormat format,
              const Write& complain) {
  const Result<> read = ReadKernelLog(memory, info, format, printer);
  const int status = read.has_value() ? kDmesgOk : LogStatus(read.error().code(), format);
  if (status != kDmesgOk && status != kDmesgDamaged) {
    complain(read.error().message());
    return status;
  }
  // Damage that is found before the first record is one that left none.
  if (status == kDmesgDamaged) printer.Damage(read.error().message());
  const std::vector<std::string> damage = printer.Finish();
  for (const std::string& what : damage) complain(what);
  return damage.empty() ? kDmesgOk : kDmesgDamaged;
}

}  // namespace

int PrintDump(const DmesgOptions& options, std::shared_ptr<const DumpSource> source, const Write& out,
              const Write& complain) {
  const auto fail = [&](const Error& error, int status) {
    complain(fmt::format("'{}': {}", options.dump, error.message()));
    return status;
  };
  const Result<OpenedDump> dump = OpenDump(std::move(source));
  if (!dump.has_value()) return fail(dump.error(), OpenStatus(dump.error().code()));
  const Result<VmcoreInfo> info = ReadVmcoreInfo(*dump);
  if (!info.has_value()) {
    return fail(info.error(), info.error().code() == Errc::kIo ? kDmesgCutShort : kDmesgNoInfo);
  }
  const Result<LogFormat> format = FindLogFormat(*info);
  if (!format.has_value()) return fail(format.error(), kDmesgNoLog);
  const DumpMemory memory(*dump, *info);
  const Write named = [&](std::string_view what) { complain(fmt::format("'{}': {}", options.dump, what)); };
  if (options.json)
    return PrintWith(JsonPrinter(options, *info, *format, out), memory, *info, *format, named);
  return PrintWith(TextPrinter(options, out), memory, *info, *format, named);
}

}  // namespace kexec
