# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's cross compiler for arm64, with the libraries scripts/sysroot unpacked.
set(KEXEC_CROSS_PROCESSOR aarch64)
set(KEXEC_CROSS_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64")
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-debian.cmake")
