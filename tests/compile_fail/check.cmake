# Compiles CASE and compares the outcome with its EXPECT line.
file(STRINGS ${CASE} expectation REGEX "^// EXPECT: ")
string(REPLACE "// EXPECT: " "" expectation "${expectation}")
execute_process(
  COMMAND ${CXX} -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I ${INCLUDE} ${CASE}
  RESULT_VARIABLE status
  ERROR_VARIABLE message)
if(expectation STREQUAL "")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "must compile:\n${message}")
  endif()
elseif(status EQUAL 0)
  message(FATAL_ERROR "must not compile, and does")
elseif(NOT message MATCHES "${expectation}")
  message(FATAL_ERROR "no message matches '${expectation}':\n${message}")
endif()
