#!/usr/bin/env python3
"""Runs the StatsD examples against a real daemon and compares what is scraped with what was sent.

    check_statsd.py BINARY

Every datagram is recorded as it leaves the client, and read once more by the few lines below, in fractions: what the
daemon exposes has to be that, to the last bit where a number has one. Both text formats are read with the parsers of
prometheus_client, and with promtool where it is installed.
"""
import collections
import fractions
import importlib.util
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client import parser as text_parser

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 30

# What the model lines of the examples mean, and what the rules of mapping.yaml make of the names.
MODEL_LINES = {"model.feature", "model.prediction", "model.score", "model.latency", "model.outcome"}


class Recorder(socket.socket):
    """A socket that remembers every datagram it sent."""

    sent: list[bytes] = []

    def send(self, data, *rest):
        Recorder.sent.append(bytes(data))
        return super().send(data, *rest)

    def sendto(self, data, *rest):
        Recorder.sent.append(bytes(data))
        return super().sendto(data, *rest)


class Daemon:
    """A daemon with a configuration of its own."""

    def __init__(self, binary: str, configuration: str):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "telltale.yaml"
        path.write_text("listen: 127.0.0.1:0\ncommit_interval: 100ms\n" + configuration)
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+")
        self.process = subprocess.Popen([binary, "run", "--config", str(path)], stderr=self.log)
        self.http = self.port(r"msg=listening.*address=127\.0\.0\.1:(\d+)|listening address=127\.0\.0\.1:(\d+)")
        self.udp = self.port(r"address=udp:127\.0\.0\.1:(\d+)")

    def port(self, pattern: str) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(pattern, self.logged())
            if found:
                return int(next(group for group in found.groups() if group))
            time.sleep(0.02)
        sys.exit("the daemon does not listen:\n" + self.logged())

    def logged(self) -> str:
        return pathlib.Path(self.log.name).read_text()

    def scrape(self, accept: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.read().decode()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        self.folder.cleanup()


def samples(text: str, parser) -> dict[tuple[str, frozenset], float]:
    """Samples by name and labels; the parser raises on anything invalid."""
    found = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"twice: {key}"
            found[key] = sample.value
    return found


class Expected:
    """What StatsD lines amount to, by the rules of deploy/docs/statsd.md."""

    def __init__(self, is_etsy: bool, rules):
        self.is_etsy = is_etsy
        self.rules = rules
        self.lines = self.dropped = self.ignored = 0
        self.values: dict[tuple[str, frozenset], fractions.Fraction] = collections.defaultdict(fractions.Fraction)
        self.members: dict[tuple[str, frozenset], set] = collections.defaultdict(set)

    def read(self, datagram: bytes) -> None:
        for line in datagram.decode().split("\n"):
            if line:
                self.lines += 1
                self.read_line(line)

    def read_line(self, line: str) -> None:
        if line.startswith(("_e{", "_sc|")):
            self.ignored += 1
            return
        name, _, rest = line.partition(":")
        text, kind, *fields = rest.split("|")
        values = [text] if kind == "s" else text.split(":")
        rate = next((fractions.Fraction(field[1:]) for field in fields if field.startswith("@")), 1)
        tags = next((field[1:].split(",") for field in fields if field.startswith("#")), [])
        labels = dict(tag.split(":", 1) if ":" in tag else (tag, "true") for tag in tags)
        if name in MODEL_LINES:
            return self.read_model(name, kind, values, labels, rate)
        mapped = self.rules(name)
        if mapped is None:
            self.dropped += 1
        elif mapped[0] in MODEL_LINES:
            self.read_model(mapped[0], kind, values, mapped[1], rate)
        else:
            self.read_metric(mapped[0], kind, values, {**labels, **mapped[1]}, rate)

    def read_model(self, name, kind, values, labels, rate) -> None:
        base = {"model": labels["model"], "version": labels.get("version", "")}
        for value in values:
            if name == "model.feature":
                self.add("model_feature_observations_total", {**base, "feature": labels["feature"]}, 1 / rate)
            elif name == "model.prediction":
                self.add("model_predictions_total", {**base, "status": "success"}, 1 / rate)
                self.add("model_prediction_class_total", {**base, "class": value}, 1 / rate)
            elif name == "model.score":
                self.add("model_prediction_score_count", base, 1 / rate)
            elif name == "model.latency":
                self.add("model_prediction_latency_seconds_count", base, 1 / rate)

    def read_metric(self, name, kind, values, labels, rate) -> None:
        name = re.sub(r"[^A-Za-z0-9_]", "_", name)
        for value in values:
            if kind == "c":
                self.add(name if name.endswith("_total") else name + "_total", labels, fractions.Fraction(value) / rate)
            elif kind == "g":
                key = (name, frozenset(labels.items()))
                if not (self.is_etsy and value[0] in "+-"):
                    self.values[key] = fractions.Fraction(0)
                self.values[key] += fractions.Fraction(value)
            elif kind == "s":
                self.members[(name, frozenset(labels.items()))].add(value)
            else:
                unit = fractions.Fraction(1, 1000) if kind == "ms" else 1
                self.add(name + "_count", labels, 1 / rate)
                self.add(name + "_sum", labels, fractions.Fraction(value) * unit / rate)

    def add(self, name: str, labels: dict, value) -> None:
        self.values[(name, frozenset(labels.items()))] += value


def compare(expected: Expected, found: dict) -> list[str]:
    """Every difference between what was sent and what is exposed."""
    faults = []
    for (name, labels), value in expected.values.items():
        shown = found.get((name, labels))
        # Sums of decimal fractions are no exact doubles; every count is one.
        is_same = shown is not None and (
            abs(shown - float(value)) <= 1e-9 * abs(float(value)) if name.endswith("_sum") else shown == float(value)
        )
        if not is_same:
            faults.append(f"{name}{dict(labels)}: sent {float(value)}, scraped {shown}")
    for (name, labels), members in expected.members.items():
        if found.get((name, labels)) != len(members):
            faults.append(f"{name}{dict(labels)}: sent {len(members)} members, scraped {found.get((name, labels))}")

    def total(name: str, **labels) -> float:
        return sum(v for (n, l), v in found.items() if n == name and labels.items() <= dict(l).items())

    for name, want, labels in [
        ("telltale_events_received_total", expected.lines, {}),
        ("telltale_events_rejected_total", 0, {}),
        ("telltale_events_dropped_total", 0, {}),
        ("telltale_events_ignored_total", expected.ignored + expected.dropped, {}),
        ("telltale_events_ignored_total", expected.dropped, {"reason": "mapping_rule"}),
        ("telltale_kernel_drops_total", 0, {}),
    ]:
        if total(name, **labels) != want:
            faults.append(f"{name}{labels}: {total(name, **labels)}, expected {want}")
    return faults


def check(name: str, binary: str, configuration: str, expected: Expected, least: int) -> bool:
    """Runs one example against a daemon of its own."""
    daemon = Daemon(binary, "sources:\n  - udp: 127.0.0.1:0\n" + configuration)
    try:
        spec = importlib.util.spec_from_file_location(name, HERE / "python" / f"{name}.py")
        example = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(example)
        Recorder.sent.clear()
        example.main("127.0.0.1", daemon.udp)
        for datagram in Recorder.sent:
            expected.read(datagram)
        deadline = time.monotonic() + PATIENCE
        while True:
            text = daemon.scrape("text/plain;version=0.0.4")
            found = samples(text, text_parser)
            received = sum(v for (n, _), v in found.items() if n == "telltale_events_received_total")
            if received >= expected.lines or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        faults = compare(expected, found)
        if len(expected.values) < least:
            faults.append(f"only {len(expected.values)} series were sent")
        strict = samples(daemon.scrape("application/openmetrics-text;version=1.0.0"), openmetrics_parser)
        for key in expected.values.keys() | expected.members.keys():
            if strict.get(key) != found.get(key):
                faults.append(f"{key}: {found.get(key)} as text, {strict.get(key)} in OpenMetrics")
        if shutil.which("promtool"):
            lint = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
            if lint.returncode != 0:
                faults.append("promtool: " + lint.stderr)
        for fault in faults:
            print(f"{name}: {fault}")
        print(f"{name}: {len(Recorder.sent)} datagrams, {expected.lines} lines, {len(expected.values)} series compared")
        return not faults
    finally:
        daemon.stop()


def shop_rules(name: str):
    """What deploy/examples/mapping.yaml says, once more."""
    if name.startswith("shop.debug."):
        return None
    if name == "shop.ranking.took":
        return "model.latency", {"model": "ranking"}
    found = re.fullmatch(r"shop\.(\w+)\.requests\.(\w+)", name)
    if found:
        return "shop_requests", {"service": found[1], "code": found[2]}
    found = re.search(r"shop\.(\w+)\.(\w+)_duration", name)
    if found:
        return "shop_duration_seconds", {"service": found[1], "step": found[2]}
    return name, {}


def main(binary: str) -> int:
    socket.socket = Recorder
    mapping = json.dumps(str(HERE / "mapping.yaml"))
    results = [
        check("datadog_client", binary, "", Expected(False, lambda name: (name, {})), 14),
        check(
            "statsd_client", binary, f"statsd: {{gauge_signs: change}}\nmapping: {mapping}\n",
            Expected(True, shop_rules), 14),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
