# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of vmcore-dmesg(8) for fish.

complete -c vmcore-dmesg -s J -l json -d 'print one JSON document'
complete -c vmcore-dmesg -s l -l level -x -a 'emerg alert crit err warn notice info debug' -d 'only these levels'
complete -c vmcore-dmesg -s p -l force-prefix -d 'the time before every line'
complete -c vmcore-dmesg -s h -l help -d 'print the options and exit'
complete -c vmcore-dmesg -s v -l version -d 'print the version and exit'
