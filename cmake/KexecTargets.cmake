# SPDX-License-Identifier: LGPL-2.1-or-later
# Flags every target of ours shares. Purgatory links none of this: it has flags of its own (arch/*/purgatory).

add_library(kexec_flags INTERFACE)
target_compile_options(kexec_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wimplicit-fallthrough -Wformat=2 -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Wno-missing-field-initializers>
  -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden> -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 sees std::string overlap itself in "text" + string (GCC bug 105651).
    target_compile_options(kexec_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
  endif()
  target_compile_options(kexec_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:-Wno-error=cast-align>)
endif()
target_compile_definitions(kexec_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_link_options(kexec_flags INTERFACE -Wl,--gc-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's std::stable_sort uses what C++17 deprecates, and clang 19 says so.
  target_compile_options(kexec_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()

# What ships is watched closer than its tests: by UBSan, and with clang by libFuzzer, at a speed that suits it.
add_library(kexec_product_flags INTERFACE)
target_link_libraries(kexec_product_flags INTERFACE kexec_flags)
set(KEXEC_FUZZ OFF)
if(KEXEC_SANITIZE)
  target_compile_options(kexec_flags INTERFACE -fsanitize=address -fno-omit-frame-pointer)
  target_link_options(kexec_flags INTERFACE -fsanitize=address,undefined)
  target_compile_options(kexec_product_flags INTERFACE -fsanitize=undefined -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(KEXEC_FUZZ ON)
    target_link_options(kexec_flags INTERFACE -fuse-ld=lld)
    target_compile_options(kexec_product_flags INTERFACE -O1 -fsanitize=fuzzer-no-link)
  endif()
endif()

# What ships is copied into initrds and boot firmware: optimised for size, but for the digests (lib/freestanding) and the
# scanners of file bytes (kexec_optimise_for_speed), and hardened.
if(NOT KEXEC_SANITIZE)
  target_compile_options(kexec_product_flags INTERFACE -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64|i[3-6]86)$")
    target_compile_options(kexec_product_flags INTERFACE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    target_compile_options(kexec_product_flags INTERFACE -mbranch-protection=standard)
  endif()
  target_compile_options(kexec_product_flags INTERFACE
    $<$<CONFIG:Release>:-Os> $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  target_link_options(kexec_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

# kexec_optimise_for_speed(FILE...): sources that look at every byte of a kernel or an initrd. (The options of a source
# come last, so they win over those of the target.)
function(kexec_optimise_for_speed)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
endfunction()

# Headers of the standard library and fmt are most of what the compiler reads: it reads them once. (Not GCC for tests: it
# takes macros of precompiled headers, GoogleTest's, for our own code and warns of them.)
set(KEXEC_PRECOMPILED <algorithm> <array> <filesystem> <map> <memory> <optional> <span> <string> <string_view> <variant>
  <vector> <fmt/format.h>)

# kexec_precompile(<name> <kind> [HEADER ...]): the first target of a kind owns its precompiled headers, the others share
# them. A kind: the same compile options.
function(kexec_precompile name kind)
  if(kind STREQUAL "TEST" AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    return()
  endif()
  get_property(owner GLOBAL PROPERTY KEXEC_PRECOMPILED_${kind})
  if(owner)
    target_precompile_headers(${name} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${name} PRIVATE ${KEXEC_PRECOMPILED} ${ARGN})
    set_property(GLOBAL PROPERTY KEXEC_PRECOMPILED_${kind} ${name})
  endif()
endfunction()

# kexec_add_objects(<name> SOURCES ... LIBS ...): one floor of the house as an OBJECT library.
function(kexec_add_objects name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} OBJECT ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LIBS} PRIVATE kexec_product_flags)
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/lib/include" PRIVATE "${PROJECT_SOURCE_DIR}")
  if(arg_SOURCES MATCHES "\\.cc")
    kexec_precompile(${name} PRODUCT)
  endif()
endfunction()
