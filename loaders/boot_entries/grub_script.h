// SPDX-License-Identifier: LGPL-2.1-or-later
// The shape of a grub.cfg (GRUB manual, "Writing full configuration files directly"): words, commands, if and
// the blocks of menu entries. What a command means is the caller's business (grub_menu.h). The text is gone
// over once to check it, and once more where it is carried out: no tree of it is kept, only where its blocks
// end.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Part of a word: a text, or the value of a variable.
struct GrubPiece {
  std::string_view text;  // of the script; a variable's name without '$' and braces
  bool variable = false;  // ${text}
  bool quoted = false;    // from '...', "..." or behind '\': stays one word, whatever is in it
};
using GrubWord = std::vector<GrubPiece>;

// No command has more words, or pieces of words: far more than a kernel's command line takes.
inline constexpr size_t kMaxGrubPieces = size_t{64} << 10;

struct GrubCommand {
  std::vector<GrubWord> words;
  std::string_view block;  // what stands in { } behind the words: menuentry, submenu
};

// Carries commands out.
class GrubRunner {
 public:
  virtual ~GrubRunner() = default;
  // Whether it succeeded.
  virtual bool Run(const GrubCommand& command) = 0;
};

class GrubScript {
 public:
  // Looks at `text`, which must outlive the script. Functions and loops are checked, and never carried out:
  // what grub-mkconfig writes into them plays no part in what is booted. Errors (kMalformed): words such as
  // 'if' and 'fi' or braces do not match, or a command has more than kMaxGrubPieces, with the line.
  static Result<GrubScript> Check(std::string_view text);
  // Hands `runner` the commands of `part`, which is the whole text or a block of one of its commands: of an
  // if its conditions up to the first that succeeds, and what follows that one.
  void Run(std::string_view part, GrubRunner& runner) const;

  struct Block {
    size_t begin, end;  // in the text, without the braces
  };

 private:
  explicit GrubScript(std::string_view text) : text_(text) {}

  std::string_view text_;
  std::vector<Block> blocks_;  // ascending by `begin`
};

}  // namespace kexec
KEXEC_PUBLIC_END
