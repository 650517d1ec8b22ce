// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_config.h"

#include <zlib.h>

#include <string>

namespace kexec {
namespace {

constexpr size_t kMaxConfig = 4 << 20;  // a distribution's is 300 KiB

// The text in a gzip file, at most kMaxConfig bytes of it; nullopt: damaged.
std::optional<std::string> Gunzip(const std::string& packed) {
  z_stream stream = {};
  if (packed.size() > kMaxConfig || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
  std::string text(kMaxConfig, '\0');
  std::string input = packed;  // zlib wants it writable
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int status = inflate(&stream, Z_FINISH);
  text.resize(text.size() - stream.avail_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return std::nullopt;
  return text;
}

std::optional<std::string> ConfigText(const SystemRoot& root) {
  if (const auto release = root.KernelRelease()) {
    for (const std::string& path :
         {fmt::format("boot/config-{}", *release), fmt::format("lib/modules/{}/config", *release)}) {
      if (auto text = root.ReadText(path)) return *std::move(text);
    }
  }
  const auto packed = root.ReadText("proc/config.gz");
  return packed ? Gunzip(*packed) : std::nullopt;
}

}  // namespace

std::optional<bool> KernelBuiltWith(std::string_view option, const SystemRoot& root) {
  const auto text = ConfigText(root);
  if (!text) return std::nullopt;
  return ("\n" + *text).find(fmt::format("\n{}=y", option)) != std::string::npos;
}

}  // namespace kexec
