#!/usr/bin/env bash
# Builds the Python module for one interpreter and an environment to test it in:
# python_build.sh VERSION PYTHON. Both go to build/python/VERSION.
set -euo pipefail

version=$1 python=$2
here=build/python/$version
mkdir -p "$here" build/junit/python

# The report of a build that fails: one case, failed. The tests write over it.
cat >"build/junit/python/$version.xml" <<'XML'
<testsuite><testcase classname="module" name="build"><failure/></testcase></testsuite>
XML

cmake -S . -B "$here/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=g++ \
  "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" \
  -DQUIRE_DEV=ON -DQUIRE_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$python" -DQUIRE_BUILD_TESTS=OFF \
  -DQUIRE_BUILD_EXAMPLES=OFF -DQUIRE_BUILD_FUZZ=OFF -DQUIRE_BUILD_BENCH=OFF >"$here/cmake.log"
cmake --build "$here/cmake" --target quire_python
tools/run/python_venv.sh "$python" "$here/venv" python/tests/requirements.txt
