// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <iterator>
#include <variant>

#include "cmd/kexec/kernel_file.h"
#include "cmd/kexec/plan_report.h"
#include "kexec/printable.h"

namespace kexec {
namespace {

void Row(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "{:<13} {}\n", name, value);
}

constexpr std::string_view kNextLine = "\n              ";

// "name (1.5 MiB, through a pipe)"; `file_bytes` are those of the file, `used` what is made of it.
std::string FileFacts(const std::string& name, uint64_t file_bytes, uint64_t used, bool from_pipe) {
  return fmt::format("{} ({}{}{})", Printable(name), HumanSize(file_bytes),
                     from_pipe ? ", through a pipe" : "",
                     used == file_bytes ? "" : ", unpacked " + HumanSize(used));
}

// As FileFacts; of a compressed kernel what the file is and what it holds.
std::string KernelFileFacts(const LoadRequest& request) {
  const uint64_t bytes = KernelFileBytes(request);
  std::string facts = FileFacts(request.kernel_file.path.string(), bytes, bytes, request.kernel_from_pipe);
  const uint64_t unpacked = request.embedding ? request.embedding->bytes : request.kernel_file.bytes.size();
  if (request.packing) {
    facts += fmt::format("{}{}, unpacked {}", kNextLine, request.packing->format, HumanSize(unpacked));
  }
  if (!request.embedding) return facts;
  const Embedding& image = *request.embedding;
  facts += fmt::format("{}{}{}{}, its kernel {}{}{}", kNextLine, image.type,
                       image.profile.empty() ? "" : ", ", Printable(image.profile), image.kernel_packing,
                       image.kernel_packing.empty() ? "" : ", unpacked ",
                       HumanSize(request.kernel_file.bytes.size()));
  if (!image.os_name.empty()) facts += fmt::format("{}{}", kNextLine, Printable(image.os_name));
  for (const auto& addon : image.addons) {
    facts += fmt::format("{}add-on {}", kNextLine, Printable(addon.string()));
  }
  return facts;
}

uint64_t PieceBytes(const std::vector<LoadPiece>& pieces) {
  uint64_t bytes = 0;
  for (const LoadPiece& piece : pieces) bytes += piece.contents.size();  // slices of one file
  return bytes;
}

std::string FactsOf(const BzImage& image) {
  return fmt::format(", boot protocol {}.{:02}", image.protocol >> 8, image.protocol & 0xff);
}

std::string FactsOf(const DirectLinux& image) {
  return fmt::format("{}, entered unpacked: {}", FactsOf(image.packed),
                     HumanSize(PieceBytes(image.unpacked.pieces)));
}

std::string FactsOf(const ElfKernel& image) {
  return fmt::format(", {}{}", image.is_linux ? "Linux" : "not Linux", image.pvh_entry ? ", PVH entry" : "");
}

std::string FactsOf(const MultibootKernel& image) {
  return fmt::format(", multiboot {}{}", image.version, image.relocation ? ", relocatable" : "");
}

std::string FactsOf(const ImageKernel& image) {
  return fmt::format(", runs in {}{}", HumanSize(image.image_size), image.big_endian ? ", big-endian" : "");
}

std::string KernelFacts(const LoadRequest& request, const Options& options) {
  const KernelImage& kernel = request.kernel;
  std::string facts = fmt::format("{}{}{}{}", KernelFileFacts(request), kNextLine, kernel.type,
                                  std::visit([](const auto& image) { return FactsOf(image); }, kernel.image));
  // The release; who built it and when follows behind a blank.
  if (const std::string release = KernelRelease(kernel); !release.empty()) {
    facts += ", " + Printable(release);
  }
  if (EntersInRealMode(kernel, options.rare.real_mode)) {
    facts += fmt::format("{}entered in real mode because {}", kNextLine, WhyRealMode(kernel));
  }
  return facts;
}

void AppendFiles(std::string& out, const LoadRequest& request) {
  for (const RequestedInitrd& initrd : request.initrds) {
    Row(out, "initrd",
        FileFacts(InitrdName(initrd), initrd.file_bytes, initrd.bytes.size(), initrd.from_pipe));
  }
  for (const RequestedModule& module : request.modules) {
    Row(out, "module",
        FileFacts(module.file.path.string(), module.file_bytes, module.file.bytes.size(), false));
    Row(out, "", Printable(module.command_line));
  }
}

void AppendWhat(std::string& out, const PlanReport& report) {
  const LoadRequest& request = report.request;
  const CallChoice& choice = report.choice;
  Row(out, "kernel", KernelFacts(request, report.options));
  AppendFiles(out, request);
  Row(out, "command line",
      fmt::format("{} of {} bytes", request.command_line.size(), CommandLineLimit(request.kernel)));
  if (!request.command_line.empty()) Row(out, "", Printable(request.command_line));
  Row(out, "call", DescribeCall(choice));
  Row(out, "", fmt::format("because {}", Printable(choice.reason)));
  Row(out, "flags", fmt::format("{:#x}", report.Flags()));
}

void AppendTable(std::string& out, const PlanReport& report) {
  const LoadPlan& plan = report.prepared->image.plan();
  const std::string letters = SegmentLetters(plan.segments);
  fmt::format_to(std::back_inserter(out), "\n  {:<14} {:<27} {:>9} {:>10}  {}\n", "segment", "destination",
                 "memory", "file bytes", "source");
  for (size_t i = 0; i < plan.segments.size(); ++i) {
    const Segment& segment = plan.segments[i];
    const std::string source = SegmentSource(segment, report.request);
    fmt::format_to(std::back_inserter(out), "{} {:<14} {:<27} {:>9} {:>10}  {}\n", letters[i], segment.label,
                   ToString(segment.dest.range()), HumanSize(segment.dest.size()), segment.contents.size(),
                   source.empty() ? "made here" : Printable(source));
  }
}

// What the picture shows: all of memory, or the one region a crash kernel is loaded into.
MemoryMap DrawnMemory(const PlanReport& report) {
  const Machine& machine = *report.prepared->machine;
  if (report.prepared->image.plan().kind == LoadKind::kNormal) return machine.memory();
  std::vector<MemoryRegion> regions;
  for (const PhysRange& range : machine.limits().crash_regions) regions.push_back({range, MemoryType::kRam});
  return MemoryMap::FromRegions(std::move(regions));
}

void AppendPicture(std::string& out, const PlanReport& report, const PictureStyle& style) {
  const MemoryMap memory = DrawnMemory(report);
  const LoadPlan& plan = report.prepared->image.plan();
  uint64_t taken = 0;
  for (const Segment& segment : plan.segments) taken += segment.dest.size();
  out += '\n';
  if (!memory.ram().empty()) {
    const auto span = PhysRange::FromBounds(memory.ram().front().begin(), memory.ram().back().end());
    fmt::format_to(std::back_inserter(out), "{} {}, {} of RAM\n",
                   plan.kind == LoadKind::kCrash ? "crash region" : "memory", span ? ToString(*span) : "",
                   HumanSize(memory.ram_bytes()));
  }
  out += DrawMemory(memory, plan.segments, style);
  fmt::format_to(std::back_inserter(out), " letters: segments ({}); {}: RAM; blank: not RAM; not to scale\n",
                 HumanSize(taken), style.utf8 ? "░" : ".");
}

}  // namespace

std::string PlanText(const PlanReport& report, const PictureStyle& style) {
  std::string out;
  AppendWhat(out, report);
  if (report.problem)
    Row(out, "kexec_load", fmt::format("cannot be planned: {}", Printable(*report.problem)));
  if (report.prepared == nullptr) {
    Row(out, "segments", "placed by the running kernel");
    return out;
  }
  if (report.choice.first == KexecCall::kFileLoad) {
    Row(out, "", "the running kernel places the segments; with kexec_load it would be:");
  }
  const LoadPlan& plan = report.prepared->image.plan();
  Row(out, "entry", fmt::format("{:#x}", plan.entry.raw()));
  Row(out, "digest", DigestName(report.options.purgatory.digest));
  if (plan.command_line.size() > report.request.command_line.size()) {
    Row(out, "told besides", Printable(plan.command_line.substr(report.request.command_line.size() + 1)));
  }
  AppendTable(out, report);
  AppendPicture(out, report, style);
  return out;
}

}  // namespace kexec
