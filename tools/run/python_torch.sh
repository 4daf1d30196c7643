#!/usr/bin/env bash
# Tests the Python module with torch, with the first interpreter that pip has a wheel without GPU code for:
# python_torch.sh VERSIONS, lines of `VERSION PYTHON` as of tools/pythons, for which python_build.sh has
# built it. The report goes to build/junit/python/VERSION-torch.xml.
set -euo pipefail

versions=$1
while read -r version python <&3; do
  here=$PWD/build/python/$version report=$PWD/build/junit/python/$version-torch.xml
  wheel=$("$here/venv/bin/pip" index versions torch --disable-pip-version-check 2>/dev/null |
    grep -oE '[0-9.]+\+cpu' | sed -n 1p) || continue
  cat >"$report" <<'XML'
<testsuite><testcase classname="torch" name="install"><failure/></testcase></testsuite>
XML
  mkdir -p "$here"
  printf 'torch==%s\nnumpy\npytest\n' "$wheel" >"$here/torch.txt"
  tools/run/python_venv.sh "$python" "$here/torch" "$here/torch.txt"
  cd python/tests/clients
  PYTHONPATH=$here/cmake/python PYTHONDONTWRITEBYTECODE=1 "$here/torch/bin/python" \
    -X faulthandler -m pytest -q -p no:cacheprovider "--junitxml=$report" test_torch.py
  exit
done 3<"$versions"
echo "no interpreter has a wheel of torch without GPU code"
