"""The loads of stress.sh that come through every input at once, and last."""
import signal
import time
import urllib.error
import urllib.request

from inputs import Inputs
from loads import expect_fast, expect_small, scrape_load
from sidecar import Failure, Prometheus, Sidecar

RATE = 20_000
# Seconds from one reload to the next: 300 in a minute, and some to spare.
RELOAD_EVERY = 0.15
WINDOWS = ("5m, 1h", "10m, 1h", "5m, 1h, 1d")


def configuration(windows, inputs):
    return (
        f"commit_interval: 200ms\nenable_lifecycle: true\nwindows: [{windows}]\nexpose_values: [seq]\n"
        f"{inputs.sources}")


class Reloader:
    """Reloads a daemon with one of several configurations, of which every tenth does not check out."""

    def __init__(self, sidecar, inputs):
        self.sidecar, self.inputs = sidecar, inputs
        self.count = self.refused = 0
        self.windows = WINDOWS[0]

    def once(self):
        """One reload over HTTP; the answer and what is in use afterwards have to be right."""
        self.count += 1
        is_good = self.count % 10 != 0
        if is_good:
            self.windows = WINDOWS[self.count % 3]
            self.sidecar.write(configuration(self.windows, self.inputs))
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
                f"the configuration before, with windows of {self.windows}", self.is_in_use, within=10, every=0.05)

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
            shown == set(self.windows.split(", "))

    def by_signal(self):
        """The last reload, by SIGHUP."""
        self.sidecar.write(configuration(WINDOWS[0], self.inputs))
        self.sidecar.process.send_signal(signal.SIGHUP)
        self.count += 1
        self.sidecar.wait_for(
            "the last configuration", lambda e: e.values["telltale_config_last_reload_successful"] == 1)


def reload(options):
    """Reloads in a row, five a second, under 20,000 lines a second through every input lose nothing and disturb no
    socket, and a configuration that does not check out changes nothing (P9)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    inputs = Inputs(sidecar.folder)
    sidecar.write(configuration(WINDOWS[0], inputs))
    sidecar.start()
    sidecar.wait_ready()
    prometheus, reloader = Prometheus(), Reloader(sidecar, inputs)
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
