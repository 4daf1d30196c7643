# What only quire's own developers want. A project that adds quire gets none of it.

# Asked for here and not by the presets: a machine without ccache must configure too.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(QUIRE_CCACHE ccache)
  if(QUIRE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${QUIRE_CCACHE})
  endif()
endif()

# Says how quire's own code is compiled; every library, test, benchmark and example calls it.
function(quire_own_target target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(QUIRE_DEV)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
    # Sanitizers and coverage make gcc see paths that are not there: their presets turn this off.
    if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
      set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ON)
    endif()
  endif()
endfunction()
