"""What a real Alertmanager sends of a given set of alerts: who gets them, and which are muted by others.

    python3 alertmanager/inhibition_test.py        needs prometheus-alertmanager or alertmanager on the path

Starts it on loopback with the shipped configuration, whose waiting times are divided by 60, and a webhook.
"""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "deploy"))
sys.dont_write_bytecode = True

import durations  # noqa: E402
import webhook  # noqa: E402


def alert(name, severity, category, **labels):
    return {"alertname": name, "severity": severity, "category": category, "job": "telltale", **labels}


FRAUD = {"model": "fraud", "version": "3"}
CHURN = {"model": "churn", "version": "1"}
# (labels, receivers that get it; none when it is muted)
CASES = [
    # critical mutes the warning of the same alert, and of no other model
    (alert("ModelDataDrift", "critical", "drift", **FRAUD), {"pager", "team-fraud"}),
    (alert("ModelDataDrift", "warning", "drift", **FRAUD), set()),
    (alert("ModelDataDrift", "warning", "drift", **CHURN), {"team"}),
    # a feature that is mostly missing has drifted for that reason; another feature has not
    (alert("ModelMissingValues", "critical", "quality", feature="amount", **FRAUD), {"pager", "team-fraud"}),
    (alert("ModelFeatureDrift", "warning", "drift", feature="amount", **FRAUD), set()),
    (alert("ModelFeatureDrift", "warning", "drift", feature="country", **FRAUD), {"team-fraud"}),
    # a sidecar that is down explains itself, and not its siblings
    (alert("TelltaleDown", "critical", "sidecar", instance="a"), {"pager"}),
    (alert("TelltaleTailLagging", "warning", "sidecar", instance="a"), set()),
    (alert("TelltaleTailLagging", "warning", "sidecar", instance="b"), {"platform"}),
    (alert("Watchdog", "none", "meta"), {"watchdog"}),
]


def request(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(
            urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=5) as answer:
        return answer.read()


def wait_until(condition, seconds):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


def received(alerts):
    """Receivers by alert, in the form of CASES."""
    found = {}
    for each in alerts:
        found.setdefault(json.dumps(each["labels"], sort_keys=True), set()).add(each["receiver"])
    return found


def main():
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    hook = webhook.Webhook()
    hook.start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        text = durations.compress((TOP / "alertmanager" / "alertmanager.yml").read_text(), 60)
        (directory / "alertmanager.yml").write_text(text.replace("127.0.0.1:9095", f"127.0.0.1:{hook.port}"))
        shutil.copytree(TOP / "alertmanager" / "templates", directory / "templates")
        with open(directory / "log", "wb") as log:
            server = subprocess.Popen(
                [program, "--config.file=alertmanager.yml", "--storage.path=data", f"--web.listen-address={address}",
                 "--cluster.listen-address="], cwd=directory, stdout=log, stderr=log)
        try:
            if not wait_until(lambda: request(f"http://{address}/-/ready"), 30):
                print((directory / "log").read_text(), file=sys.stderr)
                return 1
            request(f"http://{address}/api/v2/alerts", [{"labels": labels} for labels, _ in CASES])
            expected = {json.dumps(labels, sort_keys=True): receivers for labels, receivers in CASES if receivers}
            wait_until(lambda: received(hook.alerts) == expected, 20)
            # What is muted has to stay away for more than the longest waiting time.
            time.sleep(3)
            found = received(hook.alerts)
        finally:
            server.terminate()
            server.wait(10)
            hook.stop()
    wrong = [key for key in {**found, **expected} if found.get(key, set()) != expected.get(key, set())]
    for key in sorted(wrong):
        print(f"{key}: sent to {sorted(found.get(key, []))}, not to {sorted(expected.get(key, []))}", file=sys.stderr)
    print(f"{len(CASES)} alerts posted, {len(expected)} delivered as expected, {len(CASES) - len(expected)} muted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
