#!/usr/bin/env bash
# Installs the Python module as users do and tests it where nothing of the source tree can be found:
# python_wheel.sh VERSION, of which python_build.sh has made the environment. Once by `pip install .` in a
# copy of the tree as it comes, once by a wheel.
set -euo pipefail

version=$1
tree=$PWD here=$PWD/build/python/$version

# check FOLDER WHAT: what pip installs into a new environment passes there.
check() {
  local folder=$1 what=$2
  "$here/venv/bin/python" -m venv "$folder"
  "$folder/bin/pip" install -q --disable-pip-version-check "$what"
  # CPython's own tests need nothing but the standard library.
  cp "$tree"/python/tests/{test_memoryio,suites}.py "$folder"
  cd "$folder"
  bin/python -m unittest test_memoryio
  bin/python - "$folder" <<'PYTHON'
import pathlib, sys, quire
print(quire.__file__)
assert quire.__file__.startswith(sys.argv[1])
assert (pathlib.Path(quire.__file__).parent / "py.typed").exists()
PYTHON
}

rm -rf "$here"/{source,wheel,from_wheel,from_source,pip}
mkdir "$here/source"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$here/source"
cd "$here/source"
# What the one has compiled the other need not.
export SKBUILD_BUILD_DIR=$here/pip
"$here/venv/bin/pip" wheel -q --disable-pip-version-check --no-deps -w "$here/wheel" .
check "$here/from_wheel" "$(echo "$here"/wheel/quire-*.whl)"
cd "$here/source"
check "$here/from_source" .
