#!/usr/bin/env bash
# Runs the simulation (Tests/SimulationTests) with many seeds; a failing seed is printed with what it violates.
#
#   Tests/Harness/simulate.sh [--seeds N] [--from S] [--jobs J]
#   Tests/Harness/simulate.sh --seed S          replays one and prints every step of it
#
# 10,000 seeds from 1 on one core by default, about two minutes. A night's run:
#
#   nice Tests/Harness/simulate.sh --seeds 1000000 --from "$(date +%Y%m%d)000000" --jobs "$(nproc)"
set -euo pipefail
cd "$(dirname "$0")/../.."
seeds=10000 from=1 jobs=1 seed=
while (($#)); do
    case $1 in
        --seeds) seeds=$2 ;;
        --from) from=$2 ;;
        --jobs) jobs=$2 ;;
        --seed) seed=$2 ;;
        *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
swift build --build-tests >/dev/null
simulation=(swift test --skip-build --filter SimulationTests)
if [[ -n $seed ]]; then exec env SIMULATION_SEED="$seed" "${simulation[@]}"; fi

# One worker: its share of the seeds, told only if something is wrong.
work() {
    local output
    if output=$(SIMULATION_FROM=$1 SIMULATION_SEEDS=$2 "${simulation[@]}" 2>&1); then return; fi
    grep -E 'SIMULATION_SEED=|error:' <<<"$output" || printf '%s\n' "$output"
    return 1
}

share=$(((seeds + jobs - 1) / jobs))
workers=()
for ((job = 0; job < jobs; job++)); do
    begin=$((from + job * share))
    count=$((job < jobs - 1 ? share : seeds - job * share))
    ((count > 0)) || continue
    work "$begin" "$count" &
    workers+=($!)
done
failed=0
for worker in "${workers[@]}"; do wait "$worker" || failed=1; done
printf 'seeds %s to %s: %s\n' "$from" "$((from + seeds - 1))" \
    "$( ((failed)) && echo 'FAILED; replay one with --seed S' || echo 'no violation')"
exit "$failed"
