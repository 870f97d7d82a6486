#!/bin/sh
# Builds and runs the benchmarks on data it generates.
#
#   Tests/Benchmarks/run.sh            prints records per second, and instructions and allocations per record
#   Tests/Benchmarks/run.sh --check    the same, and fails where a number that does not depend on load is over its bound
#
# RECORDS (1000000) is the size of the log for times, COUNTED (100000) of the smaller one for instructions; the larger
# one has twice as many, so that start-up cancels: (I(2N) - I(N)) / N. Needs valgrind for the counted part.
# YARDSTICK names a program that is run with the log as its argument, to compare on the same machine at that moment.
set -eu

cd "$(dirname "$0")"
records=${RECORDS:-1000000}
counted=${COUNTED:-100000}
check=${1:-}

# Bounds in instructions per record; allocations may not grow with the log at all.
parse_bound=4500
end_to_end_bound=8000

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The build plan of an earlier run does not know files that are new in the package above.
rm -f .build/release.yaml
swift build -c release --quiet
bench=$(swift build -c release --show-bin-path)/bench

"$bench" generate "$records" > "$work/log.jsonl"
"$bench" generate "$counted" > "$work/once.jsonl"
"$bench" generate "$((2 * counted))" > "$work/twice.jsonl"

echo "# times (CPU time of one thread, $(wc -c < "$work/log.jsonl") bytes)"
for name in parse update end-to-end; do
    "$bench" "$name" "$work/log.jsonl"
done
"$bench" exposition 10000
"$bench" formats 100000
"$bench" statsd "$records"
"$bench" evidence 5000
if [ -n "${YARDSTICK:-}" ]; then
    echo "# yardstick: $YARDSTICK"
    "$YARDSTICK" "$work/log.jsonl" | head -n 1
fi

if ! command -v valgrind > /dev/null; then
    echo "# valgrind is not installed: instructions and allocations are not counted" >&2
    [ "$check" != --check ]
    exit
fi

instructions() { # benchmark, log
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$1" "$2" 2>&1 >/dev/null \
        | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

allocations() { # benchmark, log
    valgrind --tool=memcheck --leak-check=no --undef-value-errors=no "$bench" "$1" "$2" 2>&1 >/dev/null \
        | sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,
}

failed=0
echo "# counted at $counted and $((2 * counted)) records"
for name in parse end-to-end; do
    cost=$((($(instructions "$name" "$work/twice.jsonl") - $(instructions "$name" "$work/once.jsonl")) / counted))
    once=$(allocations "$name" "$work/once.jsonl")
    twice=$(allocations "$name" "$work/twice.jsonl")
    echo "$name instructions/record=$cost allocations=$once,$twice"
    case $name in
        parse) bound=$parse_bound ;;
        *) bound=$end_to_end_bound ;;
    esac
    if [ "$cost" -gt "$bound" ]; then
        echo "$name: more than $bound instructions per record" >&2
        failed=1
    fi
    # A pane per minute of the log, and nothing per record: less than one allocation per hundred records.
    if [ $(((twice - once) * 100)) -gt "$counted" ]; then
        echo "$name: allocations grow with the log" >&2
        failed=1
    fi
done
[ "$check" != --check ] || exit "$failed"
