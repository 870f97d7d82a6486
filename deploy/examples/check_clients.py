#!/usr/bin/env python3
"""Runs the examples of logs, HTTP, Unix sockets and Swift against a real daemon; every total has to be exact.

    check_clients.py BINARY FOLDER        FOLDER keeps what is built
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from datadog.dogstatsd.base import DogStatsd
from prometheus_client import parser

from check_statsd import Daemon, PATIENCE, samples

HERE = pathlib.Path(__file__).resolve().parent


def send(address: str) -> None:
    """What an application with the package `datadog` sends, over a socket of this machine."""
    statsd = DogStatsd(socket_path=address, disable_buffering=False, telemetry_min_flush_interval=0)
    statsd.disable_telemetry()
    for number in range(400):
        statsd.histogram("model.feature", number, tags=["model:unix", "feature:a"])
        statsd.set("model.prediction", "yes" if number % 4 else "no", tags=["model:unix"])
    statsd.flush()
    statsd.close_socket()


def main(binary: str, folder: str) -> int:
    swift = pathlib.Path(folder) / "example"
    subprocess.run(["swiftc", str(HERE / "swift" / "main.swift"), "-o", str(swift)], check=True)
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        paths = {name: str(place / name) for name in ["calls.jsonl", "datagram.sock", "stream.sock"]}
        daemon = Daemon(binary, "sources: " + json.dumps([
            {"udp": "127.0.0.1:0"}, {"http": "127.0.0.1:0"}, {"http": "127.0.0.2:0"}, {"tail": paths["calls.jsonl"]},
            {"unix_datagram": paths["datagram.sock"]}, {"unix_stream": paths["stream.sock"]},
        ]))
        try:
            subprocess.run([sys.executable, str(HERE / "python" / "log_calls.py"), paths["calls.jsonl"]], check=True)
            send("unixgram://" + paths["datagram.sock"])
            send("unixstream://" + paths["stream.sock"])
            subprocess.run([str(swift), "127.0.0.1", str(daemon.udp)], check=True)
            http = daemon.port(r"address=http:127\.0\.0\.1:(\d+)")
            events = [str(HERE / "curl" / "events.sh"), f"127.0.0.1:{http}"]
            answers = [json.loads(line) for line in subprocess.run(
                events, check=True, capture_output=True, text=True).stdout.splitlines()]
            inferences = daemon.port(r"address=http:127\.0\.0\.2:(\d+)")
            logger = [str(HERE / "curl" / "cloudevents.sh"), f"127.0.0.2:{inferences}"]
            statuses = subprocess.run(logger, check=True, capture_output=True, text=True).stdout.split()
            expected = {
                # From the log: 10 of 1,000 amounts are negative, and the calls fail; 200 are of another version.
                ("model_predictions_total", "fraud", "status", "success"): 1_190,
                ("model_predictions_total", "fraud", "status", "error"): 10,
                ("model_predictions_total", "fraud", "version", "2"): 200,
                ("model_feature_observations_total", "fraud", "feature", "amount"): 1_200,
                ("model_prediction_latency_seconds_count", "fraud", None, None): 1_200,
                # Twice 400, over both kinds of Unix socket.
                ("model_feature_observations_total", "unix", "feature", "a"): 800,
                ("model_prediction_class_total", "unix", "class", "no"): 200,
                ("model_prediction_class_total", "unix", "class", "yes"): 600,
                # From Swift.
                ("model_prediction_class_total", "fruit", "class", "ripe"): 147,
                ("model_prediction_class_total", "fruit", "class", "unripe"): 153,
                ("model_prediction_latency_seconds_count", "fruit", None, None): 300,
                # With curl.
                ("model_prediction_class_total", "churn", "class", "stay"): 102,
                ("model_prediction_class_total", "churn", "class", "leave"): 1,
                ("model_confusion_total", "churn", "actual", "leave"): 1,
                # As KServe's logger: the two halves of each inference are one event.
                ("model_predictions_total", "flowers", "status", "success"): 20,
                ("model_prediction_class_total", "flowers", "class", "setosa"): 11,
                ("model_prediction_class_total", "flowers", "class", "virginica"): 9,
                ("model_feature_observations_total", "flowers", "feature", "petal"): 20,
                ("model_prediction_latency_seconds_count", "flowers", None, None): 20,
            }
            faults = wait_for(daemon, expected)
            # The first records are held until their schema is known; then every one is answered.
            told = sum(answer.get("accepted", 0) + answer.get("held", 0) for answer in answers)
            told += sum(sum(answer["rejected"].values()) for answer in answers)
            if len(statuses) != 40 or not all(status.startswith("2") for status in statuses):
                faults.append(f"cloudevents: {statuses}")
            if told != 105:
                faults.append(f"curl was told of {told} records: {answers}")
        finally:
            daemon.stop()
    for fault in faults:
        print(f"clients: {fault}")
    print(f"clients: {len(expected)} totals compared")
    return 1 if faults else 0


def wait_for(daemon: Daemon, expected: dict) -> list[str]:
    """Scrapes until every total is as expected, or for some time; what is not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = samples(daemon.scrape("text/plain;version=0.0.4"), parser)
        faults = []
        for (name, model, label, value), want in expected.items():
            wanted = {"model": model, **({label: value} if label else {})}
            shown = sum(v for (n, l), v in found.items() if n == name and wanted.items() <= dict(l).items())
            if shown != want:
                faults.append(f"{name}{wanted}: sent {want}, scraped {shown}")
        rejected = {l: v for (n, l), v in found.items() if n == "telltale_events_rejected_total" and v}
        if not faults and sum(rejected.values()) != 1:
            faults.append(f"rejected: {rejected}")
        if not faults or time.monotonic() > deadline:
            return faults
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
