#!/usr/bin/env bash
# Tests the Python module with the libraries that its users hand streams to: python_clients.sh VERSION,
# for which python_build.sh has built it. The report goes to build/junit/python/VERSION-clients.xml.
set -euo pipefail

version=$1
here=$PWD/build/python/$version report=$PWD/build/junit/python/$version-clients.xml

# Their packages are pinned to what has wheels for one interpreter.
if [[ $version != 3.13.* ]]; then
  cat >"$report" <<'XML'
<testsuite><testcase classname="clients" name="all"><skipped/></testcase></testsuite>
XML
  exit
fi
# The report of an environment that cannot be made: one case, failed. The tests write over it.
cat >"$report" <<'XML'
<testsuite><testcase classname="clients" name="install"><failure/></testcase></testsuite>
XML

cd python/tests/clients
"$OLDPWD/tools/run/python_venv.sh" "$here/venv/bin/python" "$here/clients" requirements.txt
PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1 "$here/clients/bin/python" \
  -X faulthandler -m pytest -q -p no:cacheprovider --durations=5 "--junitxml=$report" .
