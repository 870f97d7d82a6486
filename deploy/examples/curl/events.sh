#!/usr/bin/env bash
# Sends records with curl and prints the answers.
#
#   events.sh 127.0.0.1:9758        and        telltale run --http 127.0.0.1:9758
set -euo pipefail
url=http://${1:?usage: events.sh ADDRESS:PORT}/v1/events

record() { printf '{"model":"churn","features":{"tenure":%d,"plan":"%s"},"prediction":"%s"}' "$@"; }

# One record.
record 12 basic stay | curl -sS "$url" -H 'Content-Type: application/json' --data-binary @-

# Several in an array.
printf '[%s,%s]' "$(record 3 basic leave)" "$(record 40 plus stay)" |
    curl -sS "$url" -H 'Content-Type: application/json' --data-binary @-

# A line for each, compressed: a hundred good ones and one that is none.
{
    for tenure in {1..100}; do
        record "$tenure" plus stay
        echo
    done
    echo 'not a record'
} | gzip | curl -sS "$url" -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip' --data-binary @-
