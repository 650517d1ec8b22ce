# SPDX-License-Identifier: LGPL-2.1-or-later
# libkexec from the object floors: shared (soname 0) for programs, static for our own program and tests.

set(kexec_floors kexec_digest kexec_lib kexec_loaders kexec_arch kexec_capi)
foreach(machine x86_64 arm64 riscv64)
  list(APPEND kexec_floors kexec_purgatory_${machine})
endforeach()
add_library(libkexec SHARED)
add_library(libkexec_static STATIC)
foreach(lib libkexec libkexec_static)
  foreach(floor ${kexec_floors})
    target_sources(${lib} PRIVATE $<TARGET_OBJECTS:${floor}>)
  endforeach()
  target_include_directories(${lib} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${lib} PUBLIC $<BUILD_INTERFACE:kexec_fmt> $<INSTALL_INTERFACE:fmt::fmt-header-only>
    PRIVATE PkgConfig::LIBELF ${KEXEC_COMPRESSION_LIBRARIES} kexec_flags)
  set_target_properties(${lib} PROPERTIES OUTPUT_NAME kexec LINKER_LANGUAGE CXX)
endforeach()
set_target_properties(libkexec PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
target_link_options(libkexec PRIVATE "-Wl,--version-script=${PROJECT_SOURCE_DIR}/lib/libkexec.map")
if(NOT KEXEC_SANITIZE)  # clang leaves ASan's functions to the program
  target_link_options(libkexec PRIVATE -Wl,-z,defs)
endif()
set_property(TARGET libkexec APPEND PROPERTY LINK_DEPENDS "${PROJECT_SOURCE_DIR}/lib/libkexec.map")

# Installed: the shared library, its headers, and how to find them with pkg-config and CMake (kexec::kexec).
include(CMakePackageConfigHelpers)
set_target_properties(libkexec PROPERTIES EXPORT_NAME kexec)
set(kexec_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/kexec")
file(RELATIVE_PATH KEXEC_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file("${PROJECT_SOURCE_DIR}/cmake/kexec.pc.in" "${PROJECT_BINARY_DIR}/kexec.pc" @ONLY)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/kexecConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/kexecConfig.cmake" INSTALL_DESTINATION "${kexec_cmake_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/kexecConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(TARGETS libkexec EXPORT kexecTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libkexec NAMELINK_COMPONENT libkexec-dev
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/kexec" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT libkexec-dev)
install(FILES "${PROJECT_BINARY_DIR}/kexec.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT libkexec-dev)
install(EXPORT kexecTargets NAMESPACE kexec:: DESTINATION "${kexec_cmake_dir}" COMPONENT libkexec-dev)
install(FILES "${PROJECT_BINARY_DIR}/kexecConfig.cmake" "${PROJECT_BINARY_DIR}/kexecConfigVersion.cmake"
  DESTINATION "${kexec_cmake_dir}" COMPONENT libkexec-dev)
