"""The demonstration behind deploy/demo.sh: starts everything, tells what happens, judges it, stops everything."""
import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import durations
import webhook

TOP = pathlib.Path(__file__).resolve().parent.parent
# An hour of the rules passes in a minute. Less than that, and the shortest range (5 minutes) holds too few scrapes.
FACTOR = 60
PRESET, FEATURE = "fraud", "amount"
RATE = 200
# Seconds of each round of the simulation: the shift begins, ends, and the round ends.
SHIFT_BEGINS, SHIFT_ENDS, ROUND_ENDS = 45, 105, 300
# Most by which a score of the rules may differ from the sidecar's own.
AGREEMENT = 0.05
EXPECTED = {"alertname": "ModelFeatureDrift", "feature": FEATURE, "kind": "input"}


class Failure(Exception):
    """Something that ends the demonstration with status 1."""


class Stopped(Exception):
    """The user or the system asked to stop."""


def die_with_parent():
    """A child ends even when this process is killed without a chance to clean up."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_ports(count):
    """Ports of loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def get(url, timeout=5):
    """Body of a page; raises OSError."""
    # Loopback only: a proxy of the environment has no business here.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as answer:
        return answer.read()


def labels_text(labels):
    return " ".join(f"{k}={v}" for k, v in sorted(labels.items()) if k in ("model", "kind", "feature", "severity", "issue"))


class Demo:
    def __init__(self, options):
        self.options = options
        self.started = time.monotonic()
        self.deadline = self.started + options.duration if options.duration else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="telltale-demo-"))
        self.processes = []
        self.webhook = webhook.Webhook()
        self.sidecar, self.prometheus, self.alertmanager = (
            f"127.0.0.1:{port}" for port in free_ports(3))
        self.problems = []

    # ---- telling ----------------------------------------------------------------------------------------------------

    def say(self, text):
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", flush=True)

    # ---- processes --------------------------------------------------------------------------------------------------

    def start(self, name, *command):
        log = open(self.directory / f"{name}.log", "ab")
        with log:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True, preexec_fn=die_with_parent)
        self.processes.append((name, process))
        return process

    def run(self, *command, **settings):
        """Runs a command to its end; a failure ends the demonstration."""
        done = subprocess.run(
            [str(part) for part in command], cwd=self.directory, capture_output=True, text=True, timeout=120, **settings)
        if done.returncode:
            raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def check_alive(self):
        for name, process in self.processes:
            if process.poll() is not None and name != "model":
                tail = "\n".join((self.directory / f"{name}.log").read_text(errors="replace").splitlines()[-15:])
                raise Failure(f"{name} has ended with status {process.returncode}:\n{tail}")

    def stop(self):
        for name, process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        limit = time.monotonic() + 10
        for name, process in reversed(self.processes):
            try:
                process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{name} did not stop within 10 s and is killed")
                process.kill()
                process.wait()
        self.webhook.stop()
        if self.options.keep:
            self.say(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def wait_until(self, what, condition, seconds=60):
        limit = time.monotonic() + seconds
        while True:
            self.check_alive()
            with contextlib.suppress(OSError, ValueError, KeyError):
                if condition():
                    return
            if time.monotonic() > limit:
                raise Failure(f"{what} took more than {seconds} s")
            time.sleep(0.2)

    # ---- configuration ----------------------------------------------------------------------------------------------

    def configure(self):
        """The shipped files with durations divided by FACTOR and addresses on loopback; nothing else is changed."""
        for folder in ("rules", "targets", "state"):
            (self.directory / folder).mkdir()
        for rules in sorted((TOP / "prometheus" / "rules").glob("*.yml")):
            (self.directory / "rules" / rules.name).write_text(durations.compress(rules.read_text(), FACTOR))
        text = durations.compress((TOP / "prometheus" / "prometheus.yml").read_text(), FACTOR)
        (self.directory / "prometheus.yml").write_text(text.replace("127.0.0.1:9090", self.prometheus))
        (self.directory / "targets" / "telltale.yml").write_text(f"- targets: ['{self.sidecar}']\n")
        (self.directory / "targets" / "alertmanagers.yml").write_text(f"- targets: ['{self.alertmanager}']\n")
        text = durations.compress((TOP / "alertmanager" / "alertmanager.yml").read_text(), FACTOR)
        (self.directory / "alertmanager.yml").write_text(text.replace("127.0.0.1:9095", f"127.0.0.1:{self.webhook.port}"))
        shutil.copytree(TOP / "alertmanager" / "templates", self.directory / "templates")

    def model(self, seed):
        """One round of the simulated model, which appends to its prediction log."""
        self.shift_begins = time.time() + SHIFT_BEGINS
        self.shift_ends = time.time() + SHIFT_ENDS
        self.processes = [entry for entry in self.processes if entry[0] != "model"]
        return self.start(
            "model", self.options.binary, "simulate", "sudden-drift", "--preset", PRESET, "--rate", RATE,
            "--duration", ROUND_ENDS, "--seed", seed, "--feature", FEATURE, "--at", SHIFT_BEGINS, "--until", SHIFT_ENDS,
            "--output", "predictions.jsonl")

    def start_everything(self):
        binary = self.options.binary
        self.say(f"everything is on loopback, files are in {self.directory}")
        self.say(f"the shipped rules and routes, every duration divided by {FACTOR}: an hour of theirs passes in a minute")
        self.configure()
        self.run("promtool", "check", "config", "prometheus.yml")
        self.run("amtool", "check-config", "alertmanager.yml")
        self.run(
            binary, "simulate", "stable", "--preset", PRESET, "--fast", "--rate", RATE, "--duration", 100, "--seed", 7,
            "--output", "reference.jsonl")
        self.run(binary, "reference", "build", "--output", "reference.json", "reference.jsonl")
        self.say("built a reference from 20,000 predictions of a healthy model")
        self.webhook.start()
        (self.directory / "predictions.jsonl").touch()
        self.start(
            "telltale", binary, "run", "--tail", "predictions.jsonl", "--from", "beginning",
            "--reference", "reference.json", "--state-dir", "state", "--listen", self.sidecar)
        self.start(
            "alertmanager", "prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=alertmanager",
            f"--web.listen-address={self.alertmanager}", "--cluster.listen-address=")
        self.start(
            "prometheus", "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus",
            f"--web.listen-address={self.prometheus}", "--query.lookback-delta=10s", "--rules.alert.resend-delay=5s",
            "--rules.alert.for-grace-period=0s")
        self.wait_until("telltale", lambda: get(f"http://{self.sidecar}/-/ready"))
        self.wait_until("Alertmanager", lambda: get(f"http://{self.alertmanager}/-/ready"))
        self.wait_until("Prometheus", lambda: get(f"http://{self.prometheus}/-/ready"))
        # The rules see only what changes between two scrapes: the model begins once there was one.
        self.wait_until("the first scrape", lambda: self.number('up{job="telltale"}') == 1)
        self.say(f"telltale       http://{self.sidecar}/   metrics: http://{self.sidecar}/metrics")
        self.say(f"Prometheus     http://{self.prometheus}/alerts")
        self.say(f"Alertmanager   http://{self.alertmanager}/")
        self.model(seed=1)
        self.say(
            f"a simulated {PRESET} model makes {RATE} predictions a second; in {SHIFT_BEGINS} s its input {FEATURE} shifts, "
            f"for {SHIFT_ENDS - SHIFT_BEGINS} s")

    # ---- what the servers say ---------------------------------------------------------------------------------------

    def query(self, expression):
        text = urllib.parse.urlencode({"query": expression})
        return json.loads(get(f"http://{self.prometheus}/api/v1/query?{text}"))["data"]["result"]

    def number(self, expression):
        with contextlib.suppress(OSError, ValueError, KeyError):
            for sample in self.query(expression):
                return float(sample["value"][1])
        return None

    def report(self):
        """One line about now."""
        predictions = self.number("sum(model_predictions_total)")
        score = self.number(
            f'fleet:model_feature_drift:score{{window="1h", method="psi_excess", kind="input", feature="{FEATURE}"}}')
        others = self.number(
            f'max(fleet:model_feature_drift:score{{window="1h", method="psi_excess", kind="input", feature!="{FEATURE}"}})')
        if None not in (predictions, score, others):
            self.say(
                f"{predictions:,.0f} predictions; PSI above chance: {FEATURE} {score:.3f}, every other feature at most "
                f"{others:.3f} (bound 0.100)")

    def check_servers(self):
        """What is scraped is clean, and every rule evaluates."""
        text = get(f"http://{self.sidecar}/metrics").decode()
        self.run("promtool", "check", "metrics", input=text)
        groups = json.loads(get(f"http://{self.prometheus}/api/v1/rules"))["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        for rule in rules:
            if rule["health"] == "err":
                self.problems.append(f"rule {rule['name']}: {rule.get('lastError')}")
        series = sum(1 for each in text.splitlines() if each and not each.startswith("#"))
        self.say(
            f"{series} series scraped, promtool finds nothing to complain of; "
            f"{sum(1 for rule in rules if rule['health'] == 'ok')} of {len(rules)} rules evaluate")

    def check_dashboards(self):
        done = subprocess.run(
            [sys.executable, str(TOP / "grafana" / "check_dashboards.py"), "--prometheus", f"http://{self.prometheus}"],
            capture_output=True, text=True, timeout=120)
        for each in (done.stdout + done.stderr).strip().splitlines():
            self.say(f"dashboards: {each}")
        if done.returncode:
            self.problems.append("a dashboard query fails")

    def check_definitions(self):
        """The rules and the sidecar measure the same: over everything since the start both have seen the same events.

        The longest window of the rules holds all of it (a day, here 24 minutes), and so does the sidecar's. What differs is
        when they look, and that the rules interpolate between scrapes.
        """
        worst = 0.0
        for method in ("psi", "js", "hellinger", "tvd", "ks"):
            about = f'window="1d", method="{method}"'
            signals = "(model, version, kind, feature)"
            difference = self.number(
                f"max(abs(max by {signals} (fleet:model_feature_drift:score{{{about}}})"
                f" - on {signals} max by {signals} (model_feature_drift_score{{{about}}})))")
            if difference is None or difference > AGREEMENT:
                self.problems.append(f"{method} of the rules and of the sidecar differ by {difference}")
            else:
                worst = max(worst, difference)
        self.say(f"over the whole run the rules and the sidecar agree on every score within {worst:.4f}")

    # ---- the story --------------------------------------------------------------------------------------------------

    def is_expected(self, alert):
        return all(alert["labels"].get(key) == value for key, value in EXPECTED.items())

    def is_false(self, alert):
        """An alert about drift, or about a feature, that is not the one that shifts."""
        labels = alert["labels"]
        if labels.get("category") == "drift":
            return not self.is_expected(alert)
        return labels.get("feature", FEATURE) != FEATURE

    def watch(self):
        told, seen, next_report, fired, resolved, seed = set(), 0, 0.0, None, None, 1
        checked = False
        while True:
            self.check_alive()
            now = time.time()
            if self.deadline and time.monotonic() > self.deadline:
                raise Failure(f"{self.options.duration:.0f} s were not enough")
            if now >= self.shift_begins and ("begins", seed) not in told:
                told.add(("begins", seed))
                self.say(f"the shift begins: {FEATURE} now comes from another distribution")
            if now >= self.shift_ends and ("ends", seed) not in told:
                told.add(("ends", seed))
                self.say(f"the shift ends; the alert resolves when the last {3600 // FACTOR} s are clean again")
            if now >= self.shift_begins - 15 and not checked:
                self.check_servers()
                checked = True
            alerts = self.webhook.alerts
            for alert in alerts[seen:]:
                if alert["labels"].get("alertname") == "Watchdog":
                    continue
                self.say(f"WEBHOOK {webhook.line(alert)}")
                if self.is_false(alert):
                    self.problems.append(f"false alert: {labels_text(alert['labels'])} {alert['labels'].get('alertname')}")
                elif self.is_expected(alert) and alert["status"] == "firing" and not fired and now >= self.shift_begins:
                    fired = alert["time"]
                    self.say(f"that is the alert for the shift, {fired - self.shift_begins:.0f} s after its begin")
                    if self.options.check_dashboards:
                        self.check_dashboards()
                elif self.is_expected(alert) and alert["status"] == "resolved" and fired:
                    resolved = alert["time"]
                    self.say(f"and its end, {resolved - self.shift_ends:.0f} s after the end of the shift")
            seen = len(alerts)
            if self.options.duration and resolved:
                return self.judge(alerts, resolved)
            if time.monotonic() > next_report:
                self.report()
                next_report = time.monotonic() + 10
            if self.processes[-1][1].poll() is not None:
                if self.processes[-1][1].returncode:
                    self.processes[-1] = ("simulation", self.processes[-1][1])
                    self.check_alive()
                seed += 1
                fired = resolved = None
                self.model(seed)
                self.say(f"next round: the model goes on, and {FEATURE} shifts in {SHIFT_BEGINS} s")
            time.sleep(0.5)

    def judge(self, alerts, resolved):
        if resolved < self.shift_ends:
            self.problems.append("the alert resolved while the shift went on")
        if not any(alert["labels"].get("alertname") == "Watchdog" for alert in alerts):
            self.problems.append("the Watchdog has never arrived")
        self.check_definitions()
        for problem in self.problems:
            self.say(f"PROBLEM {problem}")
        if self.problems:
            raise Failure("the shift was noticed, but not everything was right")
        self.say(f"done: the alert for {FEATURE} fired, resolved, and no other feature raised one")


def main():
    parser = argparse.ArgumentParser(prog="deploy/demo.sh")
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--duration", type=float, help="at most this many seconds, for one shift")
    parser.add_argument("--keep", action="store_true", help="keep the temporary directory")
    parser.add_argument("--check-dashboards", action="store_true", help="run every dashboard query on live data")
    options = parser.parse_args()

    def stop(number, frame):
        # The first signal ends the demonstration; a second one must not interrupt the cleaning up.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped()

    demo = Demo(options)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    status = 0
    try:
        demo.start_everything()
        demo.watch()
    except Stopped:
        demo.say("stopping")
        # Bounded runs are tests: one that was interrupted has shown nothing.
        status = 1 if options.duration else 0
    except (Failure, subprocess.SubprocessError, OSError) as failure:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        demo.say(f"FAILED {failure}")
        status = 1
    finally:
        demo.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
