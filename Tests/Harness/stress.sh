#!/usr/bin/env bash
# Puts a real daemon under floods, under reloads in a row, on a disk that is full or fails, under clocks that are set
# and a machine that sleeps, under clients that are slow, rude or many, over many files and a large one, without
# notifications, for long, and stops it at any moment.
#
#   Tests/Harness/stress.sh [flood] [reload] [disk] [clock] [connections] [descriptors] [messages] [stops] [start]
#       [backlog] [watches] [soak] [--duration SECONDS] [--stops N] [--rate DATAGRAMS] [--size MIB] [--latency SECONDS]
#       [--within SECONDS] [--processor SHARE] [--polling SHARE] [--binary TELLTALE]
#
# Promises P3, P6, P7, P9, P10, P12, P14 and P16 of deploy/docs/guarantees.md. Four minutes by default; long runs:
#
#   nice Tests/Harness/stress.sh reload --duration 60
#   nice Tests/Harness/stress.sh flood connections --duration 1800
#   nice Tests/Harness/stress.sh stops --stops 1000
#   nice Tests/Harness/stress.sh backlog --size 5120
#   nice Tests/Harness/stress.sh soak --duration 10800
set -euo pipefail
exec python3 -B "$(dirname "$0")/stress.py" "$@"
