// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/running_kernel.h"

#include <algorithm>
#include <string>

namespace kexec {
namespace {

constexpr std::string_view kNodes = "sys/kernel/boot_params/setup_data";
// Option ROMs are the largest nodes known: a few hundred KiB each.
constexpr size_t kMaxCarriedBytes = 16 << 20;

bool IsCarried(uint32_t type) {
  switch (static_cast<SetupDataType>(type)) {
    case SetupDataType::kDtb:
    case SetupDataType::kPci:
    case SetupDataType::kAppleProperties:
    case SetupDataType::kJailhouse:
    case SetupDataType::kCcBlob:
      return true;
    default:
      return false;
  }
}

// nullopt: a node that is not handed on.
Result<std::optional<SetupData>> ReadNode(const SystemRoot& root, const std::string& folder) {
  KEXEC_ASSIGN(const std::string text, root.ReadLine(folder + "/type"));
  const auto shown = ParseNumber(text);
  if (!shown || *shown > UINT32_MAX) {
    return Fail(Errc::kMalformed, "'{}/type': '{}' is not a type", (root.path() / folder).string(), text);
  }
  // The running kernel shows the contents of an indirect node (type with bit 31) as if it were a direct one.
  const uint32_t type = static_cast<uint32_t>(*shown) & ~kSetupIndirect;
  if (!IsCarried(type)) return std::nullopt;
  KEXEC_ASSIGN(std::vector<std::byte> payload, root.ReadBinary(folder + "/data"));
  return SetupData{static_cast<SetupDataType>(type), std::move(payload)};
}

}  // namespace

std::optional<BootParams> ReadRunningBootParams(const SystemRoot& root, Diagnostics& diagnostics) {
  for (const char* path : {"sys/kernel/boot_params/data", "sys/kernel/debug/boot_params/data"}) {
    if (!root.Exists(path)) continue;
    const auto bytes = root.ReadBinary(path);
    if (!bytes) {
      diagnostics.Note("{}", bytes.error().message());
      continue;
    }
    if (auto params = ReadAt<BootParams>(*bytes, 0)) return params;
    diagnostics.Warn("'{}' has {:#x} bytes, boot_params have {:#x}; it is not used",
                     (root.path() / path).string(), bytes->size(), sizeof(BootParams));
  }
  diagnostics.Note(
      "the running kernel shows no boot_params: the new kernel gets no screen_info, EDD, EDID and EFI");
  return std::nullopt;
}

std::vector<SetupData> ReadCarriedSetupData(const SystemRoot& root, Diagnostics& diagnostics) {
  std::vector<SetupData> carried;
  if (!root.Exists(kNodes)) return carried;
  const auto names = root.List(kNodes);
  if (!names) {
    diagnostics.Warn("{}; the firmware data in it is not handed on", names.error().message());
    return carried;
  }
  size_t total = 0;
  for (const std::string& name : *names) {
    auto node = ReadNode(root, fmt::format("{}/{}", kNodes, name));
    if (!node) {
      diagnostics.Warn("{}; it is not handed on", node.error().message());
      continue;
    }
    if (!node->has_value()) continue;
    if ((*node)->payload.size() > kMaxCarriedBytes - total) {
      diagnostics.Warn("'{}/{}' is not handed on: with its {:#x} bytes all nodes exceed {:#x}", kNodes, name,
                       (*node)->payload.size(), kMaxCarriedBytes);
      continue;
    }
    total += (*node)->payload.size();
    carried.push_back(*std::move(*node));
  }
  return carried;
}

}  // namespace kexec
