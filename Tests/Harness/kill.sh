#!/usr/bin/env bash
# Kills a real daemon again and again while rotated files come in, and checks that every line was counted exactly once.
#
#   Tests/Harness/kill.sh [--kills N] [--lines N] [--duration SECONDS] [--seed S] [--binary TELLTALE] [--keep]
#
# Promises P1 to P3 of deploy/docs/guarantees.md. Half a minute by default; a long run:
#
#   nice Tests/Harness/kill.sh --kills 1000 --lines 10000000 --duration 1800
set -euo pipefail
exec python3 -B "$(dirname "$0")/kill.py" "$@"
