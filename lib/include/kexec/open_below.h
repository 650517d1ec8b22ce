// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening what lies below a directory that may belong to somebody else: no link leads out of it, whatever its
// owner changes meanwhile. SystemRoot reads recorded machines so, and --capture writes its record so.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "kexec/export.h"
#include "kexec/file.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class LinkRule {
  kInside,  // followed as if the directory were "/": neither an absolute link nor ".." leads out of it
  kNone,    // a link on the way is ELOOP
};

struct OpenHow {
  int flags = 0;  // of openat(2)
  mode_t mode = 0;
  LinkRule links = LinkRule::kInside;
};

// A descriptor, or errno as openat(2) sets it.
using Opened = std::expected<UniqueFd, int>;

// openat(2) of `path` below `folder`: by openat2(2), or by WalkBelow where that is refused (ENOSYS before
// Linux 5.6, EPERM or ENOSYS by a seccomp filter).
Opened OpenBelow(int folder, const std::string& path, const OpenHow& how);

// The same in steps of one component each, none of which follows a link. EMFILE where folders are nested
// deeper than the process may have files open.
Opened WalkBelow(int folder, const std::string& path, const OpenHow& how);

}  // namespace kexec
KEXEC_PUBLIC_END
