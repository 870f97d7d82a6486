#!/usr/bin/env bash
# Shows telltale at work with the real Prometheus and Alertmanager, all on loopback: a simulated model whose input
# shifts, the drift alert that fires, and its end. Installs what is missing, builds the release, cleans up after itself.
#
#   deploy/demo.sh                    until Ctrl-C
#   deploy/demo.sh --duration 300     one shift; status 0 only if its alert was received, firing and resolved, no other
#
# Options: --duration SECONDS, --keep (keeps the temporary directory), --binary PATH (uses it instead of building),
#          --check-dashboards (runs every dashboard query while data flow), --help
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/deploy/packages.sh"

binary=''
arguments=()
while (($#)); do
    case $1 in
    --help | -h)
        sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
        exit 0
        ;;
    --binary)
        binary=${2:?--binary needs a path}
        shift
        ;;
    *) arguments+=("$1") ;;
    esac
    shift
done

need prometheus:prometheus prometheus-alertmanager:prometheus-alertmanager python3:python3
if [[ -z $binary ]]; then
    need_swift
    need libssl-dev zlib1g-dev libyaml-dev pkg-config:pkg-config
    echo "Building the release; the first time takes a few minutes."
    cd "$top"
    static=(-c release --static-swift-stdlib --scratch-path .build/static)
    swift build "${static[@]}" --product telltale &
    build=$!
    # A shell waits for its child before it obeys SIGTERM, unless it waits by name.
    trap 'kill "$build" 2>/dev/null; wait "$build"; exit 143' TERM
    trap 'kill "$build" 2>/dev/null; wait "$build"; exit 130' INT
    wait "$build"
    trap - TERM INT
    binary=$(swift build "${static[@]}" --show-bin-path)/telltale
fi
exec python3 -B "$top/deploy/demo.py" --binary "$binary" "${arguments[@]}"
