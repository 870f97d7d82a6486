"""The load of stress.sh that is more than can be read: floods of datagrams, names and lines."""
import contextlib
import os
import socket
import time

from loads import expect_exact, expect_fast, expect_small, scrape_load, tail_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar, free_port


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
