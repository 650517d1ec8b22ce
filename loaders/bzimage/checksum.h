// SPDX-License-Identifier: LGPL-2.1-or-later
// The CRC-32 a bzImage carries in its last four bytes (boot.rst, "The Image Checksum").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kexec/bytes.h"

namespace kexec {

// The two fields a signer of PE images fills in after the kernel's build has computed the CRC (PE/COFF
// specification, "Optional Header"): offsets in the file, and whether there is a certificate table.
struct PeSigning {
  uint64_t checksum_offset = 0;     // CheckSum, 4 bytes
  uint64_t certificate_offset = 0;  // data directory entry 4, 8 bytes
  bool has_certificate = false;
  // Where the certificate table ends, which is the last thing in a signed file; 0: there is none. Unlike what
  // a section table names, the directory tells its place in the file.
  uint64_t certificates_end = 0;
};

// nullopt if `file` has no PE header (a kernel without CONFIG_EFI_STUB), or one that is cut off.
std::optional<PeSigning> FindPeSigning(Bytes file);

// The remainder over `image` (the file up to the end syssize gives), the signer's fields taken as zero. It is
// kIntactImage for an image that carries a CRC and is as its build left it.
uint32_t ImageChecksum(Bytes image, const std::optional<PeSigning>& signing);
constexpr uint32_t kIntactImage = 0;

// Whether a kernel of this boot protocol and version string was certainly built with a CRC: Linux from
// protocol 2.08 (2.6.26) to 6.15. Linux 6.16 dropped it, and what other programs wear a bzImage header never
// had it.
bool CarriesChecksum(uint16_t protocol, std::string_view version);

}  // namespace kexec
