# SPDX-License-Identifier: GPL-2.0-or-later
"""The "newc" cpio archive the kernel unpacks as its initial RAM file system, written without root.

Format: Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's tree.
"""

import os
import stat

_MAGIC = b"070701"
_HEADER_BYTES = 110
_TRAILER = "TRAILER!!!"


def _pad4(size):
    return -size % 4


class Archive:
    """Collects entries in order; parents are added by themselves. Paths are relative, without a leading '/'."""

    def __init__(self):
        self._chunks = []
        self._seen = set()
        self._inode = 0

    def directory(self, path, mode=0o755):
        if path and path not in self._seen:
            self._parents(path)
            self._entry(path, stat.S_IFDIR | mode, b"")

    def file(self, path, data, mode=0o644):
        self._parents(path)
        self._entry(path, stat.S_IFREG | mode, data)

    def symlink(self, path, target):
        self._parents(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor, mode=0o600):
        self._parents(path)
        self._entry(path, stat.S_IFCHR | mode, b"", (major, minor))

    def copy(self, source, path=None):
        """The host's file `source`, with its execute bit, at the same place in the archive unless `path` is given."""
        with open(source, "rb") as stream:
            data = stream.read()
        self.file((path or str(source)).lstrip("/"), data, 0o755 if os.access(source, os.X_OK) else 0o644)

    def has(self, path):
        return path in self._seen

    def bytes(self):
        """The whole archive with its trailer, a multiple of 4 bytes."""
        return b"".join(self._chunks) + header(_TRAILER, 0, 0)

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent:
            self.directory(parent)

    def _entry(self, path, mode, data, device=(0, 0)):
        if path in self._seen:
            raise ValueError(f"'{path}' is in the archive already")
        self._seen.add(path)
        self._inode += 1
        self._chunks += [header(path, mode, len(data), self._inode, device), data, bytes(_pad4(len(data)))]


def header(path, mode, size, inode=0, device=(0, 0)):
    """The header and name of one entry, padded; `size` bytes and their padding to 4 must follow."""
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, size, 0, 0, device[0], device[1], len(name), 0)
    head = _MAGIC + b"".join(b"%08x" % field for field in fields)
    return head + name + bytes(_pad4(_HEADER_BYTES + len(name)))
