# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: option table, first pass, parser, help. A static library so that the program, its tests, the
# generator of the documentation and the fuzz target link just this.

add_library(kexec_options STATIC
  "${CMAKE_CURRENT_LIST_DIR}/argv.cc"
  "${CMAKE_CURRENT_LIST_DIR}/given.cc"
  "${CMAKE_CURRENT_LIST_DIR}/help.cc"
  "${CMAKE_CURRENT_LIST_DIR}/mode.cc"
  "${CMAKE_CURRENT_LIST_DIR}/option_table.cc"
  "${CMAKE_CURRENT_LIST_DIR}/options.cc")
target_include_directories(kexec_options PUBLIC "${PROJECT_SOURCE_DIR}/lib/include" "${PROJECT_SOURCE_DIR}")
target_link_libraries(kexec_options PUBLIC kexec_fmt PRIVATE kexec_product_flags)
target_compile_definitions(kexec_options PRIVATE KEXEC_VERSION="${PROJECT_VERSION}")
