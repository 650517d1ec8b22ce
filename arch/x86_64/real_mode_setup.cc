// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/real_mode_setup.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include "arch/x86_64/boot_params.h"
#include "loaders/bzimage/setup_header.h"

namespace kexec {
namespace {

// Boot protocol versions that brought a field (boot.rst, the table of the header).
constexpr uint16_t kProtocolHeap = 0x0201;
constexpr uint16_t kProtocolCommandLinePtr = 0x0202;
constexpr uint8_t kCanUseHeap = 0x80;           // loadflags, bit 7
constexpr uint16_t kHeapEndLess = 0x200;        // what heap_end_ptr counts less
constexpr uint16_t kCommandLineMagic = 0xa33f;  // boot.rst, "The Kernel Command Line"
constexpr size_t kAtCommandLineMagic = 0x20;
constexpr size_t kAtCommandLineOffset = 0x22;

void Put16(std::vector<std::byte>& bytes, size_t at, uint16_t value) {
  const Le<uint16_t> stored(value);
  std::memcpy(bytes.data() + at, &stored, sizeof(stored));
}

void FillHeader(const BzImage& image, const std::string& command_line, const RealModeAddresses& addresses,
                SetupHeader& header) {
  header.type_of_loader = kLoaderKexec;
  header.ramdisk_image = static_cast<uint32_t>(addresses.initrd.raw());
  header.ramdisk_size = static_cast<uint32_t>(addresses.initrd_size);
  if (image.protocol >= kProtocolHeap) {
    header.heap_end_ptr = static_cast<uint16_t>(addresses.heap_end - kHeapEndLess);
    header.loadflags = header.loadflags | kCanUseHeap;
  }
  if (image.protocol >= kProtocolCommandLinePtr) {
    header.cmd_line_ptr = static_cast<uint32_t>(addresses.setup.raw() + addresses.heap_end);
  } else {
    header.setup_move_size = static_cast<uint16_t>(addresses.heap_end + command_line.size() + 1);
  }
  if (image.relocatable) header.code32_start = static_cast<uint32_t>(addresses.kernel.raw());
  if (const auto mode = VideoMode(command_line)) header.vid_mode = *mode;
}

}  // namespace

std::optional<uint16_t> VideoMode(std::string_view command_line) {
  constexpr std::string_view kWord = "vga=";
  std::optional<uint16_t> mode;
  while (!command_line.empty()) {
    const size_t length = std::min(command_line.find(' '), command_line.size());
    std::string_view value = command_line.substr(0, length);
    command_line.remove_prefix(std::min(length + 1, command_line.size()));
    if (!value.starts_with(kWord)) continue;
    value.remove_prefix(kWord.size());
    // The three names, and "an integer in C notation".
    if (value == "normal") mode = 0xffff;
    if (value == "ext") mode = 0xfffe;
    if (value == "ask") mode = 0xfffd;
    const bool hexadecimal = value.starts_with("0x") || value.starts_with("0X");
    const bool octal = !hexadecimal && value.size() > 1 && value.starts_with('0');
    if (hexadecimal) value.remove_prefix(2);
    uint16_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number,
                                              hexadecimal ? 16
                                              : octal     ? 8
                                                          : 10);
    if (error == std::errc() && end == value.data() + value.size()) mode = number;
  }
  return mode;
}

std::vector<std::byte> WriteRealModeSetup(const BzImage& image, const std::string& command_line,
                                          const RealModeAddresses& addresses) {
  const Bytes setup = image.setup.view();
  std::vector<std::byte> bytes(addresses.heap_end + command_line.size() + 1);
  std::ranges::copy(setup, bytes.begin());
  // The header is as long as its protocol makes it; what follows is code.
  SetupHeader header{};
  const size_t length = std::min(image.setup_header.size(), sizeof(header));
  std::memcpy(&header, image.setup_header.view().data(), length);
  FillHeader(image, command_line, addresses, header);
  std::memcpy(bytes.data() + SetupHeader::kFileOffset, &header, length);
  if (image.protocol < kProtocolCommandLinePtr) {
    Put16(bytes, kAtCommandLineMagic, kCommandLineMagic);
    Put16(bytes, kAtCommandLineOffset, addresses.heap_end);
  }
  std::memcpy(bytes.data() + addresses.heap_end, command_line.data(), command_line.size());
  return bytes;
}

}  // namespace kexec
