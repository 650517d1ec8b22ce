// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "loaders/bzimage/bzimage.h"
#include "loaders/identify.h"
#include "loaders/initrd.h"
#include "loaders/initrd/measure.h"

namespace kexec {
namespace {

constexpr std::string_view kAccepted =
    "the kernel unpacks cpio archives (cpio -H newc), plain or compressed by gzip, bzip2, lzma, xz, lzop, "
    "lz4 -l or zstd";

// `only`: there is nothing else in the file but perhaps zero bytes before, as in file system images.
void WarnUnknown(Bytes file, const ArchiveMember& member, bool only, std::string_view name,
                 Diagnostics& diagnostics) {
  if (!only) {
    diagnostics.Warn(
        "initrd '{}': the {:#x} bytes from {:#x} on are no archive; the kernel unpacks only what is before",
        name, member.size, member.offset);
  } else if (RecognisesBzImage(file)) {
    diagnostics.Warn("initrd '{}' is a bzImage kernel: were kernel and initrd swapped?", name);
  } else {
    diagnostics.Warn("initrd '{}' looks like {}; {}", name, IdentifyContents(file).looks_like, kAccepted);
  }
}

// What is odd about archives, told once for all of one format.
class Oddities {
 public:
  void Add(const ArchiveMember& member) {
    const auto same = std::ranges::find_if(found_, [&](const Oddity& other) {
      return other.first->format == member.format && other.first->detail == member.detail;
    });
    if (same == found_.end()) {
      found_.push_back({&member});
    } else {
      ++same->others;
    }
  }
  void Warn(std::string_view name, Diagnostics& diagnostics) const {
    for (const auto& [first, others] : found_) {
      const std::string alike = others == 0   ? ""
                                : others == 1 ? ", like another one,"
                                              : fmt::format(", like {} others,", others);
      diagnostics.Warn("initrd '{}': the {} archive at {:#x}{} {}", name, ArchiveFormatName(first->format),
                       first->offset, alike, first->detail);
    }
  }

 private:
  struct Oddity {
    const ArchiveMember* first;
    size_t others = 0;
  };
  std::vector<Oddity> found_;  // as many as there are formats and sentences
};

// For -d: which archives these are.
void NoteArchives(std::string_view name, std::span<const ArchiveMember> members, Diagnostics& diagnostics) {
  constexpr size_t kNoted = 16;
  for (const ArchiveMember& member : members.first(std::min(members.size(), kNoted))) {
    diagnostics.Note("initrd '{}': {} archive at {:#x}, {:#x} bytes", name, ArchiveFormatName(member.format),
                     member.offset, member.size);
  }
  if (members.size() > kNoted) {
    diagnostics.Note("initrd '{}': {} archives more", name, members.size() - kNoted);
  }
}

// Looks into the first few: what is in them decides whether the machine starts.
void JudgeContents(Bytes file, std::span<ArchiveMember> members) {
  constexpr size_t kLookedInto = 16;
  for (ArchiveMember& member : members.first(std::min(members.size(), kLookedInto))) {
    if (member.detail.empty()) member.detail = JudgeContent(file, member);
  }
}

Result<> CheckMembers(Bytes file, std::string_view name, std::span<const ArchiveMember> members,
                      Diagnostics& diagnostics) {
  Oddities oddities;
  for (const ArchiveMember& member : members) {
    if (member.completeness == Completeness::kTruncated || member.completeness == Completeness::kDamaged) {
      return Fail(Errc::kMalformed, "initrd '{}' is {}: the {} archive at {:#x} {}", name,
                  member.completeness == Completeness::kTruncated ? "cut short" : "damaged",
                  ArchiveFormatName(member.format), member.offset, member.detail);
    }
    if (!member.detail.empty()) oddities.Add(member);
    if (member.format == ArchiveFormat::kUnknown && member.detail.empty()) {
      WarnUnknown(file, member, members.size() == 1, name, diagnostics);
    }
  }
  oddities.Warn(name, diagnostics);
  return {};
}

}  // namespace

Result<> CheckInitrd(Bytes file, std::string_view name, Diagnostics& diagnostics, GzipCheck gzip) {
  std::vector<ArchiveMember> members = WalkInitrd(file, gzip);
  JudgeContents(file, members);
  if (members.empty()) diagnostics.Warn("initrd '{}' holds no archive, only zero bytes", name);
  NoteArchives(name, members, diagnostics);
  return CheckMembers(file, name, members, diagnostics);
}

}  // namespace kexec
