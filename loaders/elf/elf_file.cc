// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/elf/elf_file.h"

#include <gelf.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

namespace kexec {
namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

struct Decoded {
  ElfHandle elf;
  GElf_Ehdr header;
  bool is_64bit;
};

// Sizes on file of what the two classes hold.
uint64_t ProgramHeaderSize(bool is_64bit) { return is_64bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr); }
uint64_t SectionHeaderSize(bool is_64bit) { return is_64bit ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr); }
uint64_t WordSize(bool is_64bit) { return is_64bit ? 8 : 4; }

Result<> CheckHeader(const GElf_Ehdr& header, bool is_64bit) {
  if (header.e_version != EV_CURRENT) {
    return Fail(Errc::kMalformed, "ELF: version is {}, only 1 is defined", header.e_version);
  }
  // e_ehsize is not looked at: nothing depends on it, and QEMU's dump-guest-memory wrote 8 there until 8.0.
  if (header.e_machine == EM_NONE) return Fail(Errc::kMalformed, "ELF: made for no machine (e_machine is 0)");
  if (header.e_phnum == 0) return Fail(Errc::kMalformed, "ELF: no program headers");
  if (header.e_phentsize != ProgramHeaderSize(is_64bit)) {
    return Fail(Errc::kMalformed, "ELF: a program header has {} bytes, in this class it has {}",
                header.e_phentsize, ProgramHeaderSize(is_64bit));
  }
  if (header.e_phoff < ElfHeaderSize(is_64bit) || header.e_phoff % WordSize(is_64bit) != 0) {
    return Fail(Errc::kMalformed,
                "ELF: program headers at {:#x}, must be behind the header and aligned to {} bytes",
                header.e_phoff, WordSize(is_64bit));
  }
  return {};
}

// libelf wants a pointer to non-const, but does not write to the image of a file opened like this.
ElfHandle OpenElf(Bytes image) {
  [[maybe_unused]] static const unsigned version = elf_version(EV_CURRENT);
  auto* bytes = const_cast<char*>(reinterpret_cast<const char*>(image.data()));
  return ElfHandle(image.empty() ? nullptr : elf_memory(bytes, image.size()));
}

// sh_size of section header 0, the count of sections where the file header has no room for it (gABI,
// e_shnum); 0 where it is not in `head`.
uint64_t CountInFirstSection(const GElf_Ehdr& header, bool is_64bit, Bytes head) {
  const uint64_t field = is_64bit ? offsetof(Elf64_Shdr, sh_size) : offsetof(Elf32_Shdr, sh_size);
  const auto section = SliceAt(head, header.e_shoff, SectionHeaderSize(is_64bit));
  if (!section) return 0;
  uint64_t count = 0;
  for (uint64_t i = 0; i < WordSize(is_64bit); ++i) {
    const bool big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
    const uint64_t at = field + (big_endian ? i : WordSize(is_64bit) - 1 - i);
    count = count << 8 | std::to_integer<uint64_t>((*section)[at]);
  }
  return count;
}

// libelf takes 256 bytes for each section when it opens a file, whether anybody asks for one or not.
Result<> CheckSectionCount(Bytes head) {
  const ElfHandle elf = OpenElf(head.first(std::min<size_t>(head.size(), sizeof(Elf64_Ehdr))));
  GElf_Ehdr header;
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr)
    return {};
  if (header.e_shnum != 0 || header.e_shoff == 0) return {};
  const uint64_t count = CountInFirstSection(header, gelf_getclass(elf.get()) == ELFCLASS64, head);
  if (count < SHN_LORESERVE) return {};
  return Fail(Errc::kMalformed, "ELF: {} section headers; more than {} are not read", count,
              SHN_LORESERVE - 1);
}

Result<Decoded> Decode(Bytes head) {
  KEXEC_TRY(CheckSectionCount(head));
  ElfHandle elf = OpenElf(head);
  GElf_Ehdr header;
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr) {
    return Fail(Errc::kNotRecognised, "no ELF file");
  }
  const bool is_64bit = gelf_getclass(elf.get()) == ELFCLASS64;
  KEXEC_TRY(CheckHeader(header, is_64bit));
  return Decoded{std::move(elf), header, is_64bit};
}

// One behind the last byte of section header 0, which holds what does not fit into the file header.
Result<uint64_t> FirstSectionEnd(const Decoded& decoded) {
  const GElf_Ehdr& header = decoded.header;
  const uint64_t size = SectionHeaderSize(decoded.is_64bit);
  uint64_t end = 0;
  if (header.e_shoff < ElfHeaderSize(decoded.is_64bit) || header.e_shoff % WordSize(decoded.is_64bit) != 0 ||
      header.e_shentsize != size || __builtin_add_overflow(header.e_shoff, size, &end)) {
    return Fail(
        Errc::kMalformed,
        "ELF: more than 65534 program headers (PN_XNUM), and no section header at {:#x} to count them",
        header.e_shoff);
  }
  return end;
}

// The count of program headers; nullopt: it is in section header 0, behind the end of `head`.
Result<std::optional<uint64_t>> CountProgramHeaders(const Decoded& decoded, Bytes head) {
  if (decoded.header.e_phnum != PN_XNUM) return decoded.header.e_phnum;
  KEXEC_ASSIGN(const uint64_t section_end, FirstSectionEnd(decoded));
  if (section_end > head.size()) return std::optional<uint64_t>();
  GElf_Shdr section;
  if (gelf_getshdr(elf_getscn(decoded.elf.get(), 0), &section) == nullptr) {
    return Fail(Errc::kMalformed, "ELF: section header 0 at {:#x} cannot be read", decoded.header.e_shoff);
  }
  if (section.sh_info < PN_XNUM) {
    return Fail(Errc::kMalformed,
                "ELF: section header 0 counts {} program headers, the file header over 65534",
                section.sh_info);
  }
  return section.sh_info;
}

Result<uint64_t> TableEnd(const Decoded& decoded, uint64_t count, uint64_t most) {
  if (count > most) {
    return Fail(Errc::kMalformed, "ELF: {} program headers; more than {} are not read", count, most);
  }
  uint64_t end = 0;  // the count has 32 bits: the product cannot wrap
  if (__builtin_add_overflow(decoded.header.e_phoff, count * decoded.header.e_phentsize, &end)) {
    return Fail(Errc::kMalformed, "ELF: {} program headers at {:#x} end behind 2^64", count,
                decoded.header.e_phoff);
  }
  return end;
}

}  // namespace

uint64_t ElfHeaderSize(bool is_64bit) { return is_64bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr); }

Result<uint64_t> ElfTableEnd(Bytes start) {
  KEXEC_ASSIGN(const Decoded decoded, Decode(start));
  KEXEC_ASSIGN(const std::optional<uint64_t> count, CountProgramHeaders(decoded, start));
  if (!count) return FirstSectionEnd(decoded);
  return TableEnd(decoded, *count, kMaxCoreHeaders);
}

Result<ElfFile> ParseElfFile(Bytes head, uint64_t most) {
  KEXEC_ASSIGN(const Decoded decoded, Decode(head));
  const GElf_Ehdr& header = decoded.header;
  KEXEC_ASSIGN(const std::optional<uint64_t> count, CountProgramHeaders(decoded, head));
  if (!count) {
    return Fail(Errc::kMalformed, "ELF: section header 0 at {:#x} is not there, {:#x} bytes are",
                header.e_shoff, head.size());
  }
  KEXEC_ASSIGN(const uint64_t end, TableEnd(decoded, *count, most));
  if (end > head.size()) {
    return Fail(Errc::kMalformed, "ELF: {} program headers at {:#x} end at {:#x}, {:#x} bytes are there",
                *count, header.e_phoff, end, head.size());
  }
  ElfFile file{.is_64bit = decoded.is_64bit,
               .big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB,
               .type = header.e_type,
               .machine = header.e_machine,
               .entry = header.e_entry,
               .table_end = end};
  file.segments.reserve(*count);
  for (uint64_t i = 0; i < *count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(decoded.elf.get(), static_cast<int>(i), &segment) == nullptr) {
      return Fail(Errc::kMalformed, "ELF: program header {} of {} cannot be read", i, *count);
    }
    file.segments.push_back({segment.p_type, segment.p_offset, segment.p_vaddr, segment.p_paddr,
                             segment.p_filesz, segment.p_memsz, segment.p_align});
  }
  return file;
}

Result<ElfSections> ParseElfSections(Bytes file) {
  KEXEC_ASSIGN(const Decoded decoded, Decode(file));
  const GElf_Ehdr& header = decoded.header;
  if (header.e_shoff == 0) return ElfSections{};
  const uint64_t size = SectionHeaderSize(decoded.is_64bit);
  const uint64_t bytes = header.e_shnum * size;  // 16 bits: cannot wrap
  if (header.e_shnum == 0 || header.e_shentsize != size || header.e_shoff % WordSize(decoded.is_64bit) != 0 ||
      !SliceAt(file, header.e_shoff, bytes)) {
    return Fail(Errc::kMalformed,
                "ELF: {} section headers of {} bytes at {:#x} cannot be, in a file of {:#x} bytes",
                header.e_shnum, header.e_shentsize, header.e_shoff, file.size());
  }
  ElfSections sections{header.e_shoff + bytes, {}};
  for (size_t i = 0; i < header.e_shnum; ++i) {
    GElf_Shdr section;
    if (gelf_getshdr(elf_getscn(decoded.elf.get(), i), &section) == nullptr) {
      return Fail(Errc::kMalformed, "ELF: section header {} of {} cannot be read", i, header.e_shnum);
    }
    sections.sections.push_back({section.sh_type, section.sh_offset, section.sh_size, section.sh_addralign});
  }
  return sections;
}

}  // namespace kexec
