// SPDX-License-Identifier: GPL-2.0-or-later
// What a piece of code costs, in numbers that are the same on every machine, for tests that hostile input
// stays cheap. Link kexec_test_work: it replaces the program's operator new.
#pragma once

#include <cstdint>
#include <utility>

namespace kexec::testing {

struct Work {
  // Comparisons of integers that the product's code made, and bytes it compared with memcmp, as clang's
  // -fsanitize-coverage=trace-cmp and ASan tell. Every loop over a file has some. Not counted: code of the
  // test itself, C libraries.
  uint64_t steps = 0;
  // operator new alone, of whomever: neither malloc of C libraries nor mappings.
  uint64_t allocations = 0;
  uint64_t bytes = 0;  // handed out, in all
  uint64_t peak = 0;   // most held at one time, beyond what was held at the start
};

// True in builds that count steps (preset dev): elsewhere they are 0.
bool CountsSteps();

// Of this thread, since the object was made. One at a time.
class WorkMeter {
 public:
  WorkMeter();
  Work Take() const;
};

// What `run` costs; its answer is part of `peak`, and dropped.
template <class Function>
Work MeasureWork(Function&& run) {
  const WorkMeter meter;
  [[maybe_unused]] const auto answer = std::forward<Function>(run)();
  return meter.Take();
}

// Fails if an input of twice the size costs more than it should: twice as much, with an eighth for sorting
// and 4096 of each for what costs the same every time.
void ExpectLinear(const Work& once, const Work& twice);

}  // namespace kexec::testing
