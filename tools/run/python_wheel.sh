#!/usr/bin/env bash
# Makes a wheel as users do and tests it where nothing of the source tree can be found:
# python_wheel.sh VERSION, of which python_tests.sh has made the environment.
set -euo pipefail

version=$1
here=$PWD/build/python/$version
"$here/venv/bin/pip" wheel -q --no-deps -w "$here/wheel" .
rm -rf "$here/clean"
"$here/venv/bin/python" -m venv "$here/clean"
"$here/clean/bin/pip" install -q --force-reinstall "$here"/wheel/quire-*.whl
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
