// SPDX-License-Identifier: GPL-2.0-or-later
// Which of the two system calls loads this kernel, decided from facts. Nothing is loaded to find out: every
// attempt counts against kernel.kexec_load_limit_*.
#pragma once

#include <string>
#include <vector>

#include "cmd/kexec/options.h"
#include "kexec/error.h"
#include "kexec/explain.h"
#include "kexec/plan.h"
#include "kexec/system_root.h"

namespace kexec {

struct LoadFacts {
  Call asked = Call::kAuto;
  LoadKind kind = LoadKind::kNormal;
  std::vector<std::string> needs;  // given options without which something else would start; kexec_load only
  std::vector<std::string> prefers;  // given options that kexec_load alone honours and that may be dropped
  size_t initrds = 0;
  bool from_pipe = false;  // the kernel or an initrd has no file of its own
  // Why kexec_file_load cannot take this kernel ("its boot protocol is 2.09, ..."); empty: nothing is known
  // against it.
  std::string obstacle;
  // No kernel of this machine has a loader for the format in kexec_file_load.
  bool foreign_format = false;
  std::string lockdown;  // the kernel's lockdown state; empty: none
  // What the next kernel gets with kexec_file_load only ("IMA's list of measurements"); empty: nothing is
  // known.
  std::string handed_over;
  // What is worse with kexec_file_load ("... checks nothing before the jump"); empty: nothing.
  std::string file_load_drawback;
  // Keys of encrypted dump targets wait in /sys/kernel/config/crash_dm_crypt_keys
  // (Documentation/admin-guide/kdump/kdump.rst): the kernel hands them over in kexec_file_load.
  bool has_dm_crypt_keys = false;
};

struct CallChoice {
  KexecCall first = KexecCall::kFileLoad;
  bool may_fall_back = false;  // to the other call, if this one fails for a reason that need not concern it
  std::string reason;          // "--entry needs kexec_load": for -d and --dry-run
  std::vector<std::string> ignored;  // given options without effect with `first`
  std::string lost;                  // what the next kernel does not get by `first`; empty: nothing
  std::string kept;                  // what it would not get by the other call, which is not tried then
};

// Why kexec_file_load is the only call under auto; empty: it is not. The options among `prefers` have no
// effect then.
std::string WhyOnlyFileLoad(const LoadFacts& facts);

// kUnsupported if no call can do what was asked.
Result<CallChoice> ChooseCall(const LoadFacts& facts);

// "kexec_load, then kexec_file_load where that may help".
std::string DescribeCall(const CallChoice& choice);

// kFileLoad for kLoad, and kLoad for kFileLoad.
KexecCall OtherCall(KexecCall call);

// "kexec_load" or "kexec_file_load".
std::string_view CallName(KexecCall call);

}  // namespace kexec
