// SPDX-License-Identifier: GPL-2.0-or-later
// Every type -t knows, and those that are known only to be refused.
#include "loaders/types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loaders/kernel_image.h"
#include "tests/support/archive_builder.h"

namespace kexec::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ImageTypes, AreThoseOfTheRegistryAndSixMore) {
  const std::vector<ImageType> types = ImageTypes();
  ASSERT_EQ(types.size(), Loaders().size() + 6);
  for (size_t i = 0; i < Loaders().size(); ++i) EXPECT_EQ(types[i].name, Loaders()[i].name);
  for (const ImageType& type : types) {
    EXPECT_FALSE(type.description.empty()) << type.name;
    EXPECT_EQ(std::ranges::count(types, type.name, &ImageType::name), 1) << type.name;
    EXPECT_EQ(type.refusal.empty(), type.name != "beoboot-x86" && type.name != "nbi-x86") << type.name;
  }
}

TEST(RefusedTypes, AreKnownByTheirFirstBytes) {
  EXPECT_THAT(RefusalOf(BytesOf("BeoB\1")), StartsWith("beoboot images are not loaded: "));
  EXPECT_THAT(RefusalOf(BytesOf("\x36\x13\x03\x1b")), HasSubstr("(NBI) are not loaded: "));
  EXPECT_EQ(RefusalOf(BytesOf("Beo")), "");
  EXPECT_EQ(RefusalOf({}), "");
}

}  // namespace
}  // namespace kexec::testing
