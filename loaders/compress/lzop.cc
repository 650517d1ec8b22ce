// SPDX-License-Identifier: LGPL-2.1-or-later
// The lzop container, its blocks by liblzo2 and its checksums by zlib.
#include <lzo/lzo1x.h>
#include <zlib.h>

#include "loaders/compress/codec.h"
#include "loaders/initrd/lzop_header.h"

namespace kexec {
namespace {

// lzop packs into blocks of 256 KiB and unpacks none above 64 MiB.
constexpr uint32_t kLargestBlock = 64 << 20;

uint32_t Adler(Bytes bytes) {
  return static_cast<uint32_t>(adler32_z(1, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

uint32_t Crc(Bytes bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::unexpected<Error> CutShort(Bytes file, std::string_view inside) {
  return Fail(Errc::kMalformed, "cut short: the file ends at {:#x}, inside {}", file.size(), inside);
}

// One block's sizes and those of its checksums the header's flags call for.
struct Block {
  uint64_t offset = 0;     // in the file, for messages
  uint32_t data_size = 0;  // 0: the end mark
  uint32_t stored_size = 0;
  std::optional<uint32_t> data_adler, data_crc, stored_adler, stored_crc;
  bool compressed() const { return stored_size < data_size; }
};

// False if it is cut off.
bool TakeChecksum(Cursor& cursor, bool present, std::optional<uint32_t>& checksum) {
  if (!present) return true;
  const auto value = cursor.Take<Be<uint32_t>>();
  if (value) checksum = *value;
  return value.has_value();
}

Result<Block> TakeBlock(Cursor& cursor, uint32_t flags, Bytes file) {
  Block block{.offset = cursor.file_offset()};
  const auto data_size = cursor.Take<Be<uint32_t>>();
  if (!data_size) return CutShort(file, "the size of a block");
  if (*data_size == 0) return block;
  block.data_size = *data_size;
  const auto stored_size = cursor.Take<Be<uint32_t>>();
  if (!stored_size) return CutShort(file, "the size of a block");
  block.stored_size = *stored_size;
  if (block.data_size > kLargestBlock || block.stored_size > block.data_size || block.stored_size == 0) {
    return Fail(Errc::kMalformed, "damaged at {:#x} (a block of {:#x} bytes for {:#x})", block.offset,
                block.stored_size, block.data_size);
  }
  const bool stored = block.compressed();  // else both are the same bytes, and checked once
  if (!TakeChecksum(cursor, (flags & kLzopAdlerOfData) != 0, block.data_adler) ||
      !TakeChecksum(cursor, (flags & kLzopCrcOfData) != 0, block.data_crc) ||
      !TakeChecksum(cursor, stored && (flags & kLzopAdlerOfStored) != 0, block.stored_adler) ||
      !TakeChecksum(cursor, stored && (flags & kLzopCrcOfStored) != 0, block.stored_crc)) {
    return CutShort(file, "the checksums of a block");
  }
  return block;
}

bool Holds(Bytes bytes, std::optional<uint32_t> adler, std::optional<uint32_t> crc) {
  return (!adler || *adler == Adler(bytes)) && (!crc || *crc == Crc(bytes));
}

Result<> Unpack(const Block& block, Bytes stored, Output& output) {
  if (!Holds(stored, block.stored_adler, block.stored_crc)) {
    return Fail(Errc::kMalformed, "damaged in the block at {:#x} (wrong checksum)", block.offset);
  }
  KEXEC_ASSIGN(const std::span<std::byte> room, output.Room(block.data_size));
  if (block.compressed()) {
    lzo_uint written = block.data_size;
    const int status =
        lzo1x_decompress_safe(reinterpret_cast<const unsigned char*>(stored.data()), stored.size(),
                              reinterpret_cast<unsigned char*>(room.data()), &written, nullptr);
    if (status != LZO_E_OK || written != block.data_size) {
      return Fail(Errc::kMalformed, "damaged in the block at {:#x} (corrupt data)", block.offset);
    }
  } else {
    std::memcpy(room.data(), stored.data(), stored.size());
  }
  if (!Holds(room.first(block.data_size), block.data_adler, block.data_crc)) {
    return Fail(Errc::kMalformed, "damaged in the block at {:#x} (wrong checksum)", block.offset);
  }
  return output.Commit(block.data_size);
}

Result<> CheckHeader(const LzopHeader& header, Bytes archive, uint64_t begin) {
  const Bytes checked = archive.subspan(header.checked_from, header.checked_to - header.checked_from);
  const uint32_t checksum = *ReadAt<Be<uint32_t>>(archive, header.checked_to);
  if (checksum != ((header.flags & kLzopCrcOfHeader) != 0 ? Crc(checked) : Adler(checked))) {
    return Fail(Errc::kMalformed, "damaged in the header at {:#x} (wrong checksum)", begin);
  }
  // 1 to 3 are LZO1X-1, LZO1X-1(15) and LZO1X-999, which unpack alike.
  if (header.method < 1 || header.method > 3) {
    return Fail(Errc::kUnsupported, "packed by the unknown method {}", header.method);
  }
  if (header.filter != 0) return Fail(Errc::kUnsupported, "packed with the unknown filter {}", header.filter);
  return {};
}

}  // namespace

Result<uint64_t> DecodeLzop(Bytes file, uint64_t begin, Output& output, const DecompressLimits&) {
  if (lzo_init() != LZO_E_OK) return Fail(Errc::kUnsupported, "liblzo2 was built for another machine");
  WalkedFile walked(file);
  const Candidate archive{file.subspan(begin), begin, walked};
  Cursor cursor(archive);
  const auto header = TakeLzopHeader(cursor);
  if (!header) return CutShort(file, "the header");
  KEXEC_TRY(CheckHeader(*header, archive.bytes, begin));
  for (;;) {
    KEXEC_ASSIGN(const Block block, TakeBlock(cursor, header->flags, file));
    if (block.data_size == 0) return cursor.file_offset();
    const auto stored = SliceAt(cursor.rest(), 0, block.stored_size);
    if (!stored) return CutShort(file, fmt::format("the block at {:#x}", block.offset));
    KEXEC_TRY(Unpack(block, *stored, output));
    cursor.Skip(block.stored_size);
  }
}

std::string Liblzo2Version() { return lzo_version_string(); }

}  // namespace kexec
