# SPDX-License-Identifier: GPL-2.0-or-later
# kexec_link_program(<name>): links a program of ours to the library as the build's options say.

# The archives of libelf and the compression libraries where they are installed, else how to link them dynamically.
set(KEXEC_ARCHIVES "")
foreach(library elf=PkgConfig::LIBELF lzma=PkgConfig::LIBLZMA zstd=PkgConfig::LIBZSTD lz4=PkgConfig::LIBLZ4
                lzo2=PkgConfig::LIBLZO bz2=BZip2::BZip2 z=ZLIB::ZLIB)
  string(REPLACE "=" ";" library "${library}")
  list(GET library 0 stem)
  list(GET library 1 shared)
  find_library(KEXEC_ARCHIVE_${stem} NAMES lib${stem}.a)
  if(NOT KEXEC_ARCHIVE_${stem})
    message(STATUS "kexec: no lib${stem}.a found, linking lib${stem} dynamically")
    set(KEXEC_ARCHIVE_${stem} ${shared})
  endif()
  list(APPEND KEXEC_ARCHIVES ${KEXEC_ARCHIVE_${stem}})
endforeach()

# A C library without the start file of static programs that can be moved (glibc of Debian 12 for riscv64) makes others.
set(KEXEC_STATIC_FLAG -static-pie)
if(KEXEC_STATIC)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=rcrt1.o OUTPUT_VARIABLE kexec_rcrt1
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${kexec_rcrt1}")
    set(KEXEC_STATIC_FLAG -static)
  endif()
endif()

function(kexec_link_program name)
  if(KEXEC_LINK_SHARED)
    target_link_libraries(${name} PRIVATE libkexec)
  else()
    # The library's objects, and the other libraries' archives by file name: the program is one file that needs libc alone.
    add_dependencies(${name} libkexec_static)
    target_link_libraries(${name} PRIVATE "$<TARGET_FILE:libkexec_static>" ${KEXEC_ARCHIVES} kexec_fmt)
    if(NOT KEXEC_SANITIZE AND NOT KEXEC_STATIC)  # -static-libstdc++ ends with -Bdynamic, which undoes -static-pie
      target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
  endif()
  if(KEXEC_STATIC)
    target_link_options(${name} PRIVATE ${KEXEC_STATIC_FLAG})
  endif()
endfunction()
