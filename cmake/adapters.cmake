# quire_add_adapter(<name> <header> <package> <target>) makes quire::<name>, the core together with
# adapters/<header> and the library that it adapts: <target> of find_package(<package>). Without that
# library there is no target. Installed, it is find_package(quire COMPONENTS <name>).
function(quire_add_adapter name header package target)
  # Global, so that a project that adds quire can link the adapter from its own folders.
  find_package(${package} QUIET GLOBAL)
  if(NOT TARGET ${target})
    message(STATUS "quire::${name} is not built: ${package} was not found")
    return()
  endif()
  add_library(quire_${name} INTERFACE)
  add_library(quire::${name} ALIAS quire_${name})
  target_sources(
    quire_${name}
    PUBLIC FILE_SET HEADERS
           BASE_DIRS ${PROJECT_SOURCE_DIR}/include
           FILES ${PROJECT_SOURCE_DIR}/include/quire/adapters/${header})
  target_link_libraries(quire_${name} INTERFACE quire::quire ${target})
  set_target_properties(quire_${name} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS
                                                                     ${PROJECT_IS_TOP_LEVEL})
  if(QUIRE_INSTALL)
    # A file a component: a consumer who does not ask for it needs neither it nor its library.
    install(
      TARGETS quire_${name}
      EXPORT quire-${name}-targets
      FILE_SET HEADERS)
    install(
      EXPORT quire-${name}-targets
      NAMESPACE quire::
      DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quire)
    configure_file(cmake/quire-adapter.cmake.in quire-${name}-adapter.cmake @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/quire-${name}-adapter.cmake
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quire)
  endif()
endfunction()

include(GNUInstallDirs)
quire_add_adapter(gtest gtest.h GTest GTest::gtest)
