// SPDX-License-Identifier: LGPL-2.1-or-later
// VMCOREINFO: what the panicked kernel tells about itself, as lines "KEY=VALUE" in an ELF note
// (Documentation/admin-guide/kdump/vmcoreinfo.rst).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

class VmcoreInfo {
 public:
  // Takes any text: a line without '=' is left out, of two lines with one key the last counts, a NUL ends it.
  static VmcoreInfo Parse(std::string_view text);

  // "OSRELEASE", "SYMBOL(prb)"; nullopt: no such line.
  std::optional<std::string_view> Value(std::string_view key) const;
  // Of SYMBOL(name): an address, hexadecimal without 0x.
  std::optional<uint64_t> Symbol(std::string_view name) const;
  // Of OFFSET(name), SIZE(name), LENGTH(name): decimal.
  std::optional<uint64_t> Offset(std::string_view name) const;
  std::optional<uint64_t> Size(std::string_view name) const;
  std::optional<uint64_t> Length(std::string_view name) const;
  // Of NUMBER(name): decimal, a negative one as two's complement; or hexadecimal with 0x.
  std::optional<uint64_t> Number(std::string_view name) const;
  bool empty() const { return values_.empty(); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace kexec
KEXEC_PUBLIC_END
