// SPDX-License-Identifier: LGPL-2.1-or-later
// Compressed kernel files: which format, and the bytes inside. The formats are those of initrds
// (ArchiveFormat), unpacked by each format's own library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/diagnostics.h"
#include "kexec/error.h"
#include "kexec/export.h"
#include "loaders/initrd.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// How far a file is trusted.
struct DecompressLimits {
  uint64_t output = uint64_t{2} << 30;  // most bytes one layer may unpack to,
  // and what it may besides its size: kernels and initrds shrink to a tenth at best.
  uint64_t ratio = 64;
  uint64_t base = uint64_t{64} << 20;
  // Most memory for the dictionary or window a file asks for (xz, lzma, zstd). The tools' highest levels take
  // 128 MiB.
  uint64_t memory = uint64_t{1} << 30;

  // Most that a file of `size` bytes may unpack to.
  uint64_t OutputOf(uint64_t size) const {
    return base >= output || size >= (output - base) / ratio ? output : base + size * ratio;
  }
};

struct Decompressed {
  SharedBytes bytes;  // memory of their own
  ArchiveFormat format = ArchiveFormat::kUnknown;
  uint64_t used = 0;     // bytes of the file up to the end of its last stream, padding included
  uint64_t ignored = 0;  // bytes behind that
};

// By the first bytes alone; nullopt: not compressed, as far as we know. Never kCpio or kUnknown.
std::optional<ArchiveFormat> IdentifyCompression(Bytes file);

// What a compressed file holds: all its streams, one after another. Behind them zeros are padding, the
// unpacked size as a 32-bit number is what the kernel's build appends (scripts/Makefile.lib, size_append),
// and anything else is counted as ignored. All checksums of the format are checked. Errors, worded to follow
// "gzip data: ", all with the offset in the file where they have one:
//   kNotRecognised  not compressed
//   kMalformed      damaged or cut short
//   kUnsupported    needs more memory than allowed, or something no kernel is packed with; more than 65,536
//   streams kDoesNotFit     unpacks to more than allowed, or there is no memory for it
Result<Decompressed> Decompress(Bytes file, const DecompressLimits& limits = {});

// A file as a loader of the registry wants it.
struct UnpackedKernel {
  SharedBytes bytes;  // the file itself where it is not compressed: then nothing is copied
  // What was taken off, from the outermost in: "gzip", kZbootLayer; empty: the file is the kernel.
  std::vector<std::string> layers;
};

// Layers that are no compression.
inline constexpr std::string_view kZbootLayer = "EFI zboot";
inline constexpr std::string_view kUimageLayer = "uImage";

// "gzip", or "zstd in gzip": what was found inside stands first.
std::string LayersName(const std::vector<std::string>& layers);

// Takes `file` as it is if a loader recognises it or it is not compressed, else unpacks it, and once more if
// a compressed file was inside. An EFI zboot kernel is taken out of its program on the way, and one in a
// uImage from behind its header. Warns about ignored bytes. Errors as Decompress and ReadUimage (kMalformed
// also for a uImage whose header names another machine than its kernel is for); kUnsupported for a third
// compression, for a second EFI zboot or uImage, and for one of these packed with something unknown.
Result<UnpackedKernel> UnpackKernel(const SharedBytes& file, Diagnostics& diagnostics,
                                    const DecompressLimits& limits = {});

// The formats and the libraries at work, in one line for people: "gzip (zlib 1.2.13), xz and lzma …".
std::string CompressionSupport();

}  // namespace kexec
KEXEC_PUBLIC_END
