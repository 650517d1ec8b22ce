// SPDX-License-Identifier: LGPL-2.1-or-later
#include "capi/load.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "kexec/file_call.h"
#include "kexec/handed_over.h"
#include "kexec/submit.h"
#include "loaders/decompress.h"
#include "loaders/file_load.h"
#include "loaders/initrd.h"
#include "loaders/kernel_image.h"
#include "loaders/types.h"

namespace kexec::capi {
namespace {

// The parts of a plan that borrow from each other, kept alive together.
struct Prepared {
  std::unique_ptr<BootInputs> inputs;
  std::unique_ptr<Machine> machine;
  ValidatedImage image;
};

Result<const SystemRoot*> RootOf(const kexec_request& request) {
  const auto& root = request.context->root;
  if (!root) return Fail(Errc::kUsage, "the machine of this context could not be opened");
  return &*root;
}

Result<KernelImage> ParseRequested(const kexec_request& request) {
  if (!request.kernel) return Fail(Errc::kUsage, "the request names no kernel; set one first");
  Diagnostics& messages = request.context->messages;
  const std::string& path = request.kernel->path.native();
  const std::string context = fmt::format("cannot load '{}'", path);
  KEXEC_ASSIGN(const UnpackedKernel unpacked, UnpackKernel(request.kernel->bytes, messages), context);
  KEXEC_ASSIGN(const SystemRoot* root, RootOf(request));
  const std::string machine = root->MachineName().value_or("");  // else refused when the machine is read
  KEXEC_ASSIGN(const std::string_view type, TypeInside(request.type, unpacked.layers), context);
  KEXEC_ASSIGN(KernelImage image, ParseKernel(unpacked.bytes, type, messages, {.machine = machine}), context);
  for (const ImageFile& initrd : request.initrds) {
    KEXEC_TRY(CheckInitrd(initrd.bytes.view(), initrd.path.native(), messages));
  }
  const uint64_t limit = CommandLineLimit(image);
  if (request.command_line.size() > limit) {
    return Fail(Errc::kDoesNotFit, "the command line is {} bytes long, and this kernel takes {}",
                request.command_line.size(), limit);
  }
  return image;
}

// From the host's generator; none for a recorded machine, whose plan should be the same each time.
std::optional<std::array<std::byte, 32>> RandomSeed(const SystemRoot& root) {
  if (!root.live()) return std::nullopt;
  const UniqueFd fd(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
  std::array<std::byte, 32> seed{};
  if (!fd.valid() || read(fd.get(), seed.data(), seed.size()) != ssize_t{seed.size()}) return std::nullopt;
  return seed;
}

Result<Prepared> Prepare(const kexec_request& request, KernelImage image) {
  KEXEC_ASSIGN(const SystemRoot* root, RootOf(request));
  Diagnostics& messages = request.context->messages;
  PurgatoryOptions purgatory;  // not in place: GCC 12 then warns at -O3 of what is not initialised
  purgatory.digest = request.digest;
  auto inputs = std::make_unique<BootInputs>(BootInputs{
      .kernel = std::move(image),
      .kernel_name = request.kernel->path.string(),
      .initrds = {},
      .command_line = request.command_line,
      .kind = request.kind,
      .window = *PhysRange::FromBounds(PhysAddr(0), PhysAddr(UINT64_MAX)),
      .entry = std::nullopt,
      .purgatory = std::move(purgatory),
      .rng_seed = RandomSeed(*root),
  });
  for (const ImageFile& initrd : request.initrds) inputs->initrds.push_back(initrd.bytes);
  KEXEC_ASSIGN(auto machine, ReadMachine(*root, request.kind, messages));
  KEXEC_ASSIGN(const auto placed, machine->Place(*inputs, messages));
  KEXEC_ASSIGN(LoadPlan plan, placed->Emit());
  KEXEC_ASSIGN(ValidatedImage proved, Validate(std::move(plan), machine->limits()));
  return Prepared{std::move(inputs), std::move(machine), std::move(proved)};
}

// What stands against kexec_file_load; empty: nothing known.
std::string Obstacle(const kexec_request& request, const KernelImage& image) {
  if (!request.kernel->fd.valid()) return "the kernel came through a pipe";
  if (IdentifyCompression(request.kernel->bytes.view())) return "the kernel's file is compressed";
  if (request.initrds.size() > 1) return "it takes one initrd";
  for (const ImageFile& initrd : request.initrds) {
    if (!initrd.fd.valid()) return "the initrd came through a pipe";
  }
  if (request.digest != DigestKind::kXxh128) return "the digest asked for needs kexec_load";
  return FileLoadObstacle(image, request.command_line.size());
}

Result<> LoadByFile(const kexec_request& request, const SystemRoot& root, const FileWatch& files) {
  FileLoad load{
      .kind = request.kind, .kernel_fd = request.kernel->fd.get(), .command_line = request.command_line};
  load.bytes = request.kernel->bytes.size();
  load.flags = NoCmaFlag(request.kind, root);
  for (const ImageFile& initrd : request.initrds) {
    load.initrd_fd = initrd.fd.get();
    load.bytes += initrd.bytes.size();  // both are mapped, so their sum exists
  }
  KEXEC_TRY(files.Unchanged());  // the kernel drops what is loaded before it looks at what comes
  return SubmitFile(load, *request.context->kernel, root);
}

Result<> LoadBySegments(const kexec_request& request, const SystemRoot& root, KernelImage image,
                        const FileWatch& files) {
  KEXEC_ASSIGN(const Prepared prepared, Prepare(request, std::move(image)));
  KEXEC_TRY(files.Unchanged());  // as above
  return Submit(prepared.image, *request.context->kernel, root, prepared.machine->arch_flag());
}

// `why` stands in kexec_file_load's way, and the other call would lose what is handed over.
std::string WouldLose(std::string_view why, std::string_view lost) {
  return fmt::format("{}; kexec_load would lose {}: ask for KEXEC_CALL_LOAD to lose it", why, lost);
}

Result<> CheckNothingLost(const std::string& obstacle, const std::string& lost) {
  if (lost.empty()) return {};
  return Fail(Errc::kUnsupported, "kexec_file_load cannot load this: {}", WouldLose(obstacle, lost));
}

std::string JsonString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Result<Prepared> PrepareForShow(const kexec_request& request) {
  KEXEC_ASSIGN(KernelImage image, ParseRequested(request));
  return Prepare(request, std::move(image));
}

Result<> LoadWatched(const kexec_request& request, const SystemRoot& root, const FileWatch& files) {
  KEXEC_ASSIGN(KernelImage image, ParseRequested(request));
  const std::string lost = request.kind == LoadKind::kNormal ? HandedOver(root) : "";
  if (request.call == KEXEC_CALL_LOAD) {
    if (!lost.empty()) {
      request.context->messages.Warn("the next kernel does not get {}: kexec_load loses it", lost);
    }
    return LoadBySegments(request, root, std::move(image), files);
  }
  const std::string obstacle = Obstacle(request, image);
  const bool file_only = request.call == KEXEC_CALL_FILE;
  if (!obstacle.empty() && file_only) {
    return Fail(Errc::kUnsupported, "kexec_file_load cannot load this: {}", obstacle);
  }
  if (!obstacle.empty()) {
    KEXEC_TRY(CheckNothingLost(obstacle, lost));
    return LoadBySegments(request, root, std::move(image), files);
  }
  Result<> loaded = LoadByFile(request, root, files);
  if (loaded.has_value() || file_only || !FallbackMayHelp(loaded.error().sys_errno())) return loaded;
  if (!lost.empty()) {
    const Error& error = loaded.error();
    return std::unexpected(Error(error.code(), error.sys_errno(), WouldLose(error.message(), lost)));
  }
  request.context->messages.Warn("{}; falling back to kexec_load", loaded.error().message());
  return LoadBySegments(request, root, std::move(image), files);
}

}  // namespace

Result<std::string> PlanText(const kexec_request& request) {
  KEXEC_ASSIGN(const Prepared prepared, PrepareForShow(request));
  const LoadPlan& plan = prepared.image.plan();
  std::string text = fmt::format("entry {:#x}\n", plan.entry.raw());
  for (const Segment& segment : plan.segments) {
    text += fmt::format("{:<14} {} {:#x} bytes from files\n", segment.label, ToString(segment.dest.range()),
                        segment.contents.size());
  }
  return text;
}

Result<std::string> PlanJson(const kexec_request& request) {
  KEXEC_ASSIGN(const Prepared prepared, PrepareForShow(request));
  const LoadPlan& plan = prepared.image.plan();
  std::string segments;
  for (const Segment& segment : plan.segments) {
    segments += fmt::format(R"({}{{"label":{},"begin":"{:#x}","end":"{:#x}","file_bytes":{}}})",
                            segments.empty() ? "" : ",", JsonString(segment.label),
                            segment.dest.begin().raw(), segment.dest.end().raw(), segment.contents.size());
  }
  const std::string_view kind = plan.kind == LoadKind::kCrash ? "crash" : "normal";
  return fmt::format(R"({{"kind":"{}","entry":"{:#x}","segments":[{}]}})", kind, plan.entry.raw(), segments);
}

Result<> Load(const kexec_request& request) {
  KEXEC_ASSIGN(const SystemRoot* root, RootOf(request));
  Syscalls* kernel = request.context->kernel.get();
  if (kernel == nullptr) {
    return Fail(Errc::kUsage, "'{}' is a recorded machine: requests can be planned there, not loaded",
                root->path().string());
  }
  FileWatch files;
  WatchFiles(request, files);
  const Result<> loaded = LoadWatched(request, *root, files);
  const Result<> same = files.Unchanged();
  if (same.has_value()) return loaded;
  if (!loaded.has_value()) return same;  // which is why
  // What was loaded from a file that changed would end at the jump.
  const Result<> unloaded = kexec::Unload(request.kind, *kernel, *root, 0);
  return Fail(Errc::kIo, "{}; what was loaded from it is {}", same.error().message(),
              unloaded.has_value() ? "unloaded again" : "damaged and cannot be unloaded: load again");
}

void WatchFiles(const kexec_request& request, FileWatch& files) {
  if (request.kernel) files.Include(request.kernel->mapping);
  for (const ImageFile& initrd : request.initrds) files.Include(initrd.mapping);
}

}  // namespace kexec::capi
