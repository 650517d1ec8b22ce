// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest.h"

int kexec_digest_known(uint32_t kind) { return kind <= KEXEC_DIGEST_SHA256; }

size_t kexec_digest_length(uint32_t kind) {
  if (kind == KEXEC_DIGEST_XXH128) return 16;
  if (kind == KEXEC_DIGEST_SHA256) return 32;
  return 0;
}

// Ifs, not a table: an array of pointers would need relocations in purgatory.
const char* kexec_digest_name(uint32_t kind) {
  if (kind == KEXEC_DIGEST_NONE) return "none";
  if (kind == KEXEC_DIGEST_XXH128) return "xxh128";
  if (kind == KEXEC_DIGEST_SHA256) return "sha256";
  return "unknown";
}

static int sha_instructions(uint32_t flags) {
  if (flags & KEXEC_DIGEST_PORTABLE) return 0;
#if defined(__riscv)
  return (flags & KEXEC_DIGEST_RISCV_ZKNH) != 0;
#else
  return kexec_sha256_instructions_usable();
#endif
}

void kexec_digest_init(struct kexec_digest_state* state, uint32_t kind, uint32_t flags) {
  const int portable = (flags & KEXEC_DIGEST_PORTABLE) != 0;
  state->kind = kind;
  if (kind == KEXEC_DIGEST_XXH128) kexec_xxh128_init(&state->u.xxh128, portable);
  if (kind == KEXEC_DIGEST_SHA256) kexec_sha256_init(&state->u.sha256, sha_instructions(flags));
}

void kexec_digest_update(struct kexec_digest_state* state, const void* data, size_t size) {
  const uint8_t* bytes = (const uint8_t*)data;
  if (state->kind == KEXEC_DIGEST_XXH128) kexec_xxh128_update(&state->u.xxh128, bytes, size);
  if (state->kind == KEXEC_DIGEST_SHA256) kexec_sha256_update(&state->u.sha256, bytes, size);
}

void kexec_digest_final(const struct kexec_digest_state* state, uint8_t out[KEXEC_DIGEST_SIZE]) {
  __builtin_memset(out, 0, KEXEC_DIGEST_SIZE);
  if (state->kind == KEXEC_DIGEST_XXH128) kexec_xxh128_final(&state->u.xxh128, out);
  if (state->kind == KEXEC_DIGEST_SHA256) kexec_sha256_final(&state->u.sha256, out);
}
