// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/segment_load.h"

#include <cstring>

#include "kexec/submit.h"

namespace kexec {
namespace {

// From the kernel's own generator; a dry run shows the first of the possible places each time.
std::optional<std::array<uint64_t, 2>> KaslrSeed(const Session& session) {
  std::array<uint64_t, 2> numbers{};
  if (session.options.dry_run) return numbers;
  const auto seed = session.host.RandomSeed();
  if (!seed) return std::nullopt;
  std::memcpy(numbers.data(), seed->data(), sizeof(numbers));
  return numbers;
}

Result<std::unique_ptr<BootInputs>> MakeInputs(const LoadRequest& request, const Session& session) {
  const Options& options = session.options;
  const auto window = PhysRange::FromInclusive(options.mem_min, options.mem_max);
  if (!window) {
    return Fail(Errc::kUsage, "--mem-min {:#x} is above --mem-max {:#x}", options.mem_min.raw(),
                options.mem_max.raw());
  }
  std::vector<SharedBytes> initrds;
  for (const ImageFile& file : request.initrds) initrds.push_back(file.bytes);
  std::vector<BootModule> modules;
  for (const RequestedModule& module : request.modules) {
    modules.push_back({module.file.bytes, module.command_line});
  }
  // A dry run shows the same plan each time, with room for a seed in it.
  const auto seed = options.dry_run ? std::array<std::byte, 32>() : session.host.RandomSeed();
  return std::make_unique<BootInputs>(BootInputs{
      .kernel = request.kernel,
      .kernel_name = request.kernel_file.path.string(),
      .initrds = std::move(initrds),
      .modules = std::move(modules),
      .command_line = request.command_line,
      .kind = options.slot,
      .window = *window,
      .live_update = options.rare.live_update,
      .entry = options.entry,
      .preserve_context = options.rare.preserve_context,
      .pass_efi = !options.no_efi,
      .entry_32bit = options.rare.entry_32bit,
      .real_mode = options.rare.real_mode,
      .elf_handover = options.rare.elf_handover,
      .purgatory = options.purgatory,
      .crash = {.hotplug = options.rare.hotplug, .memmap_on_command_line = options.rare.pass_memmap_cmdline},
      .device_tree = request.device_tree,
      .rng_seed = seed,
      .kaslr_seed = KaslrSeed(session),
  });
}

void DescribeMemory(const MemoryMap& map, Diagnostics& diagnostics) {
  diagnostics.Note("memory: {} ranges, {:#x} bytes of RAM", map.regions().size(), map.ram_bytes());
  for (const MemoryRegion& region : map.regions()) {
    diagnostics.Note("  {} {}", ToString(region.range), MemoryTypeName(region.type));
  }
}

void DescribePlan(const LoadPlan& plan, Diagnostics& diagnostics) {
  diagnostics.Note("plan: entry {:#x}, {} segments", plan.entry.raw(), plan.segments.size());
  for (const Segment& segment : plan.segments) {
    diagnostics.Note("  {:<14} {} {:#x} bytes of memory, {:#x} filled", segment.label,
                     ToString(segment.dest.range()), segment.dest.size(), segment.contents.size());
  }
}

}  // namespace

Result<PreparedLoad> PrepareLoad(const LoadRequest& request, const Session& session) {
  Diagnostics& diagnostics = session.diagnostics;
  KEXEC_ASSIGN(auto inputs, MakeInputs(request, session));
  KEXEC_ASSIGN(auto machine, ReadMachine(session.root, inputs->kind, diagnostics));
  DescribeMemory(machine->memory(), diagnostics);
  KEXEC_ASSIGN(const auto placed,
               machine->Place(*inputs, diagnostics));  // from here on every address is fixed
  KEXEC_ASSIGN(LoadPlan plan, placed->Emit());         // from here on every byte is fixed
  DescribePlan(plan, diagnostics);
  KEXEC_ASSIGN(ValidatedImage image, Validate(std::move(plan), machine->limits()));
  return PreparedLoad{std::move(machine), std::move(inputs), std::move(image)};
}

Result<> LoadBySegments(const LoadRequest& request, const Session& session) {
  KEXEC_ASSIGN(const PreparedLoad prepared, PrepareLoad(request, session));
  KEXEC_TRY(session.files.Unchanged());  // the kernel drops what is loaded before it looks at what comes
  return Submit(prepared.image, session.kernel, session.root, prepared.machine->arch_flag());
}

}  // namespace kexec
