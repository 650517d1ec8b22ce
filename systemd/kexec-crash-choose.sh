#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What to load: read by kexec-crash, which has $root, $owner, warn, fail and xen_loads. choose leaves it in $kernel,
# $initrd ('' for none), $command_line and $arguments, and reads files only.
# shellcheck disable=SC2034,SC2154 # the other half uses and sets them

config_path=/etc/default/kexec-crash

# What no crash kernel wants from the running command line: memory it would take out of the little there is, a
# reservation of its own, a resume from disk, a screen nobody looks at, and a panic by an NMI left over from the first.
remove_always="BOOT_IMAGE crashkernel hugepages hugepagesz default_hugepagesz hugetlb_cma mem swiotlb abm log_buf_len
resume splash quiet unknown_nmi_panic"
# reset_devices: drivers find their hardware as the panic left it; irqpoll: so do interrupts; nr_cpus=1 and the
# memory words: the whole system lives in the reserved memory; panic=10: a failed dump ends in a reboot.
append_always="reset_devices nr_cpus=1 irqpoll acpi_no_memhotplug cgroup_disable=memory numa=off udev.children-max=2
rd.udev.children-max=2 panic=10"

trim_left() { text=${1#"${1%%[![:space:]]*}"}; }

### The configuration: KEY=value, KEY='value' or KEY="value" as a shell reads them, but nothing is expanded.

crash_kernel='' crash_initrd='' crash_cmdline='' crash_append='' crash_remove='' kexec_args=''

bad_line() { fail "$config_path, line $line_number: $1; $(what_remains)"; }

read_config() {
  [ -e "$root$config_path" ] || return 0
  [ -r "$root$config_path" ] || fail "cannot read '$config_path'; $(what_remains)"
  line_number=0
  while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    trim_left "$line"
    case $text in
      '' | '#'*) ;;
      [A-Z]*=*) read_setting "${text%%=*}" "${text#*=}" ;;
      *) bad_line "'$text' is no KEY=\"value\"" ;;
    esac
  done <"$root$config_path"
}

read_setting() {
  read_value "$2"
  trim_left "$rest"
  case $rest in
    '' | [[:space:]]) ;;
    [[:space:]]*) case $text in '' | '#'*) ;; *) bad_line "'$text' behind the value; put the value in quotes" ;; esac ;;
    *) bad_line "'$rest' behind the value; put the value in quotes" ;;
  esac
  case $1 in
    CRASH_KERNEL) crash_kernel=$value ;;
    CRASH_INITRD) crash_initrd=$value ;;
    CRASH_CMDLINE) crash_cmdline=$value ;;
    CRASH_CMDLINE_APPEND) crash_append=$value ;;
    CRASH_CMDLINE_REMOVE) crash_remove=$value ;;
    KEXEC_ARGS) kexec_args=$value ;;
    *) bad_line "'$1' is no setting; there are CRASH_KERNEL, CRASH_INITRD, CRASH_CMDLINE, CRASH_CMDLINE_APPEND, \
CRASH_CMDLINE_REMOVE and KEXEC_ARGS" ;;
  esac
}

# read_value TEXT: the value TEXT begins with in $value, what follows in $rest.
read_value() {
  rest=$1
  case $rest in
    \'*)
      rest=${rest#?}
      case $rest in *\'*) ;; *) bad_line "the quote is not closed on this line" ;; esac
      value=${rest%%\'*}
      rest=${rest#*\'}
      ;;
    \"*) read_double_quoted "${rest#?}" ;;
    *)
      value=${rest%%[[:space:]\"\'\\\$\`\;\&\|\(\)\<\>]*}
      rest=${rest#"$value"}
      ;;
  esac
}

read_double_quoted() {
  rest=$1 value=
  while :; do
    piece=${rest%%[\"\\\$\`]*}
    value=$value$piece
    rest=${rest#"$piece"}
    case $rest in
      \"*) rest=${rest#?} && return ;;
      '') bad_line "the quote is not closed on this line" ;;
      \\[\"\\\$\`]*)
        rest=${rest#?}
        value=$value${rest%"${rest#?}"}
        ;;
      \\*) value=$value\\ ;;
      *) bad_line "nothing is expanded here: write \\\$ and \\\` for the characters themselves" ;;
    esac
    rest=${rest#?}
  done
}

### Which kernel and which initrd

# first_file PATH...: the first that is a readable file, in $found; status 1 if none is.
first_file() {
  for found; do
    [ -f "$root$found" ] && [ -r "$root$found" ] && return 0
  done
  found=
  return 1
}

# owned FILE: whether it, not what it points to, belongs to root; if not, why in $text.
owned() {
  [ "$(stat -c %u "$1")" = "$owner" ] || { text="'${1#"$root"}' does not belong to root" && return 1; }
}

# kept FILE: whether nobody but root can write to it; if not, why in $text.
kept() {
  mode=00$(stat -c %a "$1")
  case ${mode#"${mode%??}"} in *[2367]*) text="others than root can write to '${1#"$root"}'" && return 1 ;; esac
  owned "$1"
}

# trusted FILE: whether nobody but root can change it, or put another one in its place: in its folder, or in that of a
# link's target. A link itself has no mode.
trusted() {
  folder=${1%/*}
  target=$(readlink -f "$1")
  owned "$1" && kept "$target" && kept "$(readlink -f "${folder:-/}")" && kept "${target%/*}/."
}

# first_trusted PATH...: as first_file, of those nobody but root can change: what is in them runs with all rights after a
# panic, and nobody named them.
first_trusted() {
  for path; do
    first_file "$path" || continue
    trusted "$root$path" && return 0
    warn "'$path' is passed over: $text"
  done
  found=
  return 1
}

# The file the boot loader says it loaded, in $found. It may name the file as GRUB does, "(hd0,gpt2)/vmlinuz", and a
# file of a separate /boot without that folder.
find_boot_image() {
  read_line /proc/cmdline
  words=$line image=
  while next_word; do
    case $word in BOOT_IMAGE=*) image=${word#BOOT_IMAGE=} ;; esac
  done
  image=${image#\(*\)}
  found=
  [ -n "$image" ] || return 1
  first_trusted "/${image#/}" "/boot/${image#/}"
}

# The boot loader's file first, if it is the running kernel's: '/vmlinuz' may have become a link to a newer one.
choose_kernel() {
  read_line /proc/sys/kernel/osrelease
  release=$line
  if [ -n "$crash_kernel" ]; then
    configured_file CRASH_KERNEL "$crash_kernel"
    kernel=$found
    case $kernel in
      */modules/*/vmlinuz) release=${kernel%/vmlinuz} && release=${release##*/} ;;
      */vmlinu[xz]-* | */Image-*) release=${kernel##*/} && release=${release#*-} ;;
    esac
    return
  fi
  find_boot_image
  boot_image=$found
  if [ -n "$boot_image" ]; then
    case $(readlink -f "$root$boot_image") in *"$release") kernel=$boot_image && return ;; esac
  fi
  first_trusted "/boot/vmlinuz-$release" "/boot/vmlinux-$release" "/boot/Image-$release" \
    "/usr/lib/modules/$release/vmlinuz" "/lib/modules/$release/vmlinuz" || found=$boot_image
  [ -n "$found" ] ||
    fail "found no file of the running kernel, $release; name one with CRASH_KERNEL in $config_path; $(what_remains)"
  kernel=$found
}

configured_file() {
  case $2 in /*) ;; *) fail "$config_path: $1: '$2' is no absolute path; $(what_remains)" ;; esac
  [ -e "$root$2" ] || fail "$config_path: $1: '$2' does not exist; $(what_remains)"
  first_file "$2" || fail "$config_path: $1: '$2' is no file that can be read; $(what_remains)"
}

# What Debian's, Fedora's and SUSE's kdump packages make, then what the system itself boots with.
choose_initrd() {
  case $crash_initrd in
    '') ;;
    none) initrd='' && return ;;
    *) configured_file CRASH_INITRD "$crash_initrd" && initrd=$found && return ;;
  esac
  if first_trusted "/var/lib/kdump/initrd.img-$release" "/boot/initramfs-${release}kdump.img" \
    "/var/lib/kdump/initramfs-${release}kdump.img" "/boot/initrd-$release-kdump" \
    /var/lib/kdump/initrd.img /var/lib/kdump/initrd; then
    initrd=$found
  elif first_trusted "/boot/initrd.img-$release" "/boot/initramfs-$release.img" "/boot/initrd-$release" \
    "/usr/lib/modules/$release/initramfs.img" "/usr/lib/modules/$release/initrd"; then
    initrd=$found
    warn "found no initrd made for dumps, using '$initrd': after a panic it starts the whole system inside the \
reserved memory, where /proc/vmcore waits for somebody to save it"
  else
    fail "found no initrd for $release; name one with CRASH_INITRD in $config_path, or none with CRASH_INITRD=none; \
$(what_remains)"
  fi
}

### The command line

# next_word: takes the first word of $words off, into $word; status 1 at the end. Blanks between double quotes belong
# to the word, as in the kernel (next_arg in lib/cmdline.c); a quote nobody closed is closed at the end, lest it swallow
# what is appended.
next_word() {
  words=${words#"${words%%[![:space:]]*}"}
  word=
  while :; do
    piece=${words%%[[:space:]\"]*}
    word=$word$piece
    words=${words#"$piece"}
    case $words in \"*) ;; *) break ;; esac
    words=${words#?}
    piece=${words%%\"*}
    word=$word\"$piece\"
    words=${words#"$piece"}
    words=${words#\"}
  done
  [ -n "$word" ]
}

# parameter_name WORD: in $name, with '_' for '-': the kernel takes them for the same.
parameter_name() {
  name=${1#\"}
  name=${name%%=*}
  while :; do
    case $name in *-*) name=${name%%-*}_${name#*-} ;; *) return ;; esac
  done
}

# without NAMES LINE: in $kept, the words of LINE but those called as one of NAMES.
without() {
  words=$1 drop=' ' kept=
  while next_word; do
    parameter_name "$word"
    drop="$drop$name "
  done
  words=$2
  while next_word; do
    parameter_name "$word"
    case $drop in *" $name "*) ;; *) kept="$kept $word" ;; esac
  done
}

# What the chosen initrd needs to know to be one that saves dumps.
words_for_initrd() {
  case $initrd in
    /var/lib/kdump/initrd.img*)
      first_file /lib/systemd/system/kdump-tools-dump.service /usr/lib/systemd/system/kdump-tools-dump.service &&
        append="$append systemd.unit=kdump-tools-dump.service"
      ;;
    /var/lib/kdump/initrd)
      remove="$remove root"
      append="$append root=kdump"
      ;;
  esac
}

build_command_line() {
  if [ -n "$crash_cmdline" ]; then
    [ -z "$crash_append$crash_remove" ] ||
      fail "$config_path: CRASH_CMDLINE is the whole command line; leave CRASH_CMDLINE_APPEND and \
CRASH_CMDLINE_REMOVE empty; $(what_remains)"
    command_line=$crash_cmdline
    return
  fi
  read_line /proc/cmdline
  remove=$remove_always append=$append_always
  words_for_initrd
  # Words behind "--" are for init.
  words=$line before='' behind=''
  while next_word; do
    if [ "$word" = -- ] && [ -z "$behind" ]; then behind=' --'
    elif [ -n "$behind" ]; then behind="$behind $word"
    else before="$before $word"; fi
  done
  without "$remove" "$before"
  without "$crash_remove" "$kept $append"
  command_line="${kept# } $crash_append"
  command_line="${command_line% }$behind"
}

### Options of kexec

# hotplug: whether the running kernel keeps the dump's list of CPUs and memory up to date by itself; Xen does not.
choose_arguments() {
  arguments=$kexec_args
  xen_loads && return
  if [ -e "$root/sys/kernel/crash_elfcorehdr_size" ] || [ -e "$root/sys/kernel/kexec/crash_elfcorehdr_size" ]; then
    arguments="--hotplug $arguments"
  fi
}

choose() {
  read_config
  choose_kernel
  choose_initrd
  build_command_line
  choose_arguments
}
