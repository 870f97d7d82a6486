"""What the loads of stress.sh have in common: threads that do something again and again, and bounds."""
import os
import threading
import time

from sidecar import Failure

MEMORY_CAP_KB = 256 << 10


class Load(threading.Thread):
    """Does something again and again until it is stopped."""

    def __init__(self, body, every):
        super().__init__(daemon=True)
        self.body, self.every, self.stopping, self.failure = body, every, False, None
        self.start()

    def run(self):
        while not self.stopping:
            try:
                self.body()
            except Exception as error:
                self.failure = error
                return
            time.sleep(self.every)

    def end(self):
        self.stopping = True
        self.join()
        if self.failure:
            raise Failure(str(self.failure)) from self.failure


class Paced(Load):
    """Sends a sequence at an even pace; what could not be sent in time is sent as soon as it can be."""

    def __init__(self, sequence, rate, send, most=1000):
        self.sequence, self.rate, self.send, self.most = sequence, rate, send, most
        self.began, self.before = time.monotonic(), sequence.written
        super().__init__(self.catch_up, 0.01)

    def catch_up(self):
        while not self.stopping:
            due = self.before + int((time.monotonic() - self.began) * self.rate) - self.sequence.written
            if due <= 0:
                return
            self.send(self.sequence.lines(min(due, self.most)))


def tail_load(path, sequence, lines_per_second):
    """A log that grows."""
    file = open(path, "ab", buffering=0)
    return Paced(sequence, lines_per_second, file.write)


def scrape_load(sidecar, prometheus, every=0.2):
    return Load(lambda: prometheus.take(*sidecar.scrape(timeout=10)), every)


def expect_exact(sidecar, prometheus, sequence, source):
    sidecar.wait_for(
        f"{sequence.written} lines",
        lambda e: e.sum("telltale_events_accepted_total", source=source) >= sequence.written, prometheus)
    expect_none(sidecar, lambda e: sequence.differences(source, e.sum, e.sum))


def expect_counted(sidecar, prometheus, sequences):
    """All lines of each sequence, and nothing else of its model, whatever else came over the same socket."""
    is_there = lambda e: all(e.sum("model_predictions_total", model=s.model) >= s.written for s in sequences)
    sidecar.wait_for(f"all of {', '.join(s.model for s in sequences)}", is_there, prometheus)
    expect_none(sidecar, lambda e: [
        problem for sequence in sequences for problem in sequence.differences("", e.sum, e.sum)
        if ": accepted" not in problem and ": received" not in problem])


def expect_none(sidecar, problems, within=10):
    """No problem is left: what is counted twice comes soon, and a counter that comes up is shown as 0 first, until the
    commit after that scrape."""
    time.sleep(0.5)
    deadline = time.monotonic() + within
    while True:
        asked = time.monotonic()
        last, _ = sidecar.scrape()
        if not (found := problems(last)):
            return
        if asked > deadline:
            raise Failure("\n".join(found[:20]))
        time.sleep(0.3)


def expect_fast(prometheus, limit):
    p99 = prometheus.quantile(0.99)
    print(f"  {prometheus.scrapes} scrapes: median {prometheus.quantile(0.5) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, "
          f"most {prometheus.quantile(1) * 1e3:.0f} ms")
    # Of fewer than a hundred it is the slowest one, which may take a second.
    limit = limit if prometheus.scrapes >= 100 else max(1, limit)
    if p99 > limit:
        raise Failure(f"p99 of a scrape is {p99 * 1e3:.0f} ms, more than {limit * 1e3:.0f} ms")


def expect_small(sidecar):
    status = sidecar.status()
    print(f"  memory: {status['VmHWM'] >> 10} MiB at most, {status['VmRSS'] >> 10} MiB now; "
          f"{status['Threads']} threads, {status['descriptors']} descriptors")
    if status["VmHWM"] > MEMORY_CAP_KB:
        raise Failure(f"{status['VmHWM']} kB of memory, more than {MEMORY_CAP_KB}")


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
