include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(
  TARGETS quire
  EXPORT quire-targets
  FILE_SET HEADERS)
install(
  EXPORT quire-targets
  NAMESPACE quire::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quire)

# Before 1.0 a minor version may break, so 0.1 does not satisfy a request for 0.2 nor the reverse.
write_basic_package_version_file(quire-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/quire-config.cmake.in quire-config.cmake @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/quire-config.cmake ${PROJECT_BINARY_DIR}/quire-config-version.cmake
              cmake/find_libraries.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quire)

if(BUILD_SHARED_LIBS)
  set(QUIRE_PC_CFLAGS " -DQUIRE_SHARED")
endif()
quire_install_pc(quire cmake/quire.pc.in)
