"""The loads of stress.sh under clocks that are set, jump and stand still, and under events of another time."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

from loads import expect_exact, processor_seconds, scrape_load, tail_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar, free_port

YEAR_2100 = 4_102_444_800
SUSPENDED = 8 * 3600
# Event time without traffic after which real time carries a model on; a little more than that.
IDLE = 65
COMMIT_EVERY = 0.2
WINDOWS = ("5m", "1h", "1d")


class Clocks:
    """The clocks of a daemon, moved by a library that is loaded into it."""

    def __init__(self, folder):
        self.library, self.file = folder / "shim.so", folder / "offset"
        source = pathlib.Path(__file__).with_name("clock_shim.c")
        compiler = shutil.which("clang") or "cc"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)
        self.set(0)

    def set(self, wall, boot=0):
        """Seconds that the wall clock and the boot clock are ahead, both at once."""
        temporary = self.file.with_suffix(".new")
        temporary.write_text(f"{wall} {boot}")
        temporary.replace(self.file)
        self.wall, self.boot = wall, boot

    def suspend(self, seconds):
        self.set(self.wall + seconds, self.boot + seconds)

    @property
    def environment(self):
        return {**os.environ, "LD_PRELOAD": str(self.library), "CLOCK_OFFSET": str(self.file)}


class Watched:
    """A daemon that tails a log under clocks of its own, and the events that its windows have to hold."""

    def __init__(self, options, name, wall=0):
        folder = options.folder / name
        folder.mkdir(mode=0o700)
        self.clocks = Clocks(folder)
        self.clocks.set(wall)
        self.sidecar = Sidecar(options.binary, "", folder)
        self.log, self.udp = folder / "log.jsonl", free_port(socket.SOCK_DGRAM)
        self.log.touch()
        self.sidecar.write(
            f"commit_interval: {COMMIT_EVERY * 1000:.0f}ms\nwindows: [{', '.join(WINDOWS)}]\nexpose_values: [seq]\n"
            f"minimum_events: 10\nsources:\n  - tail: {self.log}\n{SCHEMA}  - udp: 127.0.0.1:{self.udp}\n")
        self.sequence, self.prometheus = Sequence("clock"), Prometheus()
        self.start()

    def start(self, wrapper=()):
        self.sidecar.start(wrapper, env=self.clocks.environment)
        self.sidecar.wait_ready()

    def append(self, count):
        with open(self.log, "ab", buffering=0) as file:
            file.write(self.sequence.lines(count))

    def wait_for(self, what, condition, within=10, every=0.1):
        return self.sidecar.wait_for(what, condition, self.prometheus, within, every)

    def expect_exact(self):
        expect_exact(self.sidecar, self.prometheus, self.sequence, f"file:{self.log}")

    def in_window(self, exposition, window, model="clock"):
        return exposition.sum("model_window_events", model=model, window=window)

    def expect_windows(self, **counts):
        last, _ = self.sidecar.scrape()
        for window, count in counts.items():
            if (found := self.in_window(last, window)) != count:
                raise Failure(f"{found:.0f} events in the window of {window}, not {count}")


def steps(options):
    """Steps of the wall clock under load."""
    watched = Watched(options, "steps")
    sidecar, prometheus, clocks = watched.sidecar, watched.prometheus, watched.clocks
    tail = tail_load(watched.log, watched.sequence, 1000)
    watched.wait_for("a window", lambda e: watched.in_window(e, "1d") > 500)
    scrapes = scrape_load(sidecar, prometheus)
    now, events = int(time.time()), 0
    offsets = [3600, -3600, -now, YEAR_2100 - now, 2**31 - now, 0, *(random.choice((-1, 1)) for _ in range(10)), 0]
    for offset in offsets:
        clocks.set(offset)
        before, _ = sidecar.scrape()
        shown = sidecar.wait_for(
            f"a commit with the clock {offset} s off",
            lambda e: abs(e.values["telltale_snapshot_timestamp_seconds"] - time.time() - offset) < 60
            and e.sum("telltale_events_accepted_total") > before.sum("telltale_events_accepted_total"), within=10)
        window = watched.in_window(shown, "1d")
        if window < events:
            raise Failure(f"the clock was {offset} s off, and a window of a day fell from {events:.0f} to {window:.0f}")
        events = window
    tail.end()
    scrapes.end()
    watched.expect_exact()
    watched.expect_windows(**{"1h": watched.sequence.written, "1d": watched.sequence.written})
    print(f"  {len(offsets)} steps of the clock; {watched.sequence.written} lines exact, and all in the windows")
    sidecar.stop()


def first_boot(options):
    """A machine without a clock of its own: the start is in 1970, and then it is now.

    Over a kill the windows of events with times of their own stay. Those of events without have had the time of the
    start until then, and a new life takes the clock's.
    """
    watched = Watched(options, "boot", wall=-int(time.time()))
    counts = lambda e, model: [watched.in_window(e, window, model) for window in WINDOWS]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", watched.udp))

        def both(total):
            watched.append(500)
            for _ in range(50):
                sender.send(b"model.prediction:1|c|#model:untimed,class:a")
            return watched.wait_for(
                f"{total} times as many events in every window", lambda e:
                counts(e, "clock") == [500 * total] * 3 and counts(e, "untimed") == [50 * total] * 3)

        if (taken := both(1).values["telltale_snapshot_timestamp_seconds"]) > 86_400:
            raise Failure(f"the start was to be in 1970, not {taken:.0f} s after it")
        watched.clocks.set(0)
        both(2)
    watched.sidecar.kill()
    watched.start()
    watched.append(500)
    last = watched.wait_for("all events after a kill", lambda e: counts(e, "clock") == [1500] * 3)
    watched.expect_exact()
    print("  a start in 1970, a jump to now and a kill: no window lost an event, "
          f"{last.sum('telltale_state_resets_total'):.0f} resets of state")
    watched.sidecar.stop()


def suspended(options):
    """Eight hours of suspend, in one life and over a restart: what is older than its window is gone from it, nothing
    else is, and all of it in one step."""
    watched = Watched(options, "suspend")
    for number, (wrapper, name) in enumerate((((), "in one life"), (
            ("unshare", "-T", "--boottime", str(SUSPENDED)), "over a restart"))):
        hours = 8 * number
        watched.sequence.shift = hours * 3_600_000
        watched.append(3000)
        day, hour = watched.sequence.written, 3000 + 100 * number
        watched.wait_for("the lines before it", lambda e: (
            watched.in_window(e, "1h"), watched.in_window(e, "1d")) == (hour, day))
        mean = lambda e, window: [*e.samples("model_feature_mean", feature="seq", window=window)]
        if not mean(watched.sidecar.scrape()[0], "1h"):
            raise Failure("no mean of a window that has events")
        if wrapper:
            if not shutil.which("unshare") or subprocess.run([*wrapper, "true"], capture_output=True).returncode:
                print("  suspend over a restart: left out, a time namespace is not allowed here")
                continue
            watched.sidecar.kill()
            watched.clocks.set(watched.clocks.wall + SUSPENDED, watched.clocks.boot)
            watched.start(wrapper)
            # The model turns out to be idle after a minute.
            watched.clocks.suspend(IDLE)
        else:
            watched.clocks.suspend(SUSPENDED)
        pid = watched.sidecar.process.pid
        spent, began = processor_seconds(pid), time.monotonic()
        after = watched.wait_for(f"an empty window of an hour, {name}", lambda e: watched.in_window(e, "1h") == 0)
        taken = time.monotonic() - began
        if mean(after, "1h"):
            raise Failure(f"{name}: a mean of a window without events")
        if not mean(after, "1d") or watched.in_window(after, "1d") != day:
            raise Failure(f"{name}: {watched.in_window(after, '1d'):.0f} events in the window of a day, not {day}")
        time.sleep(max(0, 3 - taken))
        spent = processor_seconds(pid) - spent
        if spent > 1:
            raise Failure(f"{name}: {spent:.2f} s of processor time in the first seconds")
        # Nothing is stuck: events of now are in the window of an hour, those before still in that of a day.
        watched.sequence.shift = (hours + 8) * 3_600_000
        watched.append(100)
        watched.wait_for("lines of now", lambda e: (
            watched.in_window(e, "1h"), watched.in_window(e, "1d")) == (100, day + 100))
        watched.expect_exact()
        print(f"  8 h of suspend {name}: a window of an hour is empty and without a mean after {taken:.2f} s, that of a "
              f"day has its {day} events; {spent:.2f} s of processor time")
    watched.sidecar.stop()


def paused(options):
    """The process stands still for seconds and goes on: one step catches up, and the next scrape is a whole one."""
    watched = Watched(options, "pause")
    sidecar = watched.sidecar
    tail = tail_load(watched.log, watched.sequence, 2000)
    commits = lambda e: e.values["telltale_commit_duration_seconds_count"]
    before = watched.wait_for("lines", lambda e: e.sum("telltale_events_accepted_total") > 1000)
    seconds = max(4, min(60, options.duration / 2))
    sidecar.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    missed = watched.sequence.written
    began, spent = time.monotonic(), processor_seconds(sidecar.process.pid)
    sidecar.process.send_signal(signal.SIGCONT)
    after = watched.wait_for(
        f"{missed} lines", lambda e: e.sum("telltale_events_accepted_total") >= missed, within=5, every=0.02)
    caught_up = time.monotonic() - began
    time.sleep(1)
    spent = processor_seconds(sidecar.process.pid) - spent
    most = (time.monotonic() - began) / COMMIT_EVERY + 3
    since = commits(sidecar.scrape()[0]) - commits(before)
    tail.end()
    watched.expect_exact()
    print(f"  {seconds:.0f} s of SIGSTOP at 2000 lines/s: all caught up {caught_up:.2f} s after SIGCONT, with {since:.0f} "
          f"commits and {spent:.2f} s of processor time; {watched.sequence.written} lines exact")
    if after.values["telltale_snapshot_timestamp_seconds"] < time.time() - 60 or since > most:
        raise Failure(f"{since:.0f} commits since the pause, more than {most:.0f}: those that were missed were made up")
    if spent > 1:
        raise Failure(f"{spent:.2f} s of processor time to catch up")
    sidecar.stop()


def future(options):
    """Events of the year 2100 among honest ones, one by one and in bursts: they move no window from under those, all of
    which are accepted."""
    watched = Watched(options, "future")
    honest = 0
    bursts = [1] * 200 + [2, 3, 20, 100, 500]
    for burst in bursts:
        # Never where they would be the first.
        watched.append(99)
        honest += 99
        watched.sequence.shift = (YEAR_2100 - 1_767_225_600) * 1000
        watched.append(burst)
        watched.sequence.shift = 0
    watched.append(1)
    honest += 1
    last = watched.wait_for(f"{honest} honest events in every window", lambda e: all(
        watched.in_window(e, window) >= honest for window in WINDOWS))
    watched.expect_exact()
    if late := last.sum("model_late_events_total"):
        raise Failure(f"{late:.0f} honest events were late")
    print(f"  {sum(bursts)} events of the year 2100, up to {max(bursts)} in a row, among {honest} honest ones: all accepted, "
          "none late, and every window holds the honest ones")
    watched.sidecar.stop()


def clock(options):
    """The wall clock is set to and fro, to 1970 and to 2100, the machine is suspended, the process stands still, and
    events come from the future: commits and scrapes go on, no counter falls, no window loses an event (P12)."""
    for case in (steps, first_boot, suspended, paused, future):
        case(options)
