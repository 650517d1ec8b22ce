// SPDX-License-Identifier: LGPL-2.1-or-later
// What a Linux kernel says of itself, for formats whose headers do not.
#pragma once

#include <span>
#include <string>

#include "loaders/load_piece.h"

namespace kexec {

// "6.1.0-49-cloud-amd64 (...)" from the text every Linux prints first (init/version-timestamp.c); empty if it
// is not there.
std::string FindLinuxVersion(std::span<const LoadPiece> pieces);

}  // namespace kexec
