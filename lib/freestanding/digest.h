// SPDX-License-Identifier: LGPL-2.1-or-later
// The integrity digest of a loaded image: computed once by the library, checked once by purgatory, one source
// for both. C11 without a C library: nothing but <stdint.h> and <stddef.h>, no allocation, no globals, no
// function pointers (purgatory carries no relocations). It guards against corruption between load and
// execution (a stray DMA, a bad page), not against an adversary: who can change the image can change the
// digest beside it.
#ifndef KEXEC_FREESTANDING_DIGEST_H_
#define KEXEC_FREESTANDING_DIGEST_H_

#include <stddef.h>
#include <stdint.h>

#include "sha256.h"
#include "xxh128.h"

#ifdef __cplusplus
extern "C" {
#endif

// The values are part of purgatory's parameters: never renumber.
enum kexec_digest_kind {
  KEXEC_DIGEST_NONE = 0,  // nothing is hashed; the digest is all zero
  KEXEC_DIGEST_XXH128 =
      1,  // XXH3, 128 bits, seed 0: 16 bytes, high half first, each half big-endian (canonical)
  KEXEC_DIGEST_SHA256 = 2,  // FIPS 180-4: 32 bytes
};

// Bits of `flags` below; part of purgatory's parameters too.
enum {
  KEXEC_DIGEST_PORTABLE = 1,    // plain C only: no SHA instructions, no vectors
  KEXEC_DIGEST_RISCV_ZKNH = 2,  // this CPU is a RISC-V with Zknh, which only firmware and system can tell
};

enum { KEXEC_DIGEST_SIZE = 32 };  // bytes of the largest digest; shorter ones are padded with zeros

// A digest in the making. Any alignment of the data is fine. Copyable.
struct kexec_digest_state {
  uint32_t kind;  // enum kexec_digest_kind
  union {
    struct kexec_xxh128 xxh128;
    struct kexec_sha256 sha256;
  } u;
};

// Whether `kind` is one of enum kexec_digest_kind.
int kexec_digest_known(uint32_t kind);

// Bytes of the digest of a known kind: 0, 16 or 32.
size_t kexec_digest_length(uint32_t kind);

// "none", "xxh128", "sha256", or "unknown". Static storage.
const char* kexec_digest_name(uint32_t kind);

// Starts a digest of a known kind. Picks the fastest code this CPU can run, unless KEXEC_DIGEST_PORTABLE.
void kexec_digest_init(struct kexec_digest_state* state, uint32_t kind, uint32_t flags);

// Appends `size` bytes. How the data is split into calls does not matter.
void kexec_digest_update(struct kexec_digest_state* state, const void* data, size_t size);

// Writes the digest of everything appended. The state is not changed: more may be appended afterwards.
void kexec_digest_final(const struct kexec_digest_state* state, uint8_t out[KEXEC_DIGEST_SIZE]);

#ifdef __cplusplus
}
#endif

#endif  // KEXEC_FREESTANDING_DIGEST_H_
