#!/usr/bin/env bash
# Tests the Python module with one interpreter: python_tests.sh VERSION [--short], for which
# python_build.sh has built it. The report goes to build/junit/python/VERSION.xml. --short: a fraction
# of the random histories and of the operations that are repeated to find a leak.
set -euo pipefail

version=$1
here=$PWD/build/python/$version
export PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1
if [[ ${2:-} == --short ]]; then
  export QUIRE_SHORT=1
fi
"$here/venv/bin/python" -m pytest -q -p no:cacheprovider --ignore=python/tests/clients \
  --durations=5 "--junitxml=build/junit/python/$version.xml" python/tests
