// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/redact.h"

#include <algorithm>
#include <span>
#include <vector>

#include "arch/x86_64/boot_params.h"
#include "cmd/kexec/command_line.h"
#include "loaders/dtb/device_tree.h"
#include "loaders/dtb/identity.h"

namespace kexec {
namespace {

constexpr std::string_view kUnfoldedTree = "proc/device-tree/";
constexpr std::string_view kSetupData = "boot_params/setup_data/";
constexpr std::string_view kTreeMagic = "\xd0\x0d\xfe\xed";  // Devicetree Specification, 5.2
constexpr const char* kArguments = "bootargs";

std::span<std::byte> BytesOf(std::string& text) { return std::as_writable_bytes(std::span(text)); }

std::string TextOf(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// A string of a tree, with its zero.
std::string RedactedArguments(std::string_view value) {
  return HideSecrets(value.substr(0, value.find('\0'))) + '\0';
}

Result<std::string> RedactedTree(std::string_view blob) {
  KEXEC_ASSIGN(const std::vector<std::byte> blank, WithoutIdentity(std::as_bytes(std::span(blob))));
  KEXEC_ASSIGN(DeviceTree tree, DeviceTree::Parse(blank));
  const auto arguments = tree.Property("/chosen", kArguments);
  if (!arguments) return TextOf(blank);
  const std::string redacted = RedactedArguments(TextOf(*arguments));
  KEXEC_TRY(tree.SetProperty("/chosen", kArguments, std::as_bytes(std::span(redacted))));
  return TextOf(tree.Packed());
}

std::string RedactedProperty(std::string_view name, std::string value) {
  if (name == kArguments) return RedactedArguments(value);
  if (IdentifiesMachine(name)) BlankValue(BytesOf(value));
  return value;
}

// EDID has the display's serial number.
std::string WithoutDisplay(std::string boot_params) {
  constexpr size_t kAt = offsetof(BootParams, edid_info);
  if (boot_params.size() <= kAt) return boot_params;
  const size_t bytes = std::min(sizeof(BootParams::edid_info), boot_params.size() - kAt);
  return boot_params.replace(kAt, bytes, bytes, '\0');
}

}  // namespace

Result<std::string> Redacted(std::string_view path, std::string contents) {
  if (path == "proc/cmdline") return HideSecrets(contents);
  if (contents.starts_with(kTreeMagic)) return RedactedTree(contents);
  if (path.starts_with(kUnfoldedTree)) {
    return RedactedProperty(path.substr(path.rfind('/') + 1), std::move(contents));
  }
  if (path.ends_with("boot_params/data")) return WithoutDisplay(std::move(contents));
  if (path.contains(kSetupData) && path.ends_with("/data")) return std::string(contents.size(), '\0');
  return contents;
}

}  // namespace kexec
