#!/usr/bin/env bash
# Makes an environment with the packages that a file lists, unless it is there already:
# python_venv.sh PYTHON FOLDER REQUIREMENTS.
set -euo pipefail

python=$1 folder=$2 requirements=$3

# A changed list of packages makes a new environment.
wanted=$(sha256sum "$requirements")
if [[ ! -e $folder/ready || $(cat "$folder/ready") != "$wanted" ]]; then
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements"
  echo "$wanted" >"$folder/ready"
fi
