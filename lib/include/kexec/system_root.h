// SPDX-License-Identifier: LGPL-2.1-or-later
// The door to the running system. Everything that is known about the machine is read through a SystemRoot:
// "/" for the host, or a directory with proc/..., sys/... recorded by `kexec --capture`. Planning from a
// recorded root needs no privilege and gives the same answer on any computer.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/file.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// What a directory has under a name.
enum class EntryKind { kNone, kFile, kDirectory, kOther };

class SystemRoot {
 public:
  // Paths given to the readers are relative ("proc/iomem"); a leading '/' is ignored. Every file that is read
  // is a regular file. Links of the running system are followed as it follows them; in a recorded machine its
  // directory is "/" to them, so nothing outside is ever read.
  static Result<SystemRoot> Open(const std::filesystem::path& directory = "/");

  // True for "/": ioctls, uname(2) and capabilities speak of the same machine as the files.
  bool live() const { return live_; }
  const std::filesystem::path& path() const { return path_; }

  bool Exists(std::string_view path) const;
  // Of the entry itself: a symbolic link, as a device, is kOther.
  EntryKind Kind(std::string_view path) const;
  // The file's text, as it is. Errors carry the path and errno (ENOENT: this kernel has no such file).
  Result<std::string> ReadText(std::string_view path) const;
  Result<std::vector<std::byte>> ReadBinary(std::string_view path) const;
  // The file's first bytes: `max_bytes` of them, or all if it is shorter. Nothing behind them is read.
  Result<std::vector<std::byte>> ReadHead(std::string_view path, size_t max_bytes) const;
  // Calls `visit` with each line, without its end, until it answers false; keeps no more of the file than one
  // buffer. kMalformed for a line of 64 KiB.
  Result<> ForEachLine(std::string_view path, const std::function<bool(std::string_view)>& visit) const;
  // A sysfs attribute of a few bytes, by one read: the kernel answers the first with all of it
  // (Documentation/filesystems/sysfs.rst). Worth it where there is one for each CPU. kIo above 4095 bytes.
  Result<std::string> ReadAttribute(std::string_view path) const;
  // Text without the trailing newline.
  Result<std::string> ReadLine(std::string_view path) const;
  // A device of the running system, or the regular file that a recorded machine has in its place, to be read.
  // Reading never blocks.
  Result<UniqueFd> OpenDevice(std::string_view path) const;
  // Names in a directory, sorted, without "." and "..".
  Result<std::vector<std::string>> List(std::string_view path) const;
  // "x86_64", "aarch64", ...: uname -m of the machine (proc/sys/kernel/arch in a recorded root).
  Result<std::string> MachineName() const;
  // The running kernel's release, e.g. "6.1.0-49-cloud-amd64" (proc/sys/kernel/osrelease).
  Result<std::string> KernelRelease() const;

  // Called with the path of every file or directory read from now on, and with how many bytes from its start
  // were asked for: nullopt for all of it, 0 for a file looked through line by line.
  using Observer = std::function<void(std::string_view path, std::optional<size_t> head)>;
  // --capture copies what was read.
  void Observe(Observer observer) { observer_ = std::move(observer); }

 private:
  SystemRoot(std::filesystem::path path, UniqueFd dir)
      : path_(std::move(path)), prefix_((path_ / "").string()), dir_(std::move(dir)) {}
  // openat(2) by the rule for links.
  std::expected<UniqueFd, int> OpenEntry(std::string_view path, int flags) const;
  // A regular file, or, if they are allowed, a device.
  Result<UniqueFd> OpenToRead(std::string_view path, bool device_allowed) const;
  // How messages name a file.
  std::string Shown(const std::string& relative) const;

  std::filesystem::path path_;
  std::string prefix_;  // path_ and a '/'
  UniqueFd dir_;
  bool live_ = false;
  Observer observer_;
};

// A number as /sys and /proc spell them: decimal, or hexadecimal with 0x; surrounding blanks are allowed,
// anything else (sign, overflow, rubbish) is nullopt.
std::optional<uint64_t> ParseNumber(std::string_view text);

}  // namespace kexec
KEXEC_PUBLIC_END
