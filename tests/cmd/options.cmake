# SPDX-License-Identifier: GPL-2.0-or-later
# The command line and everything that is generated from its option table.
find_package(rapidcheck REQUIRED)
find_package(CLI11 REQUIRED)

add_library(kexec_describe_options STATIC "${CMAKE_CURRENT_LIST_DIR}/describe_options.cc")
# Together: the options use the library, and GNU ld reads an archive once.
target_link_libraries(kexec_describe_options PUBLIC "$<LINK_GROUP:RESCAN,kexec_options,libkexec_static>" PRIVATE kexec_flags)

kexec_add_test(NAME argv_test SOURCES argv_test.cc LIBS kexec_describe_options)
kexec_add_test(NAME given_test SOURCES given_test.cc LIBS kexec_describe_options CLI11::CLI11)
kexec_add_test(NAME options_test SOURCES options_test.cc LIBS kexec_describe_options rapidcheck)
kexec_add_test(NAME clients_test SOURCES clients_test.cc LIBS kexec_describe_options)
kexec_add_test(NAME docs_test SOURCES docs_test.cc LIBS kexec_docs_render libkexec_static)
