# SPDX-License-Identifier: GPL-2.0-or-later
# kexec_link_program(<name>): links a program of ours to the library as the build's options say.
find_library(KEXEC_LIBELF_ARCHIVE NAMES libelf.a)
find_library(KEXEC_ZLIB_ARCHIVE NAMES libz.a)
if(NOT KEXEC_LIBELF_ARCHIVE)
  message(STATUS "kexec: no libelf.a found, linking libelf dynamically")
  set(KEXEC_LIBELF_ARCHIVE PkgConfig::LIBELF)
endif()
if(NOT KEXEC_ZLIB_ARCHIVE)
  message(STATUS "kexec: no libz.a found, linking zlib dynamically")
  set(KEXEC_ZLIB_ARCHIVE ZLIB::ZLIB)
endif()

function(kexec_link_program name)
  if(KEXEC_LINK_SHARED)
    target_link_libraries(${name} PRIVATE libkexec)
  else()
    # The library's objects, libelf's and zlib's archives by file name: the program is one file that needs libc alone.
    add_dependencies(${name} libkexec_static)
    target_link_libraries(${name} PRIVATE "$<TARGET_FILE:libkexec_static>" ${KEXEC_LIBELF_ARCHIVE}
                          ${KEXEC_ZLIB_ARCHIVE} kexec_fmt)
    if(NOT KEXEC_SANITIZE AND NOT KEXEC_STATIC)  # -static-libstdc++ ends with -Bdynamic, which undoes -static-pie
      target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
  endif()
  if(KEXEC_STATIC)
    target_link_options(${name} PRIVATE -static-pie)
  endif()
endfunction()
