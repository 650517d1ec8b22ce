// SPDX-License-Identifier: LGPL-2.1-or-later
#include "loaders/dtb/overlay_references.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace kexec {
namespace {

using Id = TreeNodes::Id;

constexpr std::string_view kLabelReferences = "__fixups__";
constexpr std::string_view kOwnReferences = "__local_fixups__";
constexpr std::string_view kLabels = "__symbols__";
constexpr size_t kCell = sizeof(uint32_t);
// Devicetree Specification, 2.3.3, and the name of that property before it.
constexpr std::array<std::string_view, 2> kPhandles = {"phandle", "linux,phandle"};
constexpr uint32_t kNoPhandle = UINT32_MAX;

std::string_view AsText(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// The text before the first `end`, which goes off with it; nullopt: there is none.
std::optional<std::string_view> TakeUpTo(std::string_view& text, char end) {
  const size_t length = text.find(end);
  if (length == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length + 1);
  return taken;
}

// Where a reference is.
struct Place {
  Id property;
  uint32_t offset;
};

std::unexpected<Error> OutsideProperty(const OverlayValues& values, Id node, std::string_view name,
                                       Place place) {
  return Fail(Errc::kMalformed,
              "it is damaged: it has a reference at byte {} of '{}' in '{}', which has {} bytes; make it "
              "anew with dtc -@",
              place.offset, name, values.overlay().PathOf(node), values.Value(place.property).size());
}

std::unexpected<Error> NoReference(std::string_view label, std::string_view text) {
  return Fail(Errc::kMalformed,
              "it is damaged: it uses the label '{}' at '{}', which is not written PATH:PROPERTY:OFFSET; "
              "make it anew with dtc -@",
              label, text.substr(0, 200));
}

std::unexpected<Error> NoProperty(std::string_view path, std::string_view name) {
  return Fail(Errc::kMalformed,
              "it is damaged: it has a reference in the property '{}' of '{}', and there is none; make it "
              "anew with dtc -@",
              name, path);
}

std::unexpected<Error> AboutItself(std::string_view path) {
  return Fail(
      Errc::kMalformed,
      "it is damaged: it has a reference in '{}', which only describes the overlay; make it anew with dtc -@",
      path);
}

using Visit = std::function<Result<>(Id node, std::string_view name, Place place)>;

// Calls `visit` for each reference that `list` and the nodes below it have for `node` and those below it.
Result<> VisitOwnReferences(const OverlayValues& values, Id list, Id node, const Visit& visit) {
  const TreeNodes& overlay = values.overlay();
  if (DescribesOverlay(overlay, node)) return AboutItself(overlay.PathOf(node));
  for (Id id = overlay.node(list).first_property; id != TreeNodes::kNone; id = overlay.property(id).next) {
    const std::string_view name = overlay.PropertyName(id);
    const Id property = overlay.FindProperty(node, name);
    const Bytes offsets = overlay.property(id).value;
    if (property == TreeNodes::kNone) return NoProperty(overlay.PathOf(node), name);
    if (offsets.size() % kCell != 0) {
      return Fail(Errc::kMalformed,
                  "it is damaged: '{}' of '{}' has {} bytes, no multiple of {}; make it anew with dtc -@",
                  name, overlay.PathOf(list), offsets.size(), kCell);
    }
    for (size_t at = 0; at < offsets.size(); at += kCell) {
      KEXEC_TRY(visit(node, name, {property, *ReadAt<Be<uint32_t>>(offsets, at)}));
    }
  }
  for (Id id = overlay.node(list).first_child; id != TreeNodes::kNone; id = overlay.node(id).next) {
    const std::string_view name = overlay.node(id).name;
    const Id child = overlay.FindChild(node, name);
    if (child == TreeNodes::kNone) {
      return Fail(Errc::kMalformed,
                  "it is damaged: it has references in '{}' of '{}', and there is no such node; make it anew "
                  "with dtc -@",
                  name, overlay.PathOf(node));
    }
    KEXEC_TRY(VisitOwnReferences(values, id, child, visit));
  }
  return {};
}

Result<> VisitOwnReferences(const OverlayValues& values, const Visit& visit) {
  const Id list = values.overlay().FindChild(TreeNodes::kRoot, kOwnReferences);
  if (list == TreeNodes::kNone) return {};
  return VisitOwnReferences(values, list, TreeNodes::kRoot, visit);
}

Result<> MovePhandle(Id node, uint32_t distance, OverlayValues& values) {
  const TreeNodes& overlay = values.overlay();
  for (const std::string_view name : kPhandles) {
    const Id property = overlay.FindProperty(node, name);
    if (property == TreeNodes::kNone) continue;
    const auto number = values.Cell(property, 0);
    if (!number || overlay.property(property).value.size() != kCell) {
      return Fail(Errc::kMalformed,
                  "it is damaged: '{}' of '{}' has {} bytes, it must have {}; make it anew with dtc -@", name,
                  overlay.PathOf(node), overlay.property(property).value.size(), kCell);
    }
    if (*number >= kNoPhandle - distance) {
      return Fail(Errc::kDoesNotFit,
                  "'{}' has the number (phandle) {:#x}, and the tree has numbers up to {:#x}: there are too "
                  "few for both",
                  overlay.PathOf(node), *number, distance);
    }
    values.SetCell(property, 0, *number + distance);
  }
  return {};
}

// "PATH:PROPERTY:OFFSET" of the overlay.
Result<Place> FindReference(const OverlayValues& values, std::string_view label, std::string_view text) {
  std::string_view rest = text;
  const auto path = TakeUpTo(rest, ':');
  const auto name = TakeUpTo(rest, ':');
  uint32_t offset = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), offset);
  // Of a number without a sign from_chars takes digits and nothing else.
  if (!path || !name || !path->starts_with('/') || error != std::errc() || end != rest.data() + rest.size()) {
    return NoReference(label, text);
  }
  const TreeNodes& overlay = values.overlay();
  const Id node = overlay.Find(*path);
  const Id property = node == TreeNodes::kNone ? node : overlay.FindProperty(node, *name);
  if (property == TreeNodes::kNone) return NoProperty(path->substr(0, 200), name->substr(0, 200));
  for (Id above = node; above != TreeNodes::kNone; above = overlay.node(above).parent) {
    if (DescribesOverlay(overlay, above)) return AboutItself(overlay.PathOf(above));
  }
  if (!values.Cell(property, offset)) return OutsideProperty(values, node, *name, {property, offset});
  return Place{property, offset};
}

// The number of the node the tree has for a label.
Result<uint32_t> PhandleOfLabel(const TreeNodes& tree, std::string_view label) {
  const Id labels = tree.FindChild(TreeNodes::kRoot, kLabels);
  if (labels == TreeNodes::kNone) {
    return Fail(Errc::kUnsupported,
                "it wants the label '{}', and the tree has no labels: it must be made with dtc -@", label);
  }
  const Id found = tree.FindProperty(labels, label);
  if (found == TreeNodes::kNone) {
    return Fail(Errc::kUnsupported, "it wants the label '{}', which the tree lacks", label);
  }
  const std::string_view path = AsText(tree.property(found).value);
  const std::string_view ended = path.substr(0, path.find('\0'));
  const Id node = tree.Find(ended);
  if (node == TreeNodes::kNone) {
    return Fail(Errc::kMalformed, "the tree's label '{}' names '{}', which is not there", label, ended);
  }
  const uint32_t phandle = PhandleOf(tree, node);
  if (phandle != 0) return phandle;
  return Fail(Errc::kUnsupported,
              "it wants the label '{}', and '{}' of the tree has no number (phandle): the tree must be made "
              "with dtc -@",
              label, ended);
}

template <class CellOf>
uint32_t FirstPhandle(const TreeNodes& tree, Id node, CellOf cell_of) {
  for (const std::string_view name : kPhandles) {
    const Id property = tree.FindProperty(node, name);
    if (property == TreeNodes::kNone || tree.property(property).value.size() != kCell) continue;
    return cell_of(property);
  }
  return 0;
}

}  // namespace

Bytes OverlayValues::Value(Id property) const {
  const auto changed = changed_.find(property);
  return changed == changed_.end() ? overlay_.property(property).value : Bytes(changed->second);
}

std::optional<uint32_t> OverlayValues::Cell(Id property, uint32_t offset) const {
  const auto cell = ReadAt<Be<uint32_t>>(Value(property), offset);
  return cell ? std::optional<uint32_t>(*cell) : std::nullopt;
}

void OverlayValues::SetCell(Id property, uint32_t offset, uint32_t number) {
  auto changed = changed_.find(property);
  if (changed == changed_.end()) {
    const Bytes value = overlay_.property(property).value;
    changed = changed_.emplace(property, std::vector(value.begin(), value.end())).first;
  }
  const Be<uint32_t> cell(number);
  std::ranges::copy(std::as_bytes(std::span(&cell, 1)), changed->second.begin() + offset);
}

bool DescribesOverlay(const TreeNodes& overlay, Id node) {
  const std::string_view name = overlay.node(node).name;
  return overlay.node(node).parent == TreeNodes::kRoot &&
         (name == kLabelReferences || name == kOwnReferences || name == kLabels);
}

uint32_t PhandleOf(const TreeNodes& tree, Id node) {
  return FirstPhandle(tree, node, [&](Id property) -> uint32_t {
    return *ReadAt<Be<uint32_t>>(tree.property(property).value, 0);
  });
}

uint32_t PhandleOf(const OverlayValues& values, Id node) {
  return FirstPhandle(values.overlay(), node, [&](Id property) { return *values.Cell(property, 0); });
}

void SetPhandle(OverlayValues& values, Id node, uint32_t phandle) {
  for (const std::string_view name : kPhandles) {
    const Id property = values.overlay().FindProperty(node, name);
    if (property != TreeNodes::kNone) values.SetCell(property, 0, phandle);
  }
}

std::map<uint32_t, Id> NodesByPhandle(const TreeNodes& tree) {
  std::map<uint32_t, Id> nodes;
  for (Id node = TreeNodes::kRoot; node < tree.NodeCount(); ++node) {
    const uint32_t phandle = PhandleOf(tree, node);
    if (phandle != 0 && phandle != kNoPhandle) nodes.emplace(phandle, node);
  }
  return nodes;
}

Result<> MoveOwnPhandles(uint32_t largest, OverlayValues& values) {
  const TreeNodes& overlay = values.overlay();
  for (Id node = TreeNodes::kRoot; node < overlay.NodeCount(); ++node) {
    if (!DescribesOverlay(overlay, node)) KEXEC_TRY(MovePhandle(node, largest, values));
  }
  return VisitOwnReferences(values, [&](Id node, std::string_view name, Place place) -> Result<> {
    const auto number = values.Cell(place.property, place.offset);
    if (!number) return OutsideProperty(values, node, name, place);
    values.SetCell(place.property, place.offset, *number + largest);
    return {};
  });
}

void ReplaceOwnPhandles(const std::map<uint32_t, uint32_t>& replaced, OverlayValues& values) {
  if (replaced.empty()) return;
  const auto visited = VisitOwnReferences(values, [&](Id, std::string_view, Place place) -> Result<> {
    const auto found = replaced.find(*values.Cell(place.property, place.offset));
    if (found != replaced.end()) values.SetCell(place.property, place.offset, found->second);
    return {};
  });
  (void)visited;  // they were all visited before
}

Result<> ResolveLabels(const TreeNodes& tree, OverlayValues& values) {
  const TreeNodes& overlay = values.overlay();
  const Id lists = overlay.FindChild(TreeNodes::kRoot, kLabelReferences);
  if (lists == TreeNodes::kNone) return {};
  for (Id id = overlay.node(lists).first_property; id != TreeNodes::kNone; id = overlay.property(id).next) {
    const std::string_view label = overlay.PropertyName(id);
    KEXEC_ASSIGN(const uint32_t phandle, PhandleOfLabel(tree, label));
    std::string_view list = AsText(overlay.property(id).value);
    if (list.empty()) return NoReference(label, list);
    while (!list.empty()) {
      const auto text = TakeUpTo(list, '\0');
      if (!text) return NoReference(label, list);
      KEXEC_ASSIGN(const Place place, FindReference(values, label, *text));
      values.SetCell(place.property, place.offset, phandle);
    }
  }
  return {};
}

}  // namespace kexec
