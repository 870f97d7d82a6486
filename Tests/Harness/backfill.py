"""Backtest end to end: telltale replay, promtool create-blocks-from, Prometheus on the blocks (see backfill.sh)."""
import argparse
import contextlib
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import sidecar

BEGIN = 1767225600  # 2026-01-01T00:00:00Z
SECONDS = 7200
SHIFT = 3600
RATE = 5
STEP = 60


def run(*command, **more):
    """Output of a command that has to succeed."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if result.returncode != 0:
        words = " ".join(map(str, command))
        raise sidecar.Failure(f"{words}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class Server:
    """A Prometheus on blocks of the past."""

    def __init__(self, folder, blocks):
        config = folder / "prometheus.yml"
        config.write_text("global: {}\n")
        self.address = f"127.0.0.1:{sidecar.free_port()}"
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={blocks}",
                "--storage.tsdb.retention.time=100y", f"--web.listen-address={self.address}",
            ], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=2).read()
                return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise sidecar.Failure("Prometheus does not start:\n" + (folder / "prometheus.log").read_text())
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def ask(self, path, **parameters):
        text = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{text}", timeout=30) as answer:
            return json.load(answer)["data"]["result"]

    def value(self, query, at):
        """Value of a query with one series at a moment."""
        found = self.ask("query", query=query, time=at)
        if len(found) != 1:
            raise sidecar.Failure(f"{query}: {len(found)} series, not one")
        return float(found[0]["value"][1])

    def steps(self, query):
        """Values of a query with one series at every step."""
        found = self.ask("query_range", query=query, start=BEGIN, end=BEGIN + SECONDS, step=STEP)
        return {int(at): float(value) for at, value in found[0]["values"]} if found else {}


def expect(what, found, wanted):
    print(f"{what}: {found}")
    if found != wanted:
        raise sidecar.Failure(f"{what}: {found}, not {wanted}")


def check_text(path):
    """OpenMetrics as it has to be: one end, no family twice, no metric interleaved, counters that never fall."""
    families, ends, current, metrics, previous = set(), 0, "", set(), (None, 0, 0.0)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if ends:
                raise sidecar.Failure("something follows # EOF")
            if line == "# EOF\n":
                ends += 1
            elif line.startswith("# TYPE "):
                current = line.split()[3]
                family = line.split()[2]
                if family in families:
                    raise sidecar.Failure(f"family {family} comes twice")
                families.add(family)
            elif not line.startswith("#"):
                series, value, at = line.rsplit(" ", 2)
                if series == previous[0]:
                    if int(at) <= previous[1]:
                        raise sidecar.Failure(f"time goes back: {line}")
                    if current == "counter" and float(value) < previous[2]:
                        raise sidecar.Failure(f"a counter falls: {line}")
                elif current in ("counter", "gauge", "info"):
                    if series in metrics:
                        raise sidecar.Failure(f"interleaved: {line}")
                    metrics.add(series)
                previous = (series, int(at), float(value))
    expect("ends", ends, 1)


def backtest(binary, folder):
    def simulate(scenario, seed, seconds, name, *more):
        run(binary, "simulate", scenario, "--fast", "--rate", RATE, "--duration", seconds, "--seed", seed,
            "--start", BEGIN, "--output", folder / name, *more)

    simulate("stable", 7, 4000, "train.jsonl")
    simulate("sudden-drift", 8, SECONDS, "old.jsonl", "--at", SHIFT)
    with open(folder / "old.jsonl", "rb") as plain, gzip.open(folder / "old.jsonl.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    run(binary, "reference", "build", "--output", folder / "ref.json", folder / "train.jsonl")
    history = folder / "history.om"
    result = json.loads(run(
        binary, "replay", "--reference", folder / "ref.json", "--output", history, "--label", "job=telltale", "--json",
        folder / "old.jsonl.gz"))
    records = SECONDS * RATE
    expect("records", result["records"], records)
    expect("alarms", [alarm["feature"] for alarm in result["alarms"]], ["amount"])
    alarm = result["alarms"][0]
    print(f"raised {alarm['start']}, onset {alarm['onset']}, shift 2026-01-01T01:00:00Z")
    expect("onset within a minute", alarm["onset"][:16] in ("2026-01-01T00:59", "2026-01-01T01:00"), True)
    check_text(history)

    blocks = folder / "data"
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", history, blocks)
    server = Server(folder, blocks)
    try:
        end = BEGIN + SECONDS
        increase = server.value(f"sum(increase(model_predictions_total[{SECONDS}s]))", end)
        expect("increase of model_predictions_total", increase, float(records))
        text = run("promtool", "query", "instant", f"--time={end}", f"http://{server.address}",
                   'sum(model_predictions_total{job="telltale"})')
        expect("promtool query", text.strip(), f"{{}} => {records} @[{end}]")
        drifted = server.steps('max(model_feature_drifted{feature="amount"})')
        first = min(at for at, value in drifted.items() if value == 1)
        print(f"verdict from {time.strftime('%H:%M', time.gmtime(first))} on")
        # The shift begins with the second that the sample of 01:00 shows already.
        expect("verdict within two steps of the shift", BEGIN + SHIFT < first <= BEGIN + SHIFT + 2 * STEP, True)
        expect("no verdict before", all(value == 0 for at, value in drifted.items() if at < first), True)
        others = server.steps('max(model_feature_drifted{feature!="amount"})')
        expect("no verdict of another signal", set(others.values()), {0.0})
        # A level of recording rules: those that read what sidecars expose.
        rules = sidecar.TOP / "prometheus/rules/fleet-drift.rules.yml"
        run("promtool", "tsdb", "create-blocks-from", "rules", f"--start={BEGIN}", f"--end={end}",
            f"--eval-interval={STEP}s", f"--url=http://{server.address}", f"--output-dir={folder / 'rules'}", rules)
    finally:
        server.stop()
    for block in (folder / "rules").iterdir():
        shutil.move(str(block), blocks)
    server = Server(folder, blocks)
    try:
        ratio = server.steps('max(fleet:model_feature:sidecar_drifted_ratio{feature="amount"})')
        # promtool evaluates rules at moments of its own within each step.
        late = min(at for at, value in ratio.items() if value == 1) - first
        expect("recording rule within a step of it", 0 <= late <= STEP, True)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=None)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="telltale-backfill-"))
    try:
        backtest(options.binary or sidecar.default_binary(), folder)
    except sidecar.Failure as failure:
        print(f"FAILED {failure}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(folder)
        else:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
