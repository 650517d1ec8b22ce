// SPDX-License-Identifier: GPL-2.0-or-later
// kexec-docs bash | zsh | fish | man PAGE: prints what the option table makes of one file.
// scripts/generate-docs calls it; it isn't installed.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "cmd/docs/render.h"
#include "cmd/kexec/standard_output.h"

namespace {

int Print(const std::string& text) {
  kexec::StandardOutput output;
  output.Write(text);
  const auto written = output.Close();
  if (written.has_value()) return 0;
  std::fprintf(stderr, "kexec-docs: %s\n", written.error().message().c_str());
  return 1;
}

int PrintManPage(const char* path) {
  std::ifstream file(path);
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto rendered = kexec::RenderManPage(page);
  if (rendered.has_value()) return Print(*rendered);
  std::fprintf(stderr, "kexec-docs: %s: %s\n", path, rendered.error().message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  kexec::ReserveStandardDescriptors();
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "bash") return Print(kexec::RenderBashCompletion());
  if (what == "zsh") return Print(kexec::RenderZshCompletion());
  if (what == "fish") return Print(kexec::RenderFishCompletion());
  if (what == "man" && argc > 2) return PrintManPage(argv[2]);
  std::fputs("Usage: kexec-docs bash | zsh | fish | man PAGE\n", stderr);
  return 1;
}
