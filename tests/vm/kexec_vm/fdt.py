# SPDX-License-Identifier: GPL-2.0-or-later
"""Flattened device trees (Devicetree Specification 0.4, chapter 5): overlays built by hand, a node taken out of a board's."""

import struct

_MAGIC, _VERSION, _COMPATIBLE, _HEADER_BYTES = 0xD00DFEED, 17, 16, 40
_BEGIN_NODE, _END_NODE, _PROPERTY, _NOP, _END = 1, 2, 3, 4, 9


def _padded(data):
    return data + bytes(-len(data) % 4)


def _node(name, content, strings):
    out = struct.pack(">I", _BEGIN_NODE) + _padded(name.encode() + b"\0")
    children = {key: value for key, value in content.items() if isinstance(value, dict)}
    for key, value in content.items():  # properties come first
        if key not in children:
            data = value if isinstance(value, bytes) else value.encode() + b"\0"
            out += struct.pack(">III", _PROPERTY, len(data), len(strings)) + _padded(data)
            strings += key.encode() + b"\0"
    for key, value in children.items():
        out += _node(key, value, strings)
    return out + struct.pack(">I", _END_NODE)


def build(root):
    """A tree: dictionaries are nodes, text is a property's string, bytes are its value."""
    strings = bytearray()
    structure = _node("", root, strings) + struct.pack(">I", _END)
    at = _HEADER_BYTES + 16  # one empty memory reservation
    header = struct.pack(">10I", _MAGIC, at + len(structure) + len(strings), at, at + len(structure), _HEADER_BYTES, _VERSION,
                         _COMPATIBLE, 0, len(strings), len(structure))
    return header + bytes(16) + structure + bytes(strings)


def reserved_memory(ranges, no_map):
    """What "/" gets to keep `ranges` (address, size) free (dt-schema, reserved-memory.yaml); those in `no_map` are no memory
    of the kernel's at all. Two cells for addresses and sizes each."""
    cells = {"#address-cells": struct.pack(">I", 2), "#size-cells": struct.pack(">I", 2), "ranges": b""}
    nodes = {f"kept@{address:x}": {"reg": struct.pack(">QQ", address, size),
                                   **({"no-map": b""} if (address, size) in no_map else {})} for address, size in ranges}
    return {"reserved-memory": {**cells, **nodes}}


def overlay(*changes):
    """What dtc -@ makes of fragments without labels: (path of a node there is, what it gets) each."""
    return build({f"fragment@{number}": {"target-path": path, "__overlay__": content}
                  for number, (path, content) in enumerate(changes)})


def without_nodes(tree, prefix):
    """`tree` with NOPs where nodes below the root had names that begin with `prefix`. Returns it and how many they were."""
    out = bytearray(tree)
    (at,) = struct.unpack_from(">I", tree, 8)
    depth, begin, count = 0, None, 0
    while True:
        token, = struct.unpack_from(">I", tree, at)
        start, at = at, at + 4
        if token == _END:
            return bytes(out), count
        if token == _PROPERTY:
            at += 8 + len(_padded(bytes(struct.unpack_from(">I", tree, at)[0])))
        elif token == _BEGIN_NODE:
            name = tree[at:tree.index(b"\0", at)]
            at += len(_padded(name + b"\0"))
            depth += 1
            if depth == 2 and name.startswith(prefix.encode()):
                begin = start
        elif token == _END_NODE:
            if depth == 2 and begin is not None:
                out[begin:at] = struct.pack(">I", _NOP) * ((at - begin) // 4)
                begin, count = None, count + 1
            depth -= 1
