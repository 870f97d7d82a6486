#!/usr/bin/env bash
# Runs every test there is, on a Debian machine with nothing but Swift: installs what is missing, then
#
#   deploy/test.sh                  everything
#   deploy/test.sh PART…            only these parts, in this order
#
# Parts: format      swift format lint
#        build       build with its tests, imports as declared
#        unit        swift test
#        simulation  10,000 histories of the core, the tail and the disk, each drawn from a seed
#        kill        a real daemon killed again and again: every line counted exactly once
#        stress      floods, reloads in a row, a failing disk, clocks that are set, 100,000 series, a backlog, a kernel
#                    without watches, a short soak: all of it counted, nothing else lost
#        backfill    a log of the past, replayed, backfilled with promtool, and asked about on a real Prometheus
#        clients     the examples with real clients against the real daemon: scraped is what was sent
#        rules       promtool: configuration, rules, unit tests of the rules
#        routes      amtool: configurations, routes, templates
#        dashboards  every panel query parses and names what exists
#        manifests   image, compose file and Kubernetes objects, as far as that goes without their own validators
#        release     static release: size, libraries, no full Foundation
#        demo        end to end with the real Prometheus and Alertmanager: a shift raises its alert, no other, and ends
#
# Ends with the line "N passed, N failed"; status 0 only if none failed.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. deploy/packages.sh

parts=(
    format build unit simulation kill stress backfill clients rules routes dashboards manifests release demo
)
import_check=(--explicit-target-dependency-import-check error)
static=(-c release --static-swift-stdlib --scratch-path .build/static)
size_limit=25000000
demo_seconds=420
passed=0
failed=()

section() { printf '\n=== %s ===\n' "$*"; }

# check NAME COMMAND… runs one check and counts it.
check() {
    local name=$1 began=$SECONDS
    shift
    printf -- '--- %s\n' "$name"
    if "$@"; then
        passed=$((passed + 1))
        printf 'ok    %s (%d s)\n' "$name" $((SECONDS - began))
    else
        failed+=("$name")
        printf 'FAILED %s (%d s)\n' "$name" $((SECONDS - began))
    fi
}

# quietly COMMAND… shows what a command says only if it fails.
quietly() {
    local output
    output=$("$@" 2>&1) && return 0
    printf '%s\n' "$output"
    return 1
}

part_format() {
    check 'swift format lint' swift format lint --strict --recursive Sources Tests Package.swift
}

part_build() {
    check 'swift build, imports as declared' swift build --build-tests "${import_check[@]}"
}

part_unit() {
    check 'swift test' swift test "${import_check[@]}"
}

part_simulation() {
    check 'simulation' Tests/Harness/simulate.sh --seeds 10000
}

part_kill() {
    check 'swift build' quietly swift build --product telltale "${import_check[@]}"
    check 'kill' Tests/Harness/kill.sh --binary "$(swift build --show-bin-path)/telltale"
}

# Latencies, delays and shares of a core are those of a debug build on a machine with other things to do.
part_stress() {
    check 'swift build' quietly swift build --product telltale "${import_check[@]}"
    check 'stress' Tests/Harness/stress.sh --latency 2 --duration 10 --stops 10 --rate 20000 \
        --size 16 --within 20 --polling 1 --binary "$(swift build --show-bin-path)/telltale"
}

part_backfill() {
    check 'swift build' quietly swift build --product telltale "${import_check[@]}"
    check 'backfill' Tests/Harness/backfill.sh --binary "$(swift build --show-bin-path)/telltale"
}

part_clients() {
    check 'swift build' quietly swift build --product telltale "${import_check[@]}"
    check 'examples' deploy/examples/check.sh "$(swift build --show-bin-path)/telltale"
}

# Debian builds Prometheus without Kubernetes discovery: everything but the discovery itself is checked.
kubernetes_scrape() {
    local file
    file=$(mktemp)
    sed -e 's/kubernetes_sd_configs:/static_configs:/' -e 's/^  - role: pod$/  - targets: ["127.0.0.1:9757"]/' \
        prometheus/kubernetes-scrape.yml >"$file"
    promtool check config "$file"
    local status=$?
    rm -f "$file"
    return $status
}

# The rules of the demonstration are the shipped ones with shorter durations, and have to stay valid.
compressed_rules() {
    local rules status=0
    for rules in prometheus/rules/*.yml; do
        python3 -B deploy/durations.py 60 <"$rules" | quietly promtool check rules /dev/stdin || status=1
    done
    return $status
}

part_rules() {
    check 'prometheus.yml' promtool check config prometheus/prometheus.yml
    check 'kubernetes-scrape.yml' kubernetes_scrape
    check 'rules' promtool check rules --lint=all --lint-fatal prometheus/rules/*.yml
    check 'rules of the demonstration' compressed_rules
    local tests
    for tests in prometheus/tests/*.test.yml; do
        check "$(basename "$tests")" promtool test rules "$tests"
    done
}

template() {
    amtool template render --template.glob='alertmanager/templates/*.tmpl' \
        --template.text='{{ template "telltale.title" . }}{{ template "telltale.text" . }}' &&
        amtool template render --template.glob='alertmanager/templates/*.tmpl' \
            --template.text='{{ template "telltale.html" . }}{{ template "telltale.color" . }}'
}

part_routes() {
    check 'alertmanager.yml' amtool check-config alertmanager/alertmanager.yml
    check 'alertmanager.mail-slack.yml' amtool check-config alertmanager/alertmanager.mail-slack.yml
    check 'routes' alertmanager/routes_test.sh
    check 'inhibition on a real Alertmanager' python3 -B alertmanager/inhibition_test.py
    check 'templates' quietly template
}

part_dashboards() {
    check 'dashboards' python3 -B grafana/check_dashboards.py
}

part_manifests() {
    check 'operations' python3 -B deploy/check_operations.py
    check 'shell scripts parse' bash -n deploy/demo.sh deploy/test.sh deploy/packages.sh \
        deploy/examples/check.sh alertmanager/routes_test.sh Tests/Harness/*.sh
}

release_binary() { printf '%s/telltale' "$(swift build "${static[@]}" --show-bin-path)"; }

release_size() {
    local binary copy size
    binary=$(release_binary)
    copy=$(mktemp)
    strip -o "$copy" "$binary"
    size=$(stat -c %s "$copy")
    rm -f "$copy"
    echo "$size bytes stripped, at most $size_limit"
    ((size <= size_limit))
}

# Only the C and C++ runtime, zlib and libyaml may be needed from the system.
release_libraries() {
    local needed
    needed=$(readelf -d "$(release_binary)" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    echo "needs" $needed
    ! grep -Ev '^(lib(c|m|gcc_s|stdc\+\+|z|yaml-0|pthread|dl|rt)\.so|ld-linux)' <<<"$needed"
}

# Full Foundation and ICU leave their names behind; FoundationEssentials has another one.
release_foundation() {
    local found
    found=$(nm "$(release_binary)" | grep -cE ' (\$s10Foundation|.*FoundationInternationalization|.*ucol_open|.*icudt)')
    echo "$found symbols of full Foundation"
    ((found == 0))
}

part_release() {
    check 'static release' swift build "${static[@]}" --product telltale
    check 'size' release_size
    check 'libraries' release_libraries
    check 'no full Foundation' release_foundation
    check 'runs' quietly "$(release_binary)" version
}

part_demo() {
    check 'static release' quietly swift build "${static[@]}" --product telltale
    check 'end to end' deploy/demo.sh --binary "$(release_binary)" --duration "$demo_seconds" --check-dashboards
}

chosen=("$@")
((${#chosen[@]})) || chosen=("${parts[@]}")
for part in "${chosen[@]}"; do
    if [[ " ${parts[*]} " != *" $part "* ]]; then
        sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
        exit 2
    fi
done

section tools
need_swift || exit 1
need libssl-dev zlib1g-dev libyaml-dev pkg-config:pkg-config binutils:readelf \
    prometheus:prometheus prometheus-alertmanager:amtool python3:python3 || exit 1
python3 -c 'import yaml' 2>/dev/null || need python3-yaml || exit 1
python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv || exit 1
swift --version 2>&1 | head -n 1
promtool --version | head -n 1
amtool --version | head -n 1

for part in "${chosen[@]}"; do
    section "$part"
    "part_$part"
done

printf '\n'
for name in "${failed[@]}"; do printf 'failed: %s\n' "$name"; done
printf '%d passed, %d failed\n' "$passed" "${#failed[@]}"
((${#failed[@]} == 0))
