// SPDX-License-Identifier: GPL-2.0-or-later
// What a grub.cfg costs: time and memory linear in its size, whatever is in it, and bounds met are told.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "loaders/boot_entries/grub_menu.h"
#include "loaders/boot_entries/grub_script.h"
#include "tests/support/result_matchers.h"
#include "tests/support/work.h"

namespace kexec {
namespace {

using testing::ExpectLinear;
using testing::MeasureWork;
using testing::MessageOf;
using testing::Work;

std::string Repeated(std::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

Work CostOf(const std::string& menu) {
  return MeasureWork([&] { return ReadGrubMenu(menu, {}); });
}

// Of what a menu can have many of, each a few times its bounds or without one.
constexpr const char* kPieces[] = {
    ";",
    "\n",
    "a;",
    "a \n",
    "$a ;",
    "${",
    "\"${\" ",
    "'';",
    "#",
    "\\\n",
    "set a=1\n",
    "unset a\n",
    "blscfg\n",
    "menuentry a {\n}\n",
    "submenu a { menuentry b { linux /v; } }\n",
    "if a; then b; else c; fi\n",
    "if a; then menuentry b { c; }; fi\n",
    "while a; do b; done\n",
    "function f { a; }\n",
    "[ a = b -a c = d -o ! -e f ]\n",
};

TEST(HostileMenu, TwiceTheTextCostsTwiceAsMuch) {
  constexpr size_t kTimes = 2000;
  for (const char* piece : kPieces) {
    SCOPED_TRACE(piece);
    ExpectLinear(CostOf(Repeated(piece, kTimes)), CostOf(Repeated(piece, 2 * kTimes)));
  }
}

// The text is kept by the caller. Beside it: entries up to their bound, where blocks are, one command at a
// time.
TEST(HostileMenu, TakesNoMoreThanAFewBytesForEachOfTheText) {
  constexpr size_t kSize = size_t{256} << 10;
  constexpr uint64_t kEntries = kMaxMenuEntries * uint64_t{1024},
                     kOneCommand = kMaxGrubPieces * uint64_t{256};
  for (const char* piece : kPieces) {
    const std::string menu = Repeated(piece, kSize / std::string_view(piece).size());
    EXPECT_LE(CostOf(menu).peak, kEntries + 8 * kSize) << piece;
  }
  EXPECT_LE(CostOf(Repeated("a ", kMaxGrubPieces)).peak, kOneCommand);
  EXPECT_LE(CostOf(Repeated("a ", kSize / 2)).peak, kOneCommand);
  EXPECT_LE(CostOf(Repeated("$a", kSize / 2)).peak, kOneCommand);
  EXPECT_LE(CostOf("a=" + Repeated("'b '", kSize / 4) + "\n$a").peak, kOneCommand);
}

TEST(HostileMenu, NestedBlocksAreGoneOverOnce) {
  const auto nested = [](size_t depth) {
    const std::string inside = Repeated("menuentry a { linux /v; }\n", 2000);
    return CostOf(Repeated("submenu s {\n", depth) + inside + Repeated("}\n", depth));
  };
  EXPECT_LE(nested(60).steps, nested(1).steps + nested(1).steps / 2);
}

TEST(HostileMenu, LoadEnvIsChargedEachTime) {
  GrubSurroundings around{.environment = {}, .has_environment = true};
  for (int i = 0; i < 1000; ++i) around.environment[fmt::format("variable{}", i)] = "value";
  EXPECT_EQ(MessageOf(ReadGrubMenu(Repeated("load_env\n", 1000), around)),
            "its variables expand to more than 0x400000 bytes");
}

TEST(HostileMenu, AMenuHasABoundedNumberOfEntries) {
  const std::string entry = "menuentry a {\nlinux /v\n}\n";
  const auto menu = ReadGrubMenu(Repeated(entry, kMaxMenuEntries), {});
  ASSERT_TRUE(menu.has_value());
  EXPECT_EQ(menu->entries.size(), kMaxMenuEntries);
  EXPECT_FALSE(menu->cut);
  const auto more = ReadGrubMenu("submenu s {\n" + Repeated(entry, kMaxMenuEntries) + "}\n", {});
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->entries[0].children.size(), kMaxMenuEntries - 1);
  EXPECT_TRUE(more->cut);
}

TEST(HostileMenu, VariablesAreBoundedInNumber) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("v{}=\n", i);
  EXPECT_EQ(MessageOf(ReadGrubMenu(text, {})), "it sets more than 4096 variables");
}

TEST(HostileMenu, AVariableCannotMakeEndlessWords) {
  EXPECT_EQ(MessageOf(ReadGrubMenu("a='" + Repeated("b ", 100000) + "'\nlinux $a\n", {})),
            "its variables make a command of more than 65536 words");
}

// What a long menu is made of: it is not to meet a bound.
TEST(HostileMenu, AFullMenuIsRead) {
  std::string text;
  for (size_t i = 0; i < kMaxMenuEntries; ++i) {
    text += fmt::format(
        "menuentry 'Debian GNU/Linux, with Linux 6.1.0-{0}-amd64' --class debian $menuentry_id_option "
        "'gnulinux-6.1.0-{0}' {{\n\tinsmod gzio\n\tif [ x$grub_platform = xxen ]; then insmod xzio; fi\n"
        "\tlinux\t/boot/vmlinuz-6.1.0-{0}-amd64 root=UUID=01234567-89ab-cdef-0123-456789abcdef ro quiet {1}\n"
        "\tinitrd\t/boot/initrd.img-6.1.0-{0}-amd64\n}}\n",
        i, std::string(720, 'x'));
  }
  ASSERT_GT(text.size(), size_t{4} << 20);
  const auto menu = ReadGrubMenu("menuentry_id_option=--id\n" + text, {});
  ASSERT_TRUE(menu.has_value()) << menu.error().message();
  EXPECT_EQ(menu->entries.back().id, "gnulinux-6.1.0-4095");
}

TEST(ExpandGrubVariables, LooksForTheBraceOnce) {
  const auto cost = [](size_t times) {
    return MeasureWork([&] { return ExpandGrubVariables(Repeated("${", times), {}); });
  };
  ExpectLinear(cost(10000), cost(20000));
}

}  // namespace
}  // namespace kexec
