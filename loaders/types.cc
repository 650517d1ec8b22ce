// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/types.h"

#include <algorithm>

#include "loaders/decompress.h"
#include "loaders/kernel_image.h"

namespace kexec {
namespace {

using std::literals::operator""sv;

struct RefusedType {
  ImageType type;
  std::string_view magic;  // at offset 0
};

constexpr ImageType kUki = {
    kUkiType, "unified kernel image (UKI): kernel, initrd and command line in a PE file", {}};

// Upstream's names; it has one for each machine.
constexpr ImageType kPackings[] = {
    {"uImage", "kernel behind the header of U-Boot's mkimage", {}, kUimageLayer},
    {"vmlinuz", "EFI zboot kernel", {}, kZbootLayer},
    {"vmlinuz-riscv", "EFI zboot kernel", {}, kZbootLayer},
};

constexpr RefusedType kRefused[] = {
    {{"beoboot-x86", "kernel and initrd of a Scyld Beowulf cluster",
      "beoboot images are not loaded: their format was never published; "
      "take kernel and initrd out and load these"},
     "BeoB"sv},
    {{"nbi-x86", "network boot image of Etherboot",
      "network boot images (NBI) are not loaded: a network card's boot ROM starts them, in real mode; "
      "load the kernel and the initrd it was made from"},
     "\x36\x13\x03\x1b"sv},
};

}  // namespace

std::vector<ImageType> ImageTypes() {
  std::vector<ImageType> types;
  for (const Loader& loader : Loaders()) types.push_back({loader.name, loader.description, {}});
  types.push_back(kUki);
  types.insert(types.end(), std::begin(kPackings), std::end(kPackings));
  for (const RefusedType& refused : kRefused) types.push_back(refused.type);
  return types;
}

Result<std::string_view> TypeInside(std::string_view type, std::span<const std::string> layers) {
  const auto* const packing = std::ranges::find(kPackings, type, &ImageType::name);
  if (packing == std::end(kPackings)) return type;
  if (std::ranges::find(layers, packing->layer) != layers.end()) return std::string_view();
  return Fail(Errc::kNotRecognised, "not of type '{}': there is no {} in it", type, packing->description);
}

std::string_view RefusalOf(Bytes file) {
  for (const RefusedType& refused : kRefused) {
    const auto start = SliceAt(file, 0, refused.magic.size());
    if (start && std::ranges::equal(*start, std::as_bytes(std::span(refused.magic)))) {
      return refused.type.refusal;
    }
  }
  return {};
}

}  // namespace kexec
