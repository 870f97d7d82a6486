#!/usr/bin/env bash
# Sends records with curl, the outcome of one of them later, and prints the answers.
#
#   events.sh 127.0.0.1:9758        and        telltale run --http 127.0.0.1:9758
set -euo pipefail
base=http://${1:?usage: events.sh ADDRESS:PORT}/v1
url=$base/events

record() { printf '{"id":"c-%d","model":"churn","features":{"tenure":%d,"plan":"%s"},"prediction":"%s"}' "$1" "$@"; }

# One record.
record 12 basic stay | curl -sS "$url" -H 'Content-Type: application/json' --data-binary @-

# Several in an array.
printf '[%s,%s]' "$(record 3 basic leave)" "$(record 40 plus stay)" |
    curl -sS "$url" -H 'Content-Type: application/json' --data-binary @-

# A line for each, compressed: a hundred good ones and one that is none.
{
    for tenure in {41..140}; do
        record "$tenure" plus stay
        echo
    done
    echo 'not a record'
} | gzip | curl -sS "$url" -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip' --data-binary @-

# What turned out to be true of one of them, once it is known.
printf '{"id":"c-40","outcome":"leave"}' |
    curl -sS "$base/outcomes" -H 'Content-Type: application/json' --data-binary @-
