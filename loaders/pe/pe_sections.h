// SPDX-License-Identifier: LGPL-2.1-or-later
// The sections of a PE image (Microsoft, "PE Format"), checked: whatever comes out lies inside the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kexec/bytes.h"
#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Values of PeImage::machine ("PE Format", "Machine Types").
inline constexpr uint16_t kPeMachineI386 = 0x014c;
inline constexpr uint16_t kPeMachineX86_64 = 0x8664;

struct PeSection {
  std::string name;  // at most 8 bytes, as in the file
  // What the file has of it: not the zeros a loader would add behind it, nor the padding to the next.
  SharedBytes contents;
};

struct PeImage {
  uint16_t machine = 0;
  std::vector<PeSection> sections;  // in the order of the section table
};

// "MZ", and the PE header where its offset field says.
bool RecognisesPe(Bytes file);

// True if the section table, as far as it lies in the file, names `section`.
bool HasPeSection(Bytes file, std::string_view section);

// kNotRecognised for a file that RecognisesPe does not know; kMalformed, naming the section, where the table
// or what it names reaches behind the end of the file. Slices share ownership of `file`.
Result<PeImage> ReadPeImage(const SharedBytes& file);

// "x86-64", "arm64"; "machine 0x1234" for those without a name here.
std::string PeMachineName(uint16_t machine);

}  // namespace kexec
KEXEC_PUBLIC_END
