// SPDX-License-Identifier: LGPL-2.1-or-later
// The structure block of a flat device tree, token after token (Devicetree Specification, 5.4).
#pragma once

#include <string_view>

#include "kexec/bytes.h"
#include "kexec/error.h"

namespace kexec {

struct TreeToken {
  enum class Kind { kBeginNode, kEndNode, kProperty, kEnd };
  Kind kind;
  std::string_view name;  // of a node or property
  Bytes value;            // of a property
};

// Everything a token names lies inside the two blocks; both are borrowed.
class StructureReader {
 public:
  StructureReader(Bytes structure, Bytes strings) : structure_(structure), strings_(strings) {}
  // Empty tokens (FDT_NOP) are passed over. kMalformed with the offset of one that ends outside or is none.
  Result<TreeToken> Next();

 private:
  Result<TreeToken> Property();

  Bytes structure_;
  Bytes strings_;
  size_t at_ = 0;
};

}  // namespace kexec
