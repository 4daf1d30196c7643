#!/usr/bin/env bash
# Runs one libFuzzer target: fuzz_one.sh PROGRAM SECONDS. What it finds goes to build/fuzz/found.
set -euo pipefail

program=$1 seconds=$2
stem=$(basename "$program")
found=build/fuzz/found/$stem log=build/fuzz/$stem.log
# The first corpus is the one that libFuzzer writes to; the committed one stays as it is.
mkdir -p "$found/corpus"
if "$program" "-max_total_time=$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
  "-artifact_prefix=$found/" "$found/corpus" "fuzz/corpus/$stem" >"$log" 2>&1; then
  echo "$stem: $(grep -o 'number_of_executed_units: .*' "$log" | grep -o '[0-9]*$') runs, no finding"
else
  tail -60 "$log"
  echo "$stem: failed; the input is in $found, the log is $log"
  exit 1
fi
