// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/given_tree.h"

#include <utility>

#include "loaders/dtb/device_tree.h"

namespace kexec {

Result<X86Facts> WithGivenTree(X86Facts facts, const NamedFile& tree, const LinuxImage& image) {
  if (image.protocol < kProtocolSetupData) {
    return Fail(
        Errc::kUnsupported,
        "this kernel takes no device tree: its boot protocol is {}.{:02}, and 2.09 brought the list it "
        "would be in; leave out --dtb",
        image.protocol >> 8, image.protocol & 0xff);
  }
  KEXEC_ASSIGN(const DeviceTree parsed, DeviceTree::Parse(tree.contents.view()),
               fmt::format("device tree '{}'", tree.name));
  std::erase_if(facts.setup_data, [](const SetupData& data) { return data.type == SetupDataType::kDtb; });
  facts.setup_data.push_back({SetupDataType::kDtb, parsed.Packed()});
  return facts;
}

}  // namespace kexec
