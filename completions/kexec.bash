# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of kexec(8) for bash. Generated from the option table by scripts/generate-docs.

_kexec_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
  if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

_kexec_paths() {
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}

# Not by compgen -W, which would expand what stands in a name.
_kexec_entries() {
  local entry
  while IFS= read -r entry; do
    if [[ $entry == "$cur"* ]]; then COMPREPLY+=("$(printf %q "$entry")"); fi
  done < <(
    printf '%s\n' "$@"
    kexec --list-boot-entries 2>/dev/null | sed -n '2,$ { s/^[* ] *[0-9]*  //; s/  .*//; p; }'
  )
}

_kexec() {
  local cur="${COMP_WORDS[COMP_CWORD]}" option="${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  # bash makes a word of its own of the '=' in --name=value.
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $option == "=" ]] && ((COMP_CWORD > 1)); then
    option="${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$option" in
    --append | --command-line | --profile | --mem-min | --mem-max | --entry | --module) :; return ;;
    --boot-entry) _kexec_entries 'default'; return ;;
    --capture | --root) _kexec_paths -d; return ;;
    --initrd | --ramdisk | --addon | --dtb | --devicetreeblob | --dtb-overlay) _kexec_paths -f; return ;;
    --serial-baud) _kexec_words '9600 19200 38400 57600 115200'; return ;;
    --color) _kexec_words 'auto always never'; return ;;
    --type | -t) _kexec_words 'bzImage64 bzImage multiboot2-x86 multiboot-x86 elf-x86_64 elf-x86 Image vmlinux image-riscv elf-riscv uki uImage vmlinuz vmlinuz-riscv beoboot-x86 nbi-x86 help'; return ;;
    --serial) _kexec_words 'ttyS0 ttyS1 ttyS2 ttyS3'; return ;;
    --digest) _kexec_words 'xxh128 sha256 none'; return ;;
  esac
  if [[ $cur == -* ]]; then
    _kexec_words '--load -l --load-panic -p --force -f --exec -e --unload -u --status -S --print-ckr-size --estimate-crashkernel --list-boot-entries --capture= --redact --no-ifdown -x --no-sync -y --help -h --version -v --initrd= --ramdisk= --append= --command-line= --reuse-cmdline --boot-entry= --profile= --addon= --no-embedded --keep-embedded --type= -t --kexec-syscall-auto -a --kexec-file-syscall -s --kexec-syscall -c --mem-min= --mem-max= --entry= --entry-32bit --noefi --decompress --decompress-initrd --digest= --no-checks -i --console-serial --serial= --serial-baud= --console-vga --reset-vga --dry-run --json --root= --debug -d --quiet -q --color= --module= --args-elf --args-linux --args-pvh --args-none --real-mode --dtb= --devicetreeblob= --dtb-overlay= --reuseinitrd --reuse-video-type --load-preserve-context --load-jump-back-helper --load-live-update --exec-live-update --hotplug --elf32-core-headers --elf64-core-headers --pass-memmap-cmdline --no-cma --force-dtb'
  else
    _kexec_paths -f
  fi
}

complete -F _kexec kexec
