"""The parts of stress.sh: a real daemon under floods, reloads, a disk that fails, a clock that is set, and more."""
import argparse
import os
import pathlib
import shutil
import signal
import sys

import clocks
import endurance
import files
import network
import overload
import storage
from sidecar import Failure, Sidecar, default_binary

PARTS = {
    "flood": overload.flood, "reload": endurance.reload, "disk": storage.disk, "clock": clocks.clock,
    "connections": network.connections, "descriptors": network.descriptors, "messages": network.messages,
    "stops": network.stops, "start": files.start, "backlog": files.backlog, "watches": files.watches,
    "soak": endurance.soak}


def main():
    parser = argparse.ArgumentParser(prog="stress.sh", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--duration", type=float, default=15, help="seconds of each load (15)")
    parser.add_argument("--stops", type=int, default=50, help="stops in a row (50)")
    parser.add_argument("--rate", type=float, default=100_000, help="Unix datagrams per second (100,000)")
    parser.add_argument("--processor", type=float, default=0.2, help="most of a core with nothing to do (0.2)")
    parser.add_argument("--polling", type=float, default=0.2, help="most of a core with 5,000 lines a second (0.2)")
    parser.add_argument(
        "--within", type=float, default=2, help="most seconds of a start, and of a line beside a backlog (2)")
    parser.add_argument("--size", type=int, default=256, help="MiB of a backlog (256)")
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
