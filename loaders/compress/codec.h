// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each compressed format: unpacks one stream.
#pragma once

#include <cstdint>
#include <string>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "loaders/compress/output.h"
#include "loaders/decompress.h"

namespace kexec {

// Unpacks the stream that begins at `begin` of `file` with its format's magic, and answers where it ends.
// Fails as Decompress does.
using DecodeFunction = Result<uint64_t>(Bytes file, uint64_t begin, Output& output,
                                        const DecompressLimits& limits);

DecodeFunction DecodeGzip;
DecodeFunction DecodeXz;
DecodeFunction DecodeLzma;
DecodeFunction DecodeZstd;
DecodeFunction DecodeLz4Frame;
DecodeFunction DecodeBzip2;
DecodeFunction DecodeLzop;
// The format has no end mark: takes blocks up to the end of the file, padding, or the appended size.
DecodeFunction DecodeLz4Legacy;

// The same for whatever format begins there, told by its magic; kNotRecognised if none does.
Result<uint64_t> DecodeOneStream(Bytes file, uint64_t begin, Output& output, const DecompressLimits& limits);

// Each library's own words for its version.
std::string ZlibVersion();
std::string LiblzmaVersion();
std::string LibzstdVersion();
std::string Liblz4Version();
std::string Libbz2Version();
std::string Liblzo2Version();

// True if `file` ends at `offset` but for the unpacked size, as the kernel's build appends it: 32 bits,
// little-endian.
bool HoldsAppendedSize(Bytes file, uint64_t offset, uint64_t unpacked_size);

}  // namespace kexec
