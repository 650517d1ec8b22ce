// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/cmd/describe_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kexec::testing {
namespace {

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kHelp:
      return "help";
    case Mode::kVersion:
      return "version";
    case Mode::kStatus:
      return "status";
    case Mode::kPrintCrashSize:
      return "print crash size";
    case Mode::kEstimateCrash:
      return "estimate crash";
    case Mode::kListTypes:
      return "list types";
    case Mode::kListEntries:
      return "list boot entries";
    case Mode::kCapture:
      return "capture";
    case Mode::kUnload:
      return "unload";
    case Mode::kExecute:
      return "execute";
    case Mode::kJumpBack:
      return "jump back";
    case Mode::kLoad:
      return "load";
    case Mode::kLoadAndExecute:
      return "load and execute";
    case Mode::kLoadAndShutdown:
      return "load and shutdown";
  }
  return "?";
}

class Description {
 public:
  explicit Description(std::string_view first) : parts_{std::string(first)} {}

  void Flag(bool value, std::string_view name) {
    if (value) parts_.emplace_back(name);
  }
  void Text(std::string_view name, std::string_view value) {
    parts_.push_back(fmt::format("{} {}", name, value));
  }
  void Line(std::string text) { parts_.push_back(std::move(text)); }
  std::string Joined() const { return fmt::format("{}", fmt::join(parts_, "; ")); }

 private:
  std::vector<std::string> parts_;
};

void AddPurgatory(const PurgatoryOptions& purgatory, Description& out) {
  out.Flag(purgatory.digest == DigestKind::kNone, "no digest");
  out.Flag(purgatory.digest == DigestKind::kSha256, "sha256");
  out.Flag(purgatory.console_serial, "console serial");
  out.Flag(purgatory.console_vga, "console vga");
  out.Flag(purgatory.reset_vga, "reset vga");
  if (purgatory.serial_port != 0x3f8) out.Line(fmt::format("port {:#x}", purgatory.serial_port));
  if (!purgatory.serial_device.empty()) out.Text("device", purgatory.serial_device);
  if (purgatory.serial_baud) out.Line(fmt::format("baud {}", *purgatory.serial_baud));
}

void AddRare(const RareOptions& rare, Description& out) {
  out.Flag(rare.preserve_context, "preserve context");
  out.Flag(rare.live_update, "live update");
  out.Flag(rare.reuse_initrd, "reuse initrd");
  out.Flag(rare.hotplug, "hotplug");
  out.Flag(rare.no_cma, "no cma");
  out.Flag(rare.force_dtb, "force dtb");
  out.Flag(rare.real_mode, "real mode");
  out.Flag(rare.entry_32bit, "entry 32bit");
  out.Flag(rare.pass_memmap_cmdline, "memmap on cmdline");
  out.Flag(rare.reuse_video_type, "reuse video type");
  if (rare.core_header_bits != 0) out.Line(fmt::format("core headers {}", rare.core_header_bits));
  out.Flag(rare.elf_handover == ElfHandover::kElf, "args elf");
  out.Flag(rare.elf_handover == ElfHandover::kLinux, "args linux");
  out.Flag(rare.elf_handover == ElfHandover::kPvh, "args pvh");
  out.Flag(rare.elf_handover == ElfHandover::kNone, "args none");
  for (const std::string& module : rare.modules) out.Text("module", module);
  if (rare.dtb) out.Text("dtb", rare.dtb->string());
  for (const auto& overlay : rare.dtb_overlays) out.Text("overlay", overlay.string());
}

void AddOutput(const Options& options, Description& out) {
  out.Flag(options.no_ifdown, "no ifdown");
  out.Flag(options.no_sync, "no sync");
  out.Flag(options.debug, "debug");
  out.Flag(options.quiet, "quiet");
  out.Flag(options.dry_run, "dry run");
  out.Flag(options.json, "json");
  out.Flag(options.color == Color::kAlways, "color always");
  out.Flag(options.color == Color::kNever, "color never");
  if (options.root) out.Text("root", options.root->string());
  if (options.capture) out.Text("capture", options.capture->string());
  out.Flag(options.redact, "redact");
}

}  // namespace

std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool quoted = false;
  bool inside = false;
  for (const char c : line) {
    if (c == ' ' && !quoted) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == '\'') {
      quoted = !quoted;
    } else {
      words.back() += c;
    }
  }
  return words;
}

Result<Options> Parse(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return ParseArguments(views);
}

Result<Options> Parse(std::string_view line) { return Parse(SplitWords(line)); }

std::string Describe(const Options& options) {
  Description out(ModeName(options.mode));
  out.Flag(options.slot == LoadKind::kCrash, "crash");
  out.Flag(options.call == Call::kLoad, "kexec_load");
  out.Flag(options.call == Call::kFile, "kexec_file_load");
  if (!options.kernel.empty()) out.Text("kernel", options.kernel.string());
  for (const auto& initrd : options.initrds) out.Text("initrd", initrd.string());
  if (options.append) out.Text("append", fmt::format("'{}'", *options.append));
  out.Flag(options.reuse_cmdline, "reuse cmdline");
  if (options.boot_entry) out.Text("boot entry", *options.boot_entry);
  if (options.profile) out.Text("profile", *options.profile);
  for (const auto& addon : options.addons) out.Text("addon", addon.string());
  out.Flag(options.no_embedded, "no embedded");
  out.Flag(options.keep_embedded, "keep embedded");
  out.Flag(options.decompress, "decompress");
  out.Flag(options.decompress_initrd, "decompress initrd");
  if (options.type) out.Text("type", *options.type);
  if (options.mem_min != PhysAddr(0)) out.Line(fmt::format("from {:#x}", options.mem_min.raw()));
  if (options.mem_max != PhysAddr(UINT64_MAX)) out.Line(fmt::format("to {:#x}", options.mem_max.raw()));
  if (options.entry) out.Line(fmt::format("entry {:#x}", options.entry->raw()));
  out.Flag(options.no_efi, "no efi");
  AddPurgatory(options.purgatory, out);
  AddRare(options.rare, out);
  AddOutput(options, out);
  for (const std::string& name : options.needs_kexec_load) out.Text("needs kexec_load:", name);
  for (const std::string& name : options.prefers_kexec_load) out.Text("prefers kexec_load:", name);
  for (const std::string& warning : options.warnings) out.Text("!", warning);
  return out.Joined();
}

std::string Describe(const Result<Options>& result) {
  return result.has_value() ? Describe(*result) : fmt::format("error: {}", result.error().message());
}

}  // namespace kexec::testing
