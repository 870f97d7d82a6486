#!/usr/bin/env bash
# Runs the client examples with the real packages against the real daemon.
#
#   deploy/examples/check.sh BINARY        BINARY is a built telltale
#
# The packages go into a virtual environment below .build; nothing is installed elsewhere.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: deploy/examples/check.sh BINARY}")
environment=$here/../../.build/clients

if ! cmp -s "$here/requirements.txt" "$environment/installed.txt"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$environment/installed.txt"
fi
"$environment/bin/python" -B "$here/check_statsd.py" "$binary"
"$environment/bin/python" -B "$here/check_clients.py" "$binary" "$environment"
