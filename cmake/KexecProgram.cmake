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

# What our programs never call but archives link all the same, because it stands in one object with what they do call:
# compressors (LZ4 HC, bzip2), zstd's formats before 1.0 (RecogniseArchive looks at the magic number of each frame first), and the
# demangler for the name of an exception nobody caught. A call would end in abort. 0.2 MB of a program of 2.
set(KEXEC_NEVER_CALLED _ZN9__gnu_cxx27__verbose_terminate_handlerEv)
if(KEXEC_ARCHIVE_lz4 MATCHES "\\.a$")
  list(APPEND KEXEC_NEVER_CALLED LZ4_attach_HC_dictionary LZ4_compress_HC_continue LZ4_compress_HC_extStateHC_fastReset
    LZ4_favorDecompressionSpeed LZ4_initStreamHC LZ4_loadDictHC LZ4_resetStreamHC_fast LZ4_saveDictHC
    LZ4_setCompressionLevel LZ4_sizeofStateHC)
endif()
if(KEXEC_ARCHIVE_bz2 MATCHES "\\.a$")
  list(APPEND KEXEC_NEVER_CALLED BZ2_compressBlock)
endif()
if(KEXEC_ARCHIVE_zstd MATCHES "\\.a$")
  foreach(version v05 v06 v07)
    foreach(function createDCtx decompressContinue decompressInitDictionary freeDCtx)
      list(APPEND KEXEC_NEVER_CALLED ZBUFF${version}_${function})
    endforeach()
    foreach(function createDCtx decompress_usingDict findFrameSizeInfoLegacy freeDCtx getFrameParams)
      list(APPEND KEXEC_NEVER_CALLED ZSTD${version}_${function})
    endforeach()
  endforeach()
endif()
list(TRANSFORM KEXEC_NEVER_CALLED REPLACE "(.+)" "-Wl,--defsym=\\1=abort")

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
    if(NOT KEXEC_SANITIZE)
      target_link_options(${name} PRIVATE ${KEXEC_NEVER_CALLED})
    endif()
  endif()
  if(KEXEC_STATIC)
    target_link_options(${name} PRIVATE ${KEXEC_STATIC_FLAG})
  endif()
endfunction()
