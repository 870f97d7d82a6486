"""The loads of stress.sh that come over sockets: rude clients, few descriptors, Unix datagrams, stops at any moment."""
import contextlib
import json
import multiprocessing
import os
import random
import resource
import socket
import struct
import threading
import time
import urllib.error
import urllib.request

from loads import Load, expect_counted, expect_fast, expect_small, processor_seconds, scrape_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar, free_port


def closings(exposition):
    return {
        labels["reason"]: int(value)
        for labels, value in exposition.samples("telltale_connections_closed_total") if value}


def connections(options):
    """A thousand clients of a byte a second, a line without end, frames of absurd lengths, resets and half-closes: a
    good client beside them loses no line, memory stays bounded, and the slow are shown out (P3, P6, P7)."""
    tcp = free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    stream = sidecar.folder / "stream.sock"
    sidecar.write(
        f"expose_values: [seq]\nsources:\n  - tcp: 127.0.0.1:{tcp}\n    connections: 1024\n{SCHEMA}"
        f"  - unix_stream: {stream}\n    framing: length\n")
    sidecar.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192)))
    sidecar.wait_ready()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    prometheus, good = Prometheus(), Sequence("good")
    client = socket.create_connection(("127.0.0.1", tcp))
    loads = [Load(lambda: client.sendall(good.lines(20)), 0.02), scrape_load(sidecar, prometheus)]
    slow = [socket.create_connection(("127.0.0.1", tcp)) for _ in range(1000)]

    def drip():
        for connection in slow:
            with contextlib.suppress(OSError):
                connection.send(b"x")

    loads.append(Load(drip, 1))
    endless = socket.create_connection(("127.0.0.1", tcp))
    sent = 0

    def pour():
        nonlocal sent
        with contextlib.suppress(OSError):
            sent += endless.send(b"x" * (1 << 20))

    loads.append(Load(pour, 0.001))
    rude = 0
    end = time.monotonic() + options.duration
    while time.monotonic() < end:
        # Reset in the middle of a line.
        with socket.create_connection(("127.0.0.1", tcp)) as connection:
            connection.sendall(b'{"ms":1767225600000,"model":"go')
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Half-closed behind half a line: the daemon ends its side, too.
        with socket.create_connection(("127.0.0.1", tcp)) as connection:
            connection.sendall(b'{"ms":1767225600000,"model":"go')
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            if connection.recv(1) != b"":
                raise Failure("an answer to a line")
        for length in (0, 1, 2**31 - 1, 2**31, 2**32 - 1):
            with socket.socket(socket.AF_UNIX) as connection, \
                    contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.connect(str(stream))
                connection.sendall(struct.pack("<I", length) + b"frames.total:1|c")
        rude += 7
        time.sleep(0.05)
    for load in loads:
        load.end()
    expect_counted(sidecar, prometheus, [good])
    last, _ = sidecar.scrape()
    prometheus.take(last)
    print(f"  {good.written} lines of the good client exact, beside {len(slow)} slow clients, {rude} rude ones and a "
          f"line of {sent >> 20} MiB; closed: {closings(last)}")
    if options.duration > 35 and closings(last).get("slow", 0) < len(slow):
        raise Failure(f"{len(slow)} connections sent a byte a second for {options.duration:.0f} s")
    expect_fast(prometheus, options.latency)
    expect_small(sidecar)
    for connection in (*slow, endless, client):
        connection.close()
    sidecar.stop()


def descriptors(options):
    """64 descriptors and 300 connections: the daemon stays up and idle, scrapes are answered, and once the connections
    are gone all is as before."""
    tcp = free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    sidecar.write(f"expose_values: [seq]\nsources:\n  - tcp: 127.0.0.1:{tcp}\n{SCHEMA}")
    sidecar.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    sidecar.wait_ready()
    prometheus, sequence = Prometheus(), Sequence("after")
    held = [socket.create_connection(("127.0.0.1", tcp), timeout=10) for _ in range(300)]
    # Connections to the metrics port, which send nothing, take what is left of the descriptors.
    idle = [socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) for _ in range(60)]
    seconds = min(options.duration, 30)
    before, began, slowest = processor_seconds(sidecar.process.pid), time.monotonic(), 0.0
    while time.monotonic() < began + seconds:
        exposition, latency = sidecar.scrape(timeout=5)
        prometheus.take(exposition)
        slowest = max(slowest, latency)
        time.sleep(0.5)
    share = (processor_seconds(sidecar.process.pid) - before) / (time.monotonic() - began)
    for connection in (*held, *idle):
        connection.close()
    if not sidecar.is_running:
        raise Failure("the daemon is gone")
    with socket.create_connection(("127.0.0.1", tcp), timeout=10) as client:
        client.sendall(sequence.lines(1000))
    expect_counted(sidecar, prometheus, [sequence])
    print(f"  {len(held)} + {len(idle)} connections held for {seconds:.0f} s: {share:.1%} of a core, slowest scrape "
          f"{slowest * 1e3:.0f} ms; closed: {closings(sidecar.scrape()[0])}; 1000 lines exact afterwards")
    if share > options.processor:
        raise Failure(f"{share:.1%} of a core for nothing")
    sidecar.stop()


def send_datagrams(path, number, duration, rate, results):
    """A non-blocking client: what the kernel has no room for is its own loss."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.connect(path)
        began, sent, refused = time.monotonic(), 0, 0
        text = b"messages.total:1|c|#sender:%d" % number
        while (elapsed := time.monotonic() - began) < duration:
            due = int(elapsed * rate) - sent - refused
            for _ in range(due):
                try:
                    sender.send(text)
                    sent += 1
                except BlockingIOError:
                    refused += 1
            time.sleep(0.0005)
    results.put((number, sent, refused))


def messages(options):
    """Four clients send Unix datagrams without ever waiting: what the kernel took is counted to the last one, and they
    are told of the rest (P3)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    path = sidecar.folder / "messages.sock"
    sidecar.write(f"commit_interval: 200ms\nsources:\n  - unix_datagram: {path}\n")
    sidecar.start()
    sidecar.wait_ready()
    prometheus = Prometheus()
    scrapes = scrape_load(sidecar, prometheus)
    results = multiprocessing.Queue()
    clients = [
        multiprocessing.Process(
            target=send_datagrams, args=(str(path), number, options.duration, options.rate / 4, results))
        for number in range(4)]
    for client in clients:
        client.start()
    counts = [results.get(timeout=options.duration + 60) for _ in clients]
    for client in clients:
        client.join()
    sent, refused = sum(count[1] for count in counts), sum(count[2] for count in counts)
    sidecar.wait_for(f"{sent} messages", lambda e: e.sum("messages_total") >= sent, prometheus)
    time.sleep(0.5)
    scrapes.end()
    last, _ = sidecar.scrape()
    prometheus.take(last)
    for number, accepted, _ in counts:
        if last.sum("messages_total", sender=str(number)) != accepted:
            raise Failure(f"sender {number}: {last.sum('messages_total', sender=str(number)):.0f}, not {accepted}")
    length = open("/proc/sys/net/unix/max_dgram_qlen").read().strip()
    print(f"  {sent} messages at {sent / options.duration:.0f}/s, exact for each of 4 senders; {refused} "
          f"({refused / max(1, sent + refused):.2%}) were refused with EAGAIN at net.unix.max_dgram_qlen = {length}")
    # Four senders that never wait take what there is of the machine: no bound, only the figures.
    expect_fast(prometheus, float("inf"))
    expect_small(sidecar)
    sidecar.stop()


class Writer(threading.Thread):
    """A client that writes small bursts, and pauses while the harness holds its lock."""

    def __init__(self, sequence, send):
        super().__init__(daemon=True)
        self.sequence, self.send, self.lock, self.stopping = sequence, send, threading.Lock(), False

    def run(self):
        while not self.stopping:
            with self.lock:
                if not self.stopping:
                    self.send(self.sequence)
            time.sleep(random.uniform(0, 0.004))


def post(url, sequence, account):
    """Sends ten records; `account` gets those that were acknowledged, and those of which nobody knows."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, sequence.lines(10), {"Content-Type": "application/x-ndjson"})
    try:
        with opener.open(request, timeout=5) as answer:
            account["acknowledged"] += json.load(answer)["accepted"]
    except urllib.error.HTTPError:
        pass  # Refused as a whole.
    except OSError as error:
        reason = getattr(error, "reason", error)
        if not isinstance(reason, ConnectionRefusedError):
            account["unknown"] += 10


def stops(options):
    """SIGTERM at any moment, again and again: the daemon ends within 5 s with status 0, and after the next start it
    has counted what was written before the signal, and of HTTP what was acknowledged (P14)."""
    tcp, http = free_port(), free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    datagrams = sidecar.folder / "datagrams.sock"
    sidecar.write(
        f"expose_values: [seq]\nsources:\n  - tcp: 127.0.0.1:{tcp}\n{SCHEMA}"
        f"  - unix_datagram: {datagrams}\n{SCHEMA}  - http: 127.0.0.1:{http}\n{SCHEMA}")
    streamed, boxed, posted = Sequence("streamed"), Sequence("boxed"), Sequence("posted")
    account = {"acknowledged": 0, "unknown": 0}
    longest, rounds = 0.0, options.stops
    for number in range(rounds):
        sidecar.start()
        sidecar.wait_ready()
        with socket.create_connection(("127.0.0.1", tcp)) as stream, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box:
            box.connect(str(datagrams))
            writers = [
                Writer(streamed, lambda s: stream.sendall(s.lines(random.randrange(1, 200)))),
                Writer(boxed, lambda s: box.send(s.lines(random.randrange(1, 50)))),
            ]
            client = Writer(posted, lambda s: post(f"http://127.0.0.1:{http}/v1/events", s, account))
            for writer in (*writers, client):
                writer.start()
            time.sleep(random.uniform(0.05, 0.4))
            # No write is under way at the signal: what the kernel has taken has to be counted.
            with writers[0].lock, writers[1].lock:
                for writer in (*writers, client):
                    writer.stopping = True
                longest = max(longest, sidecar.stop(within=5))
            for writer in (*writers, client):
                writer.join()
    sidecar.start()
    sidecar.wait_ready()
    expect_counted(sidecar, Prometheus(), [streamed, boxed])
    last, _ = sidecar.scrape()
    counted = last.sum("model_predictions_total", model="posted")
    if not account["acknowledged"] <= counted <= account["acknowledged"] + account["unknown"]:
        raise Failure(f"{counted:.0f} records of HTTP counted, {account}")
    print(f"  {rounds} stops, {longest:.2f} s at most; {streamed.written} lines over TCP and {boxed.written} in Unix "
          f"datagrams exact; of HTTP {counted:.0f} records, {account['acknowledged']} acknowledged")
    # A second signal does not wait for anything.
    sidecar.process.send_signal(15)
    sidecar.process.send_signal(15)
    began = time.monotonic()
    sidecar.process.wait(5)
    print(f"  a second signal: gone in {time.monotonic() - began:.2f} s")
