// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO text: a value that is found stands in the text behind its key, and a number is that value's.
#include <string>

#include "fuzz_input.h"
#include "loaders/vmcore/vmcoreinfo.h"

using kexec::VmcoreInfo;
using kexec::testing::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const VmcoreInfo info = VmcoreInfo::Parse(text);
  const auto is_line = [&](const std::string& line) { return ("\n" + text + "\n").contains("\n" + line); };
  for (const char* key : {"OSRELEASE", "SYMBOL(prb)", "SIZE(prb_desc)", "OFFSET(a.b)", "NUMBER(x)", ""}) {
    const auto value = info.Value(key);
    Require(!value || is_line(std::string(key) + "=" + std::string(*value)));
  }
  Require(!info.Symbol("prb") || info.Value("SYMBOL(prb)")->size() >= 1);
  if (const auto bytes = info.Size("prb_desc")) {
    const std::string digits = std::to_string(*bytes);
    Require(info.Value("SIZE(prb_desc)")->ends_with(digits));
  }
  Require(!info.Number("x") || info.Value("NUMBER(x)").has_value());
  return 0;
}
