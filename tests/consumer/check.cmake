# One step of a user's way to quire: STEP is install, find_package, adapter, add_subdirectory,
# pkg_config, wrong_version or missing_program; LINKAGE is static or shared.
set(prefix ${WORK}/${LINKAGE}/moved)
set(build ${WORK}/${LINKAGE}/${STEP})
string(COMPARE EQUAL ${LINKAGE} shared shared)
set(common -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${CXX}
           -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DBUILD_SHARED_LIBS=${shared})

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_and_run)
  run(${CMAKE_COMMAND} --build ${build})
  run(${build}/consumer)
endfunction()

file(REMOVE_RECURSE ${build})
if(STEP STREQUAL install)
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${build} ${common} -DQUIRE_BUILD_TESTS=OFF
      -DQUIRE_BUILD_BENCH=OFF -DQUIRE_BUILD_FUZZ=OFF -DQUIRE_BUILD_EXAMPLES=OFF)
  run(${CMAKE_COMMAND} --build ${build})
  run(${CMAKE_COMMAND} --install ${build} --prefix ${build}/prefix)
  file(REMOVE_RECURSE ${prefix})
  file(RENAME ${build}/prefix ${prefix})
elseif(STEP STREQUAL find_package OR STEP STREQUAL adapter)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer/${STEP} -B ${build} ${common}
      -DCMAKE_PREFIX_PATH=${prefix} -DWANTED_VERSION=${VERSION})
  build_and_run()
elseif(STEP STREQUAL add_subdirectory)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer/add_subdirectory -B ${build} ${common}
      -DQUIRE_SOURCE=${SOURCE})
  build_and_run()
elseif(STEP STREQUAL pkg_config)
  file(GLOB_RECURSE pc ${prefix}/quire.pc)
  get_filename_component(folder ${pc} DIRECTORY)
  get_filename_component(libraries ${folder} DIRECTORY)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${folder} ${PKG_CONFIG} --cflags --libs
            --static quire quire-gtest quire-hash
    OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND ${flags})
  file(MAKE_DIRECTORY ${build})
  foreach(program IN ITEMS main adapter/main)
    run(${CXX} -std=c++20 ${SOURCE}/tests/consumer/${program}.cc ${flags} -Wl,-rpath,${libraries} -o
        ${build}/consumer)
    run(${build}/consumer)
  endforeach()
elseif(STEP STREQUAL wrong_version)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer/find_package -B ${build} ${common}
            -DCMAKE_PREFIX_PATH=${prefix} -DWANTED_VERSION=99
    RESULT_VARIABLE status ERROR_VARIABLE message)
  # The message too: a configuration that fails for another reason refuses nothing.
  if(status EQUAL 0 OR NOT message MATCHES "not accepted:.*/quire-config.cmake, version:")
    message(FATAL_ERROR "version 99 was not refused: ${message}")
  endif()
elseif(STEP STREQUAL missing_program)
  # Without protoc, or nlohmann's headers, the program protobuf_log and its test were not there, be it that
  # everything was required, and nothing said so.
  set(without_json -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON nlohmann_json)
  set(without_protoc -DProtobuf_PROTOC_EXECUTABLE= protobuf::protoc)
  foreach(without IN ITEMS without_json without_protoc)
    list(GET ${without} 0 option)
    list(GET ${without} 1 missing)
    foreach(adapters IN ITEMS REQUIRED ON)
      file(REMOVE_RECURSE ${build})
      execute_process(
        COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${build} ${common} -DQUIRE_BUILD_TESTS=OFF
                -DQUIRE_BUILD_BENCH=OFF -DQUIRE_BUILD_FUZZ=OFF -DQUIRE_BUILD_ADAPTERS=${adapters} ${option}
        RESULT_VARIABLE status OUTPUT_VARIABLE message ERROR_VARIABLE error)
      string(REGEX REPLACE "[ \n]+" " " message "${message}${error}")
      if(adapters STREQUAL REQUIRED)
        string(FIND "${message}" "protobuf_log cannot be built: ${missing} was not found" said)
      else()
        string(FIND "${message}" "protobuf_log is not built: ${missing} was not found" said)
      endif()
      string(COMPARE EQUAL "${status}" 0 done)
      if(said EQUAL -1 OR (adapters STREQUAL REQUIRED AND done)
         OR (adapters STREQUAL ON AND NOT done))
        message(FATAL_ERROR "${adapters}, ${without}: ${status}: ${message}")
      endif()
    endforeach()
  endforeach()
else()
  message(FATAL_ERROR "no step ${STEP}")
endif()
