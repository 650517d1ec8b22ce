// SPDX-License-Identifier: LGPL-2.1-or-later
// Unified kernel images: a PE file with kernel, initrd and command line in sections (UAPI.5, "Unified Kernel
// Image"). Its boot program is never run: what it would do is done here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/pe/pe_resources.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// What a .profile section says of its profile.
struct UkiProfile {
  std::string id;     // ID=, empty: none
  std::string title;  // TITLE=, for people; empty: none
};

struct Uki {
  uint16_t machine = 0;              // of the boot program; the kernel says itself what it is for
  PeResources parts;                 // of the profile chosen, over the base; `kernel` is always there
  std::vector<UkiProfile> profiles;  // by number; empty: the image has no profiles
  std::optional<size_t> profile;     // the number of the one chosen; nullopt: there are none
};

// A PE image with a section '.linux'.
bool RecognisesUki(Bytes file);

// `profile` is an ID, a number, or a number behind '@'; nullopt: profile 0 where there are profiles. Slices
// share ownership of `file`. Errors:
//   kNotRecognised  RecognisesUki does not know the file
//   kUsage          there is no such profile; lists those there are
//   kMalformed      damaged, cut short, or without a kernel in that profile; with more than 256 profiles, or
//                   a text of more than 64 KiB for one; with trees that share bytes
Result<Uki> ReadUki(const SharedBytes& file, const std::optional<std::string>& profile);

// "profile 1 ('factory-reset')", or "" where there is none.
std::string ProfileName(const Uki& uki);

}  // namespace kexec
KEXEC_PUBLIC_END
