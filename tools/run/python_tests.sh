#!/usr/bin/env bash
# Tests the Python module with one interpreter: python_tests.sh VERSION [--short|--copy], for which
# python_build.sh has built it. The report goes to build/junit/python/VERSION.xml. --short: a fraction
# of the random histories and of the operations that are repeated to find a leak. --copy: the same on the
# portable back end; the report is VERSION-copy.xml.
set -euo pipefail

version=$1
here=$PWD/build/python/$version
export PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1
report=build/junit/python/$version.xml
if [[ -n ${2:-} ]]; then
  export QUIRE_SHORT=1
fi
if [[ ${2:-} == --copy ]]; then
  export QUIRE_PAGES=copy
  report=build/junit/python/$version-copy.xml
fi
"$here/venv/bin/python" -m pytest -q -p no:cacheprovider --ignore=python/tests/clients \
  --durations=5 "--junitxml=$report" python/tests
