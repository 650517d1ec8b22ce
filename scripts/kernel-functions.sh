# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# What scripts/kernel-build and scripts/board-kernel do alike. They set before: `folder`, which gets the source, and the
# objects in its build; `configs`, the lines over tinyconfig; `target`, words for make; `log`; and, where it is not Debian's
# linux-source-6.12 as installed, `version` and `sources`.

# quietly COMMAND...: its output goes to the log, and to the terminal if it fails.
quietly() {
  local start
  start=$(wc -l <"$log")
  "$@" </dev/null >>"$log" 2>&1 && return
  tail -n "+$((start + 1))" "$log" | grep -E -i -A5 'error|warning|fail' | head -n 60 >&2
  echo "failed: $*; all output is in $log" >&2
  return 1
}

# A .git in the source tree would make the release end in '+'.
kernel_make() { make -C "$folder" O=build LOCALVERSION= "-j$(nproc)" "${target[@]}" "$@"; }

# Debian's source, once.
unpack() {
  local archive
  [ -d "$folder/kernel" ] && return
  archive=$(find "${sources:-/usr/src}" -maxdepth 1 -name "linux-source-${version:-6.12}.tar.*" | head -n 1)
  [ -n "$archive" ] || {
    echo "no ${sources:-/usr/src}/linux-source-${version:-6.12}.tar.xz: scripts/install-deps kernel (or board)" >&2
    return 1
  }
  rm -rf "$folder.partial"
  mkdir -p "$folder.partial"
  tar -xf "$archive" --strip-components=1 -C "$folder.partial"
  mv "$folder.partial" "$folder"
}

# The symbols a patch adds are known only after it: done again then. Rebuilds nothing if the result is the same.
configure() {
  local build=$folder/build
  mkdir -p "$build"
  quietly kernel_make tinyconfig
  quietly "$folder/scripts/kconfig/merge_config.sh" -m -O "$build" "$build/.config" "${configs[@]}"
  quietly kernel_make olddefconfig
}

# Every line of the configurations must have come through.
configured() {
  local line
  while read -r line; do
    grep -Fqx "$line" "$folder/build/.config" || {
      echo "$line of ${configs[*]} is not in $folder/build/.config" >&2
      return 1
    }
  done < <(grep -h '^CONFIG_' "${configs[@]}")
}
