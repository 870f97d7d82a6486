"""A daemon under test from outside: start, kill, scrape, and the laws that every scrape has to obey."""
import collections
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
RESIDUES = 97
# What the lines of a sequence hold, as the configuration of a source says it.
SCHEMA = """\
    schema:
      timestamp: ms
      timestamp_unit: ms
      model: model
      features:
        seq: numeric
      prediction: k
"""
# What Prometheus says about itself with every scrape.
SCRAPER = {"X-Prometheus-Scrape-Timeout-Seconds": "10", "User-Agent": "Prometheus/2.42.0"}
# Counters of the process, which begin anew with it. Everything else survives.
OF_PROCESS = ("process_", "telltale_http_", "telltale_scrape_", "telltale_commit_", "telltale_connections_")
SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Failure(Exception):
    """What the harness was asked to find."""


def default_binary():
    """The newest binary that was built here."""
    found = [p for p in (TOP / ".build/static/release/telltale", TOP / ".build/debug/telltale") if p.exists()]
    if not found:
        raise SystemExit("build telltale first, or give --binary")
    return str(max(found, key=lambda path: path.stat().st_mtime))


def free_port(kind=socket.SOCK_STREAM):
    """A port of loopback that nobody listens on, outside the range from which connections take theirs."""
    chooser = random.SystemRandom()
    for _ in range(1000):
        port = chooser.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SystemExit("no free port")


class Exposition:
    """One scrape: values by series, and which series only grow."""

    def __init__(self, text):
        self.values = {}
        self.types = {}
        # Series by name, and with their labels once someone has asked for them.
        self.named = collections.defaultdict(list)
        self.labelled = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line and not line.startswith("#"):
                match = SAMPLE.match(line)
                if not match:
                    raise Failure(f"not a sample: {line}")
                key = match[1] + (match[2] or "")
                if key in self.values:
                    raise Failure(f"twice: {key}")
                self.values[key] = float(match[3])
                self.named[match[1]].append(key)

    def is_counter(self, series):
        """Whether a series only grows: a counter, or a part of a histogram or summary."""
        name = series.split("{", 1)[0]
        if self.types.get(name) == "counter":
            return True
        for ending in ("_bucket", "_sum", "_count"):
            if name.endswith(ending) and self.types.get(name.removesuffix(ending)) in ("histogram", "summary"):
                return True
        return False

    def samples(self, name, **labels):
        """Values of a name whose labels contain the given ones, by their labels."""
        model = labels.pop("model", None)
        if name not in self.labelled:
            by_model = self.labelled[name] = collections.defaultdict(list)
            for series in self.named.get(name, ()):
                found = dict(LABEL.findall(series))
                # All of a name, and those of each model.
                for key in {None, found.get("model")}:
                    by_model[key].append((found, self.values[series]))
        for found, value in self.labelled[name].get(model, ()):
            if all(found.get(k) == v for k, v in labels.items()):
                yield found, value

    def sum(self, name, **labels):
        return sum(value for _, value in self.samples(name, **labels))

    def imbalance(self):
        """Sources for which received is not accepted + rejected + dropped + ignored (P3)."""
        right = collections.Counter()
        for part in ("accepted", "rejected", "dropped", "ignored"):
            for labels, value in self.samples(f"telltale_events_{part}_total"):
                right[labels["source"]] += value
        return [
            f"{labels['source']}: received {value}, accounted for {right[labels['source']]}"
            for labels, value in self.samples("telltale_events_received_total") if value != right[labels["source"]]]


class Prometheus:
    """Remembers scrapes as Prometheus would, and finds what would deceive it.

    `increase` is that of PromQL over all of the time, without extrapolation: the first sample of a series counts
    nothing, and a value below the one before counts in full.
    """

    def __init__(self, may_restart=False):
        self.may_restart = may_restart
        self.last = {}
        self.increase = collections.Counter()
        self.scrapes = 0
        self.resets = 0
        self.latencies = []

    def take(self, exposition, seconds=None):
        self.scrapes += 1
        if seconds is not None:
            self.latencies.append(seconds)
        problems = exposition.imbalance()
        if problems:
            raise Failure("conservation: " + "; ".join(problems))
        start = exposition.values.get("process_start_time_seconds")
        for series, value in exposition.values.items():
            if not exposition.is_counter(series):
                continue
            before, started = self.last.get(series, (None, None))
            self.last[series] = (value, start)
            if before is None:
                continue
            if value >= before:
                self.increase[series] += value - before
                continue
            self.resets += 1
            if start == started:
                raise Failure(f"{series} fell from {before} to {value} within one life")
            if not self.may_restart and not series.startswith(OF_PROCESS):
                raise Failure(f"{series} fell from {before} to {value}")
            self.increase[series] += value

    def grown(self, name, **labels):
        """What `sum(increase(name{labels}))` says."""
        total = 0
        for series, value in self.increase.items():
            head, _, rest = series.partition("{")
            found = dict(LABEL.findall(rest))
            if head == name and all(found.get(k) == v for k, v in labels.items()):
                total += value
        return total

    def quantile(self, q):
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


class Sidecar:
    """A daemon with a folder of its own that can be killed and started again on the same port."""

    running = []

    @classmethod
    def kill_all(cls):
        for sidecar in cls.running:
            if sidecar.is_running:
                sidecar.kill()
        cls.running.clear()

    def __init__(self, binary, configuration, folder=None):
        Sidecar.running.append(self)
        self.binary = binary
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="telltale-harness-"))
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.port = free_port()
        self.config = self.folder / "telltale.yaml"
        self.write(configuration)
        self.log = self.folder / "log"
        self.process = None
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def write(self, configuration):
        """Replaces the configuration; `listen` and `state_dir` are the harness's."""
        head = f"listen: 127.0.0.1:{self.port}\nstate_dir: {self.state}\n"
        temporary = self.config.with_suffix(".new")
        temporary.write_text(head + configuration)
        temporary.replace(self.config)

    def start(self, wrapper=(), **more):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, self.binary, "run", "--config", str(self.config)], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, start_new_session=True, **more)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL to the daemon, and to what wraps it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def stop(self, within=10):
        """SIGTERM; the exit status has to be 0."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(within)
        if status != 0:
            raise Failure(f"exit status {status} after SIGTERM\n{self.tail()}")
        return time.monotonic() - began

    def get(self, path, timeout=5, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with self.opener.open(request, timeout=timeout) as answer:
            return answer.read()

    def scrape(self, timeout=5):
        """A scrape as Prometheus makes it, and the seconds it took."""
        began = time.monotonic()
        body = self.get("/metrics", timeout, **SCRAPER)
        seconds = time.monotonic() - began
        return Exposition(body.decode()), seconds

    def wait_ready(self, within=30):
        deadline = time.monotonic() + within
        while True:
            try:
                self.get("/-/ready")
                return
            except OSError:
                if not self.is_running:
                    raise Failure(f"did not start\n{self.tail()}") from None
                if time.monotonic() > deadline:
                    raise Failure(f"not ready within {within} s\n{self.tail()}") from None
                time.sleep(0.02)

    def wait_for(self, what, condition, prometheus=None, within=60, every=0.2):
        """Scrapes until `condition` holds; returns that scrape."""
        deadline = time.monotonic() + within
        while True:
            exposition, seconds = self.scrape()
            if prometheus:
                prometheus.take(exposition, seconds)
            if condition(exposition):
                return exposition
            if time.monotonic() > deadline:
                raise Failure(f"not within {within} s: {what}\n{self.tail()}")
            time.sleep(every)

    def tail(self, characters=4000):
        return self.log.read_text(errors="replace")[-characters:]

    def status(self):
        """Fields of /proc/PID/status in kB or counts."""
        fields = {}
        for line in open(f"/proc/{self.process.pid}/status"):
            name, _, rest = line.partition(":")
            words = rest.split()
            if words and words[0].isdigit():
                fields[name] = int(words[0])
        fields["descriptors"] = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return fields


class Sequence:
    """Writes numbered lines whose sum and residues tell whether each was counted exactly once.

    Line n carries `seq` = n and the class n mod 97: a lost and a doubled line can only cancel in count, sum and all
    97 classes if they are the same line.
    """

    def __init__(self, model):
        self.model = model
        self.written = 0
        # Milliseconds by which the events of further lines are later.
        self.shift = 0

    def lines(self, count):
        """The next lines as bytes, one millisecond of event time apart."""
        first = self.written + 1
        self.written += count
        model = self.model
        return "".join(
            f'{{"ms":{1767225600000 + self.shift + n},"model":"{model}","k":"c{n % RESIDUES}","seq":{n}}}\n'
            for n in range(first, first + count)).encode()

    def in_class(self, k):
        return self.written // RESIDUES + (1 if k and k <= self.written % RESIDUES else 0)

    def differences(self, source, value, model_value):
        """How far counts are from the truth: `value(name, **labels)` gives what was counted."""
        n = self.written
        found = {
            "accepted": (value("telltale_events_accepted_total", source=source), n),
            "received": (value("telltale_events_received_total", source=source), n),
            "predictions": (model_value("model_predictions_total", model=self.model), n),
            "sum of seq": (model_value("model_feature_value_sum", model=self.model, feature="seq"), n * (n + 1) // 2),
        }
        for k in range(RESIDUES):
            found[f"class c{k}"] = (
                model_value("model_prediction_class_total", model=self.model, **{"class": f"c{k}"}), self.in_class(k))
        return [f"{self.model}: {what} {got:.0f}, not {want}" for what, (got, want) in found.items() if got != want]
