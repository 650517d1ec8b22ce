// SPDX-License-Identifier: LGPL-2.1-or-later
// Where things go: free RAM, and requests served from it. Place (arch/) makes one and fixes every address
// with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kexec/error.h"
#include "kexec/export.h"
#include "kexec/memory_map.h"
#include "kexec/phys.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

enum class Search { kBottomUp, kTopDown };

struct Request {
  std::string label;  // names the segment in messages: 'kernel', 'initrd'
  uint64_t size;      // bytes, above 0; rounded up to pages
  Alignment align;    // of the begin; at least a page is used
  PhysRange window;   // the result lies wholly inside
  Search search;
};

// Accepts: any memory map. Guarantees: what Reserve returns is RAM, inside the window, aligned, page-sized at
// both ends, and disjoint from every earlier answer; candidates are clipped to the window first and aligned
// second. Fails with kDoesNotFit, naming the need, the window and the largest free piece. O(log n) to find
// the window's edge, then first fit.
class Layout {
 public:
  Layout(const MemoryMap& map, Alignment page);

  Result<PageRange> Reserve(const Request& request);
  // Exactly there, or kDoesNotFit naming what is in the way.
  Result<PageRange> ReserveAt(const std::string& label, const PhysRange& range);
  // Takes `range` out without calling it a segment (e.g. memory the firmware still uses); needs not be free.
  void Exclude(const PhysRange& range);
  std::vector<PhysRange> Free() const;

 private:
  void Take(const PhysRange& range);
  std::map<uint64_t, uint64_t> free_;  // begin -> end, disjoint, page aligned inward
  std::map<uint64_t, std::pair<uint64_t, std::string>> taken_;
  Alignment page_;
};

}  // namespace kexec
KEXEC_PUBLIC_END
