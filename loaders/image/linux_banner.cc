// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/image/linux_banner.h"

#include <string.h>

#include <algorithm>
#include <string_view>

namespace kexec {

std::string FindLinuxVersion(std::span<const LoadPiece> pieces) {
  constexpr std::string_view kBanner = "Linux version ";
  for (const LoadPiece& piece : pieces) {
    Bytes rest = piece.contents.view();
    while (const void* at = memmem(rest.data(), rest.size(), kBanner.data(), kBanner.size())) {
      rest =
          rest.subspan(static_cast<size_t>(static_cast<const std::byte*>(at) - rest.data()) + kBanner.size());
      std::string version;
      for (const std::byte b : rest.first(std::min<size_t>(rest.size(), 512))) {
        const char c = static_cast<char>(b);
        if (c < 0x20 || c > 0x7e) break;
        version += c;
      }
      if (!version.empty() && version[0] >= '0' && version[0] <= '9') return version;
    }
  }
  return {};
}

}  // namespace kexec
