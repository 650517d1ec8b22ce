// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/arch/bzimage_fixture.h"

#include <cstring>
#include <utility>

#include "loaders/bzimage/setup_header.h"
#include "tests/support/ranges.h"

namespace kexec::testing {
namespace {

SharedBytes HeaderOf(const BzImage& image, const KernelShape& shape) {
  SetupHeader header{};
  header.setup_sects = 39;
  header.root_flags = 1;
  header.syssize = 0xd8220;
  header.vid_mode = 0xffff;
  header.boot_flag = kBootFlag;
  header.jump_opcode = 0xeb;
  header.jump_distance = 0x6a;
  header.header = kHdrS;
  header.version = image.protocol;
  header.start_sys_seg = 0x1000;
  header.kernel_version = 0x42c0;
  header.setup_move_size = 0x8000;
  header.heap_end_ptr = 0x5be0;
  header.loadflags = kLoadedHigh | 0x80;  // CAN_USE_HEAP, which must not survive
  header.code32_start = 0x100000;
  header.initrd_addr_max = static_cast<uint32_t>(image.initrd_addr_max.raw());
  header.kernel_alignment = static_cast<uint32_t>(shape.alignment);
  header.relocatable_kernel = 1;
  header.min_alignment = 21;
  header.xloadflags = 0x7f;
  header.cmdline_size = static_cast<uint32_t>(image.command_line_max);
  header.payload_offset = 0x2cc;
  header.payload_length = 0xd696cc;
  header.pref_address = shape.pref_address;
  header.init_size = static_cast<uint32_t>(shape.init_size);
  header.handover_offset = 0xd72f10;
  header.kernel_info_offset = 0xd7f91c;
  std::vector<std::byte> bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  return SharedBytes::Own(std::move(bytes));
}

// 40 sectors with the header in them, the rest as it comes.
SharedBytes SetupOf(const SharedBytes& header) {
  const SharedBytes pattern = Pattern(size_t{40} * 512, 9);
  std::vector<std::byte> bytes(pattern.view().begin(), pattern.view().end());
  std::memcpy(bytes.data() + SetupHeader::kFileOffset, header.view().data(), header.size());
  return SharedBytes::Own(std::move(bytes));
}

}  // namespace

SharedBytes Pattern(size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 4096 * 13 + seed * 101 + 1);
  return SharedBytes::Own(std::move(bytes));
}

BzImage ModernKernel(const KernelShape& shape) {
  BzImage image;
  image.protocol = 0x020f;
  image.version = "6.1.0-test";
  image.initrd_addr_max = PhysAddr(0x7fffffff);
  image.command_line_max = 2047;
  image.setup_header = HeaderOf(image, shape);
  image.setup = SetupOf(image.setup_header);
  image.kernel = Pattern(shape.file_size, 1);
  image.init_size = shape.init_size;
  image.pref_address = PhysAddr(shape.pref_address);
  image.relocatable = true;
  image.alignment = Alignment::Make(shape.alignment);
  image.has_64bit_entry = true;
  image.can_load_above_4g = true;
  image.efi_kexec = true;
  image.five_level = true;
  return image;
}

BzImage SmallKernel() { return ModernKernel({.file_size = 0x12345, .init_size = 0x40000}); }

BootInputs InputsFor(BzImage kernel, const std::vector<size_t>& initrd_sizes, std::string command_line) {
  BootInputs inputs{.kernel = {.type = "bzImage64", .image = std::move(kernel)},
                    .initrds = {},
                    .command_line = std::move(command_line),
                    .window = WholeMemory(),
                    .entry = {},
                    .purgatory = {},
                    .rng_seed = {}};
  for (const size_t size : initrd_sizes) {
    inputs.initrds.push_back(Pattern(size, static_cast<unsigned>(inputs.initrds.size() + 2)));
  }
  return inputs;
}

PhysRange WholeMemory() { return Range(0, UINT64_MAX); }

std::string RecordedMachine(std::string_view name) {
  return fmt::format("{}/tests/golden/machines/{}", KEXEC_SOURCE_DIR, name);
}

}  // namespace kexec::testing
