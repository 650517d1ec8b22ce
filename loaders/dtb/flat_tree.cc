// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/flat_tree.h"

#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "loaders/dtb/structure_block.h"

namespace kexec {
namespace {

using Id = TreeNodes::Id;

constexpr uint32_t kMagic = 0xd00dfeed;
constexpr uint32_t kVersion = 17;  // what dtc has written since 2007

// Devicetree Specification, 5.2.
struct FlatHeader {
  Be<uint32_t> magic;
  Be<uint32_t> total_size;
  Be<uint32_t> structure_offset;
  Be<uint32_t> strings_offset;
  Be<uint32_t> reservations_offset;
  Be<uint32_t> version;
  Be<uint32_t> oldest_compatible;
  Be<uint32_t> boot_cpu;
  Be<uint32_t> strings_size;
  Be<uint32_t> structure_size;
};
static_assert(sizeof(FlatHeader) == 40);

// 5.3.2.
struct FlatReservation {
  Be<uint64_t> address;
  Be<uint64_t> size;
};

// 5.4.1.
constexpr uint32_t kBeginNode = 1, kEndNode = 2, kProperty = 3, kEnd = 9;
constexpr size_t kToken = 4;

Result<FlatHeader> ReadHeader(Bytes blob) {
  const auto magic = ReadAt<Be<uint32_t>>(blob, 0);
  if (!magic || *magic != kMagic) return Fail(Errc::kNotRecognised, "this is no device tree");
  const auto header = ReadAt<FlatHeader>(blob, 0);
  if (!header) {
    return Fail(Errc::kMalformed, "the device tree ends inside its header; copy the file again");
  }
  const uint32_t size = header->total_size;
  if (size > blob.size()) {
    return Fail(
        Errc::kMalformed,
        "the device tree is cut short: its header says {:#x} bytes, {:#x} are there; copy the file again",
        size, blob.size());
  }
  if (size > TreeNodes::kMaxBytes) {
    return Fail(
        Errc::kDoesNotFit,
        "a device tree of {:#x} bytes; at most {:#x} are read, and kernels take no more than half of that: "
        "make it smaller",
        size, TreeNodes::kMaxBytes);
  }
  if (header->version < kVersion || header->oldest_compatible > kVersion) {
    return Fail(Errc::kUnsupported,
                "a device tree of version {}, and version {} can be read; make it anew with dtc -V {}",
                uint32_t{header->version < kVersion ? header->version : header->oldest_compatible}, kVersion,
                kVersion);
  }
  return *header;
}

std::unexpected<Error> Outside(std::string_view block) {
  return Fail(Errc::kMalformed, "its {} block lies outside it", block);
}

Result<> ReadReservations(Bytes rest, FlatTree& tree) {
  while (const auto entry = ReadAt<FlatReservation>(rest, 0)) {
    if (entry->size == 0) return {};
    KEXEC_TRY(tree.nodes.TakeRoom(sizeof(FlatReservation)));
    tree.reservations.push_back({entry->address, entry->size});
    rest = rest.subspan(sizeof(FlatReservation));
  }
  return Fail(Errc::kMalformed, "its memory reservation block has no end");
}

// Fills `nodes`, which hold the blob.
Result<> ReadNodes(StructureReader reader, TreeNodes& nodes) {
  KEXEC_ASSIGN(const TreeToken first, reader.Next());
  if (first.kind != TreeToken::Kind::kBeginNode) return Fail(Errc::kMalformed, "it has no root node");
  for (Id node = TreeNodes::kRoot; node != TreeNodes::kNone;) {
    KEXEC_ASSIGN(const TreeToken token, reader.Next());
    if (token.kind == TreeToken::Kind::kBeginNode) {
      KEXEC_ASSIGN(node, nodes.AddChild(node, token.name, TreeNodes::End::kLast));
    } else if (token.kind == TreeToken::Kind::kEndNode) {
      node = nodes.node(node).parent;
    } else if (token.kind == TreeToken::Kind::kEnd) {
      return Fail(Errc::kMalformed, "it ends inside the node '{}'", nodes.node(node).name);
    } else if (nodes.node(node).first_child == TreeNodes::kNone &&
               nodes.FindProperty(node, token.name) == TreeNodes::kNone) {
      // Readers, the kernel too, see no property behind a node and no second one of its name.
      KEXEC_TRY(nodes.AddProperty(node, token.name, token.value, TreeNodes::End::kLast));
    }
  }
  KEXEC_ASSIGN(const TreeToken last, reader.Next());
  if (last.kind == TreeToken::Kind::kEnd) return {};
  return Fail(Errc::kMalformed, "there is something behind its root node");
}

Result<FlatTree> ReadBlocks(const SharedBytes& blob, const FlatHeader& header) {
  const auto structure = SliceAt(blob.view(), header.structure_offset, header.structure_size);
  const auto strings = SliceAt(blob.view(), header.strings_offset, header.strings_size);
  const auto reservations = blob.Slice(header.reservations_offset, 0);
  if (!structure) return Outside("structure");
  if (!strings) return Outside("strings");
  if (!reservations) return Outside("memory reservation");
  FlatTree tree;
  tree.nodes.Hold(blob);
  tree.boot_cpu = header.boot_cpu;
  KEXEC_TRY(ReadReservations(blob.view().subspan(header.reservations_offset), tree));
  KEXEC_TRY(ReadNodes(StructureReader(*structure, *strings), tree.nodes));
  return tree;
}

class FlatWriter {
 public:
  explicit FlatWriter(const TreeNodes& nodes)
      : nodes_(nodes), name_offsets_(nodes.NameCount(), TreeNodes::kNone) {
    WriteNode(TreeNodes::kRoot);
    Put(structure_, kEnd);
  }

  const std::vector<std::byte>& structure() const { return structure_; }
  const std::vector<std::byte>& strings() const { return strings_; }

 private:
  static void Append(std::vector<std::byte>& to, Bytes bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
  static void Put(std::vector<std::byte>& to, uint32_t number) {
    const Be<uint32_t> stored(number);
    Append(to, std::as_bytes(std::span(&stored, 1)));
  }
  static void PutText(std::vector<std::byte>& to, std::string_view text) {
    Append(to, std::as_bytes(std::span(text)));
    to.push_back(std::byte{0});
  }
  void Pad() { structure_.resize((structure_.size() + kToken - 1) / kToken * kToken); }

  void WriteNode(Id id) {  // at most kMaxDepth deep
    const TreeNodes::Node& node = nodes_.node(id);
    Put(structure_, kBeginNode);
    PutText(structure_, node.name);
    Pad();
    for (Id at = node.first_property; at != TreeNodes::kNone; at = nodes_.property(at).next)
      WriteProperty(at);
    for (Id at = node.first_child; at != TreeNodes::kNone; at = nodes_.node(at).next) WriteNode(at);
    Put(structure_, kEndNode);
  }

  void WriteProperty(Id id) {
    const TreeNodes::Property& property = nodes_.property(id);
    uint32_t& name = name_offsets_[property.name];
    if (name == TreeNodes::kNone) {
      name = static_cast<uint32_t>(strings_.size());
      PutText(strings_, nodes_.PropertyName(id));
    }
    Put(structure_, kProperty);
    Put(structure_, static_cast<uint32_t>(property.value.size()));
    Put(structure_, name);
    Append(structure_, property.value);
    Pad();
  }

  const TreeNodes& nodes_;
  std::vector<uint32_t> name_offsets_;  // by TreeNodes::Property::name; kNone: not written yet
  std::vector<std::byte> structure_;
  std::vector<std::byte> strings_;
};

}  // namespace

Result<FlatTree> ReadFlatTree(Bytes blob) {
  KEXEC_ASSIGN(const FlatHeader header, ReadHeader(blob));
  const Bytes whole = blob.first(header.total_size);
  auto tree = ReadBlocks(SharedBytes::Own({whole.begin(), whole.end()}), header);
  if (tree || tree.error().code() != Errc::kMalformed) return tree;
  return Fail(Errc::kMalformed,
              "the device tree is damaged: {}; copy the file again, or make it anew with dtc",
              tree.error().message());
}

std::vector<std::byte> WriteFlatTree(const FlatTree& tree) {
  const FlatWriter blocks(tree.nodes);
  std::vector<FlatReservation> reservations;
  for (const TreeReservation& entry : tree.reservations) reservations.push_back({entry.address, entry.size});
  reservations.push_back({0, 0});
  const Bytes reservation_block = std::as_bytes(std::span(reservations));
  const size_t structure_at = sizeof(FlatHeader) + reservation_block.size();
  const size_t strings_at = structure_at + blocks.structure().size();
  const size_t size = strings_at + blocks.strings().size();
  const FlatHeader header = {.magic = kMagic,
                             .total_size = static_cast<uint32_t>(size),
                             .structure_offset = static_cast<uint32_t>(structure_at),
                             .strings_offset = static_cast<uint32_t>(strings_at),
                             .reservations_offset = sizeof(FlatHeader),
                             .version = kVersion,
                             .oldest_compatible = 16,  // 5.2: of a tree of version 17
                             .boot_cpu = tree.boot_cpu,
                             .strings_size = static_cast<uint32_t>(blocks.strings().size()),
                             .structure_size = static_cast<uint32_t>(blocks.structure().size())};
  std::vector<std::byte> blob;
  blob.reserve(size);
  for (const Bytes part : {std::as_bytes(std::span(&header, 1)), reservation_block, Bytes(blocks.structure()),
                           Bytes(blocks.strings())}) {
    blob.insert(blob.end(), part.begin(), part.end());
  }
  return blob;
}

}  // namespace kexec
