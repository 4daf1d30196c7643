# Runs PROGRAM with ARGS ("a|b|c"); it must exit with 0 and, if EXPECTED exists, print that text, but
# for lines in both that contain UNLIKE, which differ from machine to machine. Where streams copy instead of
# sharing pages (PAGES or the environment's QUIRE_PAGES is "copy"), x.copy.txt goes before x.txt.
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
if(PAGES STREQUAL "copy" OR "$ENV{QUIRE_PAGES}" STREQUAL "copy")
  string(REGEX REPLACE "[.]txt$" ".copy.txt" expected_of_copies ${EXPECTED})
  if(EXISTS ${expected_of_copies})
    set(EXPECTED ${expected_of_copies})
  endif()
endif()
if(EXISTS ${EXPECTED})
  file(READ ${EXPECTED} wanted)
  if(UNLIKE)
    foreach(text IN ITEMS printed wanted)
      string(REGEX REPLACE "[^\n]*${UNLIKE}[^\n]*\n" "" ${text} "${${text}}")
    endforeach()
  endif()
  if(NOT printed STREQUAL wanted)
    message(FATAL_ERROR "the output differs from ${EXPECTED}:\n${wanted}")
  endif()
endif()
