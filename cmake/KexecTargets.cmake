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
if(KEXEC_SANITIZE)
  target_compile_options(kexec_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                         -fno-omit-frame-pointer)
  target_link_options(kexec_flags INTERFACE -fsanitize=address,undefined)
endif()
if(KEXEC_FUZZ)
  # libstdc++ 12's std::stable_sort uses what C++17 deprecates, and clang 19 says so.
  target_compile_options(kexec_flags INTERFACE -Wno-error=deprecated-declarations)
  target_compile_options(kexec_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(kexec_flags INTERFACE -fsanitize=address,undefined)
endif()

# kexec_add_objects(<name> SOURCES ... LIBS ...): one floor of the house as an OBJECT library.
function(kexec_add_objects name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} OBJECT ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LIBS} PRIVATE kexec_flags)
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/lib/include" PRIVATE "${PROJECT_SOURCE_DIR}")
endfunction()
