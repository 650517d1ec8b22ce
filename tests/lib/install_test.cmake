# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the library into an empty prefix and builds the example there, once with pkg-config and once with CMake.
# cmake -DBUILD=... -DSCRATCH=... -DEXAMPLE=... -DCC=... -DCXX=... -DLIBDIR=... -P install_test.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nstatus ${status}\n${output}\n${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect_greeting)
  if(NOT output MATCHES "^libkexec [0-9.]+: a kernel is loaded\n$")
    message(FATAL_ERROR "the example says: ${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
set(prefix "${SCRATCH}/prefix")
foreach(component libkexec libkexec-dev)
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}" --component ${component})
endforeach()
file(WRITE "${SCRATCH}/root/sys/kernel/kexec_loaded" "1\n")
set(ENV{LD_LIBRARY_PATH} "${prefix}/${LIBDIR}")

# pkg-config
set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
run(pkg-config --cflags --libs kexec)
string(STRIP "${output}" flags)
separate_arguments(flags UNIX_COMMAND "${flags}")
run("${CC}" -Wall -Werror "${EXAMPLE}" -o "${SCRATCH}/by-pkg-config" ${flags} ${EXTRA})
run("${SCRATCH}/by-pkg-config" "${SCRATCH}/root")
expect_greeting()

# find_package
list(JOIN EXTRA " " linker_flags)
file(WRITE "${SCRATCH}/project/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C CXX)
find_package(kexec REQUIRED)
add_executable(by-cmake \"${EXAMPLE}\")
target_link_libraries(by-cmake PRIVATE kexec::kexec)
file(WRITE \"\${CMAKE_BINARY_DIR}/plus.cc\" \"#include <kexec/submit.h>\\nint main() { return kexec::ErrnoText(1).empty(); }\\n\")
add_executable(plus \"\${CMAKE_BINARY_DIR}/plus.cc\")
target_compile_features(plus PRIVATE cxx_std_23)
target_link_libraries(plus PRIVATE kexec::kexec)
")
run("${CMAKE_COMMAND}" -S "${SCRATCH}/project" -B "${SCRATCH}/project/build" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DCMAKE_C_COMPILER=${CC}" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_EXE_LINKER_FLAGS=${linker_flags}")
run("${CMAKE_COMMAND}" --build "${SCRATCH}/project/build")
run("${SCRATCH}/project/build/by-cmake" "${SCRATCH}/root")
expect_greeting()
run("${SCRATCH}/project/build/plus")
