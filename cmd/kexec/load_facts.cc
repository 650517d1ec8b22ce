// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "arch/file_load_drawback.h"
#include "cmd/kexec/load_request.h"
#include "kexec/handed_over.h"
#include "kexec/xen_domain.h"
#include "loaders/file_load.h"

namespace kexec {
namespace {

bool HasDmCryptKeys(const SystemRoot& root) {
  const auto count = root.ReadLine("sys/kernel/config/crash_dm_crypt_keys/count");
  return count.has_value() && ParseNumber(*count).value_or(0) > 0;
}

}  // namespace

LoadFacts GatherFacts(const LoadRequest& request, const Options& options, const SystemRoot& root) {
  LoadFacts facts;
  facts.asked = options.call;
  facts.kind = options.slot;
  if (XenLoads(root)) {  // by one call, whichever was asked for
    facts.asked = Call::kLoad;
    return facts;
  }
  facts.needs = options.needs_kexec_load;
  if (request.tree_by_image) facts.needs.emplace_back("the image's device tree");
  facts.prefers = options.prefers_kexec_load;
  facts.initrds = request.initrds.size();
  facts.from_pipe =
      request.kernel_from_pipe || std::ranges::any_of(request.initrds, &RequestedInitrd::from_pipe);
  facts.obstacle = FileLoadObstacle(request.kernel, request.command_line.size());
  facts.foreign_format = !FileLoadKnowsFormat(request.kernel);
  facts.lockdown = LockdownState(root).value_or("");
  facts.handed_over = HandedOver(root);
  facts.file_load_drawback = FileLoadDrawback(request.kernel.machine, options.slot);
  facts.has_dm_crypt_keys = options.slot == LoadKind::kCrash && HasDmCryptKeys(root);
  return facts;
}

}  // namespace kexec
