#!/usr/bin/env bash
# Fuzzes one parser with libFuzzer and the address sanitizer.
#
#   Tests/Fuzzing/fuzz.sh HARNESS [SECONDS] [LIBFUZZER-OPTION…]     60 seconds if not said
#
# HARNESS is a file beside this script, without `.swift`. It is linked with the pure core and with the checks that
# `swift test` runs as well. New inputs go to .build/fuzz/HARNESS; a crash goes to Crashes/HARNESS, where `swift test`
# finds it from then on: fix the cause and commit the input.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
harness=${1:?usage: Tests/Fuzzing/fuzz.sh HARNESS [SECONDS] [LIBFUZZER-OPTION…]}
seconds=${2:-60}
shift $(($# < 2 ? $# : 2))
out=$top/.build/fuzz
work=$out/$harness
mkdir -p "$out/modules" "$work" "$here/Crashes/$harness"

# Modules below the ones that use them, as in Package.swift.
modules=(Events LineFormats Sketches Statistics Patterns Monitor)
# The checks that a harness calls.
checks=("$top"/Tests/MonitorTests/*FuzzChecks.swift)

flags=(-O -swift-version 6 -parse-as-library -package-name telltale -sanitize=fuzzer,address -strict-memory-safety
    -I "$out/modules")
for feature in ExistentialAny InternalImportsByDefault MemberImportVisibility NonisolatedNonsendingByDefault; do
    flags+=(-enable-upcoming-feature "$feature")
done

libraries=()
for module in "${modules[@]}"; do
    library=$out/modules/lib$module.a
    libraries=("$library" "${libraries[@]}")
    newer=()
    [[ -e $library ]] && newer=(-newer "$library")
    if [[ -n $(find "$top/Sources" "$here/fuzz.sh" -name '*.s*' "${newer[@]}" -print -quit) ]]; then
        swiftc "${flags[@]}" -wmo -emit-module -emit-module-path "$out/modules/$module.swiftmodule" \
            -emit-library -static -module-name "$module" -o "$library" $(find "$top/Sources/$module" -name '*.swift')
    fi
done
swiftc "${flags[@]}" -module-name Fuzz -o "$work.bin" "$here/$harness.swift" "${checks[@]}" "${libraries[@]}"

# The crash handler of Swift would take minutes for each crash; a slow input is a finding too.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
exec "$work.bin" -max_total_time="$seconds" -timeout=5 -max_len=4096 -artifact_prefix="$here/Crashes/$harness/" \
    "$@" "$work" "$here/Corpus/$harness"
