# SPDX-License-Identifier: LGPL-2.1-or-later
# How every machine's purgatory is built: by commands of its own, so that none of the project's flags (sanitizers, LTO,
# -march, hardening) and none of the user's CMAKE_C_FLAGS reach it. The link fails if a relocation or an undefined symbol
# is left (arch/purgatory/purgatory.ld). Whatever machine the program is built for, it carries all purgatories, as far as
# there are compilers for them.
cmake_policy(SET CMP0116 NEW)
set(KEXEC_PURGATORY_ROOT "${CMAKE_CURRENT_LIST_DIR}/..")
set(KEXEC_PURGATORY_FLAGS -std=c11 -ffreestanding -fno-builtin -fpie -fvisibility=hidden -fno-stack-protector
  -U_FORTIFY_SOURCE -fno-lto -fno-asynchronous-unwind-tables -fno-tree-vectorize -fno-sanitize=all -fno-jump-tables -g0
  -Wall -Wextra -Wconversion -Werror "-I${KEXEC_PURGATORY_ROOT}" -I.)

# The tools for `processor` (CMAKE_SYSTEM_PROCESSOR, a regular expression): the project's compiler if that is what it
# compiles for, else a cross compiler. The GNU linker whatever the compiler: lld does not know all of the options.
function(_kexec_find_purgatory_tools name processor triple)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(${processor})$")
    set(KEXEC_PURGATORY_CC_${name} "${CMAKE_C_COMPILER}" CACHE FILEPATH "compiles purgatory for ${name}")
    set(KEXEC_PURGATORY_OBJCOPY_${name} "${CMAKE_OBJCOPY}" CACHE FILEPATH "makes purgatory for ${name} flat")
    set(KEXEC_PURGATORY_OBJDUMP_${name} "${CMAKE_OBJDUMP}" CACHE FILEPATH "for a test of purgatory for ${name}")
    find_program(KEXEC_PURGATORY_LD_${name} NAMES ${triple}-ld.bfd ld.bfd DOC "links purgatory for ${name}")
  else()
    find_program(KEXEC_PURGATORY_CC_${name} NAMES ${triple}-gcc DOC "compiles purgatory for ${name}")
    find_program(KEXEC_PURGATORY_OBJCOPY_${name} NAMES ${triple}-objcopy DOC "makes purgatory for ${name} flat")
    find_program(KEXEC_PURGATORY_OBJDUMP_${name} NAMES ${triple}-objdump DOC "for a test of purgatory for ${name}")
    find_program(KEXEC_PURGATORY_LD_${name} NAMES ${triple}-ld.bfd DOC "links purgatory for ${name}")
  endif()
endfunction()

function(_kexec_purgatory_object source)
  get_filename_component(name "${source}" NAME)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.o")
  add_custom_command(OUTPUT "${object}"
    COMMAND ${ARGN} -MD -MF "${object}.d" -c "${source}" -o "${object}"
    DEPENDS "${source}" DEPFILE "${object}.d" WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    COMMENT "Building purgatory object ${name}.o" VERBATIM)
  set(objects ${objects} "${object}" PARENT_SCOPE)
endfunction()

function(_kexec_link_purgatory name)
  set(elf "${CMAKE_CURRENT_BINARY_DIR}/purgatory.elf")
  set(blob "${CMAKE_CURRENT_BINARY_DIR}/purgatory.bin")
  set(script "${KEXEC_PURGATORY_ROOT}/arch/purgatory/purgatory.ld")
  add_custom_command(OUTPUT "${elf}" "${blob}"
    COMMAND "${KEXEC_PURGATORY_LD_${name}}" ${arg_LINK} -static -pie --no-dynamic-linker -z noexecstack -z norelro -z defs
            --no-warn-rwx-segments --fatal-warnings --build-id=none --orphan-handling=error
            -T "${script}" -o "${elf}" ${objects}
    COMMAND "${KEXEC_PURGATORY_OBJCOPY_${name}}" -O binary "${elf}" "${blob}"
    DEPENDS ${objects} "${script}" COMMENT "Linking ${name}'s purgatory.bin" VERBATIM)
  add_custom_target(kexec_purgatory_${name}_blob DEPENDS "${elf}" "${blob}")
  add_dependencies(kexec_purgatory_${name} kexec_purgatory_${name}_blob)
  target_compile_definitions(kexec_purgatory_${name} PRIVATE
    $<$<COMPILE_LANGUAGE:ASM>:KEXEC_PURGATORY_BLOB="${blob}">)
  set_source_files_properties("${KEXEC_PURGATORY_ROOT}/arch/purgatory/blob.S" PROPERTIES OBJECT_DEPENDS "${blob}")
  set_target_properties(kexec_purgatory_${name} PROPERTIES PURGATORY_ELF "${elf}" PURGATORY_BIN "${blob}")
endfunction()

# kexec_add_purgatory(<name> PROCESSOR <regex> TRIPLE <triple> FLAGS ... CODE_FLAGS ... LINK ... SOURCES ... DIGEST ...):
# the OBJECT library kexec_purgatory_<name> with the blob in it. Only the digest (files of lib/freestanding) may use vector
# registers: CODE_FLAGS forbid them to all other C code.
function(kexec_add_purgatory name)
  cmake_parse_arguments(arg "" "PROCESSOR;TRIPLE" "FLAGS;CODE_FLAGS;LINK;SOURCES;DIGEST" ${ARGN})
  set(root "${KEXEC_PURGATORY_ROOT}")
  add_library(kexec_purgatory_${name} OBJECT "${root}/arch/purgatory/blob.S" blob.cc)
  target_link_libraries(kexec_purgatory_${name} PRIVATE kexec_product_flags)
  target_include_directories(kexec_purgatory_${name} PRIVATE "${root}" "${root}/lib/include")
  target_compile_definitions(kexec_purgatory_${name} PRIVATE
    $<$<COMPILE_LANGUAGE:ASM>:KEXEC_PURGATORY_NAME=kexec_purgatory_${name}>)
  _kexec_find_purgatory_tools(${name} "${arg_PROCESSOR}" ${arg_TRIPLE})
  if(NOT KEXEC_PURGATORY_CC_${name} OR NOT KEXEC_PURGATORY_OBJCOPY_${name} OR NOT KEXEC_PURGATORY_LD_${name})
    message(WARNING "no ${arg_TRIPLE}-gcc, or no binutils beside it: this kexec will refuse to load for ${name} machines")
    return()
  endif()
  set(flags ${KEXEC_PURGATORY_FLAGS} ${arg_FLAGS})
  set(c_flags ${flags} -include "${root}/arch/purgatory/hidden.h")
  set(objects)
  foreach(source ${arg_SOURCES})
    if(source MATCHES "\\.S$")
      _kexec_purgatory_object("${CMAKE_CURRENT_SOURCE_DIR}/${source}" "${KEXEC_PURGATORY_CC_${name}}" ${flags})
    else()
      _kexec_purgatory_object("${CMAKE_CURRENT_SOURCE_DIR}/${source}" "${KEXEC_PURGATORY_CC_${name}}" ${c_flags} -Os
        ${arg_CODE_FLAGS})
    endif()
  endforeach()
  foreach(source text.c check.c)
    _kexec_purgatory_object("${root}/arch/purgatory/${source}" "${KEXEC_PURGATORY_CC_${name}}" ${c_flags} -Os
      ${arg_CODE_FLAGS})
  endforeach()
  foreach(source digest.c sha256.c xxh128.c xxh128_short.c ${arg_DIGEST})
    _kexec_purgatory_object("${root}/lib/freestanding/${source}" "${KEXEC_PURGATORY_CC_${name}}" ${c_flags} -O2)
  endforeach()
  _kexec_link_purgatory(${name})
endfunction()
