"""The loads of stress.sh that are many files: a start with all of them, a backlog beside them, no notifications."""
import os
import pathlib
import shutil
import socket
import time

from inputs import Log
from loads import (
    Paced, expect_counted, expect_exact, expect_fast, expect_small, processor_seconds, scrape_load)
from sidecar import Exposition, Failure, Prometheus, SCHEMA, Sequence, Sidecar, free_port

SERIES, FILES, IDLE_FILES = 100_000, 1_000, 2_000
# Growth of memory that a start may cost.
RESTART_MEMORY = 1.3
OPEN_FILES = 256
# Descriptors beside those of files: listeners, connections, logs, what threads wait on.
OTHER_DESCRIPTORS = 32
# Sequences that a backlog consists of, one behind the other.
COPIES = 32


def grow(folder, files, sequence, lines):
    """Appends lines to each of many files, all of one sequence."""
    folder.mkdir(exist_ok=True)
    for number in range(files):
        with open(folder / f"part-{number:04}.jsonl", "ab", buffering=0) as file:
            file.write(sequence.lines(lines))


def start(options):
    """100,000 series and 1,000 files, killed: the daemon is ready within 2 s, needs little more memory for that than it
    had, has every counter, and reads no line twice (P14)."""
    tcp = free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    logs, sequence, prometheus = sidecar.folder / "logs", Sequence("many"), Prometheus()
    source = f"file:{logs}/*.jsonl"
    grow(logs, FILES, sequence, 20)
    sidecar.write(
        f"limits: {{series: {2 * SERIES}}}\ncustom_metrics: {{series: {SERIES}}}\nexpose_values: [seq]\nsources:\n"
        f"  - tcp: 127.0.0.1:{tcp}\n  - tail: {logs}/*.jsonl\n{SCHEMA}")
    sidecar.start()
    sidecar.wait_ready()
    with socket.create_connection(("127.0.0.1", tcp)) as client:
        for begin in range(0, SERIES, 1000):
            client.sendall(b"".join(b"many.total:%d|c|#id:n%d\n" % (n % 7 + 1, n) for n in range(begin, begin + 1000)))
    total = sum(n % 7 + 1 for n in range(SERIES))
    is_whole = lambda e: e.sum("many_total") == total and e.sum("telltale_events_accepted_total", source=source) == \
        sequence.written
    sidecar.wait_for(f"{SERIES} series", is_whole, prometheus)
    steady = []
    for _ in range(5):
        prometheus.take(*sidecar.scrape(timeout=20))
        time.sleep(0.5)
        steady.append(sidecar.status()["VmRSS"])
    steady = sorted(steady)[len(steady) // 2]
    before, _ = sidecar.scrape(timeout=20)
    sidecar.kill()
    began = time.monotonic()
    sidecar.start()
    sidecar.wait_ready()
    ready = time.monotonic() - began
    after, _ = sidecar.scrape(timeout=20)
    prometheus.take(after)
    fallen = [
        series for series, value in before.values.items()
        if series.startswith(("many_total", "model_predictions_total", "model_prediction_class_total"))
        and after.values.get(series) != value]
    if fallen or len(after.values) < SERIES:
        raise Failure(f"{len(after.values)} series after the start, {len(fallen)} with another value: {fallen[:3]}")
    grow(logs, FILES, sequence, 1)
    expect_exact(sidecar, prometheus, sequence, source)
    for _ in range(5):
        prometheus.take(*sidecar.scrape(timeout=20))
        time.sleep(0.5)
    most, size = sidecar.status()["VmHWM"], (sidecar.state / "state.bin").stat().st_size
    print(f"  ready after {ready:.2f} s with {before.values['telltale_series']:.0f} series, {FILES} files and a state of "
          f"{size >> 20} MiB; memory {most >> 10} MiB at most, {most / steady:.2f} times the {steady >> 10} MiB before; "
          f"{sequence.written} lines exact")
    if ready > options.within:
        raise Failure(f"ready after {ready:.2f} s, more than {options.within:.0f} s")
    if most > RESTART_MEMORY * steady:
        raise Failure(f"memory grew to {most / steady:.2f} times what it was")
    sidecar.stop()


def write_backlog(path, size):
    """A large file of several sequences, made of one block whose model is another one each time."""
    first = Sequence("b000")
    line = first.lines(1)
    padding = b',"pad":"' + b"x" * 90 + b'"}\n'
    first.lines(size // COPIES // (len(line) + len(padding)))
    count, first.written = first.written, 0
    block = first.lines(count).replace(b"}\n", padding)
    sequences = []
    with open(path, "wb", buffering=0) as file:
        for number in range(COPIES):
            sequence = Sequence(f"b{number:03}")
            file.write(block.replace(b"b000", sequence.model.encode()))
            sequence.written = count
            sequences.append(sequence)
    return sequences


class Delays:
    """Appends a line now and then, and remembers how long each took to be seen by one who asks."""

    def __init__(self, path, model):
        self.path, self.sequence, self.waiting, self.seen = path, Sequence(model), [], []
        path.touch()

    def append(self):
        with open(self.path, "ab", buffering=0) as file:
            file.write(self.sequence.lines(1))
        self.waiting.append(time.monotonic())

    def look(self, exposition):
        count = exposition.sum("model_predictions_total", model=self.sequence.model)
        while self.waiting and len(self.seen) < count:
            self.seen.append(time.monotonic() - self.waiting.pop(0))


def inotify_instances(pid):
    folder = pathlib.Path(f"/proc/{pid}/fd")
    found = 0
    for entry in os.listdir(folder):
        try:
            found += os.readlink(folder / entry) == "anon_inode:inotify"
        except FileNotFoundError:
            pass
    return found


def backlog(options):
    """A large file beside 2,000 idle ones: the lines of a live file, and those of another source, are seen within two
    seconds meanwhile, with one inotify instance, few descriptors and little memory, and all is exact (P16)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    logs, idle = sidecar.folder / "logs", Sequence("idle")
    grow(logs, IDLE_FILES, idle, 1)
    sequences = write_backlog(logs / "backlog.jsonl", options.size << 20)
    live = [Delays(logs / "live.jsonl", "live"), Delays(sidecar.folder / "other.jsonl", "other")]
    schema = f"{SCHEMA}      ignored: [pad]\n"
    sidecar.write(
        f"limits: {{models: 64}}\nexpose_values: [seq]\nsources:\n  - tail: {logs}/*.jsonl\n"
        f"    open_files: {OPEN_FILES}\n    files: {2 * IDLE_FILES}\n{schema}  - tail: {live[1].path}\n{schema}")
    total = sum(sequence.written for sequence in sequences)
    sidecar.start()
    sidecar.wait_ready()
    # One who is no scraper, and sees a new counter as it is.
    reader, began = Prometheus(), time.monotonic()
    most, due, is_read = 0, 0.0, False
    while not is_read:
        now = time.monotonic() - began
        if now > 600:
            raise Failure(f"the backlog is not read after {now:.0f} s")
        if now >= due:
            due += 0.2
            for delays in live:
                delays.append()
        asked = time.monotonic()
        exposition = Exposition(sidecar.get("/metrics", timeout=10).decode())
        reader.take(exposition, time.monotonic() - asked)
        for delays in live:
            delays.look(exposition)
        is_read = sum(exposition.sum("model_predictions_total", model=s.model) for s in sequences) >= total
        most = max(most, sidecar.status()["descriptors"])
        time.sleep(0.02)
    took = time.monotonic() - began
    for delays in live:
        # Those that were not seen yet have taken this long at least.
        delays.seen += [time.monotonic() - written for written in delays.waiting]
        delays.waiting = []
        ordered = sorted(delays.seen)
        print(f"  {options.size} MiB in {took:.1f} s, {total / took:.0f} lines/s, beside {IDLE_FILES} idle files; lines of "
              f"{delays.path.name} were seen after {ordered[len(ordered) // 2]:.2f} s (median), {ordered[-1]:.2f} s at "
              "most")
    late = max(max(delays.seen) for delays in live)
    expect_counted(sidecar, Prometheus(), [*sequences, idle, *(delays.sequence for delays in live)])
    accepted = sidecar.scrape()[0].sum("telltale_events_accepted_total", source=f"file:{logs}/*.jsonl")
    if accepted != total + idle.written + live[0].sequence.written:
        raise Failure(f"{accepted:.0f} lines, not {total + idle.written + live[0].sequence.written}")
    instances, bound = inotify_instances(sidecar.process.pid), OPEN_FILES + len(live) + OTHER_DESCRIPTORS
    print(f"  all {total + idle.written} lines and those of both live files exact; {most} descriptors at most, "
          f"{instances} inotify instance")
    if late > options.within:
        raise Failure(f"a line was seen after {late:.2f} s, more than {options.within:.0f} s")
    if most > bound:
        raise Failure(f"{most} descriptors, more than {bound}")
    if instances != 1:
        raise Failure(f"{instances} inotify instances")
    expect_fast(reader, options.latency)
    expect_small(sidecar)
    sidecar.stop()


def watches(options):
    """A kernel without inotify watches, or without an instance to have them: files are polled, which is said, costs
    little, and loses no line of a log that is rotated (P16)."""
    seconds, shares = max(3, options.duration / 3), {}
    cases = [("with watches", None), ("without watches", "inotify_add_watch:error=ENOSPC"),
             ("without inotify", "inotify_init1:error=EMFILE")]
    for name, fault in cases:
        if fault and not shutil.which("strace"):
            print(f"  {name}: left out, there is no strace here")
            continue
        folder = options.folder / name.replace(" ", "-")
        folder.mkdir(mode=0o700)
        sidecar = Sidecar(options.binary, "", folder)
        log, sequence, prometheus = Log(folder / "log.jsonl", 0.5), Sequence("watched"), Prometheus()
        sidecar.write(f"expose_values: [seq]\nsources:\n  - tail: {log.path}\n    drain: 3s\n{SCHEMA}")
        call = fault.partition(":")[0] if fault else ""
        sidecar.start(fault and [
            "strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={fault}"]
            or ())
        sidecar.wait_ready()
        pid = sidecar.process.pid
        scrapes = scrape_load(sidecar, prometheus)
        before, began = processor_seconds(pid), time.monotonic()
        writer = Paced(sequence, 5000, log.write)
        time.sleep(seconds)
        writer.end()
        shares[name] = (processor_seconds(pid) - before) / (time.monotonic() - began)
        notified = sidecar.wait_for("how files are found", lambda e: any(e.samples("telltale_tail_notified")))
        scrapes.end()
        if notified.sum("telltale_tail_notified") != (0 if fault else 1):
            raise Failure(f"{name}: telltale_tail_notified is {notified.sum('telltale_tail_notified'):.0f}")
        if fault and "polling, without notifications" not in sidecar.tail(100_000):
            raise Failure(f"{name}: the log does not say so")
        expect_exact(sidecar, prometheus, sequence, f"file:{log.path}")
        print(f"  {name}: {shares[name]:.1%} of a core; {sequence.written} lines over {log.generation} rotations exact")
        if shares[name] > options.polling:
            raise Failure(f"{name}: {shares[name]:.1%} of a core")
        expect_fast(prometheus, options.latency)
        sidecar.stop()
