"""Every input of a daemon at once, each with a client that knows what it was promised: a log, TCP, HTTP, Unix and UDP
datagrams."""
import http.client
import json
import math
import os
import socket
import time

from loads import Load, Paced, expect_exact
from sidecar import Failure, SCHEMA, Sequence, free_port

# Lines of one Unix datagram, which has room for 8 KiB.
LINES_PER_DATAGRAM = 50
# Rotated logs that are kept beside the one that is written.
KEPT_FILES = 20


class Log:
    """A log that is written, and rotated by renaming between two writes, every so many seconds."""

    def __init__(self, path, rotate_every=math.inf):
        self.path, self.rotate_every, self.generation = path, rotate_every, 0
        self.file, self.due = open(path, "ab", buffering=0), time.monotonic() + rotate_every

    def write(self, data):
        self.file.write(data)
        if time.monotonic() >= self.due:
            self.due += self.rotate_every
            self.rotate()

    def rotate(self):
        self.generation += 1
        os.rename(self.path, f"{self.path}.{self.generation}")
        if self.generation > KEPT_FILES:
            os.unlink(f"{self.path}.{self.generation - KEPT_FILES}")
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)


class Poster:
    """A client that posts records over one connection and takes nothing but their acknowledgement for an answer."""

    def __init__(self, port):
        self.client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.client.connect()
        self.socket = self.client.sock

    def post(self, data):
        self.client.request("POST", "/v1/events", data, {"Content-Type": "application/x-ndjson"})
        answer = self.client.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body)["accepted"] != data.count(b"\n"):
            raise Failure(f"a post was answered with {answer.status}: {body[:200]}")
        if self.client.sock is not self.socket:
            raise Failure("the connection of the posts was closed")

    def close(self):
        self.client.close()


def udp_inode(port):
    """The socket behind a UDP port of loopback, from the kernel's table."""
    for line in open("/proc/net/udp").readlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return fields[9]
    raise Failure(f"nobody listens on UDP port {port}")


class Inputs:
    """A log, a TCP connection, posts and Unix datagrams, a quarter of the load each, and a trickle over UDP."""

    def __init__(self, folder, rotate_every=math.inf):
        self.path, self.box_path = folder / "log.jsonl", folder / "datagrams.sock"
        self.udp, self.tcp, self.http = free_port(socket.SOCK_DGRAM), free_port(), free_port()
        self.log = Log(self.path, rotate_every)
        self.sequences = {
            f"file:{self.path}": Sequence("tailed"), f"tcp:127.0.0.1:{self.tcp}": Sequence("streamed"),
            f"http:127.0.0.1:{self.http}": Sequence("posted"), f"unixgram:{self.box_path}": Sequence("boxed")}
        self.ticks = 0

    @property
    def sources(self):
        """As the configuration says it."""
        return (
            f"sources:\n  - tail: {self.path}\n    drain: 3s\n{SCHEMA}  - tcp: 127.0.0.1:{self.tcp}\n{SCHEMA}"
            f"  - http: 127.0.0.1:{self.http}\n{SCHEMA}  - unix_datagram: {self.box_path}\n{SCHEMA}"
            f"  - udp: 127.0.0.1:{self.udp}\n")

    @property
    def written(self):
        return sum(sequence.written for sequence in self.sequences.values())

    def begin(self, rate):
        """Connects to a daemon that is ready, and sends `rate` lines per second in all until `end`."""
        self.stream = socket.create_connection(("127.0.0.1", self.tcp))
        self.poster = Poster(self.http)
        self.box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.box.connect(str(self.box_path))
        self.ticker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ticker.connect(("127.0.0.1", self.udp))
        self.inode = udp_inode(self.udp)
        sends = (
            (self.log.write, 1000), (self.stream.sendall, 1000), (self.poster.post, 1000),
            (self.box.send, LINES_PER_DATAGRAM))
        self.loads = [
            Paced(sequence, rate / 4, send, most)
            for sequence, (send, most) in zip(self.sequences.values(), sends)]
        self.loads.append(Load(self.tick, 0.01))

    def tick(self):
        self.ticker.send(b"ticks.total:1|c")
        self.ticks += 1

    def end(self):
        for load in self.loads:
            load.end()

    def expect_exact(self, sidecar, prometheus):
        """All that was sent is counted, once, and the UDP socket is the one it was; closes the connections."""
        for source, sequence in self.sequences.items():
            expect_exact(sidecar, prometheus, sequence, source)
        sidecar.wait_for(
            f"{self.ticks} datagrams", lambda e: e.sum("ticks_total") + e.sum("telltale_kernel_drops_total")
            == self.ticks, prometheus, within=10)
        if udp_inode(self.udp) != self.inode:
            raise Failure("the UDP socket is another one than before")
        for client in (self.stream, self.poster, self.box, self.ticker):
            client.close()
