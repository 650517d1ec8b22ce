#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What an initrd of bench/crash/initrds does: says that it runs, saves a dump, though to nowhere, and says how that went.
# The words are those of tests/vm/guest/lib.sh.
port=/dev/ttyS1
exec 3>$port
read -r uptime _ </proc/uptime
echo "@boot $(uname -r) $uptime" >&3
makedumpfile -F -c -d 31 /proc/vmcore 2>/tmp/.err >/dev/null
status=$?
{
  echo "@begin dump"
  echo "@stderr"
  tail -n 3 /tmp/.err | sed 's/^/|/'
  echo "@end $status"
  echo "@begin meminfo"
  sed 's/^/|/' /proc/meminfo
  echo "@stderr"
  echo "@end 0"
  echo "@end-of-stage"
} >&3
stty -F $port raw -echo
sync
echo o >/proc/sysrq-trigger
sleep 60
