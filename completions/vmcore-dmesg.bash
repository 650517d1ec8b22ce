# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of vmcore-dmesg(8) for bash.

_vmcore_dmesg() {
  local cur="${COMP_WORDS[COMP_CWORD]}" option="${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  # bash makes a word of its own of the '=' in --name=value.
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $option == "=" ]] && ((COMP_CWORD > 1)); then
    option="${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$option" in
    --level | -l)
      mapfile -t COMPREPLY < <(compgen -W 'emerg alert crit err warn notice info debug' -- "$cur")
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--json -J --level= -l --force-prefix -p --help -h --version -v' -- "$cur")
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
  fi
}

complete -F _vmcore_dmesg vmcore-dmesg
