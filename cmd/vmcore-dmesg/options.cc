// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/vmcore-dmesg/options.h"

#include <getopt.h>

#include <array>
#include <string_view>
#include <vector>

namespace kexec {
namespace {

constexpr std::array<const char*, 8> kLevels = {"emerg", "alert",  "crit", "err",
                                                "warn",  "notice", "info", "debug"};

Result<uint8_t> ParseLevel(std::string_view name) {
  for (uint8_t level = 0; level < kLevels.size(); ++level) {
    if (name == kLevels[level] || name == std::to_string(level)) return level;
  }
  return Fail(Errc::kUsage,
              "option '--level': '{}' is no level; levels are emerg, alert, crit, err, warn, notice, "
              "info, debug, or 0 to 7",
              name);
}

// Why getopt_long() answered `found`, '?' or ':', at `word`.
std::unexpected<Error> Refused(int found, std::string_view word) {
  if (found == ':') return Fail(Errc::kUsage, "option '{}' needs a value", word);
  if (optopt == 0) return Fail(Errc::kUsage, "'{}' is no option of vmcore-dmesg", word);
  if (word.starts_with("--")) return Fail(Errc::kUsage, "option '{}' takes no value", word);
  return Fail(Errc::kUsage, "'-{}' is no option of vmcore-dmesg", static_cast<char>(optopt));
}

}  // namespace

const char* LevelName(uint8_t level) { return kLevels[level & 7]; }

Result<uint8_t> ParseLevels(const std::string& list) {
  unsigned levels = 0;
  std::string_view rest = list;
  for (bool more = true; more;) {
    const size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    std::string_view name = rest.substr(0, comma);
    if (more) rest.remove_prefix(comma + 1);
    const bool and_worse = name.ends_with('+');
    if (and_worse) name.remove_suffix(1);
    KEXEC_ASSIGN(const uint8_t level, ParseLevel(name));
    levels |= and_worse ? (2u << level) - 1 : 1u << level;
  }
  return static_cast<uint8_t>(levels);
}

Result<DmesgOptions> ParseDmesgArguments(int argc, const char* const* argv) {
  static constexpr option kLong[] = {
      {"json", no_argument, nullptr, 'J'},        {"force-prefix", no_argument, nullptr, 'p'},
      {"level", required_argument, nullptr, 'l'}, {"help", no_argument, nullptr, 'h'},
      {"version", no_argument, nullptr, 'v'},     {nullptr, 0, nullptr, 0}};
  std::vector<std::string> words(argv, argv + argc);
  std::vector<char*> pointers;  // getopt reorders them
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  DmesgOptions options;
  opterr = 0;
  optind = 0;  // glibc: begin anew
  for (int found; (found = getopt_long(argc, pointers.data(), ":Jpl:hv", kLong, nullptr)) != -1;) {
    switch (found) {
      case 'J':
        options.json = true;
        break;
      case 'p':
        options.force_prefix = true;
        break;
      case 'l': {
        KEXEC_ASSIGN(options.levels, ParseLevels(optarg));
        break;
      }
      case 'h':
        options.action = DmesgOptions::Action::kHelp;
        return options;
      case 'v':
        options.action = DmesgOptions::Action::kVersion;
        return options;
      default:
        return Refused(found, pointers[static_cast<size_t>(optind - 1)]);
    }
  }
  if (optind + 1 != argc) {
    return Fail(Errc::kUsage, "{} files given, expected one: /proc/vmcore or a saved dump", argc - optind);
  }
  options.dump = pointers[static_cast<size_t>(optind)];
  return options;
}

std::string DmesgHelp() {
  return "usage: vmcore-dmesg [OPTION]... FILE\n"
         "Print the kernel log of FILE, /proc/vmcore or a saved dump.\n"
         "\n"
         "  -J, --json          print one JSON document\n"
         "  -l, --level=LIST    only these levels: emerg, alert, crit, err, warn, notice,\n"
         "                      info, debug, separated by commas; NAME+ for it and worse\n"
         "  -p, --force-prefix  the time before every line, not only the first of a record\n"
         "  -h, --help          print this and exit\n"
         "  -v, --version       print the version and exit\n"
         "\n"
         "vmcore-dmesg(8) lists the exit statuses.\n";
}

std::string DmesgVersion() { return "vmcore-dmesg (kexec-ng) " KEXEC_VERSION "\n"; }

}  // namespace kexec
