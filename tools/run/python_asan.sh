#!/usr/bin/env bash
# Tests the Python module with the address and undefined-behaviour sanitizers and the interpreter's own
# checks (-X dev): python_asan.sh PYTHON. Left out are tests that measure time or memory, and reading a
# stream into itself: a sanitizer refuses how io.BytesIO does that.
#
# The interpreter is not built with sanitizers: they are loaded before it, it takes all memory from
# malloc(), where they see it, and leaks are not looked for, as it keeps much until its end.
set -euo pipefail

python=$1
here=$PWD/build/python/asan
mkdir -p "$here"
cmake -S . -B "$here/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=g++ -DQUIRE_DEV=ON \
  -DQUIRE_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$python" -DQUIRE_BUILD_TESTS=OFF \
  -DQUIRE_BUILD_EXAMPLES=OFF -DQUIRE_BUILD_FUZZ=OFF -DQUIRE_BUILD_BENCH=OFF \
  "-DCMAKE_CXX_FLAGS=-O1 -fsanitize=address,undefined -fno-sanitize-recover=all" >"$here/cmake.log"
cmake --build "$here/cmake" --target quire_python
tools/run/python_venv.sh "$python" "$here/venv" python/tests/requirements.txt

# The interpreter does not load libstdc++, which the sanitizer wants to find when it starts.
preload=
for library in libasan.so libubsan.so libstdc++.so; do
  preload+="$(g++ "-print-file-name=$library") "
done
tests=()
for name in memoryio bytes_io bytes byte_view spooled_io threads state_machine probe guide \
  bytes_cpython string_io_cpython struct_cpython tempfile_cpython; do
  tests+=("python/tests/test_$name.py")
done
export PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1 PYTHONDEVMODE=1 PYTHONMALLOC=malloc_debug
export QUIRE_SHORT=1 QUIRE_SANITIZED=1
# pytest keeps what is printed to itself, and a process that a sanitizer ends takes it along.
rm -f "$here"/report.*
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:log_path=$here/report
export UBSAN_OPTIONS=print_stacktrace=1:log_path=$here/report
left_out='Flat or leave_nothing_behind or give_their_memory_back or memory_is_not_doubled'
if ! LD_PRELOAD=$preload "$here/venv/bin/python" -m pytest -q -p no:cacheprovider --durations=5 \
  -k "not ($left_out or (readinto and getbuffer))" "${tests[@]}"; then
  grep -hv 'failed to allocate' "$here"/report.* || true
  exit 1
fi
