# SPDX-License-Identifier: LGPL-2.1-or-later
# What the toolchain files have in common. libc comes with the cross compiler, all else from KEXEC_CROSS_SYSROOT, and
# nothing from this machine but programs. Set before: KEXEC_CROSS_PROCESSOR, KEXEC_CROSS_SYSROOT.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR "${KEXEC_CROSS_PROCESSOR}")
set(KEXEC_CROSS_TRIPLET "${KEXEC_CROSS_PROCESSOR}-linux-gnu")
set(CMAKE_C_COMPILER "${KEXEC_CROSS_TRIPLET}-gcc")
set(CMAKE_CXX_COMPILER "${KEXEC_CROSS_TRIPLET}-g++")
set(CMAKE_LIBRARY_ARCHITECTURE "${KEXEC_CROSS_TRIPLET}")

get_filename_component(KEXEC_CROSS_SYSROOT "${KEXEC_CROSS_SYSROOT}" ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH "${KEXEC_CROSS_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${KEXEC_CROSS_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
  "${KEXEC_CROSS_SYSROOT}/usr/lib/${KEXEC_CROSS_TRIPLET}/pkgconfig:${KEXEC_CROSS_SYSROOT}/usr/share/pkgconfig")
# Headers of the distribution that neither CMake nor pkg-config name, because they lie where a compiler looks by itself.
string(APPEND CMAKE_C_FLAGS_INIT " -isystem ${KEXEC_CROSS_SYSROOT}/usr/include")
string(APPEND CMAKE_CXX_FLAGS_INIT " -isystem ${KEXEC_CROSS_SYSROOT}/usr/include")
