"""What the loads of stress.sh have in common: threads that do something again and again, and bounds that hold under all."""
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


def tail_load(path, sequence, lines_per_second):
    """A log that grows."""
    step = 0.02
    file = open(path, "ab", buffering=0)
    return Load(lambda: file.write(sequence.lines(int(lines_per_second * step))), step)


def scrape_load(sidecar, prometheus, every=0.2):
    return Load(lambda: prometheus.take(*sidecar.scrape(timeout=10)), every)


def expect_fast(prometheus, limit):
    p99 = prometheus.quantile(0.99)
    print(f"  {prometheus.scrapes} scrapes: median {prometheus.quantile(0.5) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, "
          f"most {prometheus.quantile(1) * 1e3:.0f} ms")
    if p99 > limit:
        raise Failure(f"p99 of a scrape is {p99 * 1e3:.0f} ms, more than {limit * 1e3:.0f} ms")


def expect_small(sidecar):
    status = sidecar.status()
    print(f"  memory: {status['VmHWM'] >> 10} MiB at most, {status['VmRSS'] >> 10} MiB now; "
          f"{status['Threads']} threads, {status['descriptors']} descriptors")
    if status["VmHWM"] > MEMORY_CAP_KB:
        raise Failure(f"{status['VmHWM']} kB of memory, more than {MEMORY_CAP_KB}")
