#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps the warnings about lines a diff added: new_lines.py DIFF <WARNINGS; status 1 if there are any.

DIFF is made with --unified=0; a warning begins with PATH:LINE:, and PATH may begin with ../.
"""

import re
import sys


def added_lines(diff):
    """{path: numbers of the lines that are new}"""
    found, path = {}, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line[4:].removeprefix("b/")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk.group(1)), int(hunk.group(2) or 1)
            found.setdefault(path, set()).update(range(first, first + count))
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        added = added_lines(stream.read())
    status = 0
    for warning in sys.stdin:
        place = re.match(r"(?:\.\./)*([^:]+):(\d+):", warning)
        if place and int(place.group(2)) in added.get(place.group(1), ()):
            print(warning, end="")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
