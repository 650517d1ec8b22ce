// SPDX-License-Identifier: LGPL-2.1-or-later
// Xen's door for programs of the first domain, as an interface so that tests stand behind it. The real one is
// OpenPrivcmd(): /dev/xen/privcmd and /dev/xen/hypercall, without Xen's libraries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kexec/error.h"
#include "kexec/export.h"

KEXEC_PUBLIC_BEGIN
namespace kexec {

// Zeroed pages that stay where they are while a hypercall reads or writes them. Xen is given their addresses.
class HypercallBuffer {
 public:
  virtual ~HypercallBuffer() = default;
  virtual std::span<std::byte> bytes() = 0;
};

class Privcmd {
 public:
  virtual ~Privcmd() = default;
  // Hypercall `op` (__HYPERVISOR_*, xen/include/public/xen.h): what it answers, or a negative errno.
  virtual int64_t Hypercall(uint64_t op, const std::array<uint64_t, 5>& arguments) = 0;
  // At least `size` bytes, and at least one.
  virtual Result<std::unique_ptr<HypercallBuffer>> Allocate(size_t size) = 0;
};

Result<std::unique_ptr<Privcmd>> OpenPrivcmd();

}  // namespace kexec
KEXEC_PUBLIC_END
