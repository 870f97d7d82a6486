"""The loads of stress.sh under clocks that are set, stand still and jump."""
import os
import pathlib
import random
import shutil
import subprocess
import time

from loads import expect_exact, scrape_load, tail_load
from sidecar import Failure, Prometheus, SCHEMA, Sequence, Sidecar


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
