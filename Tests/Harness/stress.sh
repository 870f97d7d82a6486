#!/usr/bin/env bash
# Puts a real daemon under floods, under reloads in a row, and on a disk that is full or fails.
#
#   Tests/Harness/stress.sh [flood] [reload] [disk] [--duration SECONDS] [--latency SECONDS] [--binary TELLTALE]
#
# Promises P3, P6, P7, P9 and P10 of deploy/docs/guarantees.md. A minute by default; a long run:
#
#   nice Tests/Harness/stress.sh flood reload --duration 1800
set -euo pipefail
exec python3 -B "$(dirname "$0")/stress.py" "$@"
