#!/usr/bin/env bash
# Puts a real daemon under floods, under reloads in a row, on a disk that is full or fails, and under a clock that is
# set to and fro.
#
#   Tests/Harness/stress.sh [flood] [reload] [disk] [clock] [--duration SECONDS] [--latency SECONDS] [--binary TELLTALE]
#
# Promises P3, P6, P7, P9, P10 and P12 of deploy/docs/guarantees.md. A minute by default; a long run:
#
#   nice Tests/Harness/stress.sh flood reload --duration 1800
set -euo pipefail
exec python3 -B "$(dirname "$0")/stress.py" "$@"
