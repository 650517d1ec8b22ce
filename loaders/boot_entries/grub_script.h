// SPDX-License-Identifier: LGPL-2.1-or-later
// The shape of a grub.cfg (GRUB manual, "Writing full configuration files directly"): words, commands, if and
// the blocks of menu entries. Nothing is carried out here; grub_menu.h does that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Part of a word: a text, or the value of a variable.
struct GrubPiece {
  std::string text;       // a variable's name without '$' and braces
  bool variable = false;  // ${text}
  bool quoted = false;    // from '...', "..." or behind '\': stays one word, whatever is in it
};
using GrubWord = std::vector<GrubPiece>;

struct GrubCommand;
using GrubScript = std::vector<GrubCommand>;

struct GrubBranch {
  GrubScript condition;  // empty: else
  GrubScript body;
};

// Either `words` with perhaps a `block`, or an if with its `branches`.
struct GrubCommand {
  std::vector<GrubWord> words;
  GrubScript block;  // { ... } behind the words: menuentry, submenu
  std::vector<GrubBranch> branches;
};

// Functions and loops are checked, and left out: what grub-mkconfig writes into them plays no part in what is
// booted. Errors (kMalformed): words such as 'if' and 'fi' or braces do not match, with the line.
Result<GrubScript> ParseGrubScript(std::string_view text);

}  // namespace kexec
KEXEC_PUBLIC_END
