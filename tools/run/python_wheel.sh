#!/usr/bin/env bash
# Makes a wheel as users do and tests it where nothing of the source tree can be found:
# python_wheel.sh VERSION, of which python_build.sh has made the environment.
set -euo pipefail

version=$1
here=$PWD/build/python/$version
rm -rf "$here/wheel" "$here/clean"
"$here/venv/bin/pip" wheel -q --disable-pip-version-check --no-deps -w "$here/wheel" .
"$here/venv/bin/python" -m venv "$here/clean"
"$here/clean/bin/pip" install -q --disable-pip-version-check "$here"/wheel/quire-*.whl
cd "$here"
# CPython's own tests need nothing but the standard library.
cp ../../../python/tests/test_memoryio.py clean/
cd clean
bin/python -m unittest -q test_memoryio
bin/python - <<'PYTHON'
import pathlib, quire
print(quire.__file__)
assert "clean" in quire.__file__ and (pathlib.Path(quire.__file__).parent / "py.typed").exists()
PYTHON
