# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The guest's side of the report line (fd 3, the second serial port). The console stays on the first one, so kernel
# messages never cut a line of ours. Lines of the protocol start with '@', lines of text with '|'.

# flush: returns when the host has every byte written so far (stty waits for the port to drain).
flush() { stty -F "$report_port" raw -echo; }

# note NAME VALUE: one line of text, without a command.
note() { printf '@begin %s\n|%s\n@stderr\n@end 0\n' "$1" "$2" >&3; }

# try NAME COMMAND...: runs it and reports stdout, stderr and status under NAME; returns that status.
try() {
  try_name=$1
  shift
  echo "@begin $try_name" >&3
  "$@" >/tmp/.out 2>/tmp/.err </dev/null
  try_status=$?
  sed 's/^/|/' /tmp/.out >&3
  # A last line without its newline must not swallow the next protocol line.
  [ -n "$(tail -c 1 /tmp/.out)" ] && echo >&3
  echo "@stderr" >&3
  sed 's/^/|/' /tmp/.err >&3
  [ -n "$(tail -c 1 /tmp/.err)" ] && echo >&3
  echo "@end $try_status" >&3
  return $try_status
}

# ask NAME: tells the host and waits until it answers.
ask() {
  echo "@ask $1" >&3
  read -r _ <&3
}

# execute COMMAND...: the report is out and marked, then the command that does not come back.
execute() {
  echo "@execute" >&3
  flush
  "$@" 2>/tmp/.err
  execute_status=$?
  echo "@begin execute" >&3
  echo "@stderr" >&3
  sed 's/^/|/' /tmp/.err >&3
  echo "@end $execute_status" >&3
}

loaded() { cat /sys/kernel/kexec_loaded; }

list_folder() { (cd "$1" 2>/dev/null && find . -type f | sort); }

efivar_names() { (cd /sys/firmware/efi/efivars && for name in *; do [ -s "$name" ] && echo "$name"; done | sort); }

# A variable of our own (kept, boot and runtime access: four attribute bytes first): written before, read after.
test_variable=/sys/firmware/efi/efivars/KexecTest-2d8c9a57-31f5-4a0e-9d8e-6b2f0a7c5e11
efivar_write() { printf '\007\000\000\000%s' "$1" >$test_variable; }
efivar_read() { tail -c +5 $test_variable; }

firmware_memory() {
  for entry in /sys/firmware/memmap/*; do
    echo "$(cat "$entry/start") $(cat "$entry/end") $(cat "$entry/type")"
  done
}

acpi_digests() { (cd /sys/firmware/acpi/tables && find . -type f | sort | xargs sha256sum); }

framebuffer() {
  cat /sys/class/graphics/fb0/name /sys/class/graphics/fb0/virtual_size
  grep -E 'BOOTFB|efifb|simplefb' /proc/iomem
}

# machine: what must be the same on both sides of a kexec.
machine() {
  try cmdline cat /proc/cmdline
  try iomem cat /proc/iomem
  [ -d /sys/firmware/memmap ] && try memmap firmware_memory
  [ -d /sys/firmware/acpi ] && try acpi acpi_digests
  try cpus grep -c ^processor /proc/cpuinfo
  try dmesg dmesg
  if [ -d /sys/firmware/efi ]; then
    # Only x86 kernels show them.
    [ "$(uname -m)" = x86_64 ] && try efi-runtime-regions sh -c 'ls /sys/firmware/efi/runtime-map | wc -l'
    try efivars efivar_names
    try efivar-value efivar_read
  fi
  [ -e /sys/class/graphics/fb0 ] && try framebuffer framebuffer
}
