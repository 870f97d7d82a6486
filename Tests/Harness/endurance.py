"""The loads of stress.sh that come through every input at once, and last."""
import signal
import socket
import struct
import time
import urllib.error
import urllib.request

from inputs import Inputs
from loads import Load, expect_fast, expect_small, scrape_load
from sidecar import Failure, Prometheus, Sidecar, free_port

RATE = 20_000
# Seconds from one reload to the next: 300 in a minute, and some to spare.
RELOAD_EVERY = 0.15
# Windows and the fewest events for which statistics are shown: what changes from one reload to the next.
MANY_WINDOWS = (("5m, 1h", 50), ("10m, 1h", 50), ("5m, 1h, 1d", 50))
# Windows that are full after a few minutes, and stay.
SHORT_WINDOWS = (("5m", 50), ("5m", 60))
# Lines per second of a soak, and series that make a scrape too long for the buffers of the kernel.
SOAK_RATE, SOAK_SERIES = 5000, 20_000
# Growth that a soak allows, in MiB per hour, and the seconds that can tell.
GROWTH, TELLING = 0.5, 1200


def configuration(choice, sources):
    windows, fewest = choice
    return (
        f"commit_interval: 200ms\nenable_lifecycle: true\nwindows: [{windows}]\nminimum_events: {fewest}\n"
        f"custom_metrics: {{series: {2 * SOAK_SERIES}}}\nexpose_values: [seq]\n{sources}")


class Reloader:
    """Reloads a daemon with one of several configurations, of which every tenth does not check out."""

    def __init__(self, sidecar, sources, choices):
        self.sidecar, self.sources, self.choices = sidecar, sources, choices
        self.count = self.refused = 0
        self.choice = choices[0]

    def once(self):
        """One reload over HTTP; the answer and what is in use afterwards have to be right."""
        self.count += 1
        is_good = self.count % 10 != 0
        if is_good:
            self.choice = self.choices[self.count % len(self.choices)]
            self.sidecar.write(configuration(self.choice, self.sources))
        else:
            self.refused += 1
            self.sidecar.write("windows: [soon]\n")
        status, answer = self.ask()
        if status != (200 if is_good else 500):
            raise Failure(f"a reload was answered with {status}: {answer}")
        if not is_good:
            if "telltale.yaml:3" not in answer or "windows" not in answer:
                raise Failure(f"does not name file, line and key: {answer}")
            self.sidecar.wait_for(
                f"the configuration before, with windows of {self.choice[0]}", self.is_in_use, within=10, every=0.05)

    def ask(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.sidecar.port}/-/reload", b"", method="POST")
        try:
            with self.sidecar.opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_in_use(self, exposition):
        shown = {labels["window"] for labels, _ in exposition.samples("model_window_events")}
        return exposition.values["telltale_config_last_reload_successful"] == 0 and \
            shown == set(self.choice[0].split(", "))

    def by_signal(self):
        """The last reload, by SIGHUP."""
        self.sidecar.write(configuration(self.choices[0], self.sources))
        self.sidecar.process.send_signal(signal.SIGHUP)
        self.count += 1
        self.sidecar.wait_for(
            "the last configuration", lambda e: e.values["telltale_config_last_reload_successful"] == 1)


def reload(options):
    """Reloads in a row, five a second, under 20,000 lines a second through every input lose nothing and disturb no
    socket, and a configuration that does not check out changes nothing (P9)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    inputs = Inputs(sidecar.folder)
    sidecar.write(configuration(MANY_WINDOWS[0], inputs.sources))
    sidecar.start()
    sidecar.wait_ready()
    prometheus, reloader = Prometheus(), Reloader(sidecar, inputs.sources, MANY_WINDOWS)
    scrapes = scrape_load(sidecar, prometheus)
    inputs.begin(RATE)
    began = time.monotonic()
    while (now := time.monotonic() - began) < options.duration:
        reloader.once()
        time.sleep(max(0, reloader.count * RELOAD_EVERY - (time.monotonic() - began)))
    inputs.end()
    reloader.by_signal()
    scrapes.end()
    inputs.expect_exact(sidecar, prometheus)
    resets = sidecar.scrape()[0].sum("telltale_state_resets_total")
    print(f"  {reloader.count} reloads in {now:.0f} s, {reloader.refused} of them refused; {inputs.written} lines at "
          f"{inputs.written / now:.0f}/s exact: "
          f"{', '.join(f'{s.written} {s.model}' for s in inputs.sequences.values())}; the UDP socket is the same, "
          f"{inputs.ticks} datagrams exact; {resets:.0f} resets of state")
    if reloader.count < 5 * options.duration:
        raise Failure(f"{reloader.count} reloads in {options.duration:.0f} s, fewer than five a second")
    expect_fast(prometheus, options.latency)
    expect_small(sidecar)
    sidecar.stop()


class Aborter:
    """A scraper that leaves after a kilobyte of the answer, by closing or by resetting the connection."""

    def __init__(self, port):
        self.port, self.count = port, 0

    def once(self):
        self.count += 1
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: telltale\r\n\r\n")
            left = 1024
            while left > 0 and (part := connection.recv(left)):
                left -= len(part)
            if self.count % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def slope(samples):
    """Least squares through (seconds, value): growth per second, and its standard error."""
    n = len(samples)
    center, mean = sum(t for t, _ in samples) / n, sum(v for _, v in samples) / n
    spread = sum((t - center) ** 2 for t, _ in samples)
    growth = sum((t - center) * (v - mean) for t, v in samples) / spread
    rest = sum((v - mean - growth * (t - center)) ** 2 for t, v in samples)
    return growth, (rest / (n - 2) / spread) ** 0.5


def in_blocks(samples, count):
    """Means of so many stretches of time, whose errors depend less on each other than those of the samples."""
    size = len(samples) // count
    blocks = [samples[at:at + size] for at in range(0, size * count, size)]
    return [tuple(sum(column) / size for column in zip(*block)) for block in blocks]


def soak(options):
    """Every input, rotations, reloads, and scrapes that are broken off, for long: memory does not grow, descriptors and
    threads stay the same in number, and at the end all is exact (P6)."""
    duration, series_port = max(20, options.duration), free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    inputs = Inputs(sidecar.folder, rotate_every=2)
    sources = f"{inputs.sources}  - tcp: 127.0.0.1:{series_port}\n"
    sidecar.write(configuration(SHORT_WINDOWS[0], sources))
    sidecar.start()
    sidecar.wait_ready()
    prometheus, reloader = Prometheus(), Reloader(sidecar, sources, SHORT_WINDOWS)
    aborter = Aborter(sidecar.port)
    with socket.create_connection(("127.0.0.1", series_port)) as client:
        client.sendall(b"".join(b"soak.total:1|c|#id:%d\n" % number for number in range(SOAK_SERIES)))
    sidecar.wait_for(f"{SOAK_SERIES} series", lambda e: e.sum("soak_total") == SOAK_SERIES, prometheus)
    inputs.begin(SOAK_RATE)
    quiet = sidecar.status()
    loads = [scrape_load(sidecar, prometheus, 1), Load(reloader.once, 1), Load(aborter.once, 0.1)]
    began, samples = time.monotonic(), []
    warm = duration / 3
    while (now := time.monotonic() - began) < duration:
        time.sleep(min(1, duration / 100))
        if now > warm:
            samples.append((now, sidecar.status()))
        for load in (*loads, *inputs.loads):
            if load.failure:
                load.end()
    inputs.end()
    for load in loads:
        load.end()
    reloader.by_signal()
    # Rotated files and broken-off scrapes come and go; without them it is as it was.
    settled = sidecar.status()
    until = time.monotonic() + 15
    while settled["descriptors"] > quiet["descriptors"] and time.monotonic() < until:
        time.sleep(0.2)
        settled = sidecar.status()
    if settled["descriptors"] > quiet["descriptors"]:
        raise Failure(f"{quiet['descriptors']} descriptors at the beginning, {settled['descriptors']} at the end")
    threads = {status["Threads"] for _, status in samples}
    if len(threads) != 1:
        raise Failure(f"the number of threads is not the same: {sorted(threads)}")
    growth, error = (
        value * 3600 / 1024 for value in slope(in_blocks([(at, status["VmRSS"]) for at, status in samples], 30)))
    inputs.expect_exact(sidecar, prometheus)
    print(f"  {duration:.0f} s, {inputs.written} lines exact, {inputs.log.generation} rotations, {reloader.count} reloads, "
          f"{aborter.count} scrapes broken off; {quiet['descriptors']} descriptors before, {settled['descriptors']} after, "
          f"{threads.pop()} threads throughout; memory grows by {growth:.2f} MiB/h (standard error {error:.2f})")
    if duration >= TELLING and growth - 2 * error > GROWTH:
        raise Failure(f"memory grows by {growth:.2f} MiB/h, standard error {error:.2f}")
    expect_fast(prometheus, options.latency)
    expect_small(sidecar)
    sidecar.stop()
