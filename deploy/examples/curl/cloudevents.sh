#!/usr/bin/env bash
# Sends what KServe's logger sends for twenty inferences, a request and an answer each, as CloudEvents in binary mode,
# and the last one in structured mode. Prints the status of each answer.
#
#   cloudevents.sh 127.0.0.1:9759        and        telltale run --http 127.0.0.1:9759
set -euo pipefail
url=http://${1:?usage: cloudevents.sh ADDRESS:PORT}/

post() { curl -sS -o /dev/null -w '%{http_code}\n' "$url" --data-binary @- "$@"; }

# One half of an inference: number, half, second, body.
half() {
    printf '%s' "$4" | post -H "Ce-Id: inference-$1" -H "Ce-Type: org.kubeflow.serving.inference.$2" \
        -H 'Ce-Specversion: 1.0' -H 'Ce-Source: http://localhost:9081/' -H "Ce-Time: 2026-08-21T14:00:$3Z" \
        -H 'Ce-Inferenceservicename: flowers' -H 'Content-Type: application/json'
}

# The same as one JSON document.
structured() {
    printf '{"specversion":"1.0","id":"inference-%s","type":"org.kubeflow.serving.inference.%s",' "$1" "$2"
    printf '"time":"2026-08-21T14:00:%sZ","source":"http://localhost:9081/","inferenceservicename":"flowers",' "$3"
    printf '"datacontenttype":"application/json","data":%s}' "$4"
}

for number in {10..28}; do
    class=$([[ $number -lt 20 ]] && echo setosa || echo virginica)
    half "$number" request "$number" "{\"instances\":[{\"petal\":1.$number,\"sepal\":5.1}]}"
    half "$number" response "$number.25" "{\"predictions\":[\"$class\"]}"
done
whole=(-H 'Content-Type: application/cloudevents+json')
structured 29 request 29 '{"instances":[{"petal":1.5,"sepal":5.0}]}' | post "${whole[@]}"
structured 29 response 29.25 '{"predictions":["setosa"]}' | post "${whole[@]}"
