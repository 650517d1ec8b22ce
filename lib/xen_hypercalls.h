// SPDX-License-Identifier: LGPL-2.1-or-later
// How a hypercall gets its arguments: structures in memory that Xen reads and writes.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

#include "kexec/privcmd.h"

namespace kexec {

// __HYPERVISOR_* of xen/include/public/xen.h.
inline constexpr uint64_t kMemoryOp = 12;
inline constexpr uint64_t kKexecOp = 37;

// KEXEC_CMD_* of xen/include/public/kexec.h; those of load and unload are of Xen 4.4 and later.
enum class KexecCommand : uint64_t { kExecute = 0, kGetRange = 3, kLoad = 4, kUnload = 5, kStatus = 6 };

inline uint64_t AddressOf(HypercallBuffer& buffer) {
  return reinterpret_cast<uintptr_t>(buffer.bytes().data());
}

template <class T>
Result<std::unique_ptr<HypercallBuffer>> Placed(std::span<const T> values, Privcmd& privcmd) {
  static_assert(std::is_trivially_copyable_v<T>);
  KEXEC_ASSIGN(std::unique_ptr<HypercallBuffer> buffer, privcmd.Allocate(values.size_bytes()));
  if (!values.empty()) std::memcpy(buffer->bytes().data(), values.data(), values.size_bytes());
  return buffer;
}

// `arguments` go in and come back as Xen left them. What the hypercall answers, or a negative errno.
template <class T>
int64_t HypercallWith(uint64_t op, uint64_t command, T& arguments, Privcmd& privcmd) {
  const auto buffer = Placed(std::span<const T>(&arguments, 1), privcmd);
  if (!buffer.has_value()) return -buffer.error().sys_errno();
  const int64_t answer = privcmd.Hypercall(op, {command, AddressOf(**buffer), 0, 0, 0});
  std::memcpy(&arguments, (*buffer)->bytes().data(), sizeof(T));
  return answer;
}

template <class T>
int64_t KexecOp(KexecCommand command, T arguments, Privcmd& privcmd) {
  return HypercallWith(kKexecOp, static_cast<uint64_t>(command), arguments, privcmd);
}

}  // namespace kexec
