// SPDX-License-Identifier: GPL-2.0-or-later
#include <variant>

#include "cmd/kexec/json_writer.h"
#include "cmd/kexec/kernel_file.h"
#include "cmd/kexec/plan_report.h"

namespace kexec {
namespace {

void WriteText(JsonWriter& json, std::string_view key, const std::string& text) {
  json.Key(key);
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

void WriteFile(JsonWriter& json, const ImageFile& file, uint64_t bytes) {
  json.Key("path").String(file.path.string());
  json.Key("bytes").Number(bytes);
  json.Key("mapped").Bool(file.mapped);
}

void WriteEmbedding(JsonWriter& json, const std::optional<Embedding>& image) {
  json.Key("embedded_in");
  if (!image) {
    json.Null();
    return;
  }
  json.BeginObject();
  json.Key("type").String(image->type);
  json.Key("bytes").Number(image->bytes);
  WriteText(json, "profile", image->profile);
  WriteText(json, "os_name", image->os_name);
  WriteText(json, "release", image->release);
  WriteText(json, "kernel_compression", image->kernel_packing);
  json.Key("addons").BeginArray();
  for (const auto& addon : image->addons) json.String(addon.string());
  json.EndArray();
  json.EndObject();
}

std::string_view EnteredAs(const KernelImage& kernel, const Options& options) {
  if (EntersInRealMode(kernel, options.rare.real_mode)) return "real-mode";
  if (std::holds_alternative<DirectLinux>(kernel.image)) return "unpacked";
  if (std::holds_alternative<MultibootKernel>(kernel.image)) return "multiboot";
  if (std::holds_alternative<ImageKernel>(kernel.image)) return "image";
  return std::holds_alternative<ElfKernel>(kernel.image) ? "elf" : "bzimage";
}

void WriteKernel(JsonWriter& json, const LoadRequest& request, const Options& options) {
  json.Key("kernel").BeginObject();
  WriteFile(json, request.kernel_file, KernelFileBytes(request));
  WriteText(json, "compression", request.packing ? request.packing->format : "");
  WriteEmbedding(json, request.embedding);
  json.Key("unpacked_bytes").Number(request.kernel_file.bytes.size());
  json.Key("type").String(request.kernel.type);
  json.Key("entered_as").String(EnteredAs(request.kernel, options));
  json.Key("version").String(KernelVersion(request.kernel));
  json.EndObject();
}

void WriteInitrds(JsonWriter& json, const LoadRequest& request) {
  json.Key("initrds").BeginArray();
  for (const RequestedInitrd& initrd : request.initrds) {
    json.BeginObject();
    WriteFile(json, initrd, initrd.file_bytes);
    WriteText(json, "section", initrd.section);
    json.Key("unpacked_bytes").Number(initrd.bytes.size());
    json.EndObject();
  }
  json.EndArray();
}

void WriteModules(JsonWriter& json, const LoadRequest& request) {
  json.Key("modules").BeginArray();
  for (const RequestedModule& module : request.modules) {
    json.BeginObject();
    WriteFile(json, module.file, module.file_bytes);
    json.Key("unpacked_bytes").Number(module.file.bytes.size());
    json.Key("command_line").String(module.command_line);
    json.EndObject();
  }
  json.EndArray();
}

std::string_view AskedName(Call call) {
  switch (call) {
    case Call::kAuto:
      return "auto";
    case Call::kLoad:
      return CallName(KexecCall::kLoad);
    case Call::kFile:
      return CallName(KexecCall::kFileLoad);
  }
  return {};
}

void WriteCall(JsonWriter& json, const PlanReport& report) {
  json.Key("call").BeginObject();
  json.Key("asked").String(AskedName(report.options.call));
  json.Key("first").String(CallName(report.choice.first));
  json.Key("fallback");
  if (report.choice.may_fall_back) {
    json.String(CallName(OtherCall(report.choice.first)));
  } else {
    json.Null();
  }
  json.Key("reason").String(report.choice.reason);
  json.Key("ignored_options").BeginArray();
  for (const std::string& option : report.choice.ignored) json.String(option);
  json.EndArray();
  json.Key("flags").String(fmt::format("{:#x}", report.Flags()));
  json.EndObject();
}

void WriteRange(JsonWriter& json, const PhysRange& range) {
  json.Key("begin").Address(range.begin());
  json.Key("end").Address(range.end());
}

void WriteSegments(JsonWriter& json, const PlanReport& report) {
  const LoadPlan& plan = report.prepared->image.plan();
  json.Key("entry").Address(plan.entry);
  json.Key("command_line").String(plan.command_line);
  json.Key("digest").String(DigestName(report.options.purgatory.digest));
  json.Key("segments").BeginArray();
  for (const Segment& segment : plan.segments) {
    json.BeginObject();
    json.Key("label").String(segment.label);
    WriteRange(json, segment.dest.range());
    json.Key("file_bytes").Number(segment.contents.size());
    json.Key("source");
    if (const std::string source = SegmentSource(segment, report.request); source.empty()) {
      json.Null();
    } else {
      json.String(source);
    }
    json.EndObject();
  }
  json.EndArray();
}

void WriteMachine(JsonWriter& json, const Machine& machine) {
  json.Key("machine").String(machine.name());
  json.Key("memory").BeginArray();
  for (const MemoryRegion& region : machine.memory().regions()) {
    json.BeginObject();
    WriteRange(json, region.range);
    json.Key("type").String(MemoryTypeName(region.type));
    json.EndObject();
  }
  json.EndArray();
  json.Key("crash_regions").BeginArray();
  for (const PhysRange& range : machine.crash_regions()) {
    json.BeginObject();
    WriteRange(json, range);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string PlanJson(const PlanReport& report) {
  JsonWriter json;
  json.BeginObject();
  json.Key("schema").String("kexec-plan/1");
  json.Key("slot").String(report.options.slot == LoadKind::kCrash ? "crash" : "normal");
  WriteKernel(json, report.request, report.options);
  WriteInitrds(json, report.request);
  WriteModules(json, report.request);
  json.Key("command_line").BeginObject();
  json.Key("text").String(report.request.command_line);
  json.Key("bytes").Number(report.request.command_line.size());
  json.Key("limit").Number(CommandLineLimit(report.request.kernel));
  json.EndObject();
  WriteCall(json, report);
  json.Key("plan");
  if (report.prepared == nullptr) {
    json.Null();
  } else {
    json.BeginObject();
    WriteSegments(json, report);
    WriteMachine(json, *report.prepared->machine);
    json.EndObject();
  }
  json.Key("problem");
  if (report.problem) {
    json.String(*report.problem);
  } else {
    json.Null();
  }
  json.EndObject();
  return json.Finish();
}

}  // namespace kexec
