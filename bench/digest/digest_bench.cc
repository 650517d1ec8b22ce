// SPDX-License-Identifier: GPL-2.0-or-later
// bench_digest [MiB [rounds]]: gigabytes (10^9 bytes) hashed in a second of CPU time, best round, for each
// digest as compiled for the library and as shipped in purgatory (its bytes, run in this process).
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string_view>
#include <vector>

#include "lib/freestanding/digest.h"
#include "tests/emu/native_purgatory.h"

namespace {

struct Variant {
  const char* name;
  uint32_t kind;
  uint32_t flags;
};

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double BestRate(size_t bytes, unsigned rounds, const std::function<void()>& hash) {
  double best = 0;
  for (unsigned i = 0; i < rounds; i++) {
    const double start = CpuSeconds();
    hash();
    best = std::max(best, static_cast<double>(bytes) / (CpuSeconds() - start) / 1e9);
  }
  return best;
}

double LibraryRate(const Variant& variant, const std::vector<uint8_t>& data, unsigned rounds,
                   kexec::NativePurgatory::Digest& digest) {
  return BestRate(data.size(), rounds, [&] {
    kexec_digest_state state;
    kexec_digest_init(&state, variant.kind, variant.flags);
    kexec_digest_update(&state, data.data(), data.size());
    kexec_digest_final(&state, digest.data());
  });
}

double PurgatoryRate(const Variant& variant, const std::vector<uint8_t>& data, unsigned rounds,
                     kexec::NativePurgatory::Digest& digest) {
  kexec::NativePurgatory purgatory;
  purgatory.params().digest_kind = variant.kind;
  purgatory.params().digest_flags = variant.flags;
  purgatory.AddHashed(data.data(), data.size());
  return BestRate(data.size(), rounds, [&] { purgatory.Verify(digest); });
}

unsigned Number(int argc, char** argv, int index, unsigned fallback) {
  if (argc <= index) return fallback;
  const std::string_view text = argv[index];
  unsigned value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && value != 0) return value;
  std::fprintf(stderr, "bench_digest: '%s' is not a positive number\n", argv[index]);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t bytes = size_t{Number(argc, argv, 1, 256)} << 20;
  const unsigned rounds = Number(argc, argv, 2, 5);
  std::vector<uint8_t> data(bytes);
  uint32_t seed = 1;
  for (uint8_t& byte : data) byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  const Variant variants[] = {
      {"xxh128 (SSE2)", KEXEC_DIGEST_XXH128, 0},
      {"xxh128 portable", KEXEC_DIGEST_XXH128, KEXEC_DIGEST_PORTABLE},
      {kexec_sha256_instructions_usable() ? "sha256 (SHA-NI)" : "sha256 (no SHA-NI here)",
       KEXEC_DIGEST_SHA256, 0},
      {"sha256 portable", KEXEC_DIGEST_SHA256, KEXEC_DIGEST_PORTABLE},
  };
  std::printf("%zu MiB, best of %u, GB/s\n%-24s %10s %10s\n", bytes >> 20, rounds, "", "library",
              "purgatory");
  for (const Variant& variant : variants) {
    kexec::NativePurgatory::Digest library{}, purgatory{};
    const double library_rate = LibraryRate(variant, data, rounds, library);
    const double purgatory_rate = PurgatoryRate(variant, data, rounds, purgatory);
    std::printf("%-24s %10.2f %10.2f\n", variant.name, library_rate, purgatory_rate);
    if (library != purgatory) {
      std::fprintf(stderr, "bench_digest: library and purgatory disagree about %s\n", variant.name);
      return 1;
    }
  }
  return 0;
}
