#!/usr/bin/env bash
# Builds the Python module for one interpreter and tests it: python_tests.sh VERSION PYTHON. What is
# made goes to build/python/VERSION, the report to build/junit/python/VERSION.xml.
set -euo pipefail

version=$1 python=$2
here=build/python/$version report=build/junit/python/$version.xml
mkdir -p "$here" build/junit/python

# The report of a build that fails: one case, failed.
cat >"$report" <<'XML'
<testsuite><testcase classname="module" name="build"><failure/></testcase></testsuite>
XML

cmake -S . -B "$here/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=g++ \
  -DQUIRE_DEV=ON -DQUIRE_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$python" -DQUIRE_BUILD_TESTS=OFF \
  -DQUIRE_BUILD_EXAMPLES=OFF -DQUIRE_BUILD_FUZZ=OFF -DQUIRE_BUILD_BENCH=OFF >"$here/cmake.log"
cmake --build "$here/cmake" --target quire_python

# A changed list of packages makes a new environment.
wanted=$(sha256sum python/tests/requirements.txt)
if [[ ! -e $here/venv/ready || $(cat "$here/venv/ready") != "$wanted" ]]; then
  rm -rf "$here/venv"
  "$python" -m venv "$here/venv"
  "$here/venv/bin/pip" install -q -r python/tests/requirements.txt
  echo "$wanted" >"$here/venv/ready"
fi

PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1 "$here/venv/bin/python" -m pytest \
  -q -p no:cacheprovider --ignore=python/tests/clients "--junitxml=$report" python/tests
