// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/pe/pe_sections.h"

#include <algorithm>
#include <optional>

#include "loaders/identify.h"

namespace kexec {
namespace {

using std::literals::operator""sv;

// Where the MS-DOS header keeps the offset of the PE signature ("PE Format", "MS-DOS Stub").
constexpr uint64_t kSignatureOffsetField = 0x3c;
constexpr std::string_view kSignature = "PE\0\0"sv;

// "COFF File Header".
struct CoffHeader {
  Le<uint16_t> machine;
  Le<uint16_t> section_count;
  Le<uint32_t> time;
  Le<uint32_t> symbol_table;
  Le<uint32_t> symbol_count;
  Le<uint16_t> optional_header_size;
  Le<uint16_t> characteristics;
};
static_assert(sizeof(CoffHeader) == 20);

// "Section Table (Section Headers)".
struct SectionHeader {
  char name[8];
  Le<uint32_t> virtual_size;
  Le<uint32_t> virtual_address;
  Le<uint32_t> raw_size;
  Le<uint32_t> raw_offset;
  Le<uint32_t> relocations;
  Le<uint32_t> line_numbers;
  Le<uint16_t> relocation_count;
  Le<uint16_t> line_number_count;
  Le<uint32_t> characteristics;
};
static_assert(sizeof(SectionHeader) == 40);

bool Holds(Bytes file, uint64_t offset, std::string_view text) {
  const auto there = SliceAt(file, offset, text.size());
  return there && std::ranges::equal(*there, std::as_bytes(std::span(text)));
}

// Zeros fill a short name up.
std::string NameOf(const SectionHeader& header) {
  return {header.name, std::find(std::begin(header.name), std::end(header.name), '\0')};
}

struct Table {
  CoffHeader coff;
  uint64_t offset;  // of the first section header; 32 bits and some more, so it cannot wrap
  uint64_t size;
};

std::optional<Table> FindTable(Bytes file) {
  if (!RecognisesPe(file)) return std::nullopt;
  const uint64_t coff_offset =
      uint64_t{*ReadAt<Le<uint32_t>>(file, kSignatureOffsetField)} + kSignature.size();
  const auto coff = ReadAt<CoffHeader>(file, coff_offset);
  if (!coff) return std::nullopt;
  return Table{*coff, coff_offset + sizeof(CoffHeader) + coff->optional_header_size,
               uint64_t{coff->section_count} * sizeof(SectionHeader)};
}

// The bytes of `header` in the file. A section is as long as its virtual size says; the raw size is that
// rounded up to the file's alignment, or less where zeros follow ("PE Format", SizeOfRawData).
Result<SharedBytes> ContentsOf(const SectionHeader& header, const SharedBytes& file) {
  const uint32_t size = header.virtual_size == 0 ? uint32_t{header.raw_size}
                                                 : std::min<uint32_t>(header.virtual_size, header.raw_size);
  if (size == 0) return SharedBytes();
  const auto contents = file.Slice(header.raw_offset, size);
  if (contents) return *contents;
  return Fail(Errc::kMalformed, "PE: section '{}' covers {:#x} bytes from {:#x} on, the file ends at {:#x}",
              NameOf(header), size, uint32_t{header.raw_offset}, file.size());
}

}  // namespace

bool RecognisesPe(Bytes file) {
  if (!Holds(file, 0, "MZ")) return false;
  const auto signature = ReadAt<Le<uint32_t>>(file, kSignatureOffsetField);
  return signature && Holds(file, *signature, kSignature);
}

bool HasPeSection(Bytes file, std::string_view section) {
  const auto table = FindTable(file);
  if (!table) return false;
  for (uint64_t at = 0; at < table->size; at += sizeof(SectionHeader)) {
    const auto header = ReadAt<SectionHeader>(file, table->offset + at);
    if (!header) return false;
    if (NameOf(*header) == section) return true;
  }
  return false;
}

Result<PeImage> ReadPeImage(const SharedBytes& file) {
  const Bytes bytes = file.view();
  if (!RecognisesPe(bytes)) {
    return Fail(Errc::kNotRecognised, "this looks like {}, not like a PE image",
                IdentifyContents(bytes).looks_like);
  }
  const auto table = FindTable(bytes);
  if (!table) return Fail(Errc::kMalformed, "PE: the file ends at {:#x}, inside the header", bytes.size());
  if (!SliceAt(bytes, table->offset, table->size)) {
    return Fail(Errc::kMalformed, "PE: the table of {} sections begins at {:#x}, the file ends at {:#x}",
                uint16_t{table->coff.section_count}, table->offset, bytes.size());
  }
  PeImage image{table->coff.machine, {}};
  image.sections.reserve(table->coff.section_count);
  for (uint64_t at = 0; at < table->size; at += sizeof(SectionHeader)) {
    const SectionHeader header = *ReadAt<SectionHeader>(bytes, table->offset + at);
    KEXEC_ASSIGN(SharedBytes contents, ContentsOf(header, file));
    image.sections.push_back({NameOf(header), std::move(contents)});
  }
  return image;
}

std::string PeMachineName(uint16_t machine) {
  switch (machine) {  // "PE Format", "Machine Types"
    case kPeMachineI386:
      return "i386";
    case kPeMachineX86_64:
      return "x86-64";
    case 0x01c2:
      return "arm";
    case 0xaa64:
      return "arm64";
    case 0x5064:
      return "RISC-V (64-bit)";
    case 0x6264:
      return "LoongArch (64-bit)";
  }
  return fmt::format("machine {:#06x}", machine);
}

}  // namespace kexec
