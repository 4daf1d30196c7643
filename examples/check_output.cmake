# Runs PROGRAM with ARGS ("a|b|c"); it must exit with 0 and, if EXPECTED exists, print that text, but
# for lines that contain UNLIKE, which differ from machine to machine.
string(REPLACE "|" ";" arguments "${ARGS}")
execute_process(
  COMMAND ${PROGRAM} ${arguments}
  OUTPUT_VARIABLE printed
  ERROR_VARIABLE complaints
  RESULT_VARIABLE status)
message("${printed}${complaints}")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "exit status ${status}")
endif()
if(EXISTS ${EXPECTED})
  file(READ ${EXPECTED} wanted)
  if(UNLIKE)
    string(REGEX REPLACE "[^\n]*${UNLIKE}[^\n]*\n" "" printed "${printed}")
  endif()
  if(NOT printed STREQUAL wanted)
    message(FATAL_ERROR "the output differs from ${EXPECTED}:\n${wanted}")
  endif()
endif()
