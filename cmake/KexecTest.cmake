# SPDX-License-Identifier: LGPL-2.1-or-later
find_package(GTest REQUIRED)
include(GoogleTest)

# kexec_add_test(NAME <name> SOURCES ... [LIBS ...]): one GoogleTest program against the static library.
function(kexec_add_test)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;LIBS" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${arg_NAME} PRIVATE kexec_flags libkexec_static GTest::gmock_main ${arg_LIBS})
  target_compile_definitions(${arg_NAME} PRIVATE KEXEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${arg_NAME} DISCOVERY_TIMEOUT 60)
endfunction()
