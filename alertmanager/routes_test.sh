#!/usr/bin/env bash
# Which receivers get which alert, in both configurations. Stops with status 1 at the first surprise.
set -euo pipefail
cd "$(dirname "$0")"
amtool=${AMTOOL:-amtool}
cases=0

# route RECEIVERS LABEL=VALUE…
route() {
    local receivers=$1 config answer
    shift
    for config in alertmanager.yml alertmanager.mail-slack.yml; do
        if ! answer=$("$amtool" config routes test --config.file="$config" \
            --verify.receivers="$receivers" "$@" 2>&1); then
            echo "FAILED $config: $* goes to $(head -n 1 <<<"$answer"), not to $receivers" >&2
            exit 1
        fi
    done
    cases=$((cases + 1))
}

route watchdog        alertname=Watchdog severity=none category=meta
route team            alertname=ModelFeatureDrift severity=warning category=drift model=price feature=area
route team-fraud      alertname=ModelFeatureDrift severity=warning category=drift model=fraud feature=amount
route team-fraud      alertname=ModelHighLatency severity=warning category=latency model=fraud-eu
route pager,team      alertname=ModelDataDrift severity=critical category=drift model=churn
route pager,team-fraud alertname=ModelNoPredictions severity=critical category=traffic model=fraud
route pager,team      alertname=ModelLowAccuracy severity=critical category=performance model=price
route team            alertname=ModelLowAccuracy severity=warning category=performance model=price
route platform        alertname=TelltaleTailLagging severity=warning category=sidecar instance=a
route pager           alertname=TelltaleDown severity=critical category=sidecar instance=a
route platform        alertname=TelltaleLimitReached severity=warning category=sidecar model=fraud
route team            alertname=SomethingElse
echo "$cases routes as expected"
