include(GNUInstallDirs)
include(cmake/find_libraries.cmake)

# quire_add_adapter(<name> [SOURCES <file>...] [LIBRARIES <library>...]) makes quire::<name>, the core
# together with include/quire/adapters/<name>.h and what it adapts; find_libraries.cmake says how a
# library is named. With SOURCES, which stand in src/adapters/, it is a library quire_<name> of its own,
# static or shared as the core is; without, it has only the header. Where a library is missing there is
# no target. Installed, it is find_package(quire COMPONENTS <name>) and quire-<name>.pc.
function(quire_add_adapter name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  set_property(GLOBAL APPEND PROPERTY QUIRE_ADAPTERS ${name})
  if(NOT (name IN_LIST QUIRE_BUILD_ADAPTERS OR QUIRE_BUILD_ADAPTERS STREQUAL "ON"
          OR QUIRE_BUILD_ADAPTERS STREQUAL "REQUIRED"))
    return()
  endif()
  quire_find_libraries(targets missing ${arg_LIBRARIES})
  if(missing)
    list(JOIN missing ", " missing)
    message(STATUS "quire::${name} is not built: ${missing} was not found")
    set_property(GLOBAL APPEND PROPERTY QUIRE_ADAPTERS_NOT_BUILT ${name})
    return()
  endif()

  set(target quire_${name})
  if(arg_SOURCES)
    list(TRANSFORM arg_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/src/adapters/)
    add_library(${target} ${arg_SOURCES})
    quire_library_properties(${target})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(quire::${name} ALIAS ${target})
  target_sources(
    ${target}
    PUBLIC FILE_SET HEADERS
           BASE_DIRS ${PROJECT_SOURCE_DIR}/include
           FILES ${PROJECT_SOURCE_DIR}/include/quire/adapters/${name}.h)
  target_link_libraries(${target} ${scope} quire::quire ${targets})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS
                                                                 ${PROJECT_IS_TOP_LEVEL})
  if(QUIRE_INSTALL)
    quire_install_adapter(${name})
  endif()
endfunction()

# REQUIRES: called by quire_add_adapter(), whose arguments it reads
function(quire_install_adapter name)
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

  set(requires quire)
  foreach(library IN LISTS arg_LIBRARIES)
    separate_arguments(words UNIX_COMMAND ${library})
    list(LENGTH words count)
    list(POP_BACK words module)
    if(NOT count EQUAL 2 AND NOT module MATCHES "^<")
      list(APPEND requires ${module})
    endif()
  endforeach()
  list(JOIN requires ", " QUIRE_PC_REQUIRES)
  set(QUIRE_PC_LIBS)
  if(arg_SOURCES)
    set(QUIRE_PC_LIBS "-L\${libdir} -lquire_${name}")
  endif()
  quire_install_pc(quire-${name} cmake/quire-adapter.pc.in)
endfunction()

# quire_install_pc(<name> <template>) installs a file for pkg-config.
function(quire_install_pc name template)
  file(RELATIVE_PATH QUIRE_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${template} ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# quire_adapter_targets(<targets> <name>...): the targets of these adapters; empty unless all are built.
function(quire_adapter_targets targets)
  set(result)
  foreach(name IN LISTS ARGN)
    if(NOT TARGET quire::${name})
      set(result)
      break()
    endif()
    list(APPEND result quire::${name})
  endforeach()
  set(${targets} ${result} PARENT_SCOPE)
endfunction()

# quire_needed_targets(<targets> <program> ADAPTERS <adapter>... LIBRARIES <library>... TOOLS <target>...):
# those of what a test or program stands on; empty unless all are there. Where every adapter is required, so
# are the libraries and the tools; elsewhere a message says why there is no such program. TOOLS are programs
# that come with an adapter's library, and none of the targets. What stands on libraries alone is for those
# who build whatever adapters they can.
function(quire_needed_targets targets program)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "ADAPTERS;LIBRARIES;TOOLS")
  quire_adapter_targets(result ${arg_ADAPTERS})
  if(result OR (NOT arg_ADAPTERS AND QUIRE_BUILD_ADAPTERS MATCHES "^(ON|REQUIRED)$"))
    quire_find_libraries(libraries missing ${arg_LIBRARIES})
    foreach(tool IN LISTS arg_TOOLS)
      if(NOT TARGET ${tool})
        list(APPEND missing ${tool})
      endif()
    endforeach()
    list(APPEND result ${libraries})
    if(missing)
      list(JOIN missing ", " missing)
      if(QUIRE_BUILD_ADAPTERS STREQUAL "REQUIRED")
        message(FATAL_ERROR "${program} cannot be built: ${missing} was not found")
      endif()
      message(STATUS "${program} is not built: ${missing} was not found")
      set(result)
    endif()
  endif()
  set(${targets} ${result} PARENT_SCOPE)
endfunction()

# One adapter a line, sorted.
quire_add_adapter(asio SOURCES asio.cc)
quire_add_adapter(beast LIBRARIES "<boost/beast.hpp>")
quire_add_adapter(cfile SOURCES cfile.cc)
quire_add_adapter(curl SOURCES curl.cc LIBRARIES "CURL CURL::libcurl libcurl")
quire_add_adapter(gtest LIBRARIES "GTest GTest::gtest gtest")
quire_add_adapter(hash SOURCES hash.cc LIBRARIES "ZLIB ZLIB::ZLIB zlib" libxxhash
                  "OpenSSL OpenSSL::Crypto libcrypto")
quire_add_adapter(image SOURCES image.cc LIBRARIES "JPEG JPEG::JPEG libjpeg" "PNG PNG::PNG libpng")
quire_add_adapter(iostream SOURCES iostream.cc)
quire_add_adapter(lz4 SOURCES lz4.cc LIBRARIES liblz4)
quire_add_adapter(protobuf SOURCES protobuf.cc LIBRARIES "Protobuf protobuf::libprotobuf protobuf")
quire_add_adapter(socket SOURCES socket.cc)
quire_add_adapter(sodium SOURCES sodium.cc LIBRARIES libsodium)
quire_add_adapter(sqlite SOURCES sqlite.cc LIBRARIES sqlite3)
quire_add_adapter(zip SOURCES zip.cc LIBRARIES libzip)
quire_add_adapter(zlib SOURCES zlib.cc LIBRARIES "ZLIB ZLIB::ZLIB zlib")
quire_add_adapter(zstd SOURCES zstd.cc LIBRARIES libzstd)

get_property(adapters GLOBAL PROPERTY QUIRE_ADAPTERS)
get_property(not_built GLOBAL PROPERTY QUIRE_ADAPTERS_NOT_BUILT)
if(not_built AND NOT QUIRE_BUILD_ADAPTERS STREQUAL "ON")
  message(FATAL_ERROR "Adapters that were asked for are not built: ${not_built}")
endif()
foreach(name IN LISTS QUIRE_BUILD_ADAPTERS)
  if(NOT name IN_LIST adapters AND NOT name MATCHES "^(ON|OFF|REQUIRED)$")
    message(FATAL_ERROR "QUIRE_BUILD_ADAPTERS: there is no adapter ${name}; there are ${adapters}")
  endif()
endforeach()
