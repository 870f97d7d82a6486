"""The loop behind kill.sh: a daemon is killed again and again while rotated files come in, and loses and doubles
nothing.

Two writers append numbered lines. One renames its file and goes on in a new one, while a second process keeps writing
to the renamed one for a while; the other swaps the symbolic link its path is. Writes end anywhere in a line. The
daemon gets SIGKILL at random times, while it starts, the moment a state file appears, and (with strace) on entering
the n-th system call of a commit. A scraper asks once a second, and once more right after a start.

EXACT: count, sum and all 97 residue classes of both sequences are those of the writers. P2: no counter is ever below
a value scraped before, but those of the process, which begin anew with a new start time. P3: the conservation law in
every scrape. `increase` over all scrapes is exact as well.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar, default_binary

CHUNKS_PER_SECOND = 50
KEPT_FILES = 20
# System calls that a commit consists of, in order.
COMMIT_CALLS = ["unlinkat", "openat", "write", "fsync", "linkat", "renameat"]


class Writer:
    """Appends a sequence to a log that is rotated."""

    def __init__(self, path, model, random):
        self.path = pathlib.Path(path)
        self.sequence = Sequence(model)
        self.random = random
        self.pending = b""
        self.generation = 0
        self.files = []
        self.open_first()

    def open(self, path):
        self.handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, count):
        """Writes lines; what is held back of the last one comes with the next call, to the same file."""
        data = self.pending + self.sequence.lines(count)
        held = self.random.choice((0, 0, 1, 20, 50))
        ready = max(0, len(data) - held)
        os.write(self.handle, data[:ready])
        self.pending = data[ready:]

    def flush(self):
        if self.pending:
            os.write(self.handle, self.pending)
            self.pending = b""

    def keep(self, path):
        """Remembers a rotated file, and removes those that a rotator would no longer keep."""
        self.files.append(path)
        while len(self.files) > KEPT_FILES:
            os.unlink(self.files.pop(0))


class Renaming(Writer):
    """Renames the log and writes to both files until the old one is left."""

    late = None

    def open_first(self):
        self.open(self.path)

    def rotate(self):
        self.leave()
        self.flush()
        self.generation += 1
        moved = self.path.with_name(f"{self.path.name}.{self.generation}")
        os.rename(self.path, moved)
        self.late = (self.handle, time.monotonic() + self.random.uniform(0, 1))
        self.open(self.path)
        self.keep(moved)

    def leave(self):
        if self.late:
            os.close(self.late[0])
            self.late = None

    def write(self, count):
        if self.late and time.monotonic() < self.late[1]:
            # The late writer's lines are whole: two processes do not share half a line.
            part = self.random.randrange(count + 1)
            pending, self.pending = self.pending, b""
            os.write(self.late[0], self.sequence.lines(part))
            self.pending = pending
            count -= part
        else:
            self.leave()
        super().write(count)


class Linked(Writer):
    """Swaps the symbolic link that the log's path is."""

    def target(self):
        return self.path.with_name(f"{self.path.name}.{self.generation}")

    def open_first(self):
        self.open(self.target())
        os.symlink(self.target().name, self.path)

    def rotate(self):
        self.flush()
        self.keep(self.target())
        self.generation += 1
        os.close(self.handle)
        self.open(self.target())
        temporary = self.path.with_name("link.tmp")
        os.symlink(self.target().name, temporary)
        os.replace(temporary, self.path)


class Scraper(threading.Thread):
    """Scrapes once a second, whether the daemon lives or not."""

    def __init__(self, sidecar, prometheus):
        super().__init__(daemon=True)
        self.sidecar, self.prometheus = sidecar, prometheus
        self.wanted, self.stopping = threading.Event(), False
        self.failure = None
        self.missed = 0

    def run(self):
        while not self.stopping:
            self.wanted.wait(1)
            self.wanted.clear()
            try:
                exposition, seconds = self.sidecar.scrape()
            except OSError:
                self.missed += 1
                continue
            except Exception as error:
                if type(error).__module__ == "http.client":
                    self.missed += 1
                    continue
                self.failure = error
                return
            try:
                self.prometheus.take(exposition, seconds)
            except Failure as failure:
                self.failure = failure
                return


class Feeder(threading.Thread):
    """Writes both sequences at an even pace, rotating now and then."""

    def __init__(self, writers, lines, seconds, random):
        super().__init__(daemon=True)
        self.writers, self.random = writers, random
        self.each = lines // len(writers)
        self.rate = self.each / seconds
        self.stopping = False
        self.failure = None

    def run(self):
        try:
            self.feed()
        except Exception as error:
            self.failure = error

    def feed(self):
        began = time.monotonic()
        due = [began + self.random.uniform(0.5, 3) for _ in self.writers]
        while not self.stopping:
            now = time.monotonic()
            goal = min(self.each, int((now - began) * self.rate))
            for index, writer in enumerate(self.writers):
                missing = goal - writer.sequence.written
                if missing > 0:
                    writer.write(missing)
                if now >= due[index]:
                    writer.rotate()
                    due[index] = now + self.random.uniform(0.5, 3)
            if goal >= self.each:
                break
            time.sleep(1 / CHUNKS_PER_SECOND)
        for writer in self.writers:
            if isinstance(writer, Renaming):
                writer.leave()
            writer.flush()


class Killer:
    """Lives and deaths of one daemon."""

    def __init__(self, sidecar, scraper, random, has_strace):
        self.sidecar, self.scraper, self.random = sidecar, scraper, random
        self.ways = ["any", "start", "commit", "long"] + (["call"] if has_strace else [])
        self.weights = [8, 4, 6, 1] + ([2] if has_strace else [])
        self.deaths = dict.fromkeys(self.ways, 0)
        self.starts = []

    def once(self):
        """One life, ended by SIGKILL."""
        way = self.random.choices(self.ways, self.weights)[0]
        getattr(self, way)()
        self.deaths[way] += 1
        if self.random.random() < 0.1:
            time.sleep(self.random.uniform(0, 1.5))

    def begin(self, wrapper=()):
        began = time.monotonic()
        self.sidecar.start(wrapper)
        self.sidecar.wait_ready()
        self.starts.append(time.monotonic() - began)
        self.scraper.wanted.set()

    def any(self):
        self.begin()
        time.sleep(self.random.uniform(0, 2))
        self.sidecar.kill()

    def long(self):
        """Long enough for rotated files to be finished and forgotten."""
        self.begin()
        time.sleep(self.random.uniform(5, 9))
        self.sidecar.kill()

    def start(self):
        """Anywhere between exec and the first commits."""
        self.sidecar.start()
        time.sleep(self.random.uniform(0, 0.12))
        self.sidecar.kill()

    def commit(self):
        """As soon as a temporary state file is seen, or a moment later."""
        self.begin()
        time.sleep(self.random.uniform(0, 1))
        temporary = self.sidecar.state / "state.tmp"
        deadline = time.monotonic() + 1
        while not temporary.exists() and time.monotonic() < deadline:
            pass
        if self.random.random() < 0.5:
            time.sleep(self.random.uniform(0, 0.003))
        self.sidecar.kill()

    def call(self):
        """On entering the n-th of one system call of a commit; the process never gets further.

        With `-D` the daemon is our child and not that of strace, so that its end is waited for.
        """
        name = self.random.choice(COMMIT_CALLS)
        nth = self.random.randrange(1, 30 if name in ("openat", "write") else 8)
        self.sidecar.start(
            ["strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={name}", "-e",
             f"inject={name}:signal=SIGKILL:when={nth}"])
        deadline = time.monotonic() + 3
        while self.sidecar.is_running and time.monotonic() < deadline:
            time.sleep(0.01)
        self.sidecar.kill()


def check(sidecar, prometheus, writers, within):
    """Waits for the last line and compares everything with the truth."""
    total = sum(writer.sequence.written for writer in writers)
    last = sidecar.wait_for(
        f"{total} lines", lambda e: e.sum("telltale_events_accepted_total") >= total, prometheus, within)
    # What would have come twice comes now.
    time.sleep(1)
    for _ in range(2):
        last, seconds = sidecar.scrape()
        prometheus.take(last, seconds)
        time.sleep(0.3)
    problems = []
    for writer in writers:
        source = f"file:{writer.path}"
        problems += writer.sequence.differences(source, last.sum, last.sum)
        problems += [
            "increase: " + what for what in writer.sequence.differences(source, prometheus.grown, prometheus.grown)]
    for name in ("telltale_lost_bytes_total", "telltale_tail_truncations_total"):
        if last.sum(name):
            problems.append(f"{name} {last.sum(name):.0f}")
    return last, problems


def main():
    parser = argparse.ArgumentParser(prog="kill.sh", description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs at least (20)")
    parser.add_argument("--lines", type=int, default=200_000, help="lines of both sequences together (200000)")
    parser.add_argument("--duration", type=float, default=30, help="seconds that the lines are spread over (30)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (1)")
    parser.add_argument("--binary", default=None, help="the newest one built here")
    parser.add_argument("--keep", action="store_true", help="keep the folder even after success")
    options = parser.parse_args()
    if options.duration < 1 or options.kills < 0 or options.lines < 2:
        parser.error("--duration is at least 1, --lines at least 2")
    choices = random.Random(options.seed)
    sidecar = Sidecar(options.binary or default_binary(), "")
    writers = [
        Renaming(sidecar.folder / "renamed.jsonl", "renamed", random.Random(choices.random())),
        Linked(sidecar.folder / "linked.jsonl", "linked", random.Random(choices.random()))]
    sidecar.write(
        "commit_interval: 100ms\nexpose_values: [seq]\nsources:\n" + "".join(
            f"""\
  - tail: {writer.path}
    drain: 3s
{SCHEMA}""" for writer in writers))
    prometheus = Prometheus()
    scraper = Scraper(sidecar, prometheus)
    killer = Killer(sidecar, scraper, random.Random(choices.random()), shutil.which("strace") is not None)
    feeder = Feeder(writers, options.lines, options.duration, random.Random(choices.random()))
    began = told = time.monotonic()
    print(f"{options.binary or default_binary()}, seed {options.seed}, in {sidecar.folder}", flush=True)
    status = 1
    try:
        # A file is the daemon's from the first commit on: the first life is one that gets there.
        killer.begin()
        scraper.start()
        feeder.start()
        time.sleep(0.5)
        sidecar.kill()
        kills = 1
        while feeder.is_alive() or kills < options.kills:
            killer.once()
            kills += 1
            for part in (scraper, feeder):
                if part.failure:
                    raise Failure(str(part.failure)) from part.failure
            if time.monotonic() > told + 60:
                told = time.monotonic()
                print(
                    f"{told - began:.0f} s: {kills} kills, {sum(w.sequence.written for w in writers)} lines, "
                    f"{prometheus.scrapes} scrapes", flush=True)
        feeder.join()
        if feeder.failure:
            raise feeder.failure
        sidecar.start()
        sidecar.wait_ready()
        scraper.stopping = True
        scraper.join()
        if scraper.failure:
            raise scraper.failure
        last, problems = check(sidecar, prometheus, writers, within=120)
        # A clean stop and start change nothing.
        stopped = sidecar.stop()
        sidecar.start()
        sidecar.wait_ready()
        _, more = check(sidecar, prometheus, writers, within=30)
        problems += [f"after a clean stop: {what}" for what in more]
        sidecar.stop()
        print(
            f"{kills} kills ({', '.join(f'{way} {n}' for way, n in killer.deaths.items())}), "
            f"{sum(w.sequence.written for w in writers)} lines, {sum(w.generation for w in writers)} rotations "
            f"({last.sum('telltale_tail_rotations_total'):.0f} seen), {prometheus.scrapes} scrapes, "
            f"{prometheus.resets} resets of counters of the process\n"
            f"start to ready: median {sorted(killer.starts)[len(killer.starts) // 2]:.3f} s, "
            f"most {max(killer.starts):.3f} s; scrape p99 {prometheus.quantile(0.99) * 1e3:.0f} ms; "
            f"SIGTERM to exit {stopped:.2f} s; {time.monotonic() - began:.0f} s in all")
        if problems:
            raise Failure("\n".join(problems[:20]))
        print(
            "EXACT: missing 0, duplicated 0, and `increase` says the same; every counter monotone; the conservation law "
            "in every scrape")
        status = 0
    except Failure as failure:
        print(f"FAILED (seed {options.seed}): {failure}\nkept: {sidecar.folder}")
    finally:
        scraper.stopping = feeder.stopping = True
        if sidecar.is_running:
            sidecar.kill()
        if status == 0 and not options.keep:
            shutil.rmtree(sidecar.folder)
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
