#!/usr/bin/env bash
# Replays a simulated log with a known shift, backfills the history with promtool, and asks a real Prometheus about it.
#
#   Tests/Harness/backfill.sh [--binary TELLTALE] [--keep]
#
# The commands are those of deploy/docs/replay.md. About ten seconds; needs prometheus and promtool.
set -euo pipefail
exec python3 -B "$(dirname "$0")/backfill.py" "$@"
