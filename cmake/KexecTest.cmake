# SPDX-License-Identifier: LGPL-2.1-or-later
find_package(GTest REQUIRED)

# kexec_add_test(NAME <name> SOURCES ... [LIBS ...]): one GoogleTest program against the static library, and one test: a
# process for each case would take longer to start than to test.
function(kexec_add_test)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;LIBS" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${arg_NAME} PRIVATE kexec_flags libkexec_static GTest::gmock_main ${arg_LIBS})
  target_compile_definitions(${arg_NAME} PRIVATE KEXEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  kexec_precompile(${arg_NAME} TEST <gmock/gmock.h> <gtest/gtest.h>)
  add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} --gtest_brief=1)
endfunction()
