# quire_find_libraries(<targets> <missing> <library>...) finds what an adapter stands on and says under
# which targets, and what there is none of. Installed as well: an adapter's user needs the same
# targets by the same names. A library is one string:
#
#   "ZLIB ZLIB::ZLIB zlib"   find_package(ZLIB) makes ZLIB::ZLIB; pkg-config knows it as zlib, if at all
#   "libzstd"                only pkg-config knows it
#   "<asio.hpp>"             nobody knows it: headers, in the system's or CMAKE_PREFIX_PATH's folders
#
# What is found is global, so that a project that adds quire can link it from its own folders.
function(quire_find_libraries targets missing)
  set(found)
  set(absent)
  foreach(library IN LISTS ARGN)
    separate_arguments(words UNIX_COMMAND ${library})
    list(LENGTH words count)
    list(GET words 0 name)
    if(name MATCHES "^<(.*)>$")
      string(MAKE_C_IDENTIFIER QUIRE_${CMAKE_MATCH_1} variable)
      set(target ${variable}::${variable})
      find_path(${variable}_INCLUDE_DIR ${CMAKE_MATCH_1})
      mark_as_advanced(${variable}_INCLUDE_DIR)
      if(${variable}_INCLUDE_DIR AND NOT TARGET ${target})
        add_library(${target} INTERFACE IMPORTED GLOBAL)
        target_include_directories(${target} SYSTEM INTERFACE ${${variable}_INCLUDE_DIR})
      endif()
    elseif(count EQUAL 1)
      set(target PkgConfig::QUIRE_${name})
      find_package(PkgConfig QUIET)
      if(PkgConfig_FOUND AND NOT TARGET ${target})
        pkg_check_modules(QUIRE_${name} QUIET IMPORTED_TARGET GLOBAL ${name})
      endif()
    else()
      list(GET words 1 target)
      find_package(${name} QUIET GLOBAL)
    endif()
    if(TARGET ${target})
      list(APPEND found ${target})
    else()
      list(APPEND absent ${name})
    endif()
  endforeach()
  set(${targets} ${found} PARENT_SCOPE)
  set(${missing} ${absent} PARENT_SCOPE)
endfunction()
