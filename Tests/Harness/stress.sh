#!/usr/bin/env bash
# Puts a real daemon under floods, under reloads in a row, on a disk that is full or fails, under a clock that is set to
# and fro, under clients that are slow, rude or many, and stops it at any moment.
#
#   Tests/Harness/stress.sh [flood] [reload] [disk] [clock] [connections] [descriptors] [messages] [stops]
#       [--duration SECONDS] [--stops N] [--rate DATAGRAMS] [--latency SECONDS] [--binary TELLTALE]
#
# Promises P3, P6, P7, P9, P10, P12 and P14 of deploy/docs/guarantees.md. Two minutes by default; long runs:
#
#   nice Tests/Harness/stress.sh reload --duration 60
#   nice Tests/Harness/stress.sh flood connections --duration 1800
#   nice Tests/Harness/stress.sh stops --stops 1000
set -euo pipefail
exec python3 -B "$(dirname "$0")/stress.py" "$@"
