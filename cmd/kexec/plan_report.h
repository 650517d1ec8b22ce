// SPDX-License-Identifier: GPL-2.0-or-later
// A plan for people (text with a picture) and for programs (JSON, docs/json.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cmd/kexec/choose_call.h"
#include "cmd/kexec/load_request.h"
#include "cmd/kexec/options.h"
#include "cmd/kexec/picture.h"
#include "cmd/kexec/segment_load.h"

namespace kexec {

// What a dry run found out. Borrows all of it.
struct PlanReport {
  const Options& options;
  const LoadRequest& request;
  const CallChoice& choice;
  const PreparedLoad* prepared;        // null: kexec_load has no part in it, or could not be planned
  std::optional<std::string> problem;  // why it could not be planned
  uint64_t file_load_flags = 0;

  // The flags as `choice.first` gets them.
  uint64_t Flags() const;
};

// "xxh128", "sha256" or "none".
std::string_view DigestName(DigestKind kind);

// Where a segment's bytes come from: the path of the kernel or of a module, an initrd's name, or "" for what
// Emit made.
std::string SegmentSource(const Segment& segment, const LoadRequest& request);

std::string PlanText(const PlanReport& report, const PictureStyle& style);
std::string PlanJson(const PlanReport& report);

}  // namespace kexec
