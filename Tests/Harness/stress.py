"""The loads behind stress.sh: a real daemon under floods, reloads, a disk that fails, a clock that is set, and more."""
import argparse
import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

import network
from loads import Load, expect_fast, expect_small, scrape_load, tail_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar, default_binary, free_port


def expect_exact(sidecar, prometheus, sequence, source):
    last = sidecar.wait_for(
        f"{sequence.written} lines",
        lambda e: e.sum("telltale_events_accepted_total", source=source) >= sequence.written, prometheus)
    time.sleep(0.5)
    last, _ = sidecar.scrape()
    problems = sequence.differences(source, last.sum, last.sum)
    if problems:
        raise Failure("\n".join(problems[:20]))


def udp_inode(port):
    """The socket behind a UDP port of loopback, from the kernel's table."""
    for line in open("/proc/net/udp").readlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return fields[9]
    raise Failure(f"nobody listens on UDP port {port}")


def flood(options):
    """Datagrams faster than they can be read, names without end, lines without end: every loss is counted, what was
    known goes on being counted, scrapes stay fast and memory stays bounded (P3, P6, P7)."""
    udp = free_port(socket.SOCK_DGRAM)
    sidecar = Sidecar(options.binary, "", options.folder)
    log = sidecar.folder / "log.jsonl"
    source, datagrams = f"file:{log}", f"udp:127.0.0.1:{udp}"
    log.touch()
    sidecar.write(
        f"limits: {{series: 5000, models: 16}}\ncustom_metrics: {{series: 1000, metrics: 50}}\nexpose_values: [seq]\n"
        f"sources:\n  - udp: 127.0.0.1:{udp}\n    receive_buffer: 64KiB\n  - tail: {log}\n{SCHEMA}")
    sidecar.start()
    sidecar.wait_ready()
    prometheus, sequence = Prometheus(), Sequence("steady")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", udp))
    sent = 0

    def send(text):
        nonlocal sent
        with contextlib.suppress(ConnectionRefusedError):
            sender.send(text)
        sent += 1

    # Known before the flood.
    send(b"known.total:1|c")
    sidecar.wait_for("the first line", lambda e: e.sum("known_total") == 1, prometheus)
    tail = tail_load(log, sequence, 2000)
    scrapes = scrape_load(sidecar, prometheus)
    share = options.duration / 3
    print(f"flood of datagrams, {share:.0f} s")
    end = time.monotonic() + share
    began = sent
    while time.monotonic() < end:
        for _ in range(100):
            send(b"flood.total:1|c|#a:b")
    # One line to a datagram: the kernel's count of what it dropped has to make up for what is missing, to the last one.
    received_and_dropped = lambda e: (
        e.sum("telltale_events_received_total", source=datagrams), e.sum("telltale_kernel_drops_total"))
    try:
        whole = sidecar.wait_for("all of the flood", lambda e: sum(received_and_dropped(e)) == sent, within=20)
    except Failure:
        counts = received_and_dropped(sidecar.scrape()[0])
        raise Failure(f"{sent} datagrams sent; {counts[0]:.0f} received, {counts[1]:.0f} dropped") from None
    print(f"  {(sent - began) / share:.0f} datagrams/s; of {sent} the kernel dropped "
          f"{whole.sum('telltale_kernel_drops_total'):.0f}, and not one is unaccounted for")
    print(f"flood of names, {share:.0f} s")
    end, number, known = time.monotonic() + share, 0, 1
    long = b"x" * 60_000
    while time.monotonic() < end:
        for _ in range(50):
            number += 1
            send(b"names.total:1|c|#id:%d" % number)
            send(b"metric%d.total:1|c" % number)
            send(b"model.prediction:1|c|#model:m%d,class:c%d" % (number, number))
        send(b"tags.total:1|c|#" + long)
        time.sleep(0.002)
    # The kernel's buffer is empty before this: what is sent slowly is never dropped.
    time.sleep(1)
    for _ in range(100):
        send(b"known.total:1|c")
        known += 1
        time.sleep(0.002)
    print(f"flood of lines, {share:.0f} s")
    end, garbage = time.monotonic() + share, 0
    other = sidecar.folder / "garbage"
    with socket.create_connection(("127.0.0.1", sidecar.port)) as rude:
        rude.sendall(b"GET /" + b"a" * 100_000)
    while time.monotonic() < end:
        send(b"{" * 5000)
        send(os.urandom(1200))
        garbage += 2
        time.sleep(0.0005)
    tail.end()
    time.sleep(1.5)
    scrapes.end()
    last, _ = sidecar.scrape()
    received = last.sum("telltale_events_received_total", source=datagrams)
    drops = last.sum("telltale_kernel_drops_total")
    print(f"  {sent} datagrams sent, {drops:.0f} dropped by the kernel and counted; "
          f"{last.sum('telltale_events_rejected_total', source=datagrams):.0f} lines rejected, "
          f"{last.sum('telltale_events_dropped_total', source=datagrams):.0f} dropped, "
          f"{last.sum('telltale_limit_reached_total'):.0f} beyond a limit")
    # A datagram of random bytes may hold newlines: it counts for as many lines as it has.
    if received + drops < sent:
        raise Failure(f"{sent} datagrams sent, {received:.0f} lines received and {drops:.0f} datagrams dropped")
    if last.sum("known_total") != known:
        raise Failure(f"a series known before counts {last.sum('known_total'):.0f}, not {known}")
    if last.values["telltale_series"] > 6500:
        raise Failure(f"{last.values['telltale_series']:.0f} series")
    expect_exact(sidecar, prometheus, sequence, source)
    expect_fast(prometheus, options.latency)
    expect_small(sidecar)
    sidecar.stop()


def reload(options):
    """Reloads in a row under load lose nothing and disturb no socket (P9)."""
    udp, tcp = free_port(socket.SOCK_DGRAM), free_port()
    sidecar = Sidecar(options.binary, "", options.folder)
    log = sidecar.folder / "log.jsonl"
    log.touch()

    def configuration(windows):
        return (
            f"windows: {windows}\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}"
            f"  - udp: 127.0.0.1:{udp}\n  - tcp: 127.0.0.1:{tcp}\n{SCHEMA}")

    sidecar.write(configuration("[5m, 1h]"))
    sidecar.start()
    sidecar.wait_ready()
    prometheus, tailed, streamed = Prometheus(), Sequence("tailed"), Sequence("streamed")
    client = socket.create_connection(("127.0.0.1", tcp))
    scrapes = scrape_load(sidecar, prometheus)
    tail = tail_load(log, tailed, 5000)
    stream = Load(lambda: client.sendall(streamed.lines(100)), 0.02)
    inode, count, refused = udp_inode(udp), 0, 0
    end = time.monotonic() + options.duration
    while time.monotonic() < end:
        count += 1
        if count % 10 == 0:
            sidecar.write("windows: [soon]\n")
            refused += 1
        else:
            sidecar.write(configuration(("[5m, 1h]", "[10m, 1h]", "[5m, 1h, 1d]")[count % 3]))
        sidecar.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
    for load in (tail, stream):
        load.end()
    sidecar.write(configuration("[5m, 1h]"))
    sidecar.process.send_signal(signal.SIGHUP)
    sidecar.wait_for("the last configuration", lambda e: e.values["telltale_config_last_reload_successful"] == 1)
    scrapes.end()
    expect_exact(sidecar, prometheus, tailed, f"file:{log}")
    expect_exact(sidecar, prometheus, streamed, f"tcp:127.0.0.1:{tcp}")
    if udp_inode(udp) != inode:
        raise Failure("the UDP socket is another one than before")
    print(f"  {count} reloads, {refused} of them refused; {tailed.written} + {streamed.written} lines exact; "
          "the UDP socket is the same")
    expect_fast(prometheus, options.latency)
    expect_small(sidecar)
    client.close()
    sidecar.stop()


@contextlib.contextmanager
def small_disk(place):
    """A file system of 256 KiB; nothing where mounting is not allowed."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", place], capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)


def disk(options):
    """A disk that is full, read-only, or fails to sync: ingestion and scrapes go on, the last good state stays as it
    is, and the next good commit comes within an interval of the end of the trouble (P10)."""
    sidecar = Sidecar(options.binary, "", options.folder)
    log = sidecar.folder / "log.jsonl"
    log.touch()
    sidecar.write(f"commit_interval: 200ms\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}")
    sequence = Sequence("disk")
    prometheus = Prometheus(may_restart=True)
    failures = lambda e: e.sum("telltale_commit_failures_total")
    with small_disk(sidecar.state) as is_mounted:
        sidecar.start()
        sidecar.wait_ready()
        tail = tail_load(log, sequence, 2000)
        scrapes = scrape_load(sidecar, prometheus)

        def trouble(name, begin, end, reason):
            before, _ = sidecar.scrape()
            good = (sidecar.state / "state.bin").read_bytes()
            begin()
            failing = sidecar.wait_for(
                f"{name}: a failed commit", lambda e: e.sum("telltale_commit_failures_total", reason=reason)
                > before.sum("telltale_commit_failures_total", reason=reason))
            kept = [p for p in ("state.behind.bin", "state.bin") if (sidecar.state / p).exists()]
            newest = (sidecar.state / kept[0]).read_bytes() if kept else b""
            if len(newest) < len(good) // 2:
                raise Failure(f"{name}: the last good state is gone")
            frozen = sidecar.scrape()[0].sum("telltale_events_accepted_total")
            sidecar.wait_for(f"{name}: ingestion", lambda e: e.sum("telltale_events_accepted_total") > frozen + 100)
            if (sidecar.state / kept[0]).read_bytes() != newest:
                raise Failure(f"{name}: the last good state changed")
            stale = failing.values["telltale_commit_last_success_timestamp_seconds"]
            end()
            began = time.monotonic()
            sidecar.wait_for(
                f"{name}: recovery",
                lambda e: e.values["telltale_commit_last_success_timestamp_seconds"] > stale + 0.001, every=0.02)
            print(f"  {name}: {reason}, service unaffected, durable {time.monotonic() - began:.2f} s after its end")

        filler = sidecar.state / "filler"

        def fill():
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

        def limit_files(size):
            import resource
            resource.prlimit(sidecar.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        import resource
        def remount(how):
            subprocess.run(["mount", "-o", f"remount,{how}", sidecar.state], check=True)

        if is_mounted:
            trouble("full disk", fill, filler.unlink, "disk_full")
            trouble("read-only disk", lambda: remount("ro"), lambda: remount("rw"), "permission")
        else:
            print("  full disk and read-only disk: left out, mounting is not allowed here")
        trouble(
            "short writes", lambda: limit_files(1024), lambda: limit_files(resource.RLIM_INFINITY), "input_output")
        # Killed while newer figures than the state's were shown: counters begin at zero, and none is a little lower.
        limit_files(1024)
        count = failures(sidecar.scrape()[0])
        sidecar.wait_for("a failed commit", lambda e: failures(e) > count)
        scrapes.end()
        sidecar.kill()
        sidecar.start()
        sidecar.wait_ready()
        scrapes = scrape_load(sidecar, prometheus)
        sidecar.wait_for("a new beginning", lambda e: e.sum("telltale_events_accepted_total") > 0)
        print("  killed meanwhile: counters began at zero")
        tail.end()
        time.sleep(1)
        scrapes.end()
        sidecar.stop()
    if shutil.which("strace"):
        fsync_fails(options, sidecar)
    expect_fast(prometheus, options.latency)


def fsync_fails(options, sidecar):
    """After a failed sync the next state is a new file, and what is loaded after a kill is whole."""
    log = sidecar.folder / "synced.jsonl"
    log.touch()
    sequence, prometheus = Sequence("synced"), Prometheus(may_restart=True)
    sidecar.write(f"commit_interval: 200ms\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}")
    sidecar.start(["strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=fsync", "-e",
                   "inject=fsync:error=EIO:when=9+4"])
    sidecar.wait_ready()
    tail = tail_load(log, sequence, 1000)
    sidecar.wait_for(
        "failed commits", lambda e: e.sum("telltale_commit_failures_total", reason="input_output") >= 3, prometheus)
    tail.end()
    sidecar.kill()
    sidecar.start()
    sidecar.wait_ready()
    time.sleep(1)
    last, _ = sidecar.scrape()
    prometheus.take(last)
    if "damaged" in sidecar.tail(100_000):
        raise Failure("a damaged state was found")
    print("  fsync fails with EIO: counted, and the state that was loaded is whole")
    sidecar.stop()


def clock(options):
    """The wall clock is set to and fro, to 1970 and to 2100: commits and scrapes go on, no counter falls, no window
    loses an event (P12)."""
    shim = options.folder / "shim.so"
    source = pathlib.Path(__file__).with_name("clock_shim.c")
    subprocess.run([shutil.which("clang") or "cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    offset = options.folder / "offset"
    offset.write_text("0")
    sidecar = Sidecar(options.binary, "", options.folder)
    log = sidecar.folder / "log.jsonl"
    log.touch()
    sidecar.write(f"commit_interval: 200ms\nexpose_values: [seq]\nsources:\n  - tail: {log}\n{SCHEMA}")
    sidecar.start(env={**os.environ, "LD_PRELOAD": str(shim), "CLOCK_OFFSET": str(offset)})
    sidecar.wait_ready()
    prometheus, sequence = Prometheus(), Sequence("clock")
    tail = tail_load(log, sequence, 1000)
    sidecar.wait_for("a window", lambda e: e.sum("model_window_events", window="1d") > 500)
    scrapes = scrape_load(sidecar, prometheus)
    now, events = int(time.time()), 0
    steps = [3600, -3600, -now, 4102444800 - now, 0, *(random.choice((-1, 1)) for _ in range(10)), 0]
    for step in steps:
        offset.write_text(str(step))
        before, _ = sidecar.scrape()
        shown = sidecar.wait_for(
            f"a commit with the clock {step} s off",
            lambda e: abs(e.values["telltale_snapshot_timestamp_seconds"] - time.time() - step) < 60
            and e.sum("telltale_events_accepted_total") > before.sum("telltale_events_accepted_total"), within=10)
        window = shown.sum("model_window_events", window="1d")
        if window < events:
            raise Failure(f"the clock was {step} s off, and a window of a day fell from {events:.0f} to {window:.0f}")
        events = window
    tail.end()
    scrapes.end()
    expect_exact(sidecar, prometheus, sequence, f"file:{log}")
    if (events := sidecar.scrape()[0].sum("model_window_events", window="1d")) != sequence.written:
        raise Failure(f"{events:.0f} events in the window of a day, not {sequence.written}")
    print(f"  {len(steps)} steps of the clock; {sequence.written} lines exact, and all in the window of a day")
    sidecar.stop()


PARTS = {
    "flood": flood, "reload": reload, "disk": disk, "clock": clock, "connections": network.connections,
    "descriptors": network.descriptors, "messages": network.messages, "stops": network.stops}


def main():
    parser = argparse.ArgumentParser(prog="stress.sh", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--duration", type=float, default=15, help="seconds of each load (15)")
    parser.add_argument("--stops", type=int, default=50, help="stops in a row (50)")
    parser.add_argument("--rate", type=float, default=100_000, help="Unix datagrams per second (100,000)")
    parser.add_argument("--processor", type=float, default=0.2, help="most of a core with nothing to do (0.2)")
    parser.add_argument("--latency", type=float, default=0.1, help="most seconds of a scrape at p99 (0.1)")
    parser.add_argument("--binary", default=None, help="the newest one built here")
    options = parser.parse_args()
    options.binary = options.binary or default_binary()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    status = 0
    for part in options.parts or PARTS:
        print(f"{part}: {' '.join((PARTS[part].__doc__ or '').split())}", flush=True)
        options.folder = pathlib.Path(f"/tmp/telltale-stress-{os.getpid()}-{part}")
        options.folder.mkdir(mode=0o700)
        try:
            PARTS[part](options)
            print(f"{part}: passed", flush=True)
            shutil.rmtree(options.folder)
        except (Failure, OSError) as failure:
            print(f"{part}: FAILED: {failure}\nkept: {options.folder}", flush=True)
            status = 1
        finally:
            Sidecar.kill_all()
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
